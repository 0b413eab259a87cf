// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The jobs that are not tried in Wasmtime, and why. */

const LONG =
  'not tried: there are so many calls that recording takes minutes, as the memory is compared at each'
const LINKED = 'not tried: modules that are linked at run time have no trace'

export const UNRECORDED = {
  argon2: LONG,
  canvaskit: LONG,
  dotnet: LONG,
  draco: LONG,
  php: LONG,
  'quickjs-asyncify': LONG,
  rapier: LONG,
  swipl: LONG,
  wasmoon: LONG,
  pglite: LINKED,
  pyodide: LINKED,
  'tree-sitter': LINKED,
  duckdb:
    'not tried: its older form of exceptions, which Wasmtime does not have',
  mupdf:
    'not tried: its older form of exceptions, which Wasmtime does not have',
  oxc: 'not tried: threads have no trace',
  'sync-config': 'not tried: garbage collection has no trace'
}

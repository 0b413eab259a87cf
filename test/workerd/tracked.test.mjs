// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The runtime's own eighteen cases of tracked instances, under limits: what
 * `workerd test` says of each (workers/tracked.mjs).
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import { COMMAND, VERSION, executable, stage } from './support/runtime.mjs'
import { trackedModules } from './support/tracked.mjs'

const WORKER = new URL('workers/tracked.mjs', import.meta.url)

const CASES = [
  ...['bothLater', 'bothNow', 'terminatedLater', 'terminatedNow'],
  ...['signalLater', 'signalNow', 'neitherLater', 'neitherNow'],
  ...['filledLater', 'filledNow', 'beyondTheEnd', 'overTheLastByte'],
  ...['upToTheEnd', 'importedLater', 'importedNow', 'notItsMemory'],
  ...['noMemoryAtAll', 'unusedAreReleased']
]

/* Until then an instance needs a terminated word to be tracked. */
const TRACKS_SIGNAL_ONLY = VERSION >= '1.20260501.1'

const config = (modules) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  autogates = ["workerd-autogate-wasm-shutdown-signal-shim"],
  services = [(name = "tracked", worker = .tracked)]
);
const tracked :Workerd.Worker = (
  modules = [(name = "tracked.mjs", esModule = embed "tracked.mjs"),
    ${modules.map((name) => `(name = "${name}", wasm = embed "${name}")`)}],
  bindings = [(name = "tracksSignalOnly", json = "${TRACKS_SIGNAL_ONLY}")],
  compatibilityDate = "2026-03-01",
  compatibilityFlags = ["experimental"]
);`

let ended
const after = []
before(async () => {
  const t = { after: (end) => after.push(end) }
  const modules = await trackedModules()
  const names = [...modules.map(([name]) => name), 'poll.wasm']
  const files = Object.fromEntries(modules)
  files['tracked.mjs'] = readFileSync(WORKER)
  const { path } = await stage(t, () => config(names), files)
  const args = [
    ...['workerd', '--cpu-soft', '100ms', '--workerd', executable(), '--'],
    ...['test', '--experimental', join(path, 'config.capnp')]
  ]
  const options = { encoding: 'utf8', timeout: PATIENCE_MS }
  ended = spawnSync(COMMAND, args, options)
})
test.after(() => after.forEach((end) => end()))

/** Each version has its own beginning and end of such a line. */
const passed = () =>
  [...ended.stderr.matchAll(/\[ PASS \] tracked:(\w+)/g)].map(
    ([, name]) => name
  )

for (const name of CASES) {
  test(name, () => assert.ok(passed().includes(name), ended.stderr))
}

test('the runtime says that all have passed', () => {
  assert.equal(ended.status, 0, ended.stderr)
  assert.deepEqual(passed().sort(), [...CASES].sort())
})

// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Checks with wasmparser that instrumented modules are valid if the original
 * modules are. Exit status 1 if not.
 *
 *     node polls.mjs PROGRAMS ORACLE CORPUS [COUNT]
 *
 * PROGRAMS: folder of mutants and polls. COUNT: of modules, 10^5 by default.
 */
import { execFileSync } from 'node:child_process'
import process from 'node:process'

const WAYS = 4 // of polls.c
const ROUND = 20_000 // modules that are in memory at a time
const MOST_BYTES = 1 << 30
const SHOWN = 10

const [programs, oracle, corpus, count = 100_000] = process.argv.slice(2)

const pass = (program, args, input) =>
  execFileSync(program, args, { input, maxBuffer: MOST_BYTES })

const found = { modules: 0, valid: 0, made: 0, refused: 0, broken: 0 }

/** The lines of a module, and of its instrumented modules. */
function judge([module, ...made], number) {
  found.modules++
  if (module.refused) return
  found.valid++
  for (const [way, { refused }] of made.entries()) {
    // An empty module.
    if (refused?.at === 0) found.refused++
    else if (!refused) found.made++
    else if (found.broken++ < SHOWN)
      console.error(`module ${number}, way ${way}: ${JSON.stringify(refused)}`)
  }
}

for (let first = 0; first < count; first += ROUND) {
  const size = Math.min(ROUND, count - first)
  const modules = pass(`${programs}/mutants`, [
    corpus,
    String(first),
    String(size)
  ])
  const all = pass(`${programs}/polls`, [], modules)
  const lines = pass(oracle, [], all).toString().trim().split('\n')
  for (let i = 0; i < lines.length; i += 1 + WAYS)
    judge(
      lines.slice(i, i + 1 + WAYS).map((line) => JSON.parse(line)),
      first + i
    )
}

console.log(found)
if (found.broken > 0 || found.made === 0) process.exitCode = 1

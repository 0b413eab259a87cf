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

/** Exports of the Worker, and what each of them tries. */
const CASES = {
  bothLater: 'an instance with both words, from instantiate()',
  bothNow: 'an instance with both words, from new Instance()',
  terminatedLater: 'one with a terminated word alone, from instantiate()',
  terminatedNow: 'one with a terminated word alone, from new Instance()',
  signalLater: 'one with a signal word alone, from instantiate()',
  signalNow: 'one with a signal word alone, from new Instance()',
  neitherLater: 'one with neither word, from instantiate()',
  neitherNow: 'one with neither word, from new Instance()',
  filledLater: 'a word that the module fills is 0, from instantiate()',
  filledNow: 'a word that the module fills is 0, from new Instance()',
  beyondTheEnd: 'words beyond the end of the memory are not written',
  overTheLastByte: 'a word over the last byte is not written',
  upToTheEnd: 'words that end where the memory ends',
  importedLater: 'a memory that is imported, from instantiate()',
  importedNow: 'a memory that is imported, from new Instance()',
  notItsMemory: 'a memory that is not that of the module is not written',
  noMemoryAtAll: 'a module without a memory runs',
  unusedAreReleased: 'unused instances are released'
}

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

for (const [name, sentence] of Object.entries(CASES)) {
  test(sentence, () => assert.ok(passed().includes(name), ended.stderr))
}

const todo = TRACKS_SIGNAL_ONLY
  ? false
  : 'the runtime tracks no instance without a terminated word'

test('a signal word alone receives the signal', { todo }, () => {
  assert.ok(passed().includes('signalAlone'))
})

test('the runtime says that these have passed, and no other failed', () => {
  const all = [...Object.keys(CASES), 'signalAlone']
  const failed = all.filter((name) => !passed().includes(name))
  assert.deepEqual(failed, TRACKS_SIGNAL_ONLY ? [] : ['signalAlone'])
  assert.equal(ended.status, TRACKS_SIGNAL_ONLY ? 0 : 1, ended.stderr)
})

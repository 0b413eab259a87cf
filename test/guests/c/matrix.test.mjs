// SPDX-License-Identifier: Apache-2.0 OR MIT
// guest.h under each compiler with each of its optimisations: the poll stays in
// its loop, the words are exported, and a loop of nothing else is told.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { CpuBudget, inspect, install } from 'wasmsig'

import { folder } from '../../cli/support/command.mjs'
import {
  BUILT,
  CLANG,
  COMPILERS,
  FREESTANDING,
  HEADERS,
  compile
} from '../support/compilers.mjs'
import { instructionsOf, pollsInLoops } from '../support/loops.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const LOOPING = join(here, 'loops.c')
const OWN = join(here, 'thread_local.c')

const LEVELS = ['-O0', '-O1', '-O2', '-O3', '-Os', '-Oz']
const FEATURES = [
  [],
  ['-mbulk-memory'],
  ['-matomics'],
  ['-matomics', '-mbulk-memory']
]
const LANGUAGES = [
  { language: 'c', standard: '-std=c99' },
  { language: 'c++', standard: '-std=c++11' }
]

function* variants() {
  for (const compiler of COMPILERS) {
    for (const { language, standard } of LANGUAGES) {
      for (const level of LEVELS) {
        for (const lto of [[], ['-flto']]) {
          for (const features of FEATURES) {
            const flags = [standard, level, ...lto, ...features]
            yield { compiler, language, flags }
          }
        }
      }
    }
  }
}

let made = 0

function build({ compiler, language, flags }, source) {
  const target = join(BUILT, `loops-${process.pid}-${made++}.wasm`)
  compile(compiler, language, [
    ...['-x', language, ...flags, ...FREESTANDING],
    ...['-o', target, source]
  ])
  return readFileSync(target)
}

const LOOPS = ['until_told', 'until_handled', 'until_told_inside']
const WORDS = [
  '__instance_signal',
  '__instance_signal_handled',
  '__instance_signal_pending',
  '__instance_terminated'
]

function assertPollsStayed(bytes, names) {
  const functions = instructionsOf(bytes)
  for (const name of names) {
    const instructions = functions.get(name)
    assert.ok(instructions, `${name} is a function`)
    assert.ok(pollsInLoops(instructions).length > 0, `${name} polls`)
  }
}

/** Told after 2 ms of CPU time; a loop that has lost its poll is stopped. */
function assertTold(instance) {
  const { until_told, until_handled, until_told_inside } = instance.exports
  const limits = { soft: 2, hard: 5000, instances: [instance] }
  for (const call of [
    () => until_told(),
    () => until_handled(24),
    () => until_told_inside(1000)
  ]) {
    assert.equal(new CpuBudget(limits).run(call), 24)
  }
}

install()

for (const variant of variants()) {
  const { compiler, language, flags } = variant
  test(`${compiler.name}, ${language} ${flags.join(' ')}: signalled in its loop`, () => {
    const bytes = build(variant, LOOPING)
    assertPollsStayed(bytes, LOOPS)
    const report = inspect(bytes)
    assert.equal(report.tracked, true)
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
    for (const word of WORDS) assert.ok(instance.exports[word], word)
    assert.equal(instance.exports.is_hosted(), 1)
    assertTold(instance)
  })
}

for (const features of [['-matomics'], ['-matomics', '-mbulk-memory']])
  test(`clang 19 ${features.join(' ')}: by way of assembly text`, (t) => {
    const text = join(folder(t), 'loops.s')
    const object = `${text}.o`
    const flags = ['-std=c11', '-O2', ...features, `-I${HEADERS}`]
    compile(CLANG, 'c', [...flags, '-S', '-o', text, LOOPING])
    compile(CLANG, 'c', [...features, '-c', '-o', object, text])
    const link = { compiler: CLANG, language: 'none', flags: [] }
    assertPollsStayed(build(link, object), LOOPS)
  })

// What LLVM does to atomics beside thread-locals (errno is one) must not reach
// the poll, and what the poll asks for must not reach the thread-locals: they
// are what they are without it, where the compiler has them at all.
const ownOf = (bytes) => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  return [exports.own(), exports.own()]
}

for (const compiler of COMPILERS) {
  for (const features of FEATURES) {
    const flags = ['-std=c11', '-O2', ...features]
    const name = `${compiler.name}, ${flags.slice(1).join(' ')}`
    test(`${name}: beside a thread-local`, (t) => {
      const variant = { compiler, language: 'c', flags }
      let without
      try {
        without = ownOf(build(variant, OWN))
      } catch (error) {
        assert.match(error.stderr, /-ftls-model/)
        return t.skip('this compiler has no thread-locals then')
      }
      const using = [...flags, '-DWITH_GUEST_H']
      const bytes = build({ ...variant, flags: using }, OWN)
      assert.deepEqual(ownOf(bytes), without)
      assertPollsStayed(bytes, ['until_told'])
    })
  }
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * However a crate is compiled, its loop holds an atomic load. And the object
 * that holds it where LLVM would not is what its source says.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { functionsOf, loadsInLoop, pollsInLoop } from './support/binary.mjs'
import { BINARYEN } from '../assemblyscript/support/packages.mjs'
import {
  BROWSER,
  CRATE,
  IS_SLOW,
  WASI,
  build,
  crate,
  noWasi
} from './support/cargo.mjs'

const ATOMICS = '-C target-feature=+atomics'
const LOOPS = crate('loop')

const LTO = IS_SLOW ? ['fat'] : ['false', 'thin', 'fat']
const LEVELS = IS_SLOW ? ['0', '3'] : ['0', '1', '2', '3', 's', 'z']

test('words.o is what words.s says', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasmsig-words-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const object = join(folder, 'words.o')
  execFileSync('clang-19', [
    ...['--target=wasm32', '-matomics', '-c', '-o', object],
    join(CRATE, 'words/words.s')
  ])
  const shipped = readFileSync(join(CRATE, 'words/words.o'))
  assert.ok(readFileSync(object).equals(shipped), 'they differ: assemble anew')
})

test('the index of the archive names what words.o defines', () => {
  const source = readFileSync(join(CRATE, 'words/words.s'), 'utf8')
  const defined = [...source.matchAll(/^\t\.(?:weak|globl)\t(\S+)$/gm)]
  const listed = readFileSync(join(CRATE, 'build.rs'), 'utf8').matchAll(
    /^ {4}"(\w+)",$/gm
  )
  const names = (matches) => [...matches].map(([, name]) => name).sort()
  assert.equal(defined.length, 12)
  assert.deepEqual(names(listed), names(defined))
})

for (const flags of ['', ATOMICS])
  for (const target of [BROWSER, WASI]) {
    const title = `${target}${flags && ' with +atomics'}`
    describe(title, { skip: target === WASI && noWasi }, () => {
      for (const lto of LTO)
        for (const level of LEVELS)
          test(`opt-level ${level}, lto ${lto}: the loops poll`, () => {
            const profile = { lto, 'opt-level': level }
            const options = { target, flags, profile, lib: 'loops' }
            const functions = functionsOf(build(LOOPS, options))
            for (const name of ['spin', 'count'])
              assert.ok(pollsInLoop(functions, name), `${name} does not`)
            if (flags && level !== '0')
              for (const name of ['spin', 'count'])
                assert.ok(loadsInLoop(functions, name), `${name}: by a call`)
          })
    })
  }

test('a program with a main function polls, too', { skip: noWasi }, () => {
  for (const flags of ['', ATOMICS])
    for (const lto of ['false', 'fat']) {
      const options = { target: WASI, flags, profile: { lto }, bin: 'program' }
      const functions = functionsOf(build(LOOPS, options))
      const spins = [...functions.keys()].filter((name) => /4spin/.test(name))
      assert.equal(spins.length, 1)
      assert.ok(pollsInLoop(functions, spins[0].slice(1)))
    }
})

test('flags are read as rustc reads them: the last one decides', () => {
  for (const [flags, isInline] of [
    ['-Ctarget-feature=+multivalue,+atomics', true],
    ['-C target-feature=-atomics -C target-feature=+atomics', true],
    ['-C target-feature=+atomics -C target-feature=-atomics', false]
  ]) {
    const options = { target: BROWSER, lib: 'loops', flags }
    const functions = functionsOf(build(LOOPS, options))
    assert.ok(pollsInLoop(functions, 'spin'), flags)
    assert.equal(loadsInLoop(functions, 'spin'), isInline, flags)
  }
})

test('wasm-opt leaves the polls, and calls none any more', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasmsig-opt-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [input, output] = ['in.wasm', 'out.wasm'].map((it) => join(folder, it))
  writeFileSync(input, build(LOOPS, { target: BROWSER, lib: 'loops' }))
  const wasmOpt = join(BINARYEN, 'bin/wasm-opt')
  for (const level of ['-O', '-O3', '-Oz']) {
    execFileSync(process.execPath, [wasmOpt, level, '-g', input, '-o', output])
    const functions = functionsOf(readFileSync(output))
    for (const name of ['spin', 'count'])
      assert.ok(loadsInLoop(functions, name), `${name}, ${level}`)
  }
})

test('wasm-opt needs the features of a stripped module as options', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasmsig-opt-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [input, output] = ['in.wasm', 'out.wasm'].map((it) => join(folder, it))
  const profile = { strip: 'true' }
  writeFileSync(input, build(LOOPS, { target: BROWSER, lib: 'loops', profile }))
  const wasmOpt = [join(BINARYEN, 'bin/wasm-opt'), '-O', input, '-o', output]
  const features = ['--enable-threads', '--enable-bulk-memory-opt']
  const optimise = (...options) =>
    execFileSync(process.execPath, [...wasmOpt, ...options], { stdio: 'pipe' })
  assert.throws(() => optimise(), /--enable-threads/)
  optimise(...features)
  assert.ok(WebAssembly.validate(readFileSync(output)))
})

test('code that the check must refuse: a plain load is no poll', () => {
  const options = { lib: 'plain', profile: { lto: 'fat' } }
  const functions = functionsOf(build(crate('plain'), options))
  assert.ok(!pollsInLoop(functions, 'spin'))
  assert.ok(!pollsInLoop(functions, 'once'))
})

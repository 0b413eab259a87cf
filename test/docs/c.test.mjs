// SPDX-License-Identifier: Apache-2.0 OR MIT
// Blocks of C, C++, JSON and WebAssembly's text format are well formed.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import wabt from 'wabt'

import { checked, inFrame } from './support/blocks.mjs'
import { ROOT } from './support/pages.mjs'

const WARNINGS = ['-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-x']

const HOST = {
  compiler: 'gcc',
  options: [
    '-Ibase/include',
    '-Icore/include',
    '-Imodule/include',
    '-Iinstrument/include',
    '-Ihosts/wasmtime/include',
    '-Ihosts/wamr/include',
    '-isystem',
    'build/engines/wasmtime/include',
    '-isystem',
    'build/release/engines/include',
    '-isystem',
    'build/engines/wamr/core/iwasm/include'
  ]
}
const GUEST = {
  compiler: 'clang-19',
  options: [
    '--target=wasm32-wasi',
    '-isystem',
    'guest/c/posix/include',
    '-Iguest/c/include'
  ]
}
const LANGUAGES = { c: ['c', '-std=c11'], cpp: ['c++', '-std=c++17'] }

/** What a compiler says of a block; nothing if it compiles. */
function complaintsOf({ code, language }) {
  const isHost = /<wasmsig\/(host|module|instrument|wasmtime|wamr)\.h>/
  const { compiler, options } = isHost.test(code) ? HOST : GUEST
  const said = spawnSync(
    compiler,
    [...options, ...WARNINGS, ...LANGUAGES[language], '-'],
    { cwd: ROOT, input: code, encoding: 'utf8' }
  )
  return said.status === 0 ? '' : said.stderr
}

for (const block of checked('c', 'cpp')) {
  test(`a block compiles: ${block.place}`, () => {
    assert.equal(complaintsOf(block), '')
  })
}

/**
 * Headers, and the frames of their first examples. Not those of wamr.h, which
 * leaves out arguments, and of guest.h, which is of two places in a file.
 */
const HEADERS = {
  'core/include/wasmsig/host.h': 'headers/host.c',
  'module/include/wasmsig/module.h': 'headers/module.c',
  'instrument/include/wasmsig/instrument.h': 'headers/instrument.c',
  'hosts/wasmtime/include/wasmsig/wasmtime.h': 'headers/wasmtime.c'
}

/** The indented lines at the top of a header, up to the next paragraph. */
function exampleIn(header) {
  const text = readFileSync(join(ROOT, header), 'utf8')
  const [, lines] = /\n((?: \* {5}.*\n| \*\n)+)/.exec(
    text.slice(text.indexOf('\n *     '))
  )
  return lines.replace(/^ \* {0,5}/gm, '')
}

for (const [header, frame] of Object.entries(HEADERS)) {
  test(`the example of a header compiles: ${header}`, () => {
    const code = inFrame(exampleIn(header), frame)
    assert.equal(complaintsOf({ code, language: 'c' }), '')
  })
}

for (const { place, code } of checked('json')) {
  test(`each line of a block is JSON: ${place}`, () => {
    for (const line of code.trim().split('\n')) JSON.parse(line)
  })
}

for (const { place, code } of checked('wat')) {
  test(`a block is a module: ${place}`, async () => {
    const { parseWat } = await wabt()
    parseWat(place, code).validate()
  })
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
// Each block of code of the documentation is checked, or says why not.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'

import { BLOCKS } from './support/blocks.mjs'
import { ROOT } from './support/pages.mjs'

/** Languages whose blocks are checked by the tests in this folder. */
const CHECKED = ['c', 'cpp', 'js', 'json', 'sh', 'ts', 'wat']

/** What is no code: output, pictures. */
const TEXT = ['text']

const placesOf = (blocks) => blocks.map(({ place }) => place)

test('each block of code has a language', () => {
  assert.deepEqual(placesOf(BLOCKS.filter(({ language }) => !language)), [])
})

test('each block is checked here, run by a test, or says why not', () => {
  const known = [...CHECKED, ...TEXT]
  const loose = BLOCKS.filter(
    ({ language, runBy, reason }) =>
      !runBy && !reason && !known.includes(language)
  )
  assert.deepEqual(placesOf(loose), [])
})

test('a test that runs blocks is there and names their page or folder', () => {
  const wrong = BLOCKS.filter(({ page: { path }, runBy }) => {
    if (!runBy) return false
    if (!existsSync(join(ROOT, runBy))) return true
    const text = readFileSync(join(ROOT, runBy), 'utf8')
    return !text.includes(basename(path)) && !text.includes(dirname(path))
  })
  assert.deepEqual(placesOf(wrong), [])
})

test('each frame is that of a block', () => {
  const frames = readdirSync(join(ROOT, 'test/docs/frames'))
  const used = new Set(BLOCKS.map(({ frame }) => frame))
  assert.deepEqual(
    frames.filter((frame) => !used.has(frame)),
    []
  )
})

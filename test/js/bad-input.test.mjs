// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Bad input has a documented result or a typed error, and never crashes or
 * hangs: every call with every value of ./support/bad-values.mjs.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './support/child.mjs'

const RIGHT = /^0 of \d+ unexpected, working\n$/
const NO_CRASH = { status: 0, signal: null, stderr: '' }

test('every call with every value has the outcome of the table', async () => {
  const { status, signal, stdout, stderr } = await run('bad-input.mjs')
  assert.match(stdout, RIGHT)
  assert.deepEqual({ status, signal, stderr }, NO_CRASH)
})

test('built-in methods that throw break nothing permanently', async () => {
  const options = { args: ['methods'] }
  const { status, signal, stdout, stderr } = await run('bad-input.mjs', options)
  assert.match(stdout, RIGHT)
  assert.deepEqual({ status, signal, stderr }, NO_CRASH)
})

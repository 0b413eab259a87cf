// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Python in Pyodide receives signals through its interrupt buffer. Pyodide
 * takes some seconds to start, so one process runs all steps.
 */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { capabilities } from 'wasmsig'
import { run, start } from './support/child.mjs'

const steps = new Map()
let ending

before(async () => {
  const child = start('pyodide.mjs')
  await child.prints('busy')
  child.kill('SIGINT')
  const { status, signal, stdout, stderr } = await child.end()
  ending = { status, signal, stderr }
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('[')) continue
    const [name, came, word] = JSON.parse(line)
    steps.set(name, { came, word })
  }
})

describe('Pyodide', () => {
  test('the program exits with status 0', () => {
    assert.deepEqual(ending, { status: 0, signal: null, stderr: '' })
  })

  test('a handler of signal.signal runs in the middle of a Python loop', () => {
    assert.deepEqual(steps.get('handler'), { came: 'received 24', word: 0 })
  })

  test('after a handler that returns the loop continues', () => {
    assert.deepEqual(steps.get('goes on'), { came: 24, word: 0 })
  })

  test('a waiting interrupt is delivered to the next code that runs', () => {
    const came = 'KeyboardInterrupt'
    assert.deepEqual(steps.get('pending'), { came, word: 0 })
    assert.deepEqual(steps.get('afterwards'), { came: 2, word: 0 })
  })

  test('Ctrl-C raises KeyboardInterrupt in a busy loop', () => {
    assert.deepEqual(steps.get('forwarded'), { came: 'interrupted', word: 0 })
  })

  test('after untrack Python receives nothing', () => {
    assert.deepEqual(steps.get('untracked'), { came: 0, word: 0 })
  })
})

test('Python receives each signal that another thread raises', async (t) => {
  const storm = (...args) => run('pyodide-storm.mjs', { args })
  const { stdout, stderr, signal } = await storm()
  assert.deepEqual({ stderr, signal }, { stderr: '', signal: 'SIGTERM' })
  assert.deepEqual(JSON.parse(stdout), { raised: 5000, lost: 0 })
  const { stdout: plain } = await storm('--typed-array', '1000')
  t.diagnostic(`with a typed array for the buffer: ${plain.trim()}`)
})

const engine = capabilities.hardKill === 'engine'
describe('Pyodide, killed', { skip: !engine }, () => {
  for (const time of ['first', 'second']) {
    test(`a loop that ignores signals is killed: the ${time} time`, () => {
      const came = 'ERR_WASMSIG_CPU_LIMIT'
      assert.deepEqual(steps.get(`${time} kill`), { came, word: 0 })
      const after = steps.get(`after the ${time}`)
      assert.deepEqual(after, { came: 499500, word: 0 })
    })
  }

  // So a Pyodide with many kills reaches Python's recursion limit.
  test('each kill leaves its Python frames behind', () => {
    const { came: count } = steps.get('frames')
    assert.equal(steps.get('frames afterwards').came, count + 2 * count)
  })

  test('the next loop is signalled', () => {
    assert.deepEqual(steps.get('received again'), {
      came: 'received 24',
      word: 0
    })
  })
})

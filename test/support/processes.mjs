// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Programs that a test talks with while they run. */
import { spawn } from 'node:child_process'

/**
 * Begins a program, which dies with the test `t` at the latest.
 *
 * @param {object} options those of child_process.spawn
 * @returns {{ child, said, ended }} `said(text, { where, count })` resolves when
 *   `text` stands in the output, `count` times if given, and rejects if the
 *   program ends before; `ended` tells { status, signal, stdout, stderr }
 */
export function begin(t, file, args, options = {}) {
  const child = spawn(file, args, options)
  const output = { stdout: '', stderr: '' }
  const waiting = new Set()
  for (const name of ['stdout', 'stderr']) {
    child[name]?.setEncoding('utf8')
    child[name]?.on('data', (part) => {
      output[name] += part
      for (const look of waiting) look()
    })
  }
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) =>
      resolve({ status, signal, ...output })
    )
  })
  t.after(() => child.exitCode ?? child.signalCode ?? child.kill('SIGKILL'))
  const said = (text, { where = 'stdout', count = 1 } = {}) =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (output[where].split(text).length <= count) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      ended.then(
        () => reject(new Error(`it ended: ${JSON.stringify(output)}`)),
        reject
      )
      look()
    })
  return { child, said, ended }
}

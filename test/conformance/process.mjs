// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Runs the programs of a suite, and reports how they ended. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PATIENCE_MS } from '../support/patience.mjs'

/** Running programs. They must not outlive this process. */
const running = new Set()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => process.exit(1))
}

/**
 * Runs a program until it ends, or PATIENCE_MS are over.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} options
 */
export async function runToEnd(program, args, { cwd, env } = {}) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  running.add(child)
  let [stdout, stderr, late] = ['', '', false]
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const patience = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, PATIENCE_MS)
  const [status, signal] = await once(child, 'close')
  clearTimeout(patience)
  running.delete(child)
  return { status, signal, late, stdout, stderr }
}

/** The most useful line: that of an error, or the last. */
function errorLine(text) {
  const lines = text.trim().split('\n')
  return lines.find((line) => /Error|^error|panic/.test(line)) ?? lines.pop()
}

/** How a program ended that printed no verdict. */
export function howItEnded({ status, signal, late, stderr }) {
  if (late) return 'it never ended'
  const end = `the process ended with ${signal ?? `status ${status}`}`
  const said = errorLine(stderr)
  return said ? `${end}: ${said}` : end
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Runs what a suite starts, and says how it ended. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PATIENCE_MS } from '../support/patience.mjs'

/** What runs now, and must not outlive a run that is ended from outside. */
const running = new Set()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => process.exit(1))
}

/**
 * Runs a program to its end, or for as long as there is patience.
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

/** The line that says most: the error's, or else the last. */
function tellingLine(text) {
  const lines = text.trim().split('\n')
  return lines.find((line) => /Error|^error|panic/.test(line)) ?? lines.pop()
}

/** Why a program that should have told its verdict has not. */
export function howItDied({ status, signal, late, stderr }) {
  if (late) return 'it never ended'
  const end = `the process ended with ${signal ?? `status ${status}`}`
  const said = tellingLine(stderr)
  return said ? `${end}: ${said}` : end
}

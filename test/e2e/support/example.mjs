// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The example as a user starts it: a process of its own. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { PATIENCE_MS } from '../../support/patience.mjs'

export const PI_WASM = pathFromHere('../../../build/release/guests/pi.wasm')

const PROGRAM = pathFromHere('../../../examples/pi/pi.mjs')
const TERMINAL = pathFromHere('../../cli/support/terminal.py')

/** @returns {Promise<{status, signal, stdout, stderr}>} how it ended */
export function runPi(...args) {
  const options = { timeout: PATIENCE_MS, killSignal: 'SIGKILL' }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [PROGRAM, ...args],
      options,
      (error, stdout, stderr) =>
        resolve({
          status: child.exitCode,
          signal: child.signalCode,
          stdout,
          stderr
        })
    )
  })
}

/** On a terminal of its own; { output, status }, -2 is death by signal 2. */
export function pressCtrlC(cue) {
  const steps = JSON.stringify([
    ['wait', cue],
    ['key', '\u0003']
  ])
  const { stdout, stderr } = spawnSync(
    'python3',
    [TERMINAL, steps, process.execPath, PROGRAM],
    { encoding: 'utf8', timeout: PATIENCE_MS }
  )
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

/** Another guest does in it what the one in C does. */
export async function checkPi(path) {
  const { status, stdout, stderr } = await runPi('--json', path)
  assert.equal(status, 0, stderr)
  const { signalled, stopped, 'Ctrl-C': interrupted } = JSON.parse(stdout)
  assert.equal(signalled.signal, 24)
  assert.equal(stopped.code, 'ERR_WASMSIG_CPU_LIMIT')
  assert.equal(interrupted.signal, 2)
}

function pathFromHere(path) {
  return fileURLToPath(new URL(path, import.meta.url))
}

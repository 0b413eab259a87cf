// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The example as a user starts it: a process of its own. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const PI_WASM = pathFromHere('../../../build/release/guests/pi.wasm')

const PROGRAM = pathFromHere('../../../examples/pi/pi.mjs')

/** An example that has not ended by then is killed, so that its test fails. */
const PATIENCE_MS = 30_000

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

function pathFromHere(path) {
  return fileURLToPath(new URL(path, import.meta.url))
}

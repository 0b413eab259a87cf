// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Programs of ./programs in processes of their own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { PATIENCE_MS } from '../../support/patience.mjs'

const PROGRAMS = new URL('../programs/', import.meta.url)

class Child {
  #process
  #ended

  stdout = ''
  stderr = ''

  constructor(process) {
    this.#process = process
    process.stdout.setEncoding('utf8').on('data', (s) => (this.stdout += s))
    process.stderr.setEncoding('utf8').on('data', (s) => (this.stderr += s))
    this.#ended = once(process, 'close')
  }

  /** Resolves when the output contains `text` `times` times, or at the end. */
  async prints(text, times = 1) {
    const hasPrinted = () => this.stdout.split(text).length > times
    let over = false
    this.#ended.then(() => (over = true))
    while (!hasPrinted() && !over) {
      const data = once(this.#process.stdout, 'data')
      await Promise.race([data, this.#ended])
    }
    return hasPrinted()
  }

  kill(signal) {
    return this.#process.kill(signal)
  }

  async end() {
    const [status, signal] = await this.#ended
    return { status, signal, stdout: this.stdout, stderr: this.stderr }
  }
}

/**
 * Starts a program.
 *
 * @param {string} name a file of ./programs
 * @param {{ flags?: string[], args?: string[], env?: object,
 *   patience?: number, addressSpace?: number }} options `addressSpace`: its
 *   limit, KiB
 */
export function start(
  name,
  { flags = [], args = [], env = {}, patience = PATIENCE_MS, addressSpace } = {}
) {
  const program = fileURLToPath(new URL(name, PROGRAMS))
  const limited = ['sh', '-c', 'ulimit -v $0; exec "$@"', `${addressSpace}`]
  const [command, ...rest] = [
    ...(addressSpace === undefined ? [] : limited),
    process.execPath,
    ...flags,
    program,
    ...args
  ]
  const child = spawn(command, rest, {
    cwd: fileURLToPath(PROGRAMS),
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patience,
    killSignal: 'SIGKILL'
  })
  return new Child(child)
}

/** Runs a program to its end. */
export function run(name, options) {
  return start(name, options).end()
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Runs the command in this process's place, as far as Node can.

const { spawn } = require('node:child_process')
const { constants } = require('node:os')
const { isatty } = require('node:tty')

/** Ctrl-C at a terminal reaches the command by itself. */
const isAtTerminal = () => [0, 1, 2].some(isatty)

/** Forwards what is sent to this process alone. */
function forwardSignals(child) {
  for (const signal of ['SIGINT', 'SIGQUIT']) {
    process.on(signal, () => isAtTerminal() || child.kill(signal))
  }
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGCONT']) {
    process.on(signal, () => child.kill(signal))
  }
}

/** Ends as the command ended. */
function endAs(status, signal) {
  if (!signal) process.exit(status)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
  // The signal is pending, or ignored.
  setTimeout(() => process.exit(128 + constants.signals[signal]), 1000)
}

/** Does not return: the process ends with the command. */
function run([file, ...args], env, failed) {
  const child = spawn(file, args, { env, stdio: 'inherit' })
  child.once('error', (error) => failed(error))
  child.once('spawn', () => forwardSignals(child))
  child.once('exit', endAs)
}

module.exports = { run }

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The figures of all steps as a table for people. */
import Table from 'cli-table3'

export function toTable({ signalled, stopped, 'Ctrl-C': interrupted }) {
  const table = new Table({
    head: ['', 'signal at', 'end at', 'wall', 'outcome'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'left']
  })
  table.push(
    ['signalled', ...partialResult(signalled)],
    [
      'stopped',
      ms(stopped.signalledCpuMs),
      ms(stopped.usedMs),
      ms(stopped.wallMs),
      kill(stopped)
    ],
    ['Ctrl-C', ...partialResult(interrupted)]
  )
  return `${table}\nsignal at, end at: CPU time of the thread in the guest`
}

function partialResult({ signalledCpuMs, returnedCpuMs, wallMs, ...rest }) {
  return [ms(signalledCpuMs), ms(returnedCpuMs), ms(wallMs), outcome(rest)]
}

function outcome({ digits, text, receivedAfterKillMs }) {
  const lines = [`${digits} digits`, abridge(text)]
  if (receivedAfterKillMs != null)
    lines.push(`received ${ms(receivedAfterKillMs)} after kill`)
  return lines.join('\n')
}

function kill({ name, calls, microsecondsPerCall }) {
  const each = microsecondsPerCall.toFixed(2)
  return `${name} caught\nnext ${calls} calls: ${each} µs`
}

function abridge(text) {
  if (text.length <= 20) return text
  return `${text[0]}.${text.slice(1, 10)}...${text.slice(-10)}`
}

function ms(value) {
  return `${value.toFixed(2)} ms`
}

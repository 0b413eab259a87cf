// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The figures of all steps, for people. */
import Table from 'cli-table3'

export function toTable({ told, stopped, 'Ctrl-C': interrupted }) {
  const table = new Table({
    head: ['', 'told at', 'ended at', 'wall', 'outcome'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'left']
  })
  table.push(
    ['told', ...partialResult(told)],
    [
      'stopped',
      ms(stopped.toldCpuMs),
      ms(stopped.usedMs),
      ms(stopped.wallMs),
      kill(stopped)
    ],
    ['Ctrl-C', ...partialResult(interrupted)]
  )
  return `${table}\ntold at, ended at: CPU time of the thread, in the guest`
}

function partialResult({ toldCpuMs, returnedCpuMs, wallMs, ...rest }) {
  return [ms(toldCpuMs), ms(returnedCpuMs), ms(wallMs), outcome(rest)]
}

function outcome({ digits, text, toldAfterKillMs }) {
  const lines = [`${digits} digits`, abridge(text)]
  if (toldAfterKillMs != null)
    lines.push(`told ${ms(toldAfterKillMs)} after it was sent`)
  return lines.join('\n')
}

function kill({ name, calls, microsecondsPerCall }) {
  const each = microsecondsPerCall.toFixed(2)
  return `${name} caught\n${calls} calls after it: ${each} µs`
}

function abridge(text) {
  if (text.length <= 20) return text
  return `${text[0]}.${text.slice(1, 10)}...${text.slice(-10)}`
}

function ms(value) {
  return `${value.toFixed(2)} ms`
}

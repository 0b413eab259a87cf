// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * The three things that the example shows. A step returns its figures, and
 * throws when something was not as it should be.
 */
import {
  CpuBudget,
  CpuLimitError,
  SIGNALS,
  capabilities,
  forward,
  limitCpu
} from 'wasmsig'
import { startGuest } from './guest.mjs'
import { prepareInterrupt } from './interrupt.mjs'
import { piDigits } from './machin.mjs'

const SOFT_MS = 50
const HARD_MS = 100
const CALLS = 10_000
/** Where a person may be watching, there is time to press Ctrl-C. */
const INTERRUPT_AFTER_MS = process.stderr.isTTY ? 1500 : 30
/** What a guest may still use when it was told to stop: it needs far less. */
const SOON_MS = 50
/** So that a guest that does not hear Ctrl-C cannot hang the example. */
const SAFETY_MS = 20_000

export const STEPS = [
  {
    name: 'told',
    intent: `computing pi with a soft limit of ${SOFT_MS} ms of CPU`,
    run: told
  },
  {
    name: 'stopped',
    intent: `a hard limit of ${HARD_MS} ms, then ${CALLS} limited calls`,
    run: stopped
  },
  {
    name: 'Ctrl-C',
    intent: `SIGINT comes after ${INTERRUPT_AFTER_MS} ms`,
    run: interrupted
  }
]

function told(module) {
  const budget = new CpuBudget({ soft: SOFT_MS })
  const guest = startGuest(module, () => budget.used)
  const { value, wallMs } = time(() => budget.run(guest.exports.until_sigxcpu))
  const figures = {
    softMs: SOFT_MS,
    ...checkPartialResult(guest, value, 'SIGXCPU', budget.used),
    wallMs
  }
  check(
    figures.toldCpuMs >= SOFT_MS,
    `the guest was told at ${figures.toldCpuMs} ms, before its soft limit`
  )
  return figures
}

function stopped(module) {
  const budget = new CpuBudget({ soft: SOFT_MS, hard: HARD_MS })
  const guest = startGuest(module, () => budget.used)
  const { value: error, wallMs } = time(() =>
    errorOf(() => budget.run(guest.exports.ignoring_sigxcpu))
  )
  check(error, 'the guest returned, though it should never stop by itself')
  check(error instanceof CpuLimitError, `not a CpuLimitError, but: ${error}`)
  check(error.code === 'ERR_WASMSIG_CPU_LIMIT', `its code is ${error.code}`)
  check(error.limit === HARD_MS, `its limit is ${error.limit}, not ${HARD_MS}`)
  check(error.used >= HARD_MS, `killed at ${error.used} ms, before the limit`)
  check(guest.heard.length > 0, 'it was killed without having been told')
  const [{ signal, cpuMs: toldCpuMs }] = guest.heard
  check(signal === SIGNALS.SIGXCPU, `the guest heard ${signal}, not SIGXCPU`)
  check(toldCpuMs >= SOFT_MS, `told at ${toldCpuMs} ms, before its soft limit`)
  check(toldCpuMs < error.used, `told at ${toldCpuMs} ms, after the kill`)
  return {
    softMs: SOFT_MS,
    hardMs: HARD_MS,
    toldCpuMs,
    name: error.name,
    code: error.code,
    limitMs: error.limit,
    usedMs: error.used,
    killedBy: capabilities.hardKill,
    wallMs,
    ...goOnLiving(module)
  }
}

/** The process that has just killed a guest makes many more limited calls. */
function goOnLiving(module) {
  const { exports } = startGuest(module)
  const echo = limitCpu(exports.echo, { soft: SOFT_MS, hard: HARD_MS })
  const { value: right, wallMs } = time(() => {
    let right = 0
    for (let i = 0; i < CALLS; i++) if (echo(i) === i) right++
    return right
  })
  check(right === CALLS, `only ${right} of ${CALLS} calls after it were right`)
  return { calls: CALLS, right, microsecondsPerCall: (wallMs * 1000) / CALLS }
}

async function interrupted(module) {
  const budget = new CpuBudget({ hard: SAFETY_MS })
  const guest = startGuest(module, () => budget.used)
  const interrupt = await prepareInterrupt('SIGINT', INTERRUPT_AFTER_MS)
  const forwarding = forward(['SIGINT'])
  if (process.stderr.isTTY) console.error('  ... or press Ctrl-C now')
  try {
    interrupt.start()
    const { value, wallMs } = time(() => budget.run(guest.exports.until_sigint))
    return {
      ...checkPartialResult(guest, value, 'SIGINT', budget.used),
      toldAfterKillMs: interrupt.msUntil(guest.heard[0].at),
      wallMs
    }
  } finally {
    // In this order: a SIGINT that is not forwarded ends the process.
    await interrupt.over()
    forwarding.stop()
  }
}

/** What holds for a guest that `signal` made return what it had. */
function checkPartialResult(guest, digits, signal, returnedCpuMs) {
  const { heard, exports } = guest
  check(heard.length > 0, `the guest returned without hearing ${signal}`)
  const [{ signal: number, cpuMs: toldCpuMs }] = heard
  const late = returnedCpuMs - toldCpuMs
  check(number === SIGNALS[signal], `the guest heard ${number}, not ${signal}`)
  check(heard.length === 1, `the guest was told ${heard.length} times`)
  check(late >= 0 && late < SOON_MS, `it returned ${late} ms after it was told`)
  check(digits > 0, 'there are no digits')
  check(digits < exports.capacity(), 'the guest went on to its last digit')
  const text = guest.digits(digits)
  const wrong = firstDifference(text, piDigits(digits))
  check(wrong === -1, `its digit number ${wrong + 1} is not that of pi`)
  return { signal: number, toldCpuMs, returnedCpuMs, digits, text }
}

function firstDifference(text, expected) {
  return [...expected].findIndex((digit, i) => digit !== text[i])
}

function check(condition, complaint) {
  if (!condition) throw new Error(complaint)
}

function time(fn) {
  const start = performance.now()
  const value = fn()
  return { value, wallMs: performance.now() - start }
}

function errorOf(fn) {
  try {
    fn()
  } catch (error) {
    return error
  }
}

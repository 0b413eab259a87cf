// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * The three steps of the example. A step returns its figures, and throws if
 * one of its checks fails.
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
const WARM_UP_MS = 5
const CALLS = 10_000
/** At a terminal, a person gets time to press Ctrl-C. */
const INTERRUPT_AFTER_MS = process.stderr.isTTY ? 1500 : 30
/** CPU time that a guest may use after its signal; it needs far less. */
const SOON_MS = 50
/** A guest that misses Ctrl-C cannot block the example for longer. */
const SAFETY_MS = 20_000

export const STEPS = [
  {
    name: 'signalled',
    intent: `computing pi with a soft limit of ${SOFT_MS} ms of CPU`,
    run: signalled
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

/**
 * The first signal of a process finds nothing compiled: neither the guest's
 * handler nor what JavaScript does for it. A host that has run for a while is
 * past that, and the figures are those of such a host.
 */
function warmUp(module) {
  const budget = new CpuBudget({ soft: WARM_UP_MS })
  const guest = startGuest(module, () => budget.used)
  budget.run(guest.exports.until_sigxcpu)
}

function signalled(module) {
  warmUp(module)
  const budget = new CpuBudget({ soft: SOFT_MS })
  const guest = startGuest(module, () => budget.used)
  const { value, wallMs } = time(() => budget.run(guest.exports.until_sigxcpu))
  const figures = {
    softMs: SOFT_MS,
    ...checkPartialResult(guest, value, 'SIGXCPU', budget.used),
    wallMs
  }
  check(
    figures.signalledCpuMs >= SOFT_MS,
    `the guest was signalled at ${figures.signalledCpuMs} ms, before its soft limit`
  )
  return figures
}

function stopped(module) {
  const budget = new CpuBudget({ soft: SOFT_MS, hard: HARD_MS })
  const guest = startGuest(module, () => budget.used)
  const { value: error, wallMs } = time(() =>
    errorOf(() => budget.run(guest.exports.ignoring_sigxcpu))
  )
  check(error, 'the guest returned, though it never stops by itself')
  check(error instanceof CpuLimitError, `not a CpuLimitError, but: ${error}`)
  check(error.code === 'ERR_WASMSIG_CPU_LIMIT', `its code is ${error.code}`)
  check(error.limit === HARD_MS, `its limit is ${error.limit}, not ${HARD_MS}`)
  check(error.used >= HARD_MS, `killed at ${error.used} ms, before the limit`)
  check(guest.signals.length > 0, 'it was killed without a signal before')
  const [{ signal, cpuMs: signalledCpuMs }] = guest.signals
  check(signal === SIGNALS.SIGXCPU, `the guest received ${signal}, not SIGXCPU`)
  check(
    signalledCpuMs >= SOFT_MS,
    `signalled at ${signalledCpuMs} ms, before its soft limit`
  )
  check(
    signalledCpuMs < error.used,
    `signalled at ${signalledCpuMs} ms, after the kill`
  )
  return {
    softMs: SOFT_MS,
    hardMs: HARD_MS,
    signalledCpuMs,
    name: error.name,
    code: error.code,
    limitMs: error.limit,
    usedMs: error.used,
    killedBy: capabilities.hardKill,
    wallMs,
    ...goOnLiving(module)
  }
}

/** After the kill, the same process makes many more limited calls. */
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
      receivedAfterKillMs: interrupt.msUntil(guest.signals[0].at),
      wallMs
    }
  } finally {
    // In this order: a SIGINT that is not forwarded ends the process.
    await interrupt.over()
    forwarding.stop()
  }
}

/** Checks a guest that returned its partial result because of `signal`. */
function checkPartialResult(guest, digits, signal, returnedCpuMs) {
  const { signals, exports } = guest
  check(signals.length > 0, `the guest returned without ${signal}`)
  const [{ signal: number, cpuMs: signalledCpuMs }] = signals
  const late = returnedCpuMs - signalledCpuMs
  check(
    number === SIGNALS[signal],
    `the guest received ${number}, not ${signal}`
  )
  check(signals.length === 1, `the guest received ${signals.length} signals`)
  check(late >= 0 && late < SOON_MS, `it returned ${late} ms after its signal`)
  check(digits > 0, 'there are no digits')
  check(digits < exports.capacity(), 'the guest computed all its digits')
  const text = guest.digits(digits)
  const wrong = firstDifference(text, piDigits(digits))
  check(wrong === -1, `digit number ${wrong + 1} is wrong`)
  return { signal: number, signalledCpuMs, returnedCpuMs, digits, text }
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

// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Calls with limits, beside a `vm` timeout: the cost of a call, and how late an
 * endless call is stopped.
 */
import vm from 'node:vm'

const LIMITS = { soft: 50, hard: 100 } // CPU ms

/** Calls of an empty function of a guest. */
export function limitedCalls(limitCpu, empty) {
  const limited = limitCpu(empty, LIMITS)
  const wasmsig = {
    calls: 20000,
    run(calls) {
      for (let i = 0; i < calls; i++) limited()
    }
  }

  globalThis.wasmsigBenchEmpty = empty
  const script = new vm.Script('wasmsigBenchEmpty()')
  const options = { timeout: 60_000 } // wall time: a busy machine is slow
  const timeout = {
    what: 'vm.Script timeout',
    calls: 500,
    run(calls) {
      for (let i = 0; i < calls; i++) script.runInThisContext(options)
    }
  }
  const plain = {
    what: 'plain call',
    calls: 200000,
    run(calls) {
      for (let i = 0; i < calls; i++) empty()
    }
  }
  return [
    { row: 'limited_call', wasmsig, baseline: timeout },
    {
      row: 'limited_call_vs_plain',
      goal: { over: 0.8 },
      wasmsig,
      baseline: plain
    }
  ]
}

/**
 * How far past its hard limit a call without polls returns: by wall time, which a
 * `vm` timeout uses, and by CPU time.
 */
export function lateKills({ CpuBudget }, { forever }) {
  const hard = 20 // ms
  const budget = new CpuBudget({ hard })
  globalThis.wasmsigBenchForever = forever
  const script = new vm.Script('wasmsigBenchForever()')
  const late = (call, code) => {
    const start = process.hrtime.bigint()
    try {
      call()
    } catch (error) {
      const ns = process.hrtime.bigint() - start
      if (error.code === code) return Number(ns) / 1e6 - hard
      throw error
    }
    throw new Error('a call without end has come back')
  }
  const timeout = () => script.runInThisContext({ timeout: hard })
  const onWall = {
    row: 'kill_late',
    unit: 'ms',
    goal: { p99: 0.5 },
    wasmsig: {
      prepare: () => budget.reset(),
      run: () => late(() => budget.run(forever), 'ERR_WASMSIG_CPU_LIMIT')
    },
    baseline: {
      what: 'vm.Script timeout',
      run: () => late(timeout, 'ERR_SCRIPT_EXECUTION_TIMEOUT')
    }
  }
  const byCpu = {
    ...onWall,
    row: 'kill_late_cpu',
    wasmsig: {
      prepare: () => budget.reset(),
      run: () => {
        late(() => budget.run(forever), 'ERR_WASMSIG_CPU_LIMIT')
        return budget.used - hard
      }
    },
    baseline: undefined
  }
  return [onWall, byCpu]
}

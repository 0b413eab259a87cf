// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Scripts in QuickJS, with limits of CPU time:
 *
 *     node evaluate.mjs             shows what limits do with some scripts
 *     node evaluate.mjs SCRIPT      evaluates one; Ctrl-C interrupts it
 *
 * QuickJS calls its interrupt handler every some thousand steps. The handler
 * reads the signal word, which the soft limit and Ctrl-C write.
 */
import { newQuickJSWASMModule } from 'quickjs-emscripten'
import { CpuBudget, CpuLimitError, forward, track } from 'wasmsig'

const words = track({ signal: new Int32Array(new SharedArrayBuffer(4)) })
const pending = words.interruptBuffer

/** The handler: whether QuickJS is to end the script. It takes the signal. */
function isInterrupted() {
  if (pending[0] === 0) return false
  pending[0] = 0
  return true
}

/** A handler that counts time on the clock, for comparison. */
const isLaterThan = (time) => () => Date.now() > time

/** A host function that waits. It uses no CPU time. */
function addSleep(context) {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const sleep = context.newFunction('sleep', (ms) => {
    Atomics.wait(cell, 0, 0, context.getNumber(ms))
  })
  context.setProp(context.global, 'sleep', sleep)
  sleep.dispose()
}

function evaluate(runtime, source) {
  const context = runtime.newContext()
  addSleep(context)
  const result = context.evalCode(source)
  const value = context.dump(result.error ?? result.value)
  result.dispose()
  context.dispose()
  return result.error ? `${value.name}: ${value.message}` : value
}

let quickjs = await newQuickJSWASMModule()

/** All runtimes share a memory, and a call was stopped while it wrote there. */
async function replaceQuickJS() {
  quickjs = await newQuickJSWASMModule()
}

/**
 * @param {string} source
 * @param {object} limits of CpuBudget, ms of CPU time
 * @param {() => boolean} handler of QuickJS
 * @returns {Promise<string>} the value or the error, and the CPU time
 */
async function run(source, limits, handler = isInterrupted) {
  const budget = new CpuBudget(limits)
  const runtime = quickjs.newRuntime()
  runtime.setInterruptHandler(handler)
  let outcome
  try {
    outcome = budget.run(evaluate, runtime, source)
    runtime.dispose()
  } catch (error) {
    if (!(error instanceof CpuLimitError)) throw error
    outcome = 'stopped at the hard limit'
    await replaceQuickJS()
  }
  return `${outcome} (${budget.used.toFixed(0)} ms of CPU)`
}

async function show() {
  const limits = { soft: 100, hard: 500 }
  const waits = 'for (let i = 0; i < 40000; i++) i % 4000 || sleep(30); "done"'
  const scripts = {
    'endless loop': 'for (;;);',
    'loop that catches': 'for (;;) try { for (;;); } catch {}',
    'one long step': 'String(3n ** 600000n).length',
    'the next script': '6 * 7',
    'sleeps 300 ms': waits
  }
  for (const [name, source] of Object.entries(scripts))
    console.log(`${name}: ${await run(source, limits)}`)
  const handler = isLaterThan(Date.now() + 100)
  console.log(`the same, by the clock: ${await run(waits, limits, handler)}`)
}

async function interruptible(source) {
  const forwarding = forward(['SIGINT'])
  console.log('computing')
  console.log(await run(source, { hard: 60_000 }))
  forwarding.stop()
}

const [source] = process.argv.slice(2)
await (source === undefined ? show() : interruptible(source))

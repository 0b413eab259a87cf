// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * main.mjs PROMISE: checks one promise in the host that runs this. The last line
 * of standard output that starts with RESULT has the verdict. In a worker thread
 * it runs the thread of the promise.
 */
import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { readFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import {
  Worker,
  isMainThread,
  parentPort,
  workerData
} from 'node:worker_threads'
import * as wasmsig from 'wasmsig'
import { Broken, TOOLS, verdictOf } from './context.mjs'
import { PROMISES } from './rows.mjs'

const RESULT = 'RESULT '

/** The package. A missing export is a broken promise, not a crash. */
const api = new Proxy(wasmsig, {
  get(target, name) {
    if (typeof name === 'string' && !(name in target)) {
      throw new Broken(`the package has no ${name}`)
    }
    return target[name]
  }
})

const guestFile = (name) => new URL(`./guests/${name}.wasm`, import.meta.url)

function bytes(name) {
  return new Uint8Array(readFileSync(guestFile(name)))
}

function module(name) {
  return new WebAssembly.Module(bytes(name))
}

function instance(name, imports) {
  return new WebAssembly.Instance(module(name), imports)
}

/** Uses CPU time of this thread, by the package's own clock. */
function spend(milliseconds) {
  const budget = new wasmsig.CpuBudget({ measure: true })
  budget.run(() => {
    while (budget.used < milliseconds);
  })
}

function inMs({ user, system }) {
  return (user + system) / 1000
}

/**
 * CPU milliseconds by a clock of the host: that of this thread. If the host has
 * none, or one with steps of 10 ms, that of the whole process, which shows more.
 */
function cpuClock() {
  const own = process.threadCpuUsage && inMs(process.threadCpuUsage())
  const fine = own !== undefined && !Number.isInteger(own / 10)
  return fine ? own : inMs(process.cpuUsage())
}

function collectGarbage() {
  if (typeof globalThis.gc === 'function') return globalThis.gc()
  globalThis.Bun.gc(true)
}

/**
 * Sends this process a signal from another process, once or `times` times, while
 * this one may be busy. Resolves when all are sent.
 */
function signalSoon(name, times = 1) {
  const one = `sleep 0.2; kill -s ${name.slice(3)} ${process.pid} || exit`
  const script = Array(times).fill(one).join('; ')
  const sender = spawn('sh', ['-c', script], { stdio: 'ignore' })
  return once(sender, 'exit')
}

/** Runs the event loop for a while. */
function idle(milliseconds = 100) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function say(text) {
  writeSync(1, `${text}\n`)
}

/**
 * A worker thread that runs promise.thread(host, data, port). next() returns its
 * next message, and throws if the thread fails.
 */
function startThread(workerData) {
  const worker = new Worker(new URL(import.meta.url), { workerData })
  const messages = on(worker, 'message')
  return {
    next: async () => (await messages.next()).value[0],
    terminate: () => worker.terminate()
  }
}

function hostFor(promise) {
  return {
    ...TOOLS,
    wasmsig: api,
    require: createRequire(import.meta.url),
    bytes,
    collectGarbage,
    cpuClock,
    idle,
    instance,
    module,
    say,
    signalSoon,
    spend,
    thread: (data) => startThread({ promise: promise.promise, data })
  }
}

function find(title) {
  const promise = PROMISES.find((one) => one.promise === title)
  if (!promise) throw new Error(`no such promise: ${title}`)
  return promise
}

async function inMainThread(promise) {
  let failure
  try {
    if (!promise.bare) wasmsig.install()
    await promise.run(hostFor(promise))
  } catch (error) {
    failure = error ?? new Error('nothing was thrown')
  }
  say(RESULT + JSON.stringify(verdictOf(failure)))
  if (!promise.endsItself) process.exit(0)
}

async function inWorker({ promise: title, data }) {
  const promise = find(title)
  wasmsig.install()
  await promise.thread(hostFor(promise), data, parentPort)
}

if (isMainThread) await inMainThread(find(process.argv[2]))
else await inWorker(workerData)

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Uses several copies of the package: copies.mjs MODE PLACE... */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import vm from 'node:vm'
import { Worker, parentPort, workerData } from 'node:worker_threads'
import { guest } from '../support/guests.mjs'

const [, , mode, ...places] = process.argv
const require = createRequire(import.meta.url)
const importOf = (place) => import(path.join(place, 'lib/index.mjs'))

const errorOf = (act) => {
  try {
    return act()
  } catch (error) {
    return error
  }
}
const newGuest = () =>
  new WebAssembly.Instance(new WebAssembly.Module(guest())).exports

/** A budget's soft limit signals a guest. */
const receives = ({ CpuBudget }) =>
  new CpuBudget({ soft: 2, hard: 10_000 }).run(newGuest().spin)

const MODES = {
  async same() {
    const [a, b] = places.map((place) => require(place))
    const [c, d] = await Promise.all(places.map(importOf))
    const installs = [a.install(), d.install()]
    const killed = [a, b].map(
      ({ CpuBudget }) =>
        errorOf(() =>
          new CpuBudget({ hard: 2 }).run(newGuest().burn)
        ) instanceof b.CpuLimitError
    )
    a.forward(['SIGUSR2'])
    const forwarded = errorOf(() => b.forward(['SIGUSR2'])).code
    const instance = new WebAssembly.Instance(new WebAssembly.Module(guest()))
    process.kill(process.pid, 'SIGUSR2')
    const got = new a.CpuBudget({ hard: 10_000 }).run(instance.exports.spin)
    return {
      same: [b, c, d].map((one) => one.CpuBudget === a.CpuBudget),
      installs,
      received: [a, b].map(receives),
      killed,
      forwarded,
      got
    }
  },

  /** prom-client is not installed beside the copies. */
  async metrics() {
    const [a, b] = places.map((place) =>
      require(path.join(place, 'lib/metrics.js'))
    )
    const c = await import(path.join(places[1], 'lib/metrics.mjs'))
    return {
      same: [b, c].map(
        (one) => one.registerPrometheus === a.registerPrometheus
      ),
      missing: [a.registerPrometheus, a.registerOpenTelemetry].map(
        (register) => errorOf(() => register())?.code
      )
    }
  },

  async registered() {
    require(path.join(places[0], 'lib/register.js'))
    const { install, raise } = await importOf(places[1])
    newGuest()
    return { installs: install(), received: raise('SIGINT') }
  },

  /** The second copy in a worker, and in another realm. */
  async apart() {
    const first = require(places[0])
    first.install()
    newGuest()
    const ready = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(new URL(import.meta.url), {
      argv: ['worker', places[1]],
      workerData: ready
    })
    const answer = once(worker, 'message')
    while (ready[0] === 0) await new Promise(setImmediate)
    const reached = first.raise('SIGUSR1', 'process')
    const [got] = await answer
    return { reached, worker: got, realm: toldInRealm(places[1]) }
  },

  async worker() {
    const { install } = require(places[0])
    install()
    const { spin } = newGuest()
    Atomics.store(workerData, 0, 1)
    parentPort.postMessage(spin())
  },

  async versions() {
    const [first, other] = places
    const wasmsig = require(first)
    wasmsig.install()
    const errors = [
      errorOf(() => require(other)),
      errorOf(() => require(path.join(other, 'lib/register.js'))),
      await import(path.join(other, 'lib/index.js')).catch((error) => error),
      errorOf(() => toldInRealm(other))
    ]
    return {
      errors: errors.map(({ code, message }) => ({
        code,
        names: places.every((place) => message.includes(place))
      })),
      received: receives(wasmsig)
    }
  }
}

/** The package, loaded by a realm as jest does it, signals a guest there. */
function toldInRealm(place) {
  const context = vm.createContext({ process, TextDecoder })
  const names = ['module', 'exports', 'require', '__dirname']
  const cache = new Map()
  const load = (file) => {
    if (cache.has(file)) return cache.get(file).exports
    const module = { exports: {} }
    cache.set(file, module)
    const folder = path.dirname(file)
    const options = { parsingContext: context, filename: file }
    const source = readFileSync(file, 'utf8')
    const requireThere = (name) =>
      name.startsWith('.') ? load(path.join(folder, name)) : require(name)
    const run = vm.compileFunction(source, names, options)
    run(module, module.exports, requireThere, folder)
    return module.exports
  }
  const { CpuBudget, install } = load(path.join(place, 'lib/index.js'))
  install()
  const { Instance, Module } = vm.runInContext('WebAssembly', context)
  const { spin } = new Instance(new Module(guest())).exports
  return new CpuBudget({ soft: 2, hard: 10_000 }).run(spin)
}

const answer = await MODES[mode]()
if (answer) console.log(JSON.stringify(answer))

// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Which request runs next, and in which threads.
 *
 * Why no tenant delays another for long:
 *  1. `#ready` has a tenant once, however many requests of it wait. A tenant
 *     that has had its turn goes to the end: the turns go around.
 *  2. At most `concurrent` requests of a tenant run at once, and each ends at
 *     its hard limit.
 *  3. A tenant that was stopped, or has used most of its CPU time, runs in `low`
 *     for a while, a thread with the lowest priority. The kernel gives it
 *     the time that other threads leave.
 *  4. A tenant that has used all of it is refused.
 *
 * All of this is in the thread of the event loop, and no function here awaits
 * between a check and what follows from it. So nothing here needs a lock.
 */
import { setInterval } from 'node:timers/promises'
import { Piscina } from 'piscina'
import { raise } from 'wasmsig'
import { Bucket } from './bucket.js'

const filename = new URL('worker.js', import.meta.url).href
const LOWEST_PRIORITY = 19 // as nice(1) counts
const RAISE_EVERY_MS = 20

/** A request that is refused, and when the client may ask again, s. */
const refusal = (code, reason, retryAfter = 1) => ({
  status: 'refused',
  code,
  reason,
  retryAfter
})

class Lane {
  constructor(threads, niceIncrement) {
    const size = { minThreads: threads, maxThreads: threads }
    this.free = threads
    this.pool = new Piscina({ filename, niceIncrement, ...size })
  }
}

export class Tenant {
  /** Requests that have not begun: { n, resolve }. */
  waiting = []
  running = 0
  #greedyUntil = -Infinity

  constructor(name, module, settings) {
    this.name = name
    this.module = module
    this.settings = settings
    this.bucket = new Bucket(settings)
  }

  get canRun() {
    return this.waiting.length > 0 && this.running < this.settings.concurrent
  }

  get isGreedy() {
    return performance.now() < this.#greedyUntil
  }

  charge({ status, cpuMs }) {
    this.bucket.spend(cpuMs)
    if (status === 'stopped' || this.bucket.level < this.bucket.burst / 2)
      this.#greedyUntil = performance.now() + this.settings.probation
  }
}

export class Scheduler {
  #ready = new Set() // tenants, in the order of their turns
  #lanes
  #limits
  #maxWaiting
  #waiting = 0
  #running = 0
  #isDraining = false

  /** @param limits those of each request */
  constructor({ threads, waiting }, limits) {
    this.#lanes = {
      normal: new Lane(threads, 0),
      low: new Lane(1, LOWEST_PRIORITY)
    }
    this.#limits = limits
    this.#maxWaiting = waiting
  }

  /** Resolves with the answer of worker.js, or with a refusal. */
  run(tenant, n) {
    const refused = this.#refuse(tenant)
    if (refused) return Promise.resolve(refused)
    return new Promise((resolve) => {
      tenant.waiting.push({ n, resolve })
      this.#waiting++
      this.#takeTurns(tenant)
    })
  }

  #refuse({ bucket, waiting, settings }) {
    if (this.#isDraining) return refusal(503, 'the server is ending')
    if (bucket.isEmpty)
      return refusal(429, 'CPU time is used up', bucket.retryAfter)
    if (waiting.length >= settings.queue)
      return refusal(429, 'too many requests wait')
    if (this.#waiting >= this.#maxWaiting)
      return refusal(503, 'the server is overloaded')
  }

  /** Starts what can start, after something of `tenant` has changed. */
  #takeTurns(tenant) {
    if (tenant.canRun) this.#ready.add(tenant)
    for (const next of this.#ready) {
      const lane = next.isGreedy ? this.#lanes.low : this.#lanes.normal
      if (lane.free === 0) continue
      this.#ready.delete(next)
      if (next.bucket.isEmpty) {
        const { retryAfter } = next.bucket
        this.#refuseWaiting(next, 429, 'CPU time is used up', retryAfter)
        continue
      }
      this.#start(next, lane)
      if (next.canRun) this.#ready.add(next) // visited again, at the end
    }
  }

  async #start(tenant, lane) {
    const { n, resolve } = tenant.waiting.shift()
    this.#waiting--
    this.#running++
    tenant.running++
    lane.free--
    const answer = await this.#call(lane.pool, tenant, n)
    this.#running--
    tenant.running--
    lane.free++
    tenant.charge(answer)
    resolve(answer)
    this.#takeTurns(tenant)
  }

  async #call(pool, { name, module }, n) {
    const limits = { ...this.#limits, name } // what it uses is counted by name
    try {
      return await pool.run({ module, n, limits })
    } catch (error) {
      // The thread has ended, and nobody knows what it has used.
      const cpuMs = this.#limits.hard
      return { status: 'failed', reason: error.message, cpuMs }
    }
  }

  #refuseWaiting(tenant, ...why) {
    for (const { resolve } of tenant.waiting.splice(0)) {
      this.#waiting--
      resolve(refusal(...why))
    }
  }

  /**
   * Refuses all that has not begun, and signals what runs. Resolves when
   * nothing runs any more.
   */
  async drain(tenants) {
    this.#isDraining = true
    for (const tenant of tenants)
      this.#refuseWaiting(tenant, 503, 'the server is ending')
    this.#ready.clear()
    if (this.#running === 0) return
    raise('SIGTERM', 'process')
    // A thread may create an instance after that: raise it again.
    for await (const _ of setInterval(RAISE_EVERY_MS)) {
      if (this.#running === 0) break
      raise('SIGTERM', 'process')
    }
  }

  async close() {
    const { normal, low } = this.#lanes
    await Promise.all([normal.pool.destroy(), low.pool.destroy()])
  }
}

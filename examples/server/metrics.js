// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The metrics page, in Prometheus' text format; grafana.json shows it. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

const LATENCY_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]
const LATENESS_BUCKETS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 50]

const toSeconds = (ms) => ms / 1000

export class Metrics {
  #register = new Registry()
  #limits
  #requests
  #cpu
  #kills
  #softLimits
  #lateness
  #latency

  /** @param limits those of each request */
  constructor(tenants, limits) {
    this.#limits = limits
    this.#requests = this.#make(Counter, 'requests_total', {
      help: 'Answers, by status of HTTP',
      labelNames: ['tenant', 'code']
    })
    this.#cpu = this.#make(Counter, 'cpu_seconds_total', {
      help: 'CPU time used'
    })
    this.#kills = this.#make(Counter, 'kills_total', {
      help: 'Requests that were stopped at the hard limit'
    })
    this.#softLimits = this.#make(Counter, 'soft_limits_total', {
      help: 'Requests that used at least the soft limit'
    })
    this.#lateness = this.#make(Histogram, 'kill_lateness_seconds', {
      help: 'CPU time that a stopped request used after the hard limit',
      buckets: LATENESS_BUCKETS.map(toSeconds)
    })
    this.#latency = this.#make(Histogram, 'request_seconds', {
      help: 'Wall time from request to answer, without refused requests',
      buckets: LATENCY_BUCKETS.map(toSeconds)
    })
    this.#read(tenants, 'queue_length', {
      help: 'Requests that wait',
      value: ({ waiting }) => waiting.length
    })
    this.#read(tenants, 'running', {
      help: 'Requests that run',
      value: ({ running }) => running
    })
    this.#read(tenants, 'cpu_left_seconds', {
      help: 'CPU time that may be used now; below 0, requests are refused',
      value: ({ bucket }) => toSeconds(bucket.level)
    })
    for (const { name } of tenants) this.#begin(name)
  }

  /** Counts an answer of Scheduler.run, which took `ms` of wall time. */
  count(tenant, { status, cpuMs }, code, ms) {
    this.#requests.inc({ tenant, code })
    if (status === 'refused') return
    this.#latency.observe({ tenant }, toSeconds(ms))
    this.#cpu.inc({ tenant }, toSeconds(cpuMs))
    if (cpuMs >= this.#limits.soft) this.#softLimits.inc({ tenant })
    if (status !== 'stopped') return
    this.#kills.inc({ tenant })
    const late = Math.max(0, cpuMs - this.#limits.hard)
    this.#lateness.observe({ tenant }, toSeconds(late))
  }

  async page() {
    const type = this.#register.contentType
    return { type, text: await this.#register.metrics() }
  }

  #make(Kind, name, options) {
    return new Kind({
      name: `plugin_${name}`,
      labelNames: ['tenant'],
      registers: [this.#register],
      ...options
    })
  }

  /** A gauge whose values are read when somebody reads the page. */
  #read(tenants, name, { help, value }) {
    this.#make(Gauge, name, {
      help,
      collect() {
        for (const one of tenants) this.set({ tenant: one.name }, value(one))
      }
    })
  }

  /** All series of a tenant are on the page from the beginning. */
  #begin(tenant) {
    this.#requests.inc({ tenant, code: 200 }, 0)
    for (const counter of [this.#cpu, this.#kills, this.#softLimits])
      counter.inc({ tenant }, 0)
    this.#lateness.zero({ tenant })
    this.#latency.zero({ tenant })
  }
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The metrics page, in Prometheus' text format; grafana.json shows it.
 *
 * wasmsig counts what the budgets of each tenant use, in all threads. Here is
 * what only the server knows.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { CpuBudget } from 'wasmsig'
import { registerPrometheus } from 'wasmsig/metrics'

const LATENCY_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]

const toSeconds = (ms) => ms / 1000

export class Metrics {
  #register = new Registry()
  #requests
  #latency

  constructor(tenants) {
    registerPrometheus(this.#register)
    this.#requests = this.#make(Counter, 'requests_total', {
      help: 'Answers, by status of HTTP',
      labelNames: ['tenant', 'code']
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
  count(tenant, { status }, code, ms) {
    this.#requests.inc({ tenant, code })
    if (status !== 'refused') this.#latency.observe({ tenant }, toSeconds(ms))
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
    this.#latency.zero({ tenant })
    new CpuBudget({ measure: true, name: tenant })
  }
}

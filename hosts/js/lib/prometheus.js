// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// stats() as metrics in a registry of prom-client. A registry asks what is
// registered for its values when somebody reads it. So nothing is copied
// between two readings.

const { typeError } = require('./errors.js')
const { stats } = require('./instances.js')
const { COUNTERS, LATENESS, cumulative } = require('./metric-families.js')
const { Registration, missingError } = require('./registrations.js')

const METHODS = ['registerMetric', 'removeSingleMetric', 'getSingleMetric']

let reading

/**
 * One reading for all metrics of a page: a registry asks all of them before it
 * awaits anything.
 */
function readStats() {
  if (reading) return reading
  queueMicrotask(() => (reading = undefined))
  return (reading = stats())
}

/** A metric as a registry of prom-client uses it. */
class Metric {
  aggregator = 'sum' // of the processes of a cluster
  #read

  constructor(family, type, read) {
    this.name = family.prometheus // a registry for OpenMetrics shortens it
    this.help = family.help
    this.type = type
    this.labelNames = family.attributes.map(({ prometheus }) => prometheus)
    this.#read = read
  }

  get() {
    const { name, help, type, aggregator } = this
    const values = this.#read(this, readStats())
    return { name, help, type, aggregator, values }
  }

  /** Counts stay: other readers of stats() see them too. */
  reset() {}
}

function counter(family) {
  return new Metric(family, 'counter', ({ labelNames }, stats) =>
    family.read(stats).map(([texts, value]) => {
      const labels = labelNames.map((name, at) => [name, texts[at]])
      return { labels: Object.fromEntries(labels), value }
    })
  )
}

/** Bucket by bucket, then sum and count, as prom-client's own histograms. */
function histogramOf(metricName, budget, lateness) {
  const { buckets, count, sum } = cumulative(lateness)
  return [
    ...buckets.map(({ le, count }) => ({
      labels: { le, budget },
      value: count,
      metricName: `${metricName}_bucket`
    })),
    { labels: { budget }, value: sum, metricName: `${metricName}_sum` },
    { labels: { budget }, value: count, metricName: `${metricName}_count` }
  ]
}

function histogram(family) {
  return new Metric(family, 'histogram', ({ name }, { budgets }) =>
    budgets.flatMap((use) => histogramOf(name, use.name, use.lateness))
  )
}

/** prom-client's registry -> { registration, metrics }, by their first names */
const known = new WeakMap()

function isComplete(register, { registration, metrics }) {
  if (registration.isOver) return false
  for (const [name, metric] of metrics) {
    if (register.getSingleMetric(name) !== metric) return false
  }
  return true
}

/** Leaves metrics of other code that have the same name. */
function remove(register, metrics) {
  for (const [name, metric] of metrics) {
    if (register.getSingleMetric(name) === metric)
      register.removeSingleMetric(name)
  }
}

/** All of them, or none. */
function add(register, metrics) {
  try {
    for (const metric of metrics.values()) register.registerMetric(metric)
  } catch (error) {
    remove(register, metrics)
    throw error
  }
}

function globalRegister() {
  try {
    return require('prom-client').register
  } catch (cause) {
    throw missingError('prom-client', 'a registry', cause)
  }
}

function registerPrometheus(register = globalRegister()) {
  if (METHODS.some((name) => typeof register?.[name] !== 'function')) {
    throw typeError('register', 'a registry of prom-client', register)
  }
  const before = known.get(register)
  if (before && isComplete(register, before)) return before.registration
  before?.registration.unregister()
  const list = [...COUNTERS.map(counter), histogram(LATENESS)]
  const metrics = new Map(list.map((metric) => [metric.name, metric]))
  add(register, metrics)
  const registration = new Registration(() => remove(register, metrics))
  known.set(register, { registration, metrics })
  return registration
}

module.exports = { registerPrometheus }

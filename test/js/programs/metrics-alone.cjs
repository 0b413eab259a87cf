// SPDX-License-Identifier: Apache-2.0 OR MIT
// Registers with objects of its own, and prints what they received and whether
// prom-client or OpenTelemetry were loaded.
const { CpuBudget, stats } = require('wasmsig')
const { registerOpenTelemetry, registerPrometheus } = require('wasmsig/metrics')

const metrics = new Map()
registerPrometheus({
  registerMetric: (metric) => metrics.set(metric.name, metric),
  removeSingleMetric: (name) => metrics.delete(name),
  getSingleMetric: (name) => metrics.get(name)
})
const counters = new Set()
let collect
registerOpenTelemetry({
  createObservableCounter: (name) => counters.add(name),
  addBatchObservableCallback: (callback) => (collect = callback),
  removeBatchObservableCallback() {}
})
new CpuBudget({ measure: true, name: 'alone' }).run(() => {})
collect({ observe() {} })
for (const metric of metrics.values()) metric.get()
stats()

const loaded = Object.keys(require.cache).filter((file) =>
  /prom-client|opentelemetry/.test(file)
)
console.log(
  JSON.stringify({ metrics: metrics.size, counters: counters.size, loaded })
)

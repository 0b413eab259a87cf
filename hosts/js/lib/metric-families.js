// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What stats() counts as metrics: their names in Prometheus and in
// OpenTelemetry, and how their values are read. Times are in seconds.

const MS_PER_S = 1000
const inSeconds = (ms) => ms / MS_PER_S

/** Of the attributes, in the order in which `read` answers their values. */
const BUDGET = { prometheus: 'budget', openTelemetry: 'wasmsig.budget.name' }
const REASON = { prometheus: 'reason', openTelemetry: 'wasmsig.kill.reason' }

/** A sample for each name: [value of the attributes], number. */
const ofEach = (value) => (stats) =>
  stats.budgets.map((use) => [[use.name], value(use)])

const ofProcess = (value) => (stats) => [[[], value(stats)]]

/** A sample for each name and reason. */
function kills({ budgets }) {
  return budgets.flatMap(({ name, kills }) =>
    Object.entries(kills).map(([reason, count]) => [[name, reason], count])
  )
}

const COUNTERS = [
  {
    prometheus: 'wasmsig_budget_cpu_seconds_total',
    openTelemetry: 'wasmsig.budget.cpu.time',
    unit: 's',
    help: 'CPU time that the sections of budgets of a name have used',
    attributes: [BUDGET],
    read: ofEach(({ cpu }) => inSeconds(cpu))
  },
  {
    prometheus: 'wasmsig_budget_sections_total',
    openTelemetry: 'wasmsig.budget.sections',
    unit: '{section}',
    help: 'Sections of budgets of a name that have ended',
    attributes: [BUDGET],
    read: ofEach(({ sections }) => sections)
  },
  {
    prometheus: 'wasmsig_budget_soft_limits_total',
    openTelemetry: 'wasmsig.budget.soft_limits',
    unit: '{budget}',
    help: 'Budgets of a name that have used at least their soft limit',
    attributes: [BUDGET],
    read: ofEach(({ softLimits }) => softLimits)
  },
  {
    prometheus: 'wasmsig_budget_kills_total',
    openTelemetry: 'wasmsig.budget.kills',
    unit: '{budget}',
    help: 'Budgets of a name that were killed, by what has ended them',
    attributes: [BUDGET, REASON],
    read: kills
  },
  {
    prometheus: 'wasmsig_raises_total',
    openTelemetry: 'wasmsig.raises',
    unit: '{signal}',
    help: 'Signals put into instances of the process',
    attributes: [],
    read: ofProcess(({ raises }) => raises)
  },
  {
    prometheus: 'wasmsig_soft_limits_total',
    openTelemetry: 'wasmsig.soft_limits',
    unit: '{limit}',
    help: 'Soft limits that have passed in the process, with or without a name',
    attributes: [],
    read: ofProcess(({ softLimits }) => softLimits)
  },
  {
    prometheus: 'wasmsig_kills_total',
    openTelemetry: 'wasmsig.kills',
    unit: '{call}',
    help: 'Calls killed in the process, with or without a name',
    attributes: [],
    read: ofProcess(({ kills }) => kills)
  }
]

const LATENESS = {
  prometheus: 'wasmsig_budget_kill_lateness_seconds',
  openTelemetry: 'wasmsig.budget.kill.lateness',
  help: 'CPU time that budgets used beyond the hard limit that killed them',
  attributes: [BUDGET]
}

/** A histogram as Prometheus counts: each bucket includes the ones before. */
function cumulative({ bounds, counts, sum }) {
  let count = 0
  const buckets = counts.map((each, at) => {
    count += each
    const isLast = at === bounds.length
    return { le: isLast ? '+Inf' : String(inSeconds(bounds[at])), count }
  })
  return { buckets, count, sum: inSeconds(sum) }
}

module.exports = { COUNTERS, LATENESS, cumulative }

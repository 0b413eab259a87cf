// SPDX-License-Identifier: Apache-2.0 OR MIT
/** wasmsig/metrics with prom-client and OpenTelemetry's SDK themselves. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { metrics as api } from '@opentelemetry/api'
import {
  AggregationTemporality,
  MeterProvider,
  MetricReader
} from '@opentelemetry/sdk-metrics'
import { AggregatorRegistry, Counter, Registry, register } from 'prom-client'
import { CpuBudget, capabilities, stats } from 'wasmsig'
import { registerOpenTelemetry, registerPrometheus } from 'wasmsig/metrics'
import { samplesOf } from '../support/samples.mjs'
import { run } from './support/child.mjs'
import { TYPE, refused } from './support/refusal.mjs'
import { caught, loopJs, spend } from './support/work.mjs'

const OF_NAMES = [
  'wasmsig_budget_cpu_seconds_total',
  'wasmsig_budget_sections_total',
  'wasmsig_budget_soft_limits_total',
  'wasmsig_budget_kills_total',
  'wasmsig_budget_kill_lateness_seconds'
]
const OF_PROCESS = [
  'wasmsig_raises_total',
  'wasmsig_soft_limits_total',
  'wasmsig_kills_total'
]
const NO_REGISTRIES = [null, {}, 7, 'register', () => {}, new Map()]

const useOf = (name) => stats().budgets.find((use) => use.name === name)

/** Hosts that cannot kill JavaScript have no lateness here. */
const isKilling = capabilities.hardKill === 'engine'

before(() => {
  const budget = new CpuBudget({ soft: 1, hard: 2, name: 'tenant-7' })
  if (isKilling) caught(() => budget.run(loopJs))
  else caught(() => budget.run(spend, 3))
  new CpuBudget({ measure: true, name: 'quiet' }).run(spend, 1)
})

/** The samples of a name as { 'metric,le or reason': value }. */
function samplesOfName(page, name) {
  const own = samplesOf(page).filter(({ labels }) => labels.budget === name)
  return Object.fromEntries(
    own.map(({ name, labels: { le, reason }, value }) => [
      [name, le ?? reason].filter(Boolean).join(),
      value
    ])
  )
}

describe('registerPrometheus', () => {
  test('adds what stats() has for each name', async () => {
    const register = new Registry()
    registerPrometheus(register)
    const page = samplesOfName(await register.metrics(), 'tenant-7')
    const { cpu, kills, lateness } = useOf('tenant-7')
    const late = 'wasmsig_budget_kill_lateness_seconds'
    const buckets = {}
    let count = 0
    for (const [at, bound] of [...lateness.bounds, Infinity].entries()) {
      count += lateness.counts[at]
      const le = bound === Infinity ? '+Inf' : String(bound / 1000)
      buckets[`${late}_bucket,${le}`] = count
    }
    assert.equal(count, kills.hard)
    assert.deepEqual(page, {
      wasmsig_budget_cpu_seconds_total: cpu / 1000,
      wasmsig_budget_sections_total: 1,
      wasmsig_budget_soft_limits_total: 1,
      'wasmsig_budget_kills_total,hard': 1,
      'wasmsig_budget_kills_total,wall': 0,
      'wasmsig_budget_kills_total,kill': 0,
      ...buckets,
      [`${late}_sum`]: lateness.sum / 1000,
      [`${late}_count`]: 1
    })
  })

  test('adds what stats() has for the process', async () => {
    const register = new Registry()
    registerPrometheus(register)
    const page = samplesOf(await register.metrics())
    const valueOf = (name) => page.find((one) => one.name === name).value
    const { raises, softLimits, kills } = stats()
    assert.deepEqual(OF_PROCESS.map(valueOf), [raises, softLimits, kills])
  })

  test('shows what has changed since the last page', async () => {
    const register = new Registry()
    registerPrometheus(register)
    const sections = async () =>
      samplesOfName(await register.metrics(), 'quiet')
        .wasmsig_budget_sections_total
    const before = await sections()
    new CpuBudget({ measure: true, name: 'quiet' }).run(() => {})
    assert.equal(await sections(), before + 1)
  })

  test('adds each metric once, however often it is called', async () => {
    const register = new Registry()
    const first = registerPrometheus(register)
    assert.equal(registerPrometheus(register), first)
    const names = register.getMetricsAsArray().map(({ name }) => name)
    assert.deepEqual(names.sort(), [...OF_NAMES, ...OF_PROCESS].sort())
    assert.notEqual(registerPrometheus(new Registry()), first)
  })

  test('unregister removes its metrics, and nothing else', async () => {
    const register = new Registry()
    new Counter({ name: 'other', help: 'of others', registers: [register] })
    const registration = registerPrometheus(register)
    registration.unregister()
    registration.unregister()
    const left = register.getMetricsAsArray().map(({ name }) => name)
    assert.deepEqual(left, ['other'])
    const again = registerPrometheus(register)
    assert.notEqual(again, registration)
    registration.unregister() // ends nothing of the second one
    assert.equal(register.getMetricsAsArray().length, 9)
  })

  test('a registry that was cleared gets them again', async () => {
    const register = new Registry()
    registerPrometheus(register)
    register.clear()
    registerPrometheus(register)
    assert.equal(register.getMetricsAsArray().length, 8)
    registerPrometheus(register).unregister()
    assert.equal(register.getMetricsAsArray().length, 0)
  })

  test('adds none where another metric has one of the names', () => {
    const register = new Registry()
    const name = 'wasmsig_kills_total'
    new Counter({ name, help: 'of others', registers: [register] })
    assert.throws(() => registerPrometheus(register), /wasmsig_kills_total/)
    const left = register.getMetricsAsArray()
    assert.equal(left.length, 1)
    assert.equal(left[0].help, 'of others')
  })

  test('works for OpenMetrics', async () => {
    const register = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
    const registration = registerPrometheus(register)
    for (let i = 0; i < 2; i++) {
      const page = await register.metrics()
      assert.match(page, /^# TYPE wasmsig_budget_cpu_seconds counter$/m)
      assert.match(
        page,
        /^wasmsig_budget_cpu_seconds_total\{budget="quiet"\} \S+$/m
      )
    }
    assert.equal(registerPrometheus(register), registration)
    registration.unregister()
    assert.equal(register.getMetricsAsArray().length, 0)
  })

  test('default labels and a reset of the registry change no count', async () => {
    const register = new Registry()
    registerPrometheus(register)
    const before = samplesOfName(await register.metrics(), 'tenant-7')
    register.setDefaultLabels({ zone: 'a' })
    register.resetMetrics()
    const page = await register.metrics()
    assert.deepEqual(samplesOfName(page, 'tenant-7'), before)
    const { labels } = samplesOf(page).find(
      ({ name }) => name === 'wasmsig_raises_total'
    )
    assert.deepEqual(labels, { zone: 'a' })
  })

  test('the processes of a cluster are added up', async () => {
    const register = new Registry()
    registerPrometheus(register)
    const json = JSON.stringify(await register.getMetricsAsJSON())
    const processes = [JSON.parse(json), JSON.parse(json)]
    const all = await AggregatorRegistry.aggregate(processes).metrics()
    const one = samplesOfName(await register.metrics(), 'tenant-7')
    const doubled = Object.entries(one).map(([key, value]) => [key, 2 * value])
    assert.deepEqual(
      samplesOfName(all, 'tenant-7'),
      Object.fromEntries(doubled)
    )
  })

  test("uses prom-client's own registry if none is given", () => {
    const registration = registerPrometheus()
    assert.equal(registerPrometheus(register), registration)
    assert.ok(register.getSingleMetric('wasmsig_kills_total'))
    registration.unregister()
  })

  test('refuses what is no registry', () => {
    for (const bad of NO_REGISTRIES)
      refused(() => registerPrometheus(bad), TYPE, /register .*prom-client/)
  })
})

class Reader extends MetricReader {
  onForceFlush() {}
  onShutdown() {}
}

/** The points of a reader: { 'metric,le or reason': value }, of a name. */
async function pointsOf(reader, name) {
  const { resourceMetrics, errors } = await reader.collect()
  assert.deepEqual(errors, [])
  const points = {}
  for (const { metrics } of resourceMetrics.scopeMetrics)
    for (const { descriptor, dataPoints } of metrics)
      for (const { attributes, value } of dataPoints) {
        if (attributes['wasmsig.budget.name'] !== name) continue
        const more = attributes.le ?? attributes['wasmsig.kill.reason']
        const key = [descriptor.name, more].filter(Boolean).join()
        assert.ok(!(key in points), `${key} twice`)
        points[key] = value
      }
  return points
}

describe('registerOpenTelemetry', () => {
  let reader, provider
  before(() => {
    reader = new Reader()
    provider = new MeterProvider({ readers: [reader] })
  })
  after(() => provider.shutdown())

  test('adds what stats() has for each name', async () => {
    registerOpenTelemetry(provider)
    const { cpu, kills, lateness } = useOf('tenant-7')
    const buckets = {}
    let count = 0
    for (const [at, bound] of [...lateness.bounds, Infinity].entries()) {
      count += lateness.counts[at]
      const le = bound === Infinity ? '+Inf' : String(bound / 1000)
      buckets[`wasmsig.budget.kill.lateness.bucket,${le}`] = count
    }
    assert.equal(count, kills.hard)
    assert.deepEqual(await pointsOf(reader, 'tenant-7'), {
      'wasmsig.budget.cpu.time': cpu / 1000,
      'wasmsig.budget.sections': 1,
      'wasmsig.budget.soft_limits': 1,
      'wasmsig.budget.kills,hard': 1,
      'wasmsig.budget.kills,wall': 0,
      'wasmsig.budget.kills,kill': 0,
      ...buckets,
      'wasmsig.budget.kill.lateness.sum': lateness.sum / 1000
    })
  })

  test('a name that was never late has no lateness', async () => {
    const points = await pointsOf(reader, 'quiet')
    assert.equal(points['wasmsig.budget.cpu.time'], useOf('quiet').cpu / 1000)
    assert.ok(!Object.keys(points).some((key) => key.includes('lateness')))
  })

  test('adds what stats() has for the process', async () => {
    const { raises, softLimits, kills } = stats()
    assert.deepEqual(await pointsOf(reader, undefined), {
      'wasmsig.raises': raises,
      'wasmsig.soft_limits': softLimits,
      'wasmsig.kills': kills
    })
  })

  test('counters have units, and only grow', async () => {
    const { resourceMetrics } = await reader.collect()
    const [{ scope, metrics }] = resourceMetrics.scopeMetrics
    assert.equal(scope.name, 'wasmsig')
    const units = new Map(
      metrics.map(({ descriptor }) => [descriptor.name, descriptor.unit])
    )
    assert.equal(units.get('wasmsig.budget.cpu.time'), 's')
    assert.equal(units.get('wasmsig.budget.kill.lateness.sum'), 's')
    assert.equal(units.get('wasmsig.budget.kills'), '{budget}')
    for (const { aggregationTemporality, isMonotonic } of metrics) {
      assert.equal(aggregationTemporality, AggregationTemporality.CUMULATIVE)
      assert.ok(isMonotonic)
    }
  })

  test('registers once, and again after unregister', async () => {
    const first = registerOpenTelemetry(provider)
    assert.equal(registerOpenTelemetry(provider), first)
    first.unregister()
    first.unregister()
    const sections = 'wasmsig.budget.sections'
    new CpuBudget({ measure: true, name: 'quiet' }).run(() => {})
    const now = useOf('quiet').sections
    assert.notEqual((await pointsOf(reader, 'quiet'))[sections], now)
    assert.notEqual(registerOpenTelemetry(provider), first)
    assert.equal((await pointsOf(reader, 'quiet'))[sections], now)
  })

  test('takes a Meter as well', async () => {
    const reader = new Reader()
    const provider = new MeterProvider({ readers: [reader] })
    const meter = provider.getMeter('of the program')
    assert.equal(registerOpenTelemetry(meter), registerOpenTelemetry(meter))
    const points = await pointsOf(reader, 'tenant-7')
    assert.equal(points['wasmsig.budget.kills,hard'], 1)
    await provider.shutdown()
  })

  test('uses the global MeterProvider if none is given', async () => {
    const reader = new Reader()
    const provider = new MeterProvider({ readers: [reader] })
    registerOpenTelemetry().unregister() // there is none yet: no error
    assert.ok(api.setGlobalMeterProvider(provider))
    registerOpenTelemetry()
    const points = await pointsOf(reader, 'tenant-7')
    assert.equal(points['wasmsig.budget.kills,hard'], 1)
    api.disable()
    await provider.shutdown()
  })

  test('refuses what is no Meter', () => {
    for (const bad of NO_REGISTRIES)
      refused(() => registerOpenTelemetry(bad), TYPE, /meter .*MeterProvider/)
  })
})

test('neither of both is loaded for a program that passes its own', async () => {
  const { status, stdout, stderr } = await run('metrics-alone.cjs')
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), { metrics: 8, counters: 9, loaded: [] })
})

test('a disabled package has metrics without names', async () => {
  const env = { WASMSIG: 'off' }
  const { status, stdout, stderr } = await run('metrics-off.mjs', { env })
  assert.equal(status, 0, stderr)
  const samples = samplesOf(stdout)
  assert.deepEqual(
    samples.map(({ name, value }) => [name, value]),
    OF_PROCESS.map((name) => [name, 0])
  )
})

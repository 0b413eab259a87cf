// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// stats() as observable instruments of OpenTelemetry. The API has no observable
// histogram: lateness is a counter with Prometheus' attribute `le`, and one for
// the sum.

const { typeError } = require('./errors.js')
const { stats } = require('./instances.js')
const { COUNTERS, LATENESS, cumulative } = require('./metric-families.js')
const { Registration, missingError } = require('./registrations.js')
const version = require('./version.js')

const isFunction = (value) => typeof value === 'function'

function attributesOf({ attributes }, texts) {
  return Object.fromEntries(
    attributes.map(({ openTelemetry }, at) => [openTelemetry, texts[at]])
  )
}

function makeInstruments(meter) {
  const make = (name, description, unit) =>
    meter.createObservableCounter(name, { description, unit })
  const { openTelemetry, help } = LATENESS
  const inclusive = 'budgets that were at most `le` seconds late'
  return {
    counters: COUNTERS.map(({ openTelemetry, help, unit }) =>
      make(openTelemetry, help, unit)
    ),
    bucket: make(
      `${openTelemetry}.bucket`,
      `${help}: ${inclusive}`,
      '{budget}'
    ),
    sum: make(`${openTelemetry}.sum`, `${help}: the sum`, 's')
  }
}

/** Only for names that were late: exporters limit the number of series. */
function observeLateness(result, { bucket, sum }, { name, lateness }) {
  const histogram = cumulative(lateness)
  if (histogram.count === 0) return
  const attributes = attributesOf(LATENESS, [name])
  for (const { le, count } of histogram.buckets)
    result.observe(bucket, count, { ...attributes, le })
  result.observe(sum, histogram.sum, attributes)
}

function observe(result, instruments) {
  const now = stats()
  for (const [at, family] of COUNTERS.entries()) {
    for (const [texts, value] of family.read(now))
      result.observe(
        instruments.counters[at],
        value,
        attributesOf(family, texts)
      )
  }
  for (const use of now.budgets) observeLateness(result, instruments, use)
}

/** meter -> { instruments, registration } */
const known = new WeakMap()

function register(meter, instruments) {
  const all = [...instruments.counters, instruments.bucket, instruments.sum]
  const callback = (result) => observe(result, instruments)
  meter.addBatchObservableCallback(callback, all)
  return new Registration(() =>
    meter.removeBatchObservableCallback(callback, all)
  )
}

function globalProvider() {
  try {
    return require('@opentelemetry/api').metrics
  } catch (cause) {
    throw missingError('@opentelemetry/api', 'a MeterProvider', cause)
  }
}

function meterOf(given) {
  if (isFunction(given?.getMeter)) return given.getMeter('wasmsig', version)
  if (isFunction(given?.addBatchObservableCallback)) return given
  throw typeError('meter', 'a MeterProvider or a Meter', given)
}

function registerOpenTelemetry(given = globalProvider()) {
  const meter = meterOf(given)
  const before = known.get(meter)
  if (before && !before.registration.isOver) return before.registration
  const instruments = before?.instruments ?? makeInstruments(meter)
  const registration = register(meter, instruments)
  known.set(meter, { instruments, registration })
  return registration
}

module.exports = { registerOpenTelemetry }

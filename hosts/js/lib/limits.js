// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Limits: checks what users write, adds defaults, and converts them for the
// addon.

const native = require('./native.js')
const { isAbortSignal } = require('./abort.js')
const {
  noKillError,
  rangeError,
  typeError,
  unknownKeyError
} = require('./errors.js')
const { idsOf } = require('./instances.js')
const { SIGNALS, signalNumber } = require('./signals.js')

const NS_PER_MS = 1e6
const MOST_MS = 2 ** 53 / NS_PER_MS
const ABSENT = -1
const MOST_NAME = 100 // MOST_NAME_BYTES in native/named_use.h has room for it
const POLICIES = ['wait', 'kill', 'exit'] // numbers of enum on_unsafe

function checkMs(value, what, least = Number.MIN_VALUE) {
  if (value === undefined) return undefined
  if (typeof value !== 'number') {
    throw typeError(what, 'a number of milliseconds', value)
  }
  if (!(value >= least && value <= MOST_MS)) {
    const lowest = least === 0 ? 'at least 0' : 'more than 0'
    throw rangeError(what, `${lowest} and at most ${MOST_MS} ms`, value)
  }
  return value
}

function checkPolicy(value) {
  if (value === undefined) return undefined
  const expected = `one of '${POLICIES.join("', '")}'`
  if (typeof value !== 'string') {
    throw typeError('limits.onUnsafe', expected, value)
  }
  if (!POLICIES.includes(value)) {
    throw rangeError('limits.onUnsafe', expected, value)
  }
  return value
}

/** Of control characters, and of halves of a character. */
const NOT_IN_NAMES = /[\p{Cc}\p{Cs}]/u

function checkName(value) {
  if (value === undefined) return undefined
  if (typeof value !== 'string') {
    throw typeError('limits.name', 'a string', value)
  }
  const { length } = value
  if (length < 1 || length > MOST_NAME || NOT_IN_NAMES.test(value)) {
    const expected = `1 to ${MOST_NAME} characters, none of them a control character`
    throw rangeError('limits.name', expected, value)
  }
  return value
}

const DEFAULTS = Object.freeze({
  soft: undefined,
  hard: undefined,
  wall: undefined,
  abort: undefined, // an AbortSignal
  signal: SIGNALS.SIGXCPU,
  onUnsafe: 'wait',
  grace: 100,
  name: undefined,
  terminated: Object.freeze([]) // ids of instances that a kill terminates
})

const KEYS = [
  'soft',
  'hard',
  'wall',
  'signal',
  'instances',
  'onUnsafe',
  'grace',
  'terminate',
  'measure',
  'name'
]

/** Names that similar interfaces have. */
const SYNONYMS = {
  __proto__: null,
  timeout: 'hard',
  limit: 'hard',
  max: 'hard',
  cpu: 'hard',
  kill: 'hard',
  warn: 'soft',
  policy: 'onUnsafe',
  delay: 'grace',
  abort: 'signal',
  elapsed: 'wall',
  deadline: 'wall',
  label: 'name',
  tenant: 'name'
}

/** How many letters must be changed, added or removed to turn `a` into `b`. */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(same, row[j] + 1, next[j - 1] + 1))
    }
    row = next
  }
  return row[b.length]
}

function nearest(key) {
  const lower = key.toLowerCase()
  const known = KEYS.find((each) => distance(lower, each.toLowerCase()) <= 2)
  return known ?? SYNONYMS[lower]
}

/** A misspelled limit would not limit anything. */
function checkKeys(limits) {
  const unknown = Object.keys(limits).find((key) => !KEYS.includes(key))
  if (unknown !== undefined)
    throw unknownKeyError(unknown, nearest(unknown), KEYS)
}

function checkMeasure(value) {
  if (value === undefined || typeof value === 'boolean') return value
  throw typeError('limits.measure', 'a boolean', value)
}

/** The limits, with those of `before` for what is left out. Reads each once. */
function checkLimits(limits, before) {
  if (typeof limits !== 'object' || limits === null) {
    throw typeError('limits', 'an object', limits)
  }
  checkKeys(limits)
  const soft = checkMs(limits.soft, 'limits.soft') ?? before.soft
  const hard = checkMs(limits.hard, 'limits.hard') ?? before.hard
  if (soft > hard) {
    throw rangeError('limits.soft', `at most limits.hard (${hard})`, soft)
  }
  const wall = checkMs(limits.wall, 'limits.wall') ?? before.wall
  const given = limits.signal
  const aborts = isAbortSignal(given)
  return {
    soft,
    hard,
    wall,
    signal: given === undefined || aborts ? before.signal : signalNumber(given),
    abort: aborts ? given : before.abort,
    onUnsafe: checkPolicy(limits.onUnsafe) ?? before.onUnsafe,
    grace: checkMs(limits.grace, 'limits.grace', 0) ?? before.grace,
    name: checkName(limits.name) ?? before.name,
    terminated: before.terminated
  }
}

function inNs(ms) {
  return ms === undefined ? ABSENT : Math.max(1, Math.ceil(ms * NS_PER_MS))
}

function toNative({ soft, hard, wall, signal, onUnsafe, grace, name }) {
  return [
    inNs(soft),
    inNs(hard),
    inNs(wall),
    signal,
    POLICIES.indexOf(onUnsafe),
    grace * NS_PER_MS,
    name
  ]
}

/** The ids of the instances that a kill terminates for good. */
function terminatedBy(terminate, ids) {
  if (terminate !== undefined && typeof terminate !== 'boolean') {
    throw typeError('limits.terminate', 'a boolean', terminate)
  }
  if (!terminate) return DEFAULTS.terminated
  if (ids === undefined) {
    throw typeError(
      'limits.instances',
      'given where limits.terminate is true: it names what a kill terminates',
      ids
    )
  }
  return ids
}

function isKilling({ hard, wall, abort }) {
  return hard !== undefined || wall !== undefined || abort !== undefined
}

function hasLimit(limits) {
  return limits.soft !== undefined || isKilling(limits)
}

/** Checks everything; then makes the budget, or the pattern of one. */
function create(limits) {
  const checked = checkLimits(limits, DEFAULTS)
  const { instances, terminate } = limits
  const measures = checkMeasure(limits.measure)
  if (!hasLimit(checked) && !measures) {
    const expected = 'soft, hard or wall (or measure: true, for no limit)'
    throw typeError('limits', `an object with ${expected}`, limits)
  }
  const { ids, hasSignalWord } =
    instances === undefined ? {} : idsOf(instances, 'limits.instances')
  const isNamed = ids !== undefined && isKilling(checked)
  if (isNamed && !hasSignalWord && !native.canKill()) throw noKillError()
  checked.terminated = terminatedBy(terminate, ids)
  return { limits: checked, handle: native.create(...toNative(checked), ids) }
}

/** Sets new limits of a budget that has `before`; answers its limits now. */
function renew(handle, limits, before) {
  const checked = checkLimits(limits, before)
  for (const name of ['instances', 'terminate']) {
    const value = limits[name]
    if (value !== undefined) {
      throw typeError(`limits.${name}`, 'left out of a reset', value)
    }
  }
  checkMeasure(limits.measure)
  native.reset(handle, ...toNative(checked))
  return checked
}

module.exports = { NS_PER_MS, create, renew }

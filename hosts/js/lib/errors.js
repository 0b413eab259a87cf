// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Errors that name what was expected and what was passed.

const { defineProperty } = require('./primordials.js')
const { inspect } = require('node:util')

/** Of a value that was passed: in one line, without running code of its own. */
const ONE_LINE = {
  depth: 0,
  maxArrayLength: 3,
  breakLength: Infinity,
  customInspect: false
}

function shown(value) {
  try {
    const text =
      typeof value === 'string'
        ? JSON.stringify(value)
        : inspect(value, ONE_LINE)
    return text.length > 60 ? text.slice(0, 57) + '...' : text
  } catch {
    return typeof value
  }
}

function withCode(error, code) {
  defineProperty(error, 'code', {
    __proto__: null,
    value: code,
    writable: true,
    configurable: true,
    enumerable: true
  })
  return error
}

function typeError(what, expected, actual) {
  return withCode(
    new TypeError(`${what} must be ${expected}, not ${shown(actual)}`),
    'ERR_WASMSIG_INVALID_ARG_TYPE'
  )
}

function rangeError(what, expected, actual) {
  return withCode(
    new RangeError(`${what} must be ${expected}, not ${shown(actual)}`),
    'ERR_WASMSIG_OUT_OF_RANGE'
  )
}

/** `nearest` is undefined if none of `known` is similar. */
function unknownKeyError(key, nearest, known) {
  const instead = nearest
    ? `did you mean limits.${nearest}?`
    : `limits have ${known.join(', ')}`
  return withCode(
    new TypeError(`limits.${key} is unknown: ${instead}`),
    'ERR_WASMSIG_UNKNOWN_LIMIT'
  )
}

function unknownSignalError(actual) {
  return withCode(
    new RangeError(
      `a signal must be a name such as 'SIGXCPU' or a number from 1 to 64, not ${shown(actual)}`
    ),
    'ERR_WASMSIG_UNKNOWN_SIGNAL'
  )
}

function forwardError(text) {
  return withCode(new Error(text), 'ERR_WASMSIG_FORWARD')
}

function overlapError(text) {
  return withCode(new Error(text), 'ERR_WASMSIG_OVERLAP')
}

function detachableError(text) {
  return withCode(new TypeError(text), 'ERR_WASMSIG_DETACHABLE')
}

function noKillError() {
  return withCode(
    new Error(
      'a hard limit could stop no instance of limits.instances: this host ' +
        'cannot end a call, and none of them has a tracked signal word'
    ),
    'ERR_WASMSIG_NO_KILL'
  )
}

function asyncContextError() {
  return withCode(
    new Error('this host does not show which work the event loop resumes'),
    'ERR_WASMSIG_NO_ASYNC_CONTEXT'
  )
}

module.exports = {
  typeError,
  rangeError,
  unknownKeyError,
  unknownSignalError,
  forwardError,
  overlapError,
  detachableError,
  noKillError,
  asyncContextError,
  withCode
}

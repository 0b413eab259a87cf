// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Errors that say what was expected and what came.

const { defineProperty } = require('./primordials.js')
const { inspect } = require('node:util')

/** Of what came: in a line, without running code of whoever passed it. */
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

function typeError(what, expected, came) {
  return withCode(
    new TypeError(`${what} must be ${expected}, not ${shown(came)}`),
    'ERR_WASMSIG_INVALID_ARG_TYPE'
  )
}

function rangeError(what, expected, came) {
  return withCode(
    new RangeError(`${what} must be ${expected}, not ${shown(came)}`),
    'ERR_WASMSIG_OUT_OF_RANGE'
  )
}

/** `nearest` is undefined where none of `known` is near. */
function unknownKey(came, nearest, known) {
  const instead = nearest
    ? `did you mean limits.${nearest}?`
    : `limits have ${known.join(', ')}`
  return withCode(
    new TypeError(`limits.${came} is unknown: ${instead}`),
    'ERR_WASMSIG_UNKNOWN_LIMIT'
  )
}

function unknownSignal(came) {
  return withCode(
    new RangeError(
      `a signal must be a name such as 'SIGXCPU' or a number from 1 to 64, not ${shown(came)}`
    ),
    'ERR_WASMSIG_UNKNOWN_SIGNAL'
  )
}

function forwardError(why) {
  return withCode(new Error(why), 'ERR_WASMSIG_FORWARD')
}

function overlap(why) {
  return withCode(new Error(why), 'ERR_WASMSIG_OVERLAP')
}

function detachable(why) {
  return withCode(new TypeError(why), 'ERR_WASMSIG_DETACHABLE')
}

function noKillError() {
  return withCode(
    new Error(
      'no instance that limits.instances names could obey a hard limit: this ' +
        'host cannot end a call, and none of them has a tracked signal word'
    ),
    'ERR_WASMSIG_NO_KILL'
  )
}

function asyncContextError() {
  return withCode(
    new Error('this host cannot tell whose asynchronous work goes on'),
    'ERR_WASMSIG_NO_ASYNC_CONTEXT'
  )
}

module.exports = {
  typeError,
  rangeError,
  unknownKey,
  unknownSignal,
  forwardError,
  overlap,
  detachable,
  noKillError,
  asyncContextError,
  withCode
}

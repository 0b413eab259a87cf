// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'

const { check, makeEnvironment, namedExecutable } = require('./environment.js')
const { UsageError, WorkerdError } = require('./errors.js')
const { SYSTEM, isSupported } = require('./library.js')
const { executableOf, findWorkerdPackage } = require('./packages.js')
const { fromMilliseconds } = require('./times.js')

const KNOWN = new Set([
  'cpuLimit',
  'cpuMargin',
  'cpuSoft',
  'startupLimit',
  'log',
  'logFormat',
  'metrics',
  'markTerminated',
  'workerd',
  'from'
])

const timeOf = (limits, name) =>
  limits[name] === undefined ? undefined : fromMilliseconds(name, limits[name])

function marginOf({ cpuMargin }) {
  if (cpuMargin === undefined) return undefined
  if (typeof cpuMargin === 'number' && cpuMargin >= 0 && cpuMargin < 1) {
    return cpuMargin * 100
  }
  throw new UsageError(`cpuMargin: expected 0 to below 1, got ${cpuMargin}`)
}

let warned = false

function warnOfSystem() {
  if (warned) return
  warned = true
  process.emitWarning(
    `wasmsig-workerd does nothing on ${SYSTEM}: workerd runs without limits`,
    { code: 'WASMSIG_UNSUPPORTED' }
  )
}

function environment(limits) {
  for (const name of Object.keys(limits)) {
    if (!KNOWN.has(name)) throw new UsageError(`there is no limit '${name}'`)
  }
  const { from = process.cwd(), workerd } = limits
  const options = {
    hardNs: timeOf(limits, 'cpuLimit'),
    softNs: timeOf(limits, 'cpuSoft'),
    startupNs: timeOf(limits, 'startupLimit'),
    margin: marginOf(limits),
    log: limits.log,
    logFormat: limits.logFormat,
    metrics: limits.metrics,
    marksTerminated: limits.markTerminated ?? false
  }
  if (!isSupported) {
    check(options)
    warnOfSystem()
    return {}
  }
  const executable = workerd
    ? namedExecutable(workerd, from)
    : executableOf(findWorkerdPackage(undefined, from).folder)
  return makeEnvironment(options, executable, from)
}

module.exports = { WorkerdError, environment }

// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The variables by which miniflare starts workerd with limits, and by which the
// library receives them (hosts/workerd/settings.h).

const { spawnSync } = require('node:child_process')
const { realpathSync } = require('node:fs')
const path = require('node:path')

const { UsageError, WorkerdError } = require('./errors.js')
const { libraryFile } = require('./library.js')

const LAUNCHER = path.join(__dirname, '../bin/limited-workerd')
const DEFAULT_MARGIN = 10 // per cent
const DEFAULT_STARTUP_NS = 1_000_000_000n // as in production
// Before this version the runtime tracks instances only behind this gate.
const GATE = 'workerd-autogate-wasm-shutdown-signal-shim'
const FIRST_WITHOUT_GATE = '2026-07-01'

// ------------------------------------------------------------------- limits

const asksNothing = (options) =>
  [
    options.hardNs,
    options.softNs,
    options.startupNs,
    options.log,
    options.metrics
  ].every((value) => value === undefined)

/** Throws a UsageError if options contradict each other. */
function check(options) {
  const { hardNs, softNs, margin, logFormat } = options
  let wrong
  if (margin !== undefined && hardNs === undefined) {
    wrong = '--cpu-margin needs --cpu-limit or limits.cpu_ms'
  } else if (margin !== undefined && softNs !== undefined) {
    wrong = '--cpu-margin and --cpu-soft say the same'
  } else if (hardNs !== undefined && softNs > hardNs) {
    wrong = '--cpu-soft is above --cpu-limit or limits.cpu_ms'
  } else if (logFormat !== undefined && !/^(text|json)$/.test(logFormat)) {
    wrong = `--log-format: '${logFormat}' is not text or json`
  } else if (asksNothing(options)) {
    wrong =
      'no limit is given: no --cpu-limit, and no limits.cpu_ms in a ' +
      'configuration of wrangler; --unlimited runs the command without one'
  }
  if (wrong) throw new UsageError(wrong)
}

/** The soft limit, from the limit and the margin; at least 1 ns. */
function softOf({ hardNs, softNs, margin = DEFAULT_MARGIN }) {
  if (softNs !== undefined || hardNs === undefined) return softNs
  const soft = hardNs - (hardNs * BigInt(Math.round(margin * 1e6))) / 10n ** 8n
  return soft > 0n ? soft : 1n
}

/**
 * Where requests are limited, so are starts and imports: one that does not end
 * would block the runtime for good.
 */
const startupOf = ({ hardNs, startupNs }) =>
  startupNs ?? (hardNs === undefined ? undefined : DEFAULT_STARTUP_NS)

// -------------------------------------------------------------- environment

const fileFrom = (from, file) =>
  file === undefined || file === '-' ? file : path.resolve(from, file)

function variables(options, executable, from) {
  const all = {
    MINIFLARE_WORKERD_PATH: LAUNCHER,
    WASMSIG_WORKERD_LIBRARY: libraryFile(),
    WASMSIG_WORKERD_RUNTIME: executable,
    WASMSIG_WORKERD_HARD_NS: options.hardNs?.toString(),
    WASMSIG_WORKERD_SOFT_NS: softOf(options)?.toString(),
    WASMSIG_WORKERD_STARTUP_NS: startupOf(options)?.toString(),
    WASMSIG_WORKERD_LOG: fileFrom(from, options.log),
    WASMSIG_WORKERD_LOG_FORMAT: options.logFormat,
    WASMSIG_WORKERD_METRICS: fileFrom(from, options.metrics),
    WASMSIG_WORKERD_TERMINATED: options.marksTerminated ? '1' : undefined
  }
  return Object.fromEntries(
    Object.entries(all).map(([name, value = '']) => [name, value])
  )
}

/** Without the variables of another run of this package around this one. */
function withoutOwn(env) {
  const { MINIFLARE_WORKERD_PATH: starter, ...others } = env
  const isOurs = 'WASMSIG_WORKERD_LIBRARY' in env || starter === LAUNCHER
  const kept = Object.entries(others).filter(
    ([name]) => !name.startsWith('WASMSIG_WORKERD_')
  )
  if (starter !== undefined && !isOurs) {
    kept.push(['MINIFLARE_WORKERD_PATH', starter])
  }
  return Object.fromEntries(kept)
}

/** The version, as '2026-11-17'. The library refuses what it cannot limit. */
function tryStart(settings) {
  const { error, status, signal, stdout, stderr } = spawnSync(
    LAUNCHER,
    ['--version'],
    { env: { ...process.env, ...settings }, encoding: 'utf8' }
  )
  if (status === 0 && !/^ERROR: ld\.so:/m.test(stderr)) {
    return /\d{4}-\d\d-\d\d/.exec(stdout)?.[0] ?? ''
  }
  const said = stderr?.trim().replace(/^wasmsig: /, '')
  const reason = said || error?.message || `ended by ${signal ?? status}`
  throw new WorkerdError(reason)
}

/** Adds to gates that are set already. */
function gates(version) {
  if (version >= FIRST_WITHOUT_GATE) return {}
  const others = process.env.MINIFLARE_WORKERD_AUTOGATES?.split(' ') ?? []
  const all = new Set([...others.filter(Boolean), GATE])
  return { MINIFLARE_WORKERD_AUTOGATES: [...all].join(' ') }
}

/**
 * The variables for these options and this executable. All of ours are there,
 * and those without a value are empty: assigned to an environment, they replace
 * what is in it. workerd is started once, for its version, so that one that
 * cannot be limited is refused at once.
 */
function makeEnvironment(options, executable, from) {
  check(options)
  const settings = variables(options, executable, from)
  return { ...settings, ...gates(tryStart(settings)) }
}

/** An executable that the user names. */
function namedExecutable(file, from) {
  try {
    return realpathSync(path.resolve(from, file))
  } catch {
    throw new WorkerdError(`${file}: there is no such file`)
  }
}

module.exports = { check, makeEnvironment, namedExecutable, withoutOwn }

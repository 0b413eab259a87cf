// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Whether the package does anything in this process. WASMSIG=off in the
// environment: nothing at all. WASMSIG_ROLLOUT=5%: in that share of processes.
// A system that the package has no addon for: nothing, with a warning.

const { isSupported, warnOfSystem } = require('./system.js')

/** In a host that does not permit to read it, a variable is not set. */
function environment(name) {
  try {
    return process.env[name]
  } catch {
    return undefined
  }
}

/**
 * A text that differs from that of every other process, and is the same in all
 * threads: the process's id, its start time, and the address of its stack.
 * proc(5).
 */
function processIdentity() {
  try {
    const stat = require('node:fs').readFileSync('/proc/self/stat', 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return `${process.pid} ${fields[19]} ${fields[25]}`
  } catch {
    return String(process.pid)
  }
}

/** A number in [0, 1), evenly spread over texts: FNV-1a and a finisher. */
function numberOf(text) {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** The share in a text like 5% or 0.5%; undefined for another text. */
function shareOf(text) {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text.trim())
  const share = match ? Number(match[1]) / 100 : NaN
  return share <= 1 ? share : undefined
}

function isRolledOut(text) {
  const share = shareOf(text)
  if (share !== undefined) return numberOf(processIdentity()) < share
  process.emitWarning(
    `WASMSIG_ROLLOUT must be a percentage such as 5%, not '${text}'; nothing is installed`,
    { code: 'WASMSIG_ROLLOUT' }
  )
  return false
}

function isRequested() {
  if (environment('WASMSIG') === 'off') return false
  const rollout = environment('WASMSIG_ROLLOUT')
  return !rollout || isRolledOut(rollout)
}

/** Who switches the package off knows that nothing is limited. */
function decide() {
  if (!isRequested()) return false
  if (!isSupported) warnOfSystem()
  return isSupported
}

const isEnabled = decide()

module.exports = { environment, isEnabled, numberOf, shareOf }

// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Whether the package does anything in this process. WASMSIG=off in the
// environment: nothing at all. WASMSIG_ROLLOUT=5%: in that share of processes.

/** In a host that lets nobody read it, nothing was said. */
function said(name) {
  try {
    return process.env[name]
  } catch {
    return undefined
  }
}

/**
 * What tells this process from all others, and is the same in all its threads:
 * its id, when it began, and where the kernel put its stack. proc(5).
 */
function nameOfProcess() {
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

/** The share that a text like 5% or 0.5% names; undefined if it names none. */
function shareOf(text) {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text.trim())
  const share = match ? Number(match[1]) / 100 : NaN
  return share <= 1 ? share : undefined
}

function isRolledOut(text) {
  const share = shareOf(text)
  if (share !== undefined) return numberOf(nameOfProcess()) < share
  process.emitWarning(
    `WASMSIG_ROLLOUT must be a percentage such as 5%, not '${text}'; nothing is installed`,
    { code: 'WASMSIG_ROLLOUT' }
  )
  return false
}

function decide() {
  if (said('WASMSIG') === 'off') return true
  const rollout = said('WASMSIG_ROLLOUT')
  return Boolean(rollout) && !isRolledOut(rollout)
}

const isOff = decide()

module.exports = { isOff, numberOf, said, shareOf }

// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'

/** The exports by which a module takes part; docs/explanation/protocol.md. */
const WORDS = [
  '__instance_signal',
  '__instance_terminated',
  '__instance_signal_pending',
  // Only read: an instance that exports no other word is not tracked.
  '__instance_signal_handled'
]

/**
 * The export that is a memory of the words' own, in a module that exports none
 * of WORDS, and the addresses of WORDS in it.
 */
const OWN_MEMORY = '__wasmsig_memory'
const OWN_ADDRESSES = [0, 4, 8, 16]

function isTrackedWord(name) {
  return name === WORDS[0] || name === WORDS[1] || name === WORDS[2]
}

module.exports = { OWN_ADDRESSES, OWN_MEMORY, WORDS, isTrackedWord }

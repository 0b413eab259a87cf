// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The instrumented bytes of a module: from the cache, or made now.

const { isAnyArrayBuffer, isSharedArrayBuffer } = require('node:util').types

const { bytesOf } = require('./buffer-source.js')
const { isCallOfHost } = require('./call-of-host.js')
const { keyOf, readEntry, writeEntry } = require('./instrument-cache.js')
const { severalMemories } = require('./memory-zero.js')
const native = require('./native.js')
const { Uint8Array, isView, viewBuffer } = require('./primordials.js')
const { validate } = require('./webassembly.js')

/** What costs least in this engine, as `wasmsig instrument --for` chooses. */
const EVERY = process.versions.bun ? 0 : 1

const OPTIONS = `every ${EVERY}, ${severalMemories ? 'several memories' : 'one memory'}`

function isInstrumentable(source) {
  return isAnyArrayBuffer(source) || isView(source)
}

/** Other threads may write to shared bytes meanwhile: then a copy. */
function stableBytes(source) {
  const bytes = bytesOf(source)
  return isSharedArrayBuffer(viewBuffer(bytes)) ? new Uint8Array(bytes) : bytes
}

// ---------------------------------------------------------------- warnings

const NOT_INSTRUMENTED = 'WASMSIG_NOT_INSTRUMENTED'
const LIFTED = 'WASMSIG_LIFTED_POLLS'

const warned = new Set()

/** Once for a module. */
function warn(key, bytes, from, what, code) {
  if (warned.has(key)) return
  warned.add(key)
  const source = from ? `${from} ` : ''
  const name = `${source}(${bytes.length} bytes, ${key.slice(0, 12)})`
  process.emitWarning(`a WebAssembly module ${name} ${what}`, { code })
}

// --------------------------------------------------------------- the module

const SECOND_MEMORY =
  'its signal words need a second memory, which this host does not support ' +
  '(Node does from 22 on)'

/** Why a module that is instrumented takes SIGKILL only, against its source. */
const liftedIn = ({ lifted }) =>
  lifted === undefined
    ? undefined
    : `function ${lifted} polls before its loops and never in them, as a ` +
      'compiler moved the load; rebuild it with wasmsig/guest.h or the crate ' +
      'wasmsig-guest'

const refusal = (outcome, why) => ({ outcome, why })

/** Instruments anew. The engine judges the result. */
function make(bytes) {
  const made = native.instrument(bytes, EVERY)
  const { outcome, why, word } = made
  if (why) return refusal(outcome, word ? `${word}: ${why}` : why)
  if (outcome !== 'made') return { outcome }
  if (made.secondMemory && !severalMemories) {
    return refusal('refused', SECOND_MEMORY)
  }
  const result = new Uint8Array(made.bytes)
  return validate(result)
    ? { outcome, why: liftedIn(made), bytes: result }
    : refusal('unreadable', 'this engine does not accept the result')
}

function find(key, bytes) {
  const stored = readEntry(key)
  if (stored) return stored
  const entry = make(bytes)
  if (entry.outcome !== 'unreadable') writeEntry(key, entry)
  return entry
}

function instrumentedBytes(source, from) {
  const bytes = stableBytes(source)
  const key = keyOf(bytes, OPTIONS)
  const { outcome, why, bytes: result } = find(key, bytes)
  if (outcome === 'made') {
    if (why) warn(key, bytes, from, `takes SIGKILL only: ${why}`, LIFTED)
    return result
  }
  const isWarned =
    outcome === 'refused' || (outcome === 'unreadable' && validate(bytes))
  const what = `is compiled without added polls: ${why}`
  if (isWarned) warn(key, bytes, from, what, NOT_INSTRUMENTED)
  return source
}

/**
 * Instrumented bytes of a module, or `source` itself where there are none.
 *
 * from    where the bytes are from, if known
 */
function instrumented(source, from) {
  try {
    return isCallOfHost() ? source : instrumentedBytes(source, from)
  } catch {
    return source // detached, or no memory is left
  }
}

module.exports = { instrumented, isInstrumentable }

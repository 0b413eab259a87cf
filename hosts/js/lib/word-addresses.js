// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Where the words of an instance are, and how large its memory can become. The
// JavaScript API shows no types, so they are found by what the engine accepts
// as an import.

const native = require('./native.js')
const { Uint8Array, getterOf } = require('./primordials.js')
const { Global, Instance, Memory, Module } = require('./webassembly.js')
const { OWN_ADDRESSES, WORDS } = require('./words.js')

const globalValue = getterOf(Global.prototype, 'value')

// ------------------------------------------------------------------- types

const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const IMPORT_SECTION = 2
const I32 = 0x7f
const I64 = 0x7e

/** (module (import "" "" ...)): can be instantiated with a value of a type. */
function importing(...type) {
  const section = [1, 0, 0, ...type]
  return new Module(
    new Uint8Array([...PREAMBLE, IMPORT_SECTION, section.length, ...section])
  )
}

const GLOBAL = 3
const i32Global = importing(GLOBAL, I32, 0)
const i64Global = importing(GLOBAL, I64, 0)

const MEMORY = 2
const narrow = importing(MEMORY, 0, 0)
const narrowShared = importing(MEMORY, 3, 0, 0x80, 0x80, 4) // 65536 pages

const PAGE = 2 ** 16
const onePage = importing(MEMORY, 1, 1, 1)

/** Whether an import is of the type, by the engine's own test, in any realm. */
function fits(module, value) {
  try {
    return new Instance(module, { '': { '': value } }) !== undefined
  } catch {
    return false
  }
}

/** Whether a memory's addresses are of 64 bits. */
function isWide(memory) {
  return !fits(narrow, memory) && !fits(narrowShared, memory)
}

// --------------------------------------------------------------- largest size

const GIB = 2 ** 30
const MOST_PAGES = 2 ** 16

/** An unsigned LEB128 of up to three bytes. */
function leb(value) {
  return [(value & 127) | 128, ((value >> 7) & 127) | 128, value >> 14]
}

function fitsMaximum(memory, pages) {
  return fits(importing(MEMORY, 1, 0, ...leb(pages)), memory)
}

const LEAST = { initial: 0, maximum: 1 }
const leastMemory = () => new Memory(LEAST)

/** What the engine reserves for a memory: as in native/memory_reservation.c. */
const EXACT = 1
const isV8 = process.versions.bun === undefined

/**
 * Bytes that a 32-bit memory can ever have. Where the engine may reserve no
 * more address space than a memory's declared maximum (Deno), that maximum is
 * found by trials. An imported memory may differ from instance to instance.
 */
function largestNarrow(memory, plan, reserves) {
  const isOwn = memory !== undefined && plan.exportName !== undefined
  const isExact = reserves === EXACT || !native.canKill()
  if (!isExact || !isOwn || !fitsMaximum(memory, MOST_PAGES)) {
    return MOST_PAGES * PAGE
  }
  let low = 0
  let high = MOST_PAGES
  while (low < high) {
    const middle = (low + high) >> 1
    if (fitsMaximum(memory, middle)) high = middle
    else low = middle + 1
  }
  return high * PAGE
}

const asBigInt = BigInt

/**
 * Bytes of the largest 64-bit memory, if it is what V8 13 to 14 allow. If not,
 * more than the address space has: then no memory counts as one that never
 * moves.
 */
function largestWide() {
  try {
    const maximum = asBigInt((16 * GIB) / PAGE + 1)
    new Memory({ address: 'i64', initial: 0n, maximum })
    return 2 ** 52
  } catch {
    return 16 * GIB
  }
}

// ---------------------------------------------------------------- addresses

/** Checks what is the same for all instances of a module, and completes it. */
function check(exports, plan, memory) {
  plan.wide = memory !== undefined && isWide(memory)
  const reserves = native.measureReservation(leastMemory, isV8) // for the addon
  plan.largest = plan.wide
    ? largestWide()
    : largestNarrow(memory, plan, reserves)
  for (let i = 0; i < WORDS.length; i++) {
    if (!(WORDS[i] in exports)) continue
    const type = plan.wide ? i64Global : i32Global
    if (!fits(type, exports[WORDS[i]])) return false
  }
  plan.checked = true
  return true
}

const { asUintN: asUnsigned } = BigInt
const toNumber = Number

/** No memory is so large, and a number holds each smaller one exactly. */
const FAR = 2n ** 52n

/** An address as an unsigned number. */
function addressOf(value) {
  if (typeof value === 'number') return value >>> 0
  const address = asUnsigned(64, value)
  return toNumber(address < FAR ? address : FAR)
}

/** In a memory of their own; undefined if it is not of the kind of those. */
function ownAddressesOf(plan, memory) {
  if (!plan.checked && !fits(onePage, memory)) return undefined
  plan.largest = PAGE
  plan.checked = true
  return OWN_ADDRESSES
}

/**
 * The addresses of WORDS, -1 for a missing one; or the reason why they are no
 * addresses of that memory; undefined if the module has no words.
 */
function addressesOf(exports, plan, memory) {
  if (plan.isOwn) return ownAddressesOf(plan, memory)
  if (!plan.checked && !check(exports, plan, memory)) return 'not-an-address'
  const addresses = [-1, -1, -1, -1]
  for (let i = 0; i < WORDS.length; i++) {
    if (WORDS[i] in exports) {
      addresses[i] = addressOf(globalValue(exports[WORDS[i]]))
    }
  }
  return addresses
}

module.exports = { addressesOf }

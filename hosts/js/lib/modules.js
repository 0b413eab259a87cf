// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What a module says of its words and its memory 0 (docs/protocol.md). Static,
// so it is found once for a module.

const native = require('./native.js')
const { exportedMemoryZero, TWO_MEMORIES } = require('./module-bytes.js')

const {
  Uint8Array,
  getterOf,
  ownKeys,
  weakGet,
  weakSet
} = require('./primordials.js')

const wasm = require('./webassembly.js')

const { Module, Instance, Memory, Global, validate } = wasm
const { exports: moduleExports, imports: moduleImports } = Module
const globalValue = getterOf(Global.prototype, 'value')
const memoryBuffer = getterOf(Memory.prototype, 'buffer')
const instanceExports = getterOf(Instance.prototype, 'exports')

const WORDS = [
  '__instance_signal',
  '__instance_terminated',
  '__instance_signal_pending',
  // Read alone: by itself it is no reason to track anything.
  '__instance_signal_handled'
]

// ---------------------------------------------------------------- memory 0

/** Which memory is memory 0 is a question where there may be several. */
const severalMemories = validate(TWO_MEMORIES)

/** Whether the engine hands out the bytes of every module, by a trial. */
const headsAreTold =
  severalMemories && headMemoryZero(new Module(TWO_MEMORIES)) === 'a'

/** If not, the bytes must be seen when they are compiled. */
const bytesAreNeeded = severalMemories && !headsAreTold

/** module -> the name under which it exports memory 0, if its bytes told. */
const memoryZeroNames = new WeakMap()

function headMemoryZero(module) {
  const head = native.moduleHead?.(module)
  return head && exportedMemoryZero(new Uint8Array(head))
}

function noteMemoryZero(module, name) {
  if (name !== undefined) weakSet(memoryZeroNames, module, name)
}

function nameOfMemoryZero(module) {
  return headsAreTold
    ? headMemoryZero(module)
    : weakGet(memoryZeroNames, module)
}

// ------------------------------------------------------------------- plans

/**
 * How to find a module's words: `reason` if it cannot be tracked; else where
 * memory 0 is: `exportName`, or `importModule` and `importName`. Every field is
 * its own: nothing that a program put on Object.prototype is met.
 */
class Plan {
  reason
  exportName
  importModule
  importName
  importAt // its place among the imports
  importCount // how many there are
  importIsAlone // whether no other import has the same name
  checked = false // the types of the words, by the first instance
  wide = false // whether the memory's addresses are of 64 bits
  largest // bytes that the memory can ever have

  static untracked(reason) {
    const plan = new Plan()
    plan.reason = reason
    return plan
  }

  static exported(name) {
    const plan = new Plan()
    plan.exportName = name
    return plan
  }

  static imported(imports, at) {
    const { module, name } = imports[at]
    const plan = new Plan()
    plan.importModule = module
    plan.importName = name
    plan.importAt = at
    plan.importCount = imports.length
    plan.importIsAlone = count(imports, module, name) === 1
    return plan
  }
}

/** How many imports have a name. */
function count(imports, module, name) {
  let found = 0
  for (let i = 0; i < imports.length; i++) {
    if (imports[i].module === module && imports[i].name === name) found++
  }
  return found
}

function indexOfKind(kind, descriptors) {
  for (let i = 0; i < descriptors.length; i++) {
    if (descriptors[i].kind === kind) return i
  }
  return -1
}

/** A module that imports no memory exports its memory 0, or shows none. */
function planOfExported(module, exports) {
  const at = indexOfKind('memory', exports)
  if (at < 0) return Plan.untracked('no-memory')
  if (!severalMemories) return Plan.exported(exports[at].name)
  const name = nameOfMemoryZero(module)
  if (name !== undefined) return Plan.exported(name)
  return Plan.untracked(headsAreTold ? 'no-memory' : 'several-memories')
}

function isWord(name) {
  return name === WORDS[0] || name === WORDS[1] || name === WORDS[2]
}

/** How many words are exported; -1 if one of them is no global. */
function countWords(exports) {
  let count = 0
  for (let i = 0; i < exports.length; i++) {
    if (!isWord(exports[i].name)) continue
    if (exports[i].kind !== 'global') return -1
    count++
  }
  return count
}

function makePlan(module) {
  const exports = moduleExports(module)
  const words = countWords(exports)
  if (words === 0) return null
  if (words < 0) return Plan.untracked('not-an-address')
  const imports = moduleImports(module)
  const at = indexOfKind('memory', imports)
  return at < 0 ? planOfExported(module, exports) : Plan.imported(imports, at)
}

/** Returns what it is given, so that a class may put a field on that. */
class Given {
  constructor(object) {
    return object
  }
}

/**
 * A module's plan, as a private field of the module itself: nobody else can
 * tell, and to read it costs less than a map of weak keys does.
 */
class Planned extends Given {
  #plan

  constructor(module, plan) {
    super(module)
    this.#plan = plan
  }

  static planOf(module) {
    return #plan in module ? module.#plan : undefined
  }
}

function planAnew(module) {
  try {
    const plan = makePlan(module)
    new Planned(module, plan)
    return plan
  } catch {
    return undefined
  }
}

/**
 * The plan of a module: null if it exports no words, undefined if it is no
 * module: the engine will say so.
 */
function planOf(module) {
  if (typeof module !== 'object' || module === null) return undefined
  const plan = Planned.planOf(module)
  return plan === undefined ? planAnew(module) : plan
}

// --------------------------------------------------------------- instances

/** The exports of an instance; throws if it is not one. */
function exportsOf(instance) {
  return instanceExports(instance)
}

function exportsWords(instance) {
  const exports = instanceExports(instance)
  return WORDS[0] in exports || WORDS[1] in exports || WORDS[2] in exports
}

function isInstance(value) {
  if (typeof value !== 'object' || value === null) return false
  try {
    instanceExports(value)
    return true
  } catch {
    return false
  }
}

/** Whether an instance can be one of a module: it exports the same names. */
function canBeOf(instance, module) {
  const has = instanceExports(instance)
  const exports = moduleExports(module)
  if (ownKeys(has).length !== exports.length) return false
  for (let i = 0; i < exports.length; i++) {
    if (!(exports[i].name in has)) return false
  }
  return true
}

function isMemory(value) {
  if (typeof value !== 'object' || value === null) return false
  try {
    memoryBuffer(value)
    return true
  } catch {
    return false
  }
}

const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const IMPORT_SECTION = 2
const I32 = 0x7f
const I64 = 0x7e

/** (module (import "" "" ...)): an instance of it shows the import's type. */
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

const GIB = 2 ** 30
const PAGE = 2 ** 16
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

/** What the engine reserves for a memory: as native/memory_reservation.c has it. */
const EXACT = 1
const isV8 = process.versions.bun === undefined

/**
 * Bytes that a 32-bit memory can ever have. Where the engine may reserve as much
 * address space as a memory's declared maximum and no more (Deno), that is
 * found by what the memory can be linked to. An imported one may differ from
 * instance to instance.
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

/** Learns and checks what is the same for all instances of a module. */
function check(exports, plan, memory) {
  plan.wide = memory !== undefined && isWide(memory)
  const reserves = native.askEngine(leastMemory, isV8)
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
const asBigInt = BigInt

/** No memory is so big, and each number below is exact. */
const FAR = 2n ** 52n

/** An address as an unsigned number. */
function addressOf(value) {
  if (typeof value === 'number') return value >>> 0
  const address = asUnsigned(64, value)
  return toNumber(address < FAR ? address : FAR)
}

/**
 * The four addresses, -1 where there is none; or the reason why they are no
 * addresses of that memory.
 */
function addressesOf(exports, plan, memory) {
  if (!plan.checked && !check(exports, plan, memory)) return 'not-an-address'
  const addresses = [-1, -1, -1, -1]
  for (let i = 0; i < WORDS.length; i++) {
    if (WORDS[i] in exports) {
      addresses[i] = addressOf(globalValue(exports[WORDS[i]]))
    }
  }
  return addresses
}

/**
 * The largest 64-bit memory, if it is what V8 13 to 14 allow; more than there
 * is address space if not: then none is taken for one that never moves.
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

module.exports = {
  WORDS,
  addressesOf,
  bytesAreNeeded,
  canBeOf,
  exportsOf,
  exportsWords,
  headsAreTold,
  isInstance,
  isMemory,
  memoryBuffer,
  nameOfMemoryZero,
  noteMemoryZero,
  planOf,
  severalMemories
}

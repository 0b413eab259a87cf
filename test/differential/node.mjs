// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Compares the two modules of each pair of standard input (see pairs.c) in this
 * JavaScript engine, and prints counts as JSON. Exit status 1 if they differ.
 *
 *     pairs ... | node --expose-gc node.mjs
 *
 * Both modules are instantiated with equal imports. Then the same calls are
 * made in both. After each call these must be equal: results, or the kind of
 * the trap; all memories, globals and tables that the module exports, which are
 * all that it has; the imports; how much fuel is left.
 *
 * At last the calls are repeated in a new instance of the instrumented module
 * with SIGKILL in its signal word. The first call whose outcome is another one
 * shows that a poll was executed.
 */
import { openSync, readSync } from 'node:fs'
import process from 'node:process'
import { isDeepStrictEqual } from 'node:util'
import { Counts } from './counts.mjs'

const FUEL = 'differential:fuel'
const SIGNAL = '__instance_signal'
const OWN_MEMORY = '__wasmsig_memory'
const SIGKILL = 9
const SHOWN = 10
const COLLECTED = 40 // pairs between two garbage collections

// --------------------------------------------------------------------- input

// Opened again, because reads of standard input may not wait.
const input = openSync('/dev/stdin', 'r')

function take(length) {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length;) {
    const count = readSync(input, bytes, at, length - at, null)
    if (count === 0 && at === 0) return undefined
    if (count === 0) throw new Error('the input ends within a pair')
    at += count
  }
  return bytes
}

const takeNumber = () => take(4)?.readUInt32LE()
const takeBytes = () => take(takeNumber())

function argumentOf(bytes) {
  const kind = bytes[0]
  const value = bytes.subarray(1)
  const readers = [
    () => value.readInt32LE(),
    () => value.readBigInt64LE(),
    () => value.readFloatLE(),
    () => value.readDoubleLE()
  ]
  return readers[kind]?.() ?? null
}

function callsOf(bytes) {
  const calls = []
  for (let at = 0; at < bytes.length;) {
    const start = at + 11
    const end = start + 17 * bytes[at + 10]
    const values = []
    for (let from = start; from < end; from += 17)
      values.push(argumentOf(bytes.subarray(from, from + 17)))
    calls.push({
      at: bytes.readUInt32LE(at),
      fuel: bytes.readUInt32LE(at + 4),
      isForJs: bytes[at + 8] === 1,
      values
    })
    at = end
  }
  return calls
}

function takePair() {
  const number = takeNumber()
  if (number === undefined) return
  return {
    number,
    bare: takeBytes(),
    calls: callsOf(takeBytes()),
    way: takeNumber(),
    placement: takeNumber(),
    polls: take(8).readBigUInt64LE(),
    made: takeBytes()
  }
}

// ------------------------------------------------------------------ outcomes

/** A reference has no value that another instance can have, except these. */
function shownReference(value) {
  if (typeof value === 'function') return `function ${value.name}`
  return typeof value
}

const shown = (value) => {
  if (Array.isArray(value)) return value.map(shown)
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  return isNumber || value == null ? value : shownReference(value)
}

function outcomeOf(action) {
  try {
    return { value: action() }
  } catch (error) {
    if (error instanceof WebAssembly.Exception) return { error: 'exception' }
    const text = `${error.name}: ${error.message}`
    return {
      error: text.replace(/^(Compile|Link)Error: .*\(\): /, '$1Error: ')
    }
  }
}

const isDeep = ({ error }) => /call stack size/.test(error)

/** What a program can see of a memory, table or global. */
const same = {
  memory: (one, other) =>
    one.buffer.byteLength === other.buffer.byteLength &&
    Buffer.from(one.buffer).equals(Buffer.from(other.buffer)),
  table: (one, other) => isDeepStrictEqual(entriesOf(one), entriesOf(other)),
  global: (one, other) =>
    isDeepStrictEqual(
      outcomeOf(() => shown(one.value)),
      outcomeOf(() => shown(other.value))
    ),
  function: () => true
}

const entriesOf = (table) =>
  outcomeOf(() =>
    Array.from({ length: Number(table.length) }, (_, i) =>
      shown(table.get(typeof table.length === 'bigint' ? BigInt(i) : i))
    )
  )

// ---------------------------------------------------------------- one module

class Host {
  #digest = 0
  constructor() {
    const include = (...values) => {
      for (const value of values)
        this.#digest = (Math.imul(this.#digest, 31) + Number(value)) | 0
      return this.#digest
    }
    this.host = {
      number: (value) => include(1, value),
      mix: (one, other) => include(2, one & 0xffffn, other > 0) % 1000,
      event: () => void include(3),
      constant: new WebAssembly.Global({ value: 'i32' }, 64),
      cell: new WebAssembly.Global({ value: 'i64', mutable: true }, 7n),
      memory: new WebAssembly.Memory({ initial: 1, maximum: 4 }),
      table: new WebAssembly.Table({
        initial: 4,
        maximum: 16,
        element: 'anyfunc'
      })
    }
  }
  get digest() {
    return this.#digest
  }
}

class Guest {
  constructor(module, exports) {
    this.module = module
    this.exports = exports
    this.host = new Host()
    this.start = outcomeOf(() => {
      this.instance = new WebAssembly.Instance(module, { host: this.host.host })
    })
  }
  get(name) {
    return this.instance.exports[name]
  }
  get fuel() {
    return this.get(FUEL).value
  }
  call({ at, fuel, values }) {
    this.get(FUEL).value = fuel
    return outcomeOf(() => shown(this.get(this.exports[at].name)(...values)))
  }
  get firstMemory() {
    const all = WebAssembly.Module.exports(this.module)
    return this.get(all.find(({ kind }) => kind === 'memory').name)
  }
  /** The signal word, as an array of one element. */
  get word() {
    const own = this.get(OWN_MEMORY)
    const address = own ? 0 : Number(this.get(SIGNAL).value)
    return new Int32Array((own ?? this.firstMemory).buffer, address, 1)
  }
}

/** @returns {string | undefined} what differs */
function difference(bare, made) {
  for (const { name, kind } of bare.exports)
    if (!(same[kind]?.(bare.get(name), made.get(name)) ?? true))
      return `${kind} ${JSON.stringify(name)}`
  if (bare.host.digest !== made.host.digest) return 'calls of the host'
  for (const name of ['memory', 'table', 'cell']) {
    const kind = name === 'cell' ? 'global' : name
    if (!same[kind](bare.host.host[name], made.host.host[name]))
      return `the imported ${name}`
  }
}

// --------------------------------------------------------------------- pairs

const counts = new Counts()

const outcomeName = ({ error }) => error ?? 'returned'

/** The program has stored to a word of its own: what a poll does then is right. */
const wroteWord = (bare, exports) =>
  exports.some(({ name }) => name === SIGNAL) && bare.word[0] !== 0

/** Makes the calls in both. @returns {string | undefined} what differs */
function compareCalls(bare, made, calls, seen) {
  for (const call of calls) {
    if (!call.isForJs) {
      counts.add('calls that JavaScript cannot make')
      continue
    }
    const [one, other] = [bare.call(call), made.call(call)]
    if (isDeep(one) || isDeep(other))
      return void counts.add('modules: too deep')
    if (wroteWord(bare, bare.exports))
      return void counts.add('modules: wrote to their own signal word')
    counts.add('calls')
    counts.addOutcome(outcomeName(one))
    seen.push({ call, outcome: one, fuel: bare.fuel })
    if (!isDeepStrictEqual(one, other))
      return `call ${call.at}: ${JSON.stringify([one, other], withBig)}`
    const what = difference(bare, made)
    if (what) return `after call ${call.at}: ${what}`
  }
}

const withBig = (_, value) => (typeof value === 'bigint' ? `${value}n` : value)

/** Repeats the calls with SIGKILL in the word, up to one that is stopped. */
function kill(made, seen) {
  made.word[0] = SIGKILL
  for (const { call, outcome, fuel } of seen) {
    const now = made.call(call)
    if (!isDeepStrictEqual(now, outcome) || made.fuel !== fuel) return true
  }
  return false
}

function sameStart(list, whole) {
  return isDeepStrictEqual(list, whole.slice(0, list.length))
}

function compareModules(bare, made, calls) {
  const exports = WebAssembly.Module.exports(bare)
  if (!sameStart(exports, WebAssembly.Module.exports(made)))
    return 'the exports'
  if (
    !isDeepStrictEqual(
      WebAssembly.Module.imports(bare),
      WebAssembly.Module.imports(made)
    )
  )
    return 'the imports'
  const [one, other] = [new Guest(bare, exports), new Guest(made, exports)]
  if (isDeep(one.start) || isDeep(other.start))
    return void counts.add('modules: too deep')
  if (!isDeepStrictEqual(one.start, other.start))
    return `at the start: ${JSON.stringify([one.start, other.start])}`
  if (one.start.error) {
    counts.add('modules: the start trapped or a segment did not fit')
    return
  }
  counts.add('modules: compared')
  if (wroteWord(one, exports))
    return void counts.add('modules: wrote to their own signal word')
  const seen = []
  const what = difference(one, other) ?? compareCalls(one, other, calls, seen)
  if (what) return what
  if (seen.some(({ outcome }) => outcome.error))
    counts.add('modules: with a call that trapped')
  if (kill(new Guest(made, exports), seen))
    counts.add('modules: with an executed poll')
}

function comparePair({ bare, made, calls, way, placement }) {
  if (bare.length === 0) return void counts.add('no module')
  counts.add('modules')
  if (made.length === 0) return void counts.add('modules: unchanged or refused')
  const compiled = outcomeOf(() => new WebAssembly.Module(bare))
  if (compiled.error) {
    counts.add(`modules: not for this engine`)
    counts.addOutcome(compiled.error.replaceAll(/\d+/g, 'N'))
    return
  }
  const remade = outcomeOf(() => new WebAssembly.Module(made))
  if (remade.error) return `does not compile: ${remade.error}`
  counts.addWay(way, placement)
  return compareModules(compiled.value, remade.value, calls)
}

let wrong = 0
for (let pair, i = 0; (pair = takePair()); i++) {
  const what = comparePair(pair)
  if (what && wrong++ < SHOWN)
    console.error(`module ${pair.number}, way ${pair.way}: ${what}`)
  if (i % COLLECTED === 0) globalThis.gc()
}
counts.add('differences', wrong)
console.log(JSON.stringify(counts))
process.exitCode = wrong > 0 ? 1 : 0

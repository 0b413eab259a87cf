// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Records all that a host does with an instance: calls of exports with their
 * results, the guest's calls of imports with what they returned, and what the
 * host wrote meanwhile into memory, tables and globals. With this trace another
 * engine can run the same module without its host (wasmtime/trace.c).
 *
 * Each instance has a trace of its own. What other instances do is the host's
 * doing for it. A host changes the memory only while the guest does not run, so
 * the trace compares it each time the guest goes on.
 *
 * It cannot record threads, instances that call each other through tables, and
 * promise integration.
 */
import { Changes } from './changes.mjs'
import { HostFunctions } from './host-functions.mjs'
import { OP, Writer } from './writer.mjs'

const { Module, Instance, Table, Global, Memory } = WebAssembly
const tables = { get: Table.prototype.get, set: Table.prototype.set }

const isMutable = (global) => {
  try {
    global.value = global.value
    return true
  } catch {
    return false
  }
}

export const hostFunctions = new HostFunctions()

/** Wrappers of exported functions, and what they wrap. */
const originals = new WeakMap()
const originalOf = (value) => originals.get(value) ?? value
const traces = new Set()

export class Trace {
  #writer = new Writer()
  #changes = null
  #wrappers = new Map()
  #objects = new Map()
  #tables = new Map()
  #globals = new Map()
  #hosts = new Map()
  /** Why another engine cannot follow this trace, or null. */
  fault = null
  events = 0
  /** How long the guest has run. */
  milliseconds = 0
  #since = 0

  constructor(module, imports) {
    this.imports = this.#imported(Module.imports(module), imports)
    traces.add(this)
  }

  get bytes() {
    return this.#writer.bytes
  }

  /** What follows is the job: in it, the guest is to be stopped. */
  beginJob() {
    this.#op(OP.JOB)
    this.milliseconds = 0
  }

  end() {
    this.#op(OP.END)
    traces.delete(this)
  }

  instantiate(module) {
    this.#resume()
    this.#op(OP.INSTANTIATE)
    let instance
    try {
      instance = new Instance(module, this.imports)
    } catch (error) {
      this.fault = 'it was not instantiated'
      throw error
    }
    this.#op(OP.RETURN)
    this.#writer.number(0)
    const exports = this.#exported(instance.exports)
    this.#pause()
    return new Proxy(instance, {
      get: (target, name) =>
        name === 'exports' ? exports : Reflect.get(target, name)
    })
  }

  // ------------------------------------------------------------------ events

  #op(op) {
    this.events++
    this.#writer.byte(op)
  }

  #numberOf(object) {
    const found = originalOf(object)
    if (!this.#objects.has(found))
      this.#objects.set(found, this.#objects.size + 1)
    return this.#objects.get(found)
  }

  #value(value) {
    this.#writer.value(value, (object) => this.#numberOf(object))
  }

  #values(values) {
    this.#writer.number(values.length)
    for (const value of values) this.#value(value)
  }

  /** One result is a value, several are a list. */
  #results(result) {
    if (result === undefined) this.#values([])
    else this.#values(Array.isArray(result) ? result : [result])
  }

  /** The guest has come to its host. */
  #pause() {
    this.milliseconds += performance.now() - this.#since
    this.#changes?.keep()
    for (const [global] of this.#globals)
      this.#globals.get(global).value = global.value
  }

  /** The guest goes on. */
  #resume() {
    this.#writeChanges()
    this.#since = performance.now()
  }

  #writeChanges() {
    for (const [global, kept] of this.#globals) {
      if (Object.is(global.value, kept.value)) continue
      this.#op(OP.GLOBAL_SET)
      this.#writer.text(kept.name)
      this.#value(global.value)
    }
    if (this.#changes === null) return
    const added = this.#changes.growth()
    if (added > 0) {
      this.#op(OP.GROW)
      this.#writer.number(added / 65536)
    }
    for (const [address, bytes] of this.#changes.writes()) {
      this.#op(OP.WRITE)
      this.#writer.number(address)
      this.#writer.copy(bytes)
    }
  }

  #call(begin, fn, args) {
    this.#resume()
    begin()
    const list = Array.from({ length: fn.length }, (_, i) => args[i])
    this.#values(list)
    let result
    try {
      result = fn(...args)
    } catch (error) {
      this.#op(OP.THROW)
      this.#pause()
      throw error
    }
    this.#op(OP.RETURN)
    this.#results(result)
    this.#pause()
    return result
  }

  #serve(number, fn, args) {
    this.#op(OP.IMPORT)
    this.#writer.number(number)
    this.#values(args)
    this.#pause()
    let result
    try {
      result = Reflect.apply(fn, undefined, args)
    } catch (error) {
      this.#resume()
      this.#op(OP.IMPORT_THROW)
      throw error
    }
    this.#resume()
    this.#op(OP.IMPORT_RETURN)
    this.#results(result)
    return result
  }

  // ----------------------------------------------------- imports and exports

  #imported(list, given) {
    const imports = {}
    this.#writer.number(list.length)
    for (const [i, { module, name, kind }] of list.entries()) {
      const value = given?.[module]?.[name]
      imports[module] ??= {}
      imports[module][name] = this.#import(i, kind, value)
    }
    return imports
  }

  #import(i, kind, value) {
    const place = `i${i}`
    if (value instanceof Memory) {
      this.#writer.number(value.buffer.byteLength / 65536)
      this.#changes = new Changes(value)
      if (value.buffer instanceof SharedArrayBuffer)
        this.fault = 'it has a shared memory'
      this.memory = place
    } else if (value instanceof Table) {
      this.#writer.number(value.length)
      this.#tables.set(value, place)
    } else if (kind === 'global') {
      this.#value(value instanceof Global ? value.value : value)
      this.#addGlobal(value, place)
    } else if (kind === 'function') {
      if (typeof value !== 'function') {
        this.fault = 'an import suspends the guest'
        return value
      }
      return (...args) => this.#serve(i, value, args)
    } else {
      this.fault = `it imports a ${kind}`
    }
    return value
  }

  #addGlobal(value, name) {
    if (value instanceof Global && isMutable(value))
      this.#globals.set(value, { name, value: value.value })
  }

  #exported(exports) {
    const found = {}
    for (const [name, value] of Object.entries(exports)) {
      found[name] = value
      if (typeof value === 'function') found[name] = this.#wrap(value, name)
      else if (value instanceof Table) this.#tables.set(value, `e${name}`)
      else if (value instanceof Memory) this.#addMemory(value, name)
      else this.#addGlobal(value, `e${name}`)
    }
    if (this.memory !== undefined) {
      this.#op(OP.MEMORY)
      this.#writer.text(this.memory)
    }
    return Object.freeze(Object.assign(Object.create(null), found))
  }

  #addMemory(memory, name) {
    if (this.memory !== undefined) return
    this.memory = `e${name}`
    this.#changes = new Changes(memory)
  }

  #wrap(fn, name) {
    if (this.#wrappers.has(fn)) return this.#wrappers.get(fn)
    const begin = () => {
      this.#op(OP.CALL)
      this.#writer.text(name)
    }
    return this.#keep(fn, begin)
  }

  /** Emscripten finds the number of a function by its name. */
  #keep(fn, begin) {
    const wrapper = (...args) => this.#call(begin, fn, args)
    Object.defineProperty(wrapper, 'name', { value: fn.name })
    Object.defineProperty(wrapper, 'length', { value: fn.length })
    this.#wrappers.set(fn, wrapper)
    originals.set(wrapper, fn)
    return wrapper
  }

  // ------------------------------------------------------------------ tables

  owns(table) {
    return this.#tables.has(table)
  }

  element(table, index, fn) {
    if (this.#wrappers.has(fn)) return this.#wrappers.get(fn)
    if (hostFunctions.has(fn)) return fn
    return this.#keep(fn, () => {
      this.#op(OP.CALL_ELEMENT)
      this.#writer.text(this.#tables.get(table))
      this.#writer.number(index)
    })
  }

  setElement(table, index, value) {
    const number = hostFunctions.has(value) ? this.#host(value) : 0
    this.#op(OP.TABLE_SET)
    this.#writer.text(this.#tables.get(table))
    this.#writer.number(index)
    if (value === null) return this.#writer.tag('n')
    if (typeof value !== 'function') return this.#value(value)
    if (number > 0) {
      this.#writer.tag('h')
      return this.#writer.number(number)
    }
    this.fault ??= 'a table has a function of another instance'
    this.#writer.tag('n')
  }

  /** The host's function gets a number, and its calls are those of an import. */
  #host(fn) {
    if (this.#hosts.has(fn)) return this.#hosts.get(fn)
    const number = this.#hosts.size + 1
    this.#hosts.set(fn, number)
    this.#op(OP.HOST_FUNCTION)
    this.#writer.text(hostFunctions.typeOf(fn))
    hostFunctions.serveBy(fn, (own, args) =>
      this.#serve(1_000_000 + number, own, args)
    )
    return number
  }

  growTable(table, count) {
    this.#op(OP.TABLE_GROW)
    this.#writer.text(this.#tables.get(table))
    this.#writer.number(count)
  }
}

const ownersOf = (table) => [...traces].filter((trace) => trace.owns(table))

/** From now on, tables tell the traces that they belong to. */
export function watchTables() {
  Table.prototype.get = function (index) {
    const value = tables.get.call(this, index)
    if (typeof value !== 'function') return value
    const [owner] = ownersOf(this)
    return owner === undefined ? value : owner.element(this, index, value)
  }
  Table.prototype.set = function (index, ...rest) {
    const value = originalOf(rest[0])
    tables.set.call(this, index, ...(rest.length > 0 ? [value] : []))
    for (const owner of ownersOf(this))
      owner.setElement(this, index, value ?? null)
  }
  const { grow } = Table.prototype
  Table.prototype.grow = function (count, ...rest) {
    const length = grow.call(this, count, ...rest)
    for (const owner of ownersOf(this)) owner.growTable(this, count)
    return length
  }
}

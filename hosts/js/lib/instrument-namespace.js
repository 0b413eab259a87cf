// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Wraps the functions of WebAssembly that compile, so that they receive
// instrumented bytes. Each passes on everything else, and returns what the
// engine returns. So install() may wrap these wrappers as it wraps the engine's
// own functions, and they may wrap those of install().

const { isInstrumentable, instrumented } = require('./instrumenter.js')
const memoryZero = require('./memory-zero.js')
const { isEngines, plainValue, swap, transparent } = require('./namespace.js')
const {
  Promise,
  Proxy,
  apply,
  construct,
  getOwnPropertyDescriptor
} = require('./primordials.js')
const { whenFulfilled } = require('./promise-hook.js')

const { bytesAreNeeded } = memoryZero

/** A wrapped function's arguments, with instrumented bytes. */
class Changed {
  args
  name // of memory 0, where a host hides it and it is known

  constructor(args) {
    this.args = args
  }

  static ofBytes(args) {
    const changed = new Changed(args)
    if (!isInstrumentable(args[0])) return changed
    changed.args = [changed.#instrument(args[0]), ...args.slice(1)]
    return changed
  }

  static ofResponse(args) {
    const changed = new Changed(args)
    if (args.length === 0) return changed
    changed.args = [changed.#respond(args[0]), ...args.slice(1)]
    return changed
  }

  #instrument(source, from) {
    const bytes = instrumented(source, from)
    if (bytesAreNeeded) this.name = memoryZero.memoryZeroOfBytes(bytes)
    return bytes
  }

  /** What the engine refuses stays: it throws the error. */
  async #respond(source) {
    const response = await source
    const { Response } = globalThis
    const isReadable =
      typeof Response === 'function' &&
      response instanceof Response &&
      response.ok &&
      !response.bodyUsed &&
      response.body
    if (!isReadable) return response
    const bytes = new Uint8Array(await response.arrayBuffer())
    const type = response.headers.get('content-type')
    return new Response(this.#instrument(bytes, response.url), {
      status: response.status,
      headers: type === null ? {} : { 'content-type': type }
    })
  }

  note(result) {
    const own = getOwnPropertyDescriptor(result, 'module')
    memoryZero.noteMemoryZero(own ? own.value : result, this.name)
  }
}

const installation = { active: true, Promise }

const promising = (change) => (original, isOfEngine) =>
  new Proxy(original, {
    __proto__: null,
    apply(target, self, args) {
      const changed = change(args)
      const promise = apply(target, self, changed.args)
      return isOfEngine && bytesAreNeeded
        ? whenFulfilled(promise, installation, (made) => changed.note(made))
        : promise
    }
  })

function wrapModule(original, isOfEngine) {
  const wrapper = new Proxy(original, {
    __proto__: null,
    construct(target, args, newTarget) {
      const changed = Changed.ofBytes(args)
      const module = construct(
        target,
        changed.args,
        newTarget === wrapper ? target : newTarget
      )
      if (isOfEngine) changed.note(module)
      return module
    }
  })
  return wrapper
}

const WRAP = {
  Module: wrapModule,
  compile: promising(Changed.ofBytes),
  instantiate: promising(Changed.ofBytes),
  compileStreaming: promising(Changed.ofResponse),
  instantiateStreaming: promising(Changed.ofResponse)
}

/** Wraps one function, if it exists and can be replaced. */
function wrapOne(namespace, name) {
  try {
    const original = plainValue(namespace, name)
    if (typeof original !== 'function') return false
    const isOfEngine = isEngines(original, name)
    const wrapper = WRAP[name](original, isOfEngine)
    if (isOfEngine) transparent.add(wrapper)
    return swap(namespace, name, original, wrapper)
  } catch {
    return false // a Proxy in the place of the namespace
  }
}

let isDone = false

function instrument() {
  if (isDone) return
  isDone = true
  const namespace = globalThis.WebAssembly
  const names = namespace ? Object.keys(WRAP) : []
  const wrapped = names.filter((name) => wrapOne(namespace, name))
  if (wrapped.length > 0) return
  process.emitWarning(
    'WebAssembly is missing or frozen: wasmsig/instrument does nothing',
    { code: 'WASMSIG_NOT_INSTALLED' }
  )
}

module.exports = { instrument }

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The words are in memory 0, as the engine counts memories. */

const newMemory = () => new WebAssembly.Memory({ initial: 1 })

export const MEMORY_ZERO = [
  {
    promise: 'the words are in the memory that the module imports',
    anywhere: true,
    run({ instance, read, same }) {
      const memory = newMemory()
      instance('imported', { env: { memory } })
      same('the signal word', read(memory, 'signal'), 0)
    }
  },
  {
    promise:
      'a memory in the imports object that is not imported is not written',
    anywhere: true,
    run({ instance, read, same, write }) {
      const [zero, memory] = [newMemory(), newMemory()]
      write(memory, 'signal', 5)
      instance('imported-zero', { env: { zero, memory } })
      same('the word of the other memory', read(memory, 'signal'), 5)
      same('the signal word', read(zero, 'signal'), 0)
    }
  },
  {
    promise: 'memory 0 may be exported under any name',
    anywhere: true,
    run({ instance, read, same }) {
      const { linear } = instance('renamed').exports
      same('the signal word', read(linear, 'signal'), 0)
    }
  },
  {
    promise: 'of two memories the first has the words',
    run({ bytes, check, read, same, wasmsig }) {
      const binary = bytes('two')
      const allowed = WebAssembly.validate(binary)
      check(allowed, 'the engine does not support two memories')
      const made = new WebAssembly.Instance(new WebAssembly.Module(binary))
      same(
        'the number of signalled instances',
        wasmsig.raise('SIGINT', made),
        1
      )
      same('the word in memory 0', read(made.exports.zero, 'signal'), 2)
      same('the word in memory 1', read(made.exports.memory, 'signal'), 0)
    }
  },
  {
    promise: 'a module with a 64-bit memory is tracked',
    run({ bytes, check, same, wasmsig }) {
      const binary = bytes('memory-64')
      const allowed = WebAssembly.validate(binary)
      check(allowed, 'the engine does not support 64-bit memories')
      const made = new WebAssembly.Instance(new WebAssembly.Module(binary))
      same(
        'the number of signalled instances',
        wasmsig.raise('SIGINT', made),
        1
      )
    }
  },
  {
    promise: 'a module that was compiled before install() is tracked',
    bare: true,
    run({ module, same, wasmsig }) {
      const compiled = module('signal')
      wasmsig.install()
      const made = new WebAssembly.Instance(compiled)
      same(
        'the number of signalled instances',
        wasmsig.raise('SIGINT', made),
        1
      )
    }
  },
  {
    promise: 'a module from structuredClone is tracked',
    run({ module, same, wasmsig }) {
      const copy = structuredClone(module('signal'))
      const made = new WebAssembly.Instance(copy)
      same(
        'the number of signalled instances',
        wasmsig.raise('SIGINT', made),
        1
      )
    }
  },
  {
    promise: 'a module from instantiateStreaming is tracked',
    async run({ bytes, check, same, wasmsig }) {
      const { instantiateStreaming } = WebAssembly
      check(instantiateStreaming, 'the host has no instantiateStreaming')
      const headers = { 'content-type': 'application/wasm' }
      const response = new Response(bytes('signal'), { headers })
      const made = await instantiateStreaming.call(WebAssembly, response)
      same(
        'the number of signalled instances',
        wasmsig.raise('SIGINT', made.instance),
        1
      )
    }
  }
]

export const GROWTH = [
  {
    promise: 'a guest is signalled after its memory has grown',
    run({ instance, same, wasmsig }) {
      const { exports } = instance('growing')
      for (let i = 0; i < 1000; i += 1) exports.grow()
      const budget = new wasmsig.CpuBudget({ soft: 20 })
      same('the signal that the guest received', budget.run(exports.spin), 24)
    }
  },
  {
    promise: 'a guest is signalled in its loop, with any number of memories',
    run({ instance, check, same, wasmsig }) {
      const many = Array.from({ length: 40 }, () => instance('growing'))
      for (let i = 0; i < 200; i += 1) {
        for (const { exports } of many) exports.grow()
      }
      const signalled = wasmsig.raise('SIGINT')
      same('how many of 40 were signalled', signalled, 40)
      for (const [i, one] of many.entries()) {
        wasmsig.clear()
        const budget = new wasmsig.CpuBudget({ soft: 5, instances: [one] })
        const signal = budget.run(one.exports.spin)
        const which = i < 8 ? 'one of the first eight' : 'a later one'
        check(signal === 24, `${which} was not signalled in its loop`)
      }
    }
  },
  {
    promise: 'a signal for a memory that may move waits for the next call',
    run({ instance, check, same, wasmsig }) {
      const many = Array.from({ length: 40 }, () => instance('growing'))
      const { tracked, untracked } = wasmsig.stats()
      const all = tracked.FIXED + (tracked.MOVABLE ?? 0)
      same('how many of 40 are tracked', all, 40)
      check(!untracked['movable-memory'], 'some run untracked')
      same('how many of 40 were signalled', wasmsig.raise('SIGUSR1'), 40)
      for (const { exports } of many) {
        exports.grow()
        const budget = new wasmsig.CpuBudget({ measure: true })
        same('the signal that a guest received', budget.run(exports.spin), 10)
      }
    }
  }
]

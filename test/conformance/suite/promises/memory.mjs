// SPDX-License-Identifier: Apache-2.0 OR MIT
/** In which memory the words lie: memory 0, as the engine read it. */

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
    promise: 'a memory that merely lies in the imports object is not written',
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
    promise: 'memory 0 may be exported by any name',
    anywhere: true,
    run({ instance, read, same }) {
      const { linear } = instance('renamed').exports
      same('the signal word', read(linear, 'signal'), 0)
    }
  },
  {
    promise: 'of two memories the first one has the words',
    run({ bytes, check, read, same, wasmsig }) {
      const binary = bytes('two')
      const allowed = WebAssembly.validate(binary)
      check(allowed, 'the engine has no modules with two memories')
      const made = new WebAssembly.Instance(new WebAssembly.Module(binary))
      same('how many were told', wasmsig.raise('SIGINT', made), 1)
      same('the word in memory 0', read(made.exports.zero, 'signal'), 2)
      same('the word in memory 1', read(made.exports.memory, 'signal'), 0)
    }
  },
  {
    promise: 'a module with a 64-bit memory is tracked',
    run({ bytes, check, same, wasmsig }) {
      const binary = bytes('memory-64')
      const allowed = WebAssembly.validate(binary)
      check(allowed, 'the engine has no 64-bit memories')
      const made = new WebAssembly.Instance(new WebAssembly.Module(binary))
      same('how many were told', wasmsig.raise('SIGINT', made), 1)
    }
  },
  {
    promise: 'a module that was compiled before install() is tracked',
    bare: true,
    run({ module, same, wasmsig }) {
      const compiled = module('signal')
      wasmsig.install()
      const made = new WebAssembly.Instance(compiled)
      same('how many were told', wasmsig.raise('SIGINT', made), 1)
    }
  },
  {
    promise: 'a module that came through structuredClone is tracked',
    run({ module, same, wasmsig }) {
      const copy = structuredClone(module('signal'))
      const made = new WebAssembly.Instance(copy)
      same('how many were told', wasmsig.raise('SIGINT', made), 1)
    }
  },
  {
    promise: 'a module with its own memory that is streamed is tracked',
    async run({ bytes, check, same, wasmsig }) {
      const { instantiateStreaming } = WebAssembly
      check(instantiateStreaming, 'the host has no instantiateStreaming')
      const headers = { 'content-type': 'application/wasm' }
      const response = new Response(bytes('signal'), { headers })
      const made = await instantiateStreaming.call(WebAssembly, response)
      same('how many were told', wasmsig.raise('SIGINT', made.instance), 1)
    }
  }
]

export const GROWTH = [
  {
    promise: 'a guest is told after its memory has grown',
    run({ instance, same, wasmsig }) {
      const { exports } = instance('growing')
      for (let i = 0; i < 1000; i += 1) exports.grow()
      const budget = new wasmsig.CpuBudget({ soft: 20 })
      same('what the guest heard', budget.run(exports.spin), 24)
    }
  },
  {
    promise: 'a guest is told in its loop, however many memories there are',
    run({ instance, check, same, wasmsig }) {
      const many = Array.from({ length: 40 }, () => instance('growing'))
      for (let i = 0; i < 200; i += 1) {
        for (const { exports } of many) exports.grow()
      }
      const told = wasmsig.raise('SIGINT')
      same('how many of 40 were told', told, 40)
      for (const [i, one] of many.entries()) {
        wasmsig.clear()
        const budget = new wasmsig.CpuBudget({ soft: 5, instances: [one] })
        const heard = budget.run(one.exports.spin)
        const which = i < 8 ? 'one of the first eight' : 'a later one'
        check(heard === 24, `${which} was not told in its loop`)
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
      same('how many of 40 were told', wasmsig.raise('SIGUSR1'), 40)
      for (const { exports } of many) {
        exports.grow()
        const budget = new wasmsig.CpuBudget({ measure: true })
        same('what a guest heard', budget.run(exports.spin), 10)
      }
    }
  }
]

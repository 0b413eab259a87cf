// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Words in a memory of their own, __wasmsig_memory. */
import { STARTED } from '../guests.mjs'

const NAME = '__wasmsig_memory'
const AT = { signal: 0, terminated: 1, pending: 2 }

const word = ({ exports }, name) =>
  new Uint32Array(exports[NAME].buffer)[AT[name]]

/** Makes an instance, where the engine supports its memories. */
function make({ bytes, check }, name, imports) {
  const binary = bytes(name)
  const allowed = WebAssembly.validate(binary)
  check(allowed, 'the engine does not support two memories')
  return new WebAssembly.Instance(new WebAssembly.Module(binary), imports)
}

export const OWN_MEMORY = [
  {
    promise: 'instantiation writes 0 to the words in a memory of their own',
    anywhere: true,
    run({ instance, same }) {
      const made = instance('own-alone')
      same('the signal word', word(made, 'signal'), 0)
      same('the pending set', word(made, 'pending'), 0)
      same('the terminated word', word(made, 'terminated'), 7)
    }
  },
  {
    promise: 'a guest is signalled in a memory beside memory 0',
    run(host) {
      const { same, wasmsig } = host
      const { exports } = make(host, 'own-beside')
      const budget = new wasmsig.CpuBudget({ soft: 20 })
      same('the signal that the guest received', budget.run(exports.spin), 24)
      const zero = new Uint8Array(exports.memory.buffer)
      same('memory 0 has other bytes than 0', zero.some(Boolean), false)
    }
  },
  {
    promise: 'a guest is signalled in a memory beside one that it imports',
    run(host) {
      const { same, wasmsig } = host
      const memory = new WebAssembly.Memory({ initial: 1 })
      const { exports } = make(host, 'own-imported', { env: { memory } })
      const budget = new wasmsig.CpuBudget({ soft: 20 })
      same('the signal that the guest received', budget.run(exports.spin), 24)
      const zero = new Uint8Array(memory.buffer)
      same('memory 0 has other bytes than 0', zero.some(Boolean), false)
    }
  },
  {
    promise: 'SIGKILL in a memory beside memory 0 stops a guest at its poll',
    run(host) {
      const { caught, check, same, wasmsig } = host
      const made = make(host, 'own-beside')
      same('how many were signalled', wasmsig.raise('SIGKILL', made), 1)
      const error = caught(made.exports.obey)
      check(error instanceof WebAssembly.RuntimeError, 'the call returned')
    }
  },
  {
    promise: 'two instances have two memories of the words',
    run(host) {
      const { same, wasmsig } = host
      const [one, other] = [make(host, 'own-beside'), make(host, 'own-beside')]
      same('how many were signalled', wasmsig.raise('SIGINT', one), 1)
      same('the word of the one', word(one, 'signal'), 2)
      same('the word of the other', word(other, 'signal'), 0)
      same('how many were signalled', wasmsig.raise('SIGTERM'), 2)
      same('the word of the one', word(one, 'signal'), 15)
      same('the word of the other', word(other, 'signal'), 15)
    }
  },
  {
    promise: 'a next instance receives no signal of the last one',
    run(host) {
      const { same, wasmsig } = host
      wasmsig.raise('SIGKILL', make(host, 'own-beside'))
      const next = make(host, 'own-beside')
      same('its signal word', word(next, 'signal'), 0)
      same('how many were signalled', wasmsig.raise('SIGINT', next), 1)
      same('the signal that it received', next.exports.spin(), 2)
    }
  },
  {
    promise: 'an export of the name that is no such memory is not written',
    anywhere: true,
    run({ instance, same }) {
      const made = instance('own-growing')
      same('the first word', word(made, 'signal'), STARTED)
      const { exports } = instance('own-global')
      same('the first word', new Uint32Array(exports.m.buffer)[0], STARTED)
    }
  },
  {
    promise: 'inspect() reports such words, or that one memory is supported',
    run({ bytes, caught, check, same, wasmsig }) {
      const binary = bytes('own-beside')
      if (WebAssembly.validate(binary)) {
        const { memory, tracked } = wasmsig.inspect(binary)
        same('whether it is tracked', tracked, true)
        return same('the memory of the words', memory.name, NAME)
      }
      const { message } = caught(() => wasmsig.inspect(binary)) ?? {}
      check(/memory of their own.*Node/.test(message), `it says: ${message}`)
    }
  }
]

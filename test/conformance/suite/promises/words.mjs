// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What a host writes at instantiation, and what it must not write. */
import { STARTED } from '../guests.mjs'

/** A module with bad words runs, and its words are not changed. */
function runsUntouched(guest) {
  return ({ instance, read, same }) => {
    const made = instance(guest)
    same('the first word', read(made, 'signal'), STARTED)
  }
}

export const WORDS = [
  {
    promise: 'new Instance writes 0 to the signal word',
    anywhere: true,
    run({ instance, read, same }) {
      same('the signal word', read(instance('signal'), 'signal'), 0)
    }
  },
  {
    promise: 'instantiate(module) writes 0 to the signal word',
    anywhere: true,
    async run({ module, read, same }) {
      const made = await WebAssembly.instantiate(module('signal'))
      same('the signal word', read(made, 'signal'), 0)
    }
  },
  {
    promise: 'instantiate(bytes) writes 0 to the signal word',
    async run({ bytes, read, same }) {
      const made = await WebAssembly.instantiate(bytes('signal'))
      same('the signal word', read(made.instance, 'signal'), 0)
    }
  },
  {
    promise: 'instantiateStreaming writes 0 to the signal word',
    async run({ bytes, check, read, same }) {
      const { instantiateStreaming } = WebAssembly
      check(instantiateStreaming, 'the host has no instantiateStreaming')
      const headers = { 'content-type': 'application/wasm' }
      const response = new Response(bytes('imported'), { headers })
      const memory = new WebAssembly.Memory({ initial: 1 })
      await instantiateStreaming.call(WebAssembly, response, {
        env: { memory }
      })
      same('the signal word', read(memory, 'signal'), 0)
    }
  },
  {
    promise: 'instantiation writes 0 to the pending set',
    anywhere: true,
    run({ instance, read, same }) {
      same('the pending set', read(instance('words'), 'pending'), 0n)
    }
  },
  {
    promise: 'instantiation does not change the terminated word',
    anywhere: true,
    run({ instance, read, same }) {
      const made = instance('dead')
      same('the terminated word', read(made, 'terminated'), 7)
    }
  }
]

export const ADDRESSES = [
  {
    promise: 'a module whose word is misaligned is not written',
    anywhere: true,
    run({ instance, read, same }) {
      const made = instance('misaligned')
      // The bad word would overlap this word and the next.
      same('the first half', read(made, 'signal'), STARTED)
      same(
        'the second half',
        new Uint32Array(made.exports.memory.buffer)[257],
        0
      )
    }
  },
  {
    promise: 'a module whose word is outside its memory runs',
    anywhere: true,
    run: runsUntouched('outside')
  },
  {
    promise: 'a negative address is a high address, not a missing word',
    anywhere: true,
    run: runsUntouched('negative')
  },
  {
    promise: 'a word above 2 GiB is found',
    anywhere: true,
    run({ instance, same }) {
      const { memory } = instance('high').exports
      const [word] = new Uint32Array(memory.buffer, 0x80000000, 1)
      same('the word', word, 0)
    }
  },
  {
    promise: 'a module whose words overlap is not written',
    anywhere: true,
    run: runsUntouched('overlapping')
  },
  {
    promise: 'no word is written if one of them is bad',
    anywhere: true,
    run: runsUntouched('half-bad')
  },
  {
    promise: 'an export that is no address is not a word',
    anywhere: true,
    run: runsUntouched('not-an-address')
  },
  {
    promise: 'stats() counts the reasons for untracked modules',
    run({ wasmsig, instance, same }) {
      const reasons = {
        misaligned: 'misaligned',
        outside: 'out-of-range',
        negative: 'out-of-range',
        overlapping: 'overlap',
        'half-bad': 'misaligned',
        'not-an-address': 'not-an-address',
        'without-memory': 'no-memory'
      }
      for (const [guest, reason] of Object.entries(reasons)) {
        const before = wasmsig.stats().untracked[reason] ?? 0
        const made = instance(guest)
        const now = wasmsig.stats().untracked[reason]
        same(`the count of ${reason} after ${guest}`, now, before + 1)
        same(
          `the number of signalled instances of ${guest}`,
          wasmsig.raise('SIGINT', made),
          0
        )
      }
    }
  }
]

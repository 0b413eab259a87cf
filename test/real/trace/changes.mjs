// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What a host has changed in a memory, by a copy of what the guest left there. */

const PAGE = 4096
/** Changes that are nearer to each other are one. */
const NEAR = 16

function* changesIn(now, before, from, to) {
  let first = -1
  let last = -1
  for (let at = from; at < to; at++) {
    if (now[at] === before[at]) continue
    if (first >= 0 && at - last > NEAR) {
      yield [first, last + 1]
      first = at
    }
    if (first < 0) first = at
    last = at
  }
  if (first >= 0) yield [first, last + 1]
}

export class Changes {
  #copy = Buffer.alloc(0)
  #length = 0
  #memory

  constructor(memory) {
    this.#memory = memory
  }

  /** The guest has run: what is there is its own. */
  keep() {
    const now = Buffer.from(this.#memory.buffer)
    if (now.length > this.#copy.length) this.#copy = Buffer.alloc(now.length)
    now.copy(this.#copy)
    this.#length = now.length
  }

  /** @returns how many bytes the host has added to the memory */
  growth() {
    const { byteLength } = this.#memory.buffer
    const added = byteLength - this.#length
    if (added === 0) return 0
    const copy = Buffer.alloc(byteLength)
    this.#copy.copy(copy, 0, 0, this.#length)
    this.#copy = copy
    this.#length = byteLength
    return added
  }

  /** @returns {Iterable<[number, Uint8Array]>} addresses and bytes */
  *writes() {
    const now = Buffer.from(this.#memory.buffer)
    const before = this.#copy.subarray(0, this.#length)
    if (now.equals(before)) return
    for (let page = 0; page < now.length; page += PAGE) {
      const end = Math.min(page + PAGE, now.length)
      if (now.compare(before, page, end, page, end) === 0) continue
      for (const [first, last] of changesIn(now, before, page, end))
        yield [first, now.subarray(first, last)]
    }
  }
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The CPU time that a tenant may use, ms: a token bucket. `share` ms come in
 * each second, up to `burst`. A request is charged when it has ended, so the
 * level may fall below 0, by what the running requests may use at most.
 */
export class Bucket {
  #share
  #now
  #level
  #since

  /** @param {() => number} now a clock, ms */
  constructor({ share, burst }, now = () => performance.now()) {
    this.burst = burst
    this.#share = share
    this.#now = now
    this.#level = burst
    this.#since = now()
  }

  get level() {
    const now = this.#now()
    const income = ((now - this.#since) / 1000) * this.#share
    this.#level = Math.min(this.burst, this.#level + income)
    this.#since = now
    return this.#level
  }

  spend(ms) {
    this.#level = this.level - ms
  }

  get isEmpty() {
    return this.level <= 0
  }

  /** Whole seconds until it is not empty any more, at least 1. */
  get retryAfter() {
    return Math.max(1, Math.ceil(-this.level / this.#share))
  }
}

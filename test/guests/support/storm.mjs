// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Signals of several kinds, raised by another thread at any moment of a poll.
 * Each kind is raised in each round, and the next begins when all were heard:
 * a signal that is lost ends the storm before its time.
 */
import { once } from 'node:events'
import { Worker, isMainThread, workerData } from 'node:worker_threads'

import { SIGNALS, raise } from 'wasmsig'

import { PATIENCE_MS } from '../../support/patience.mjs'

/** The first is the one with a handler. */
export const KINDS = [
  ...[SIGNALS.SIGUSR1, SIGNALS.SIGXCPU, SIGNALS.SIGWINCH],
  ...[SIGNALS.SIGINT, SIGNALS.SIGUSR2]
]

const IS_OVER = 0
const RAISED = 1
const HEARD = RAISED + KINDS.length

/**
 * @param {() => number} poll the guest's
 * @param {() => number} handled how often its handler has run
 * @returns {Promise<{ heard: number[], excess: string[] }>} how often each kind
 *   was heard; those that were heard more often than they had been raised
 */
export async function storm(poll, handled, rounds) {
  const counts = new Int32Array(new SharedArrayBuffer(4 * 16))
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { counts, rounds }
  })
  await once(worker, 'online')
  const excess = []
  while (!Atomics.load(counts, IS_OVER)) {
    const kind = KINDS.indexOf(poll())
    if (kind > 0) Atomics.add(counts, HEARD + kind, 1)
    Atomics.store(counts, HEARD, handled())
    for (const [at, signal] of KINDS.entries())
      if (
        Atomics.load(counts, HEARD + at) > Atomics.load(counts, RAISED + at)
      ) {
        excess.push(signal)
        Atomics.sub(counts, HEARD + at, 1)
      }
  }
  await worker.terminate()
  return { heard: [...counts.slice(HEARD, HEARD + KINDS.length)], excess }
}

function raiseAll({ counts, rounds }) {
  const heard = (at) => Atomics.load(counts, HEARD + at)
  for (let round = 1; round <= rounds; round++) {
    for (let step = 0; step < KINDS.length; step++) {
      const at = (step + round) % KINDS.length
      Atomics.store(counts, RAISED + at, round)
      raise(KINDS[at], 'process')
    }
    const limit = Date.now() + PATIENCE_MS
    while (KINDS.some((_, at) => heard(at) < round))
      if (Date.now() > limit) return
  }
}

if (!isMainThread) {
  raiseAll(workerData)
  Atomics.store(workerData.counts, IS_OVER, 1)
}

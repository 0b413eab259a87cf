// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Tracks words without other references; the process runs with --expose-gc. */
import { setImmediate as turn } from 'node:timers/promises'
import { raise, stats, track } from 'wasmsig'

const ordinary = Number.parseInt(process.versions.v8, 10) >= 13

function trackings() {
  return Array.from({ length: 100 }, (_, at) => {
    const Buffer = ordinary && at % 2 ? ArrayBuffer : SharedArrayBuffer
    const { untrack } = track({ signal: new Int32Array(new Buffer(64)) })
    return untrack
  })
}

const untracks = trackings()
for (let i = 0; i < 10; i += 1) {
  await turn()
  globalThis.gc()
}
const { FIXED, SHARED } = stats().tracked
console.log(`reached ${raise('SIGINT')}, held ${FIXED + SHARED}`)
for (const untrack of untracks) untrack()
console.log(`reached ${raise('SIGINT')}`)

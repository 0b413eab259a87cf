// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Makes many tracked instances in one loop and keeps none; prints as JSON the
 * memory of the process after a tenth of them, at most, and at the end.
 * Arguments: the kind of loop, how many, and whether guests `grow` to their 16
 * MiB or begin with it.
 */
import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { install, raise, stats } from 'wasmsig'
import { guest } from '../support/guests.mjs'

const [kind, count, grows] = process.argv.slice(2)
const PAGES = 256

install()
const pages = grows ? 1 : PAGES
const memory = `(memory (export "memory") ${pages} ${PAGES})`
const module = new WebAssembly.Module(guest({ memory }))

function make() {
  const { memory } = new WebAssembly.Instance(module).exports
  if (grows) memory.grow(PAGES - 1)
  // As a guest does: some of its pages are really in memory.
  const bytes = new Uint8Array(memory.buffer)
  for (let at = 0; at < bytes.length; at += 1 << 18) bytes[at] = 1
}

function mib(what) {
  const status = readFileSync('/proc/self/status', 'latin1')
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)[1]) / 1024
}

let early
for (let i = 0; i < Number(count); i += 1) {
  make()
  if (kind === 'microtask') await null
  if (kind === 'macrotask') await turn()
  if (i === Math.floor(count / 10)) early = mib('VmRSS')
}
const { tracked, collected } = stats()
raise('SIGINT')
const result = { early, peak: mib('VmHWM'), end: mib('VmRSS') }
console.log(JSON.stringify({ ...result, tracked, collected }))

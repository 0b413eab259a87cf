// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Is killed in JavaScript that C++ calls in the middle of its work: in hooks of
 * promises that C++ makes, in functions that format stacks, beside a debugger.
 */
import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import inspector from 'node:inspector'
import { readFile } from 'node:fs/promises'
import { CpuBudget, CpuLimitError, install } from 'wasmsig'

install()

const ROUNDS = Number(process.argv[2])
const BYTES = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)
const nothing = () => {}

const response = () =>
  new Response(BYTES, { headers: { 'content-type': 'application/wasm' } })

function session() {
  const made = new inspector.Session()
  made.connect()
  made.post('Runtime.enable')
  return made
}

const ONCE = {
  instantiate: () => WebAssembly.instantiate(BYTES).catch(nothing),
  compile: () => WebAssembly.compile(BYTES).catch(nothing),
  streaming: () => WebAssembly.instantiateStreaming(response()).catch(nothing),
  import: () => import('node:path').catch(nothing),
  file: () => readFile('/dev/null').catch(nothing),
  promise: () => new Promise((resolve) => resolve(1)).then(nothing),
  stack: () => new Error('text').stack
}

const storage = new AsyncLocalStorage()
let killed = 0

async function storm(once) {
  const loop = () => {
    for (let i = 0; i < 40; i += 1) once()
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const budget = new CpuBudget({ hard: 0.02 + (round % 100) / 250 })
    try {
      storage.run(round, () => budget.run(loop))
    } catch (error) {
      if (!(error instanceof CpuLimitError)) throw error
      killed += 1
    }
    if (round % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

for (const once of Object.values(ONCE)) await storm(once)
Error.prepareStackTrace = (error, sites) => sites.map(String).join()
await storm(ONCE.stack)
Error.prepareStackTrace = undefined
const debugging = session()
await storm(ONCE.instantiate)
debugging.disconnect()

// Node sets V8's promise hooks for these, whatever AsyncLocalStorage needs. A
// kill ends a loop that makes only such promises, too.
createHook({ init: nothing, before: nothing }).enable()
await storm(ONCE.instantiate)
await storm(ONCE.compile)
const compiled = new WebAssembly.Module(BYTES)
for (let round = 0; round < 3; round += 1) {
  const endless = () => {
    for (;;) WebAssembly.instantiate(compiled)
  }
  try {
    new CpuBudget({ hard: 2 }).run(endless)
  } catch (error) {
    if (!(error instanceof CpuLimitError)) throw error
  }
}
console.log(killed > ROUNDS ? 'survived' : `only ${killed} kills`)

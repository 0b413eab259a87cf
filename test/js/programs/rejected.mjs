// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Instantiates a module with wrong imports and handles no rejection. */
import { install } from 'wasmsig'
import { IMPORTED, guest } from '../support/guests.mjs'

const [source, mode, then] = process.argv.slice(2)
if (mode === 'shim') install()

let promise
if (then === 'listen') {
  process.on('unhandledRejection', (error, rejected) => {
    const same = rejected === promise
    console.log(`same promise: ${same}, ${error.name}: ${error.message}`)
  })
}

const bytes = guest({ memory: IMPORTED })
const headers = { 'content-type': 'application/wasm' }
const sources = {
  bytes: () => WebAssembly.instantiate(bytes, {}),
  module: () => WebAssembly.instantiate(new WebAssembly.Module(bytes), {}),
  streaming: () =>
    WebAssembly.instantiateStreaming(new Response(bytes, { headers }), {})
}
promise = sources[source]()

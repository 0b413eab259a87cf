// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Signals guests where getters and classes return wrong values. */
import { guest, IMPORTED } from '../support/guests.mjs'

const { Instance, Memory, Module } = WebAssembly
const { prototype } = Memory
const { get } = Object.getOwnPropertyDescriptor(prototype, 'buffer')
const lie = new ArrayBuffer(65536)
const lies = { configurable: true, get: () => lie }
Object.defineProperty(prototype, 'buffer', lies)
WebAssembly.Global = class Global {}
WebAssembly.validate = () => true
WebAssembly.Instance = class Other extends Instance {}
Module.exports = () => []

const { install, raise } = await import('wasmsig')
WebAssembly.Instance = Instance
install()
const received = [guest(), guest({ memory: IMPORTED })].map((bytes) => {
  const memory = new Memory({ initial: 1 })
  const imports = { env: { memory } }
  return raise(
    'SIGINT',
    new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)
  )
})
const wrong = new Uint8Array(lie).reduce((sum, byte) => sum + byte)
console.log(JSON.stringify({ received, wrong }))

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What a program sees of the functions that compile, and of their errors. */
const own = (fn) => Object.getOwnPropertyNames(fn).sort()
const shown = (value) =>
  value instanceof Error ? `${value.name}: ${value.message}` : typeof value

async function outcome(act) {
  try {
    return shown(await act())
  } catch (error) {
    return shown(error)
  }
}

const EMPTY = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
const HEADERS = { 'content-type': 'application/wasm' }
const respond = (options) =>
  new Response(EMPTY, { headers: HEADERS, ...options })

async function used() {
  const response = respond()
  await response.arrayBuffer()
  return response
}

const detached = new Uint8Array(EMPTY)
structuredClone(detached.buffer, { transfer: [detached.buffer] })

const SOURCES = {
  response: respond,
  type: () => respond({ headers: { 'content-type': 'text/plain' } }),
  parameter: () =>
    respond({ headers: { 'content-type': 'application/wasm; a=b' } }),
  status: () => respond({ status: 404 }),
  error: () => Response.error(),
  empty: () => new Response(null, { headers: HEADERS }),
  used,
  rejected: () => Promise.reject(new RangeError('mine')),
  bytes: () => EMPTY,
  detached: () => detached,
  shared: () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(EMPTY.length))
    bytes.set(EMPTY)
    return bytes
  },
  number: () => 5,
  nothing: () => undefined
}

const result = {}
for (const name of ['compileStreaming', 'instantiateStreaming']) {
  for (const [source, make] of Object.entries(SOURCES)) {
    const act = () => WebAssembly[name](make(), {})
    result[`${name} ${source}`] = await outcome(act)
  }
  result[`${name} alone`] = await outcome(() => WebAssembly[name]())
}
for (const [source, make] of Object.entries(SOURCES)) {
  if (source === 'rejected') continue
  const value = await make()
  const { Module, compile, instantiate } = WebAssembly
  result[`Module ${source}`] = await outcome(() => new Module(value))
  result[`compile ${source}`] = await outcome(() => compile(value))
  result[`instantiate ${source}`] = await outcome(() => instantiate(value))
}

class Derived extends WebAssembly.Module {}
const derived = new Derived(EMPTY)
const module = new WebAssembly.Module(EMPTY)
result.module = [
  module instanceof WebAssembly.Module,
  module.constructor === WebAssembly.Module,
  derived instanceof Derived,
  Object.getPrototypeOf(module) === WebAssembly.Module.prototype,
  WebAssembly.Module.exports(derived).length,
  await outcome(() => WebAssembly.Module(EMPTY)),
  await outcome(() => new WebAssembly.Module())
]
for (const name of Object.getOwnPropertyNames(WebAssembly)) {
  const fn = WebAssembly[name]
  if (typeof fn !== 'function') continue
  result[name] = [
    fn.name,
    fn.length,
    own(fn),
    Object.getOwnPropertyDescriptor(WebAssembly, name)
  ].map((value) => JSON.stringify(value))
}
console.log(JSON.stringify(result))

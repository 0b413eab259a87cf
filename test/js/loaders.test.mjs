// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Loaders like emscripten's and wasm-bindgen's work unchanged. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import createModule from './programs/loader-emscripten.mjs'
import init, { initSync } from './programs/loader-bindgen.mjs'
import { raise, uninstall } from 'wasmsig'
import { assemble } from './support/guests.mjs'
import { bothWays } from './support/parity.mjs'

const WORD = '(global (export "__instance_signal") i32 (i32.const 1024))'
const SEVEN = '(func (export "seven") (result i32) (i32.const 7))'
const EMSCRIPTEN = `
  (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
  (import "env" "emscripten_notify_memory_growth" (func (param i32)))`
const BINDGEN = `
  (import "wbg" "__wbindgen_throw" (func (param i32 i32)))
  (import "wbg" "__wbindgen_init_externref_table" (func))`
const OWN = '(memory (export "memory") 1)'
const IMPORTED = '(import "env" "memory" (memory 1))'

const emscripten = assemble(`(module ${EMSCRIPTEN} ${OWN} ${WORD} ${SEVEN})`)
const importing = assemble(
  `(module ${EMSCRIPTEN} ${IMPORTED} ${WORD} ${SEVEN})`
)
const bindgen = assemble(`(module ${BINDGEN} ${OWN} ${WORD} ${SEVEN})`)

/** A URL that is served with a type, as by a web server. */
const urlOf = (bytes, type = 'application/wasm') =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`

const TYPES = ['application/wasm', 'application/octet-stream']

/** The shim cannot read streamed bytes if the host hides them. */
const others = process.versions.deno ?? process.versions.bun
const hidden =
  others && WebAssembly.validate(assemble('(module (memory 1) (memory 1))'))

afterEach(() => {
  uninstall()
})

for (const type of TYPES) {
  for (const [kind, bytes] of Object.entries({ own: emscripten, importing })) {
    test(`emscripten's loader works, served as ${type}, memory: ${kind}`, async () => {
      let instance
      const { plain, shimmed } = await bothWays(async () => {
        const printed = []
        const wasmMemory =
          kind === 'importing'
            ? new WebAssembly.Memory({ initial: 1 })
            : undefined
        const made = await createModule({
          wasmMemory,
          locateFile: () => urlOf(bytes, type),
          printErr: (text) => printed.push(text)
        })
        ;({ instance } = made)
        return [made._seven(), Object.keys(made.asm), printed]
      })
      assert.equal(plain[0], 7)
      assert.deepEqual(shimmed, plain)
      const known = !hidden || kind === 'importing' || type !== TYPES[0]
      assert.equal(raise('SIGINT', instance), known ? 1 : 0)
    })
  }
}

test("emscripten's instantiateWasm hook works", async () => {
  let instance
  const { plain, shimmed } = await bothWays(async () => {
    const made = await createModule({
      instantiateWasm(imports, receive) {
        const module = new WebAssembly.Module(emscripten)
        return receive(new WebAssembly.Instance(module, imports), module)
      }
    })
    ;({ instance } = made)
    return made._seven()
  })
  assert.equal(plain, 7)
  assert.equal(shimmed, plain)
  assert.equal(raise('SIGINT', instance), 1)
})

const headers = { 'content-type': 'application/wasm' }
const SOURCES = {
  'a URL': () => new URL(urlOf(bindgen)),
  'a string': () => urlOf(bindgen),
  'a Request': () => new Request(urlOf(bindgen)),
  'a URL of another type': () => urlOf(bindgen, TYPES[1]),
  'a Response': () => new Response(bindgen, { headers }),
  'a promise of a Response': async () => new Response(bindgen, { headers }),
  bytes: () => bindgen,
  'an ArrayBuffer': () => bindgen.slice().buffer,
  'a module': () => new WebAssembly.Module(bindgen),
  'a promise of a module': () => WebAssembly.compile(bindgen)
}
const STREAMED =
  /^(?:a URL|a string|a Request|a Response|a promise of a Response)$/
for (const [name, source] of Object.entries(SOURCES)) {
  test(`wasm-bindgen's init(${name}) works`, async () => {
    let instance
    const { plain, shimmed } = await bothWays(async () => {
      const made = await init(source())
      ;({ instance } = made)
      const module = init.__wbindgen_wasm_module
      return [made.wasm.seven(), module instanceof WebAssembly.Module]
    })
    assert.deepEqual(plain, [7, true])
    assert.deepEqual(shimmed, plain)
    const known = !(hidden && STREAMED.test(name))
    assert.equal(raise('SIGINT', instance), known ? 1 : 0)
  })
}

for (const [name, source] of Object.entries({
  bytes: () => bindgen,
  'a module': () => new WebAssembly.Module(bindgen)
})) {
  test(`wasm-bindgen's initSync(${name}) works`, async () => {
    let instance
    const { plain, shimmed } = await bothWays(() => {
      const made = initSync(source())
      ;({ instance } = made)
      return made.wasm.seven()
    })
    assert.equal(plain, 7)
    assert.equal(shimmed, plain)
    assert.equal(raise('SIGINT', instance), 1)
  })
}

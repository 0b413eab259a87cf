// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The WebAssembly modules that the benchmarks instantiate, as text.
 */
import wabtInit from 'wabt'

const FUNCTION_IMPORTS = 24
const GLOBAL_IMPORTS = 4
const FUNCTION_EXPORTS = 40

const times = (n, f) => Array.from({ length: n }, (_, i) => f(i))

const WORDS = `
  (global (export "__instance_signal") i32 (i32.const 1024))
  (global (export "__instance_terminated") i32 (i32.const 1028))`

const small = (words) => `(module
  (memory (export "memory") 1)${words}
  (func (export "empty")))`

/** Polls its signal word until a signal is there, and takes the signal. */
const polling = `(module
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 1024))
  (func (export "spin")
    (loop $poll
      (br_if $poll (i32.eqz (i32.atomic.load (i32.const 1024)))))
    (i32.atomic.store (i32.const 1024) (i32.const 0))))`

const forever = `(module
  (func (export "forever") (loop $again (br $again))))`

const guest = `(module
  (memory (export "memory") 1)${WORDS}
  (func (export "empty"))
  (func (export "forever") (loop $again (br $again))))`

/** Imports its memory and the address of its word. */
const placed = `(module
  (import "env" "memory" (memory 1 1024))
  (import "env" "at" (global $at i32))
  (export "__instance_signal" (global $at)))`

/** As large as the output of wasm-bindgen or wasi-sdk for a program. */
const large = `(module
  ${times(
    FUNCTION_IMPORTS,
    (i) => `(import "env" "f${i}"
    (func $f${i} (param i32 i32) (result i32)))`
  ).join('\n  ')}
  ${times(
    GLOBAL_IMPORTS,
    (i) => `(import "env" "g${i}"
    (global $g${i} i32))`
  ).join('\n  ')}
  (memory (export "memory") 17)
  (table (export "__indirect_function_table") 64 funcref)
  (global $stack (export "__stack_pointer") (mut i32) (i32.const 1048576))
  (global (export "__heap_base") i32 (i32.const 1048576))
  (data (i32.const 2048) "${'0123456789abcdef'.repeat(64)}")
  (elem (i32.const 1) ${times(32, (i) => `$e${i}`).join(' ')})
  ${times(
    FUNCTION_EXPORTS,
    (i) => `(func $e${i} (export "e${i}")
    (param i32) (result i32)
    (call $f${i % FUNCTION_IMPORTS} (local.get 0)
      (global.get $g${i % GLOBAL_IMPORTS})))`
  ).join('\n  ')})`

const largeImports = {
  env: Object.fromEntries([
    ...times(FUNCTION_IMPORTS, (i) => [`f${i}`, (a, b) => a + b + i]),
    ...times(GLOBAL_IMPORTS, (i) => [`g${i}`, i])
  ])
}

function compile(wabt, name, text) {
  const parsed = wabt.parseWat(`${name}.wat`, text, { threads: true })
  try {
    return new WebAssembly.Module(parsed.toBinary({}).buffer)
  } finally {
    parsed.destroy()
  }
}

/** Each module with the imports that it needs. */
export async function compileAll() {
  const wabt = await wabtInit()
  const make = (name, text, imports = {}) => ({
    module: compile(wabt, name, text),
    imports
  })
  return {
    /** exports only a function, has no memory */
    bare: make('bare', '(module (func (export "empty")))'),
    /** a memory and a function */
    small: make('small', small('')),
    /** the same, with the two words */
    words: make('words', small(WORDS)),
    /** a loop that ends at a signal */
    polling: make('polling', polling),
    /** an endless loop without polls */
    forever: make('forever', forever),
    /** the same loop, an empty function, a memory with both words */
    guest: make('guest', guest),
    /** imports a memory and the address of its word */
    placed: make('placed', placed),
    /** dozens of imports and exports */
    large: make('large', large, largeImports)
  }
}

function leb(number) {
  const bytes = []
  do {
    bytes.push((number & 127) | (number > 127 ? 128 : 0))
    number >>>= 7
  } while (number)
  return Buffer.from(bytes)
}

const section = (id, ...parts) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([id]), leb(body.length), body])
}

let made = 0

/**
 * A module of 100,000 functions that all have names. `f` never ends. No two are
 * alike: V8 compiles equal bytes once.
 */
export function manyNames() {
  const count = 100_000
  const nth = `${made++}`.padStart(8, '0')
  const names = times(count, (i) => {
    const name = `_ZN5crate6module${nth}8function17h${i}E`
    return Buffer.concat([leb(i), leb(name.length), Buffer.from(name)])
  })
  const endless = Buffer.from([7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b])
  const empty = Buffer.alloc(3 * (count - 1), Buffer.from([2, 0, 0x0b]))
  const bytes = Buffer.concat([
    Buffer.from([0, 97, 115, 109, 1, 0, 0, 0]),
    section(1, Buffer.from([1, 0x60, 0, 0])),
    section(3, leb(count), Buffer.alloc(count)),
    section(7, Buffer.from([1, 1, 102, 0, 0])),
    section(10, leb(count), endless, empty),
    section(0, Buffer.from('\x04name'), section(1, leb(count), ...names))
  ])
  return new WebAssembly.Module(bytes)
}

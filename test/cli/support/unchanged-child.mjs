// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Evaluates the calls of cases in this host: standard input is a list of
 * { wasm: base64, calls, own }, standard output a list of what could be seen of
 * each. `own` is how many exports are the program's; what follows is added.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const argumentOf = (value) =>
  typeof value === 'string' ? BigInt(value.slice(0, -1)) : value

const textOf = (value) =>
  Array.isArray(value)
    ? value.map(textOf).join()
    : typeof value === 'bigint'
      ? `${value}n`
      : Object.is(value, -0)
        ? '-0'
        : String(value)

/** How deep a recursion came is the engine's affair; that it ended is not. */
function attempt(action) {
  try {
    return textOf(action())
  } catch (error) {
    if (error instanceof WebAssembly.Exception) return 'exception'
    return error instanceof RangeError ? 'RangeError' : String(error)
  }
}

function host() {
  const said = []
  const log = (value) => {
    said.push(value)
    if (value === 13) throw new Error('of the host')
    return value * 2
  }
  return { said, imports: { host: { log, g: 7 } } }
}

const hash = (buffer) =>
  createHash('sha256').update(new Uint8Array(buffer)).digest('hex')

/** What can be seen of the program's exports: memories, globals, tables. */
function stateOf(exports, own) {
  const { Global, Memory, Table } = WebAssembly
  return Object.entries(exports)
    .slice(0, own)
    .map(([name, value]) => {
      if (value instanceof Memory)
        return `${name}: ${value.buffer.byteLength} bytes, ${hash(value.buffer)}`
      if (value instanceof Global) return `${name}: ${textOf(value.value)}`
      if (value instanceof Table)
        return `${name}: ${value.length}, ${Array.from({ length: value.length }, (_, i) => typeof value.get(i))}`
      return name
    })
}

function seen({ wasm, calls, own }) {
  const { said, imports } = host()
  const module = new WebAssembly.Module(Buffer.from(wasm, 'base64'))
  const { exports } = new WebAssembly.Instance(module, imports)
  const outcomes = [['instantiated', ...stateOf(exports, own)]]
  for (const [name, ...values] of calls) {
    const outcome = attempt(() => exports[name](...values.map(argumentOf)))
    outcomes.push([
      name,
      ...values.map(String),
      outcome,
      ...stateOf(exports, own)
    ])
  }
  const added = Object.keys(exports).slice(own)
  return { outcomes, said, added, imports: WebAssembly.Module.imports(module) }
}

console.log(JSON.stringify(JSON.parse(readFileSync(0)).map(seen)))

// SPDX-License-Identifier: Apache-2.0 OR MIT
// both.mjs BEFORE.wasm AFTER.wasm: runs both modules with the same imports, and
// prints for each what its exports return, and the names of its exports.
import { readFileSync } from 'node:fs'
import process from 'node:process'

/** An import of each kind; memories are as the module requires them. */
function importsOf(module) {
  const env = {}
  for (const { kind, name } of WebAssembly.Module.imports(module))
    if (kind === 'memory') env[name] = new WebAssembly.Memory(JSON.parse(name))
  return { env }
}

function outcome(run) {
  try {
    return String(run())
  } catch (error) {
    return String(error)
  }
}

function see(file) {
  const module = new WebAssembly.Module(readFileSync(file))
  const imports = importsOf(module)
  const { exports } = new WebAssembly.Instance(module, imports)
  const results = Object.entries(exports)
    .filter(([, value]) => typeof value === 'function')
    .map(([name, run]) => [name, outcome(run)])
  const names = WebAssembly.Module.exports(module).map(({ name }) => name)
  const memories = Object.values({ ...imports.env, ...exports })
    .filter((value) => value instanceof WebAssembly.Memory)
    .map(({ buffer }) => buffer.byteLength)
  return { results, names, own: Object.keys(exports), memories }
}

console.log(JSON.stringify(process.argv.slice(2).map(see)))

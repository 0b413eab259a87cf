// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Compiles the module of a file twice, and prints its exports or the error. */
import { readFileSync } from 'node:fs'

const shown = async (compile) => {
  try {
    const module = await compile()
    return WebAssembly.Module.exports(module).map(({ name }) => name)
  } catch (error) {
    return `${error.name}: ${error.message}`
  }
}

const bytes = readFileSync(process.argv[2])
console.log(
  JSON.stringify([
    await shown(() => new WebAssembly.Module(bytes)),
    await shown(() => WebAssembly.compile(bytes))
  ])
)

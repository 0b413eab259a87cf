// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The suite in workerd, for comparison: `workerd test` runs this. workerd's own
 * shim serves the same words. It cannot load this package.
 *
 * Prints a line for each promise: RESULT and a verdict in JSON.
 */
import { TOOLS, verdictOf } from './context.mjs'
import { GUESTS } from './guests.mjs'
import { PROMISES } from './rows.mjs'

/** Modules are in the configuration: none can be compiled at run time. */
async function load(name) {
  const { default: module } = await import(`guests/${name}.wasm`)
  return [name, module]
}

async function attempt(promise, host) {
  try {
    await promise.run(host)
  } catch (error) {
    return verdictOf(error ?? new Error('nothing was thrown'))
  }
  return verdictOf()
}

/** The verdict if a promise needs the package: tries to load its addon. */
function withoutPackage() {
  try {
    process.dlopen({ exports: {} }, 'wasmsig.node')
  } catch (error) {
    return { verdict: 'apart', why: `process.dlopen: ${error.message}` }
  }
  return {
    verdict: 'broken',
    why: 'an addon can be loaded, but the promise was not tried'
  }
}

export default {
  async test() {
    const modules = new Map()
    for (const name of Object.keys(GUESTS)) {
      try {
        modules.set(...(await load(name)))
      } catch {
        // The engine does not support this guest. Its promises report this.
      }
    }
    const module = (name) => {
      const found = modules.get(name)
      if (!found) throw new Error(`workerd cannot load the guest ${name}`)
      return found
    }
    const instance = (name, imports) =>
      new WebAssembly.Instance(module(name), imports)
    const host = { ...TOOLS, instance, module }
    for (const promise of PROMISES) {
      const verdict = promise.anywhere
        ? await attempt(promise, host)
        : withoutPackage()
      const line = { promise: promise.promise, ...verdict }
      console.log(`RESULT ${JSON.stringify(line)}`)
    }
  }
}

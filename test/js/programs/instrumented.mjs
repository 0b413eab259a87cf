// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Compiles guests without words or polls in each way that the host has, and
 * prints which of them a SIGKILL in the word stops. The guests are files of the
 * folder that the first argument names.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { install, raise } from 'wasmsig'

install()

const respond = (bytes) =>
  new Response(bytes, { headers: { 'content-type': 'application/wasm' } })

const WAYS = {
  Module: (bytes, imports) =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes), imports),
  compile: async (bytes, imports) =>
    new WebAssembly.Instance(await WebAssembly.compile(bytes), imports),
  instantiate: async (bytes, imports) =>
    (await WebAssembly.instantiate(bytes, imports)).instance,
  compileStreaming: async (bytes, imports) =>
    new WebAssembly.Instance(
      await WebAssembly.compileStreaming(respond(bytes)),
      imports
    ),
  instantiateStreaming: async (bytes, imports) =>
    (
      await WebAssembly.instantiateStreaming(
        Promise.resolve(respond(bytes)),
        imports
      )
    ).instance
}

/** 'stopped', 'untracked' if no word was written, or 'ended'. */
function outcomeOf(instance) {
  if (raise('SIGKILL', instance) === 0) return 'untracked'
  try {
    instance.exports.work(100_000)
    return 'ended'
  } catch {
    return 'stopped'
  }
}

const imports = () => ({
  env: { memory: new WebAssembly.Memory({ initial: 2, maximum: 2 }) }
})

const outcomes = {}
for (const name of process.argv.slice(3)) {
  const bytes = readFileSync(join(process.argv[2], name))
  outcomes[name] = {}
  for (const [way, instantiate] of Object.entries(WAYS)) {
    if (typeof WebAssembly[way] !== 'function') continue
    outcomes[name][way] = outcomeOf(await instantiate(bytes, imports()))
  }
}
console.log(JSON.stringify(outcomes))

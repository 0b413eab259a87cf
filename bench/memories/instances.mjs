// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * How many instances fit into the address space of a process, with one memory
 * and with a memory of the words' own beside it:
 *
 *     node bench/memories/instances.mjs [--most N] [HOST...]
 *
 * HOST is a JavaScript host of the conformance suite (node-26, deno, bun), or
 * wasmtime. Each count is made in a process of its own, which may crash at its
 * limit: it prints each thousandth instance. Bun needs minutes for 4000, because
 * each instance there takes longer than the one before.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'

import { HOSTS } from '../../test/conformance/hosts.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const HEAD = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const text = (name) => [name.length, ...Buffer.from(name)]
const section = (number, ...bytes) => [number, bytes.length, ...bytes]

/** (module (memory (export "memory") 1)), and with the other memory. */
const MODULES = {
  'one memory': [
    ...HEAD,
    ...section(5, 1, 0, 1),
    ...section(7, 1, ...text('memory'), 2, 0)
  ],
  'and one of the words': [
    ...HEAD,
    ...section(5, 2, 0, 1, 1, 1, 1),
    ...section(7, 2, ...text('memory'), 2, 0, ...text('__wasmsig_memory'), 2, 1)
  ]
}

/** The command that counts in a host. */
function commandOf(name) {
  if (name === 'wasmtime')
    return [here('../../build/release/bench/memories/instances')]
  const host = HOSTS.find((known) => known.name === name)
  host.fetch()
  return [host.program, ...host.command, here('./count.mjs')]
}

function count(name, file, most) {
  const [program, ...args] = commandOf(name)
  let said
  try {
    said = execFileSync(program, [...args, file, most], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore']
    })
  } catch (error) {
    said = `${error.stdout}(crashed)\n`
  }
  const lines = said.split('\n').filter((line) => line !== '')
  return lines.slice(-2).join('; ')
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { most: { type: 'string' } }
})
const mostIn = (name) => values.most ?? (name === 'bun' ? '4000' : '40000')
const names = ['node-22', 'node-24', 'node-26', 'deno', 'bun', 'wasmtime']
const folder = mkdtempSync(join(tmpdir(), 'wasmsig-'))
for (const name of positionals.length > 0 ? positionals : names)
  for (const [what, bytes] of Object.entries(MODULES)) {
    const file = join(folder, 'module.wasm')
    writeFileSync(file, Uint8Array.from(bytes))
    console.log(`${name}, ${what}: ${count(name, file, mostIn(name))}`)
  }
rmSync(folder, { recursive: true })

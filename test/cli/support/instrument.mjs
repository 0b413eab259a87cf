// SPDX-License-Identifier: Apache-2.0 OR MIT
// Modules from their text, instrumented by the command, and run.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { HOSTS } from '../../conformance/hosts.mjs'
import { command } from './command.mjs'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const library = join(root, 'build/engines/wasmtime/lib/libwasmtime.so')

export const noAssembler =
  !existsSync(library) && "Wasmtime's assembler is not there (scripts/engines)"

/** Assembles a text, which may use all of WebAssembly 3.0. */
export function assemble(text) {
  const folder = mkdtempSync(join(tmpdir(), 'wasmsig-'))
  try {
    writeFileSync(join(folder, 'module.wat'), text)
    execFileSync('python3', [
      join(root, 'test/fuzz/assemble.py'),
      ...[library, folder, join(folder, 'module.wat')]
    ])
    return readFileSync(join(folder, 'module.wasm'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const KILL_ONLY = new RegExp(
  '^wasmsig: (.*): it can be stopped by SIGKILL, and receives no other ' +
    'signal: it exports no __instance_signal_deliver\n',
  'm'
)

/** Messages without the line of modules that take SIGKILL only. */
export const otherMessages = (stderr) => stderr.replace(KILL_ONLY, '')

/** Whether that line is among the messages. */
export const saysKillOnly = (stderr) => KILL_ONLY.test(stderr)

/** Instruments a binary: { status, stderr, takesKillOnly, bytes }. */
export function tryInstrument(bytes, ...args) {
  const { status, stdout, stderr } = command(
    ['instrument', ...args, '-o', '-', '-'],
    { input: bytes, encoding: 'buffer', maxBuffer: 2 ** 30 }
  )
  const messages = stderr.toString()
  return {
    status,
    stderr: otherMessages(messages),
    takesKillOnly: saysKillOnly(messages),
    bytes: stdout
  }
}

/** The same, which must succeed without another message. */
export function instrument(bytes, ...args) {
  const made = tryInstrument(bytes, ...args)
  assert.equal(made.stderr, '')
  assert.equal(made.status, 0)
  return made.bytes
}

/** The report of `wasmsig inspect`. */
export function report(bytes) {
  const { stdout } = command(['inspect', '--json', '-'], { input: bytes })
  return JSON.parse(stdout)
}

/** The addresses of its words. */
export const addresses = (bytes) =>
  Object.values(report(bytes).words).map((word) => word?.address)

/** The payloads of a module's sections: [number, name of a custom one, bytes].
 */
export function sections(bytes) {
  const found = []
  let at = 8
  const u32 = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const number = bytes[at++]
    const size = u32()
    const end = at + size
    let name = null
    if (number === 0) {
      const length = u32()
      name = Buffer.from(bytes.subarray(at, at + length)).toString()
      at += length
    }
    found.push([number, name, Buffer.from(bytes.subarray(at, end))])
    at = end
  }
  return found
}

const u32 = (number) => {
  const bytes = []
  for (; number >= 0x80; number = Math.floor(number / 128))
    bytes.push((number % 128) | 0x80)
  return Buffer.from([...bytes, number])
}

/** A module's bytes with a custom section at the end. */
export function withCustom(bytes, name, contents) {
  const payload = Buffer.concat([
    u32(name.length),
    Buffer.from(name),
    Buffer.from(contents)
  ])
  return Buffer.concat([bytes, Buffer.from([0]), u32(payload.length), payload])
}

/** The payload of its code section. */
export const codeOf = (bytes) =>
  sections(bytes).find(([number]) => number === 10)[2]

/** Assembles a text with wabt, with names. */
export function textToModule(wabt, text, options = {}) {
  const features = { threads: true, memory64: true }
  const module = wabt.parseWat('test.wat', text, features)
  return Buffer.from(
    module.toBinary({ write_debug_names: true, ...options }).buffer
  )
}

/** The code of a poll of the word whose address has these bytes. */
export const pollOf = (...address) =>
  Buffer.from([
    ...[0x41, ...address, 0xfe, 0x10, 2, 0], // i32.const, i32.atomic.load
    ...[0x41, 9, 0x46, 0x04, 0x40, 0x00, 0x0b] // i32.eq, if, unreachable
  ])

/** A module's own words, and an endless loop, for a text. */
export const OWN = `(memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 1024))`
export const LOOP = '(func (export "run") (loop (br 0)))'
export const pollAt1024 = pollOf(0x80, 0x08)

/** How often some bytes occur in others. */
export function countOf(part, bytes) {
  let count = 0
  for (let at = 0; (at = bytes.indexOf(part, at)) >= 0; at++) count++
  return count
}

/** A host of the conformance suite, which is fetched if it is missing. */
export function host(name) {
  const found = HOSTS.find((known) => known.name === name)
  found.fetch()
  return found
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Which C library a program uses, by what stands in its file. */
import assert from 'node:assert/strict'
import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'

import { folder } from '../cli/support/command.mjs'

const { libcOf } = createRequire(import.meta.url)('../../hosts/js/lib/libc.js')

const isAlpine = existsSync('/etc/alpine-release')
const UNKNOWN = isAlpine ? 'musl' : 'glibc'

/** An ELF file for 64 bits with one segment before that of its loader. */
function program(loader) {
  const text = Buffer.from(`${loader}\0`)
  const bytes = Buffer.alloc(64 + 2 * 56)
  bytes.writeUInt32BE(0x7f454c46, 0)
  bytes.writeBigUInt64LE(64n, 32) // e_phoff
  bytes.writeUInt16LE(loader === null ? 1 : 2, 56) // e_phnum
  bytes.writeUInt32LE(1, 64) // PT_LOAD
  bytes.writeUInt32LE(3, 64 + 56) // PT_INTERP
  bytes.writeBigUInt64LE(BigInt(bytes.length), 64 + 56 + 8) // p_offset
  bytes.writeBigUInt64LE(BigInt(text.length), 64 + 56 + 32) // p_filesz
  return Buffer.concat([bytes, text])
}

for (const [loader, libc] of [
  ['/lib64/ld-linux-x86-64.so.2', 'glibc'],
  ['/lib/ld-linux-aarch64.so.1', 'glibc'],
  ['/lib/ld-musl-x86_64.so.1', 'musl'],
  ['/lib/ld-musl-aarch64.so.1', 'musl']
])
  test(`a program with the loader ${loader} uses ${libc}`, (t) => {
    const file = join(folder(t), 'program')
    writeFileSync(file, program(loader))
    assert.equal(libcOf(file), libc)
  })

test('the loader itself, which runs a program, is known by its name', (t) => {
  const place = folder(t)
  for (const [name, libc] of [
    ['ld-musl-x86_64.so.1', 'musl'],
    ['ld-linux-x86-64.so.2', 'glibc']
  ]) {
    const loader = join(place, name)
    writeFileSync(loader, program(null))
    const link = join(place, `to-${libc}`) // as /proc/self/exe is one
    symlinkSync(loader, link)
    assert.equal(libcOf(link), libc)
  }
})

test('what cannot be read, or is no program, is decided by the system', (t) => {
  const place = folder(t)
  const text = join(place, 'text')
  writeFileSync(text, 'no program')
  const cut = join(place, 'cut')
  writeFileSync(cut, program('/lib/ld-musl-x86_64.so.1').subarray(0, 70))
  for (const file of [join(place, 'missing'), text, cut, place])
    assert.equal(libcOf(file), UNKNOWN, file)
})

test('this program uses what its own report says', () => {
  const { header } = process.report.getReport()
  assert.equal(libcOf(), header.glibcVersionRuntime ? 'glibc' : 'musl')
})

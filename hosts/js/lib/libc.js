// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Which C library the running program uses: an addon for the other one cannot be
// loaded. A program for musl may run on a system with glibc, and the other way
// round, so the program is asked: its dynamic loader stands in the file, as the
// segment PT_INTERP (elf(5)).

const {
  closeSync,
  existsSync,
  openSync,
  readSync,
  readlinkSync
} = require('node:fs')

const PT_INTERP = 3
const SEGMENT = 56 // bytes of an Elf64_Phdr
const PROGRAM = '/proc/self/exe'

/** `length` bytes of an open file, from `at`; the file may end before. */
function readAt(file, at, length) {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(file, bytes, 0, length, at))
}

/** The loader that an ELF file for 64 bits names, or undefined. */
function interpreterOf(path) {
  const file = openSync(path, 'r')
  try {
    const header = readAt(file, 0, 64)
    if (header.readUInt32BE(0) !== 0x7f454c46) return undefined
    const count = header.readUInt16LE(56)
    const table = readAt(
      file,
      Number(header.readBigUInt64LE(32)),
      count * SEGMENT
    )
    for (let at = 0; at + SEGMENT <= table.length; at += SEGMENT) {
      if (table.readUInt32LE(at) !== PT_INTERP) continue
      const place = Number(table.readBigUInt64LE(at + 8))
      const length = Number(table.readBigUInt64LE(at + 32))
      return readAt(file, place, Math.min(length, 4096)).toString('latin1')
    }
  } finally {
    closeSync(file)
  }
}

/**
 * 'musl' or 'glibc'. A program that the loader was told to run is the loader
 * itself here, which names none: then its own path tells.
 */
function libcOf(path = PROGRAM) {
  try {
    const loader = interpreterOf(path) ?? readlinkSync(path)
    return loader.includes('musl') ? 'musl' : 'glibc'
  } catch {
    // No /proc, or a host that does not permit to read it.
    return existsSync('/etc/alpine-release') ? 'musl' : 'glibc'
  }
}

module.exports = { libcOf }

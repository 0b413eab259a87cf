// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Instrumented modules on disk.
//
// Why any number of processes may use the folder at once: an entry is written
// as a new file, and then renamed. So a name refers to a complete entry or to
// none, and two processes that write the same entry write the same contents.
// Why a damaged entry does no harm: the digest in its first line is one of its
// name and of all that follows. An entry that does not match is made again.
//
// What is read is code that the program runs. So it is read only from a file
// that belongs to the user of this process, or to root, and that no other user
// may write. Any other file is replaced, as a damaged one is.
//
// An entry that was not used for a month is deleted: its package may be gone. So
// is a file that a process did not finish. A use is noted in the file's time,
// once a day.
//
// Where the folder cannot be read or written, there is no cache.

const { createHash, randomBytes } = require('node:crypto')
const fs = require('node:fs')
const { homedir } = require('node:os')
const path = require('node:path')

const { environment } = require('./enabled.js')
const native = require('./native.js')
const version = require('./version.js')

const OUTCOMES = new Set(['made', 'unchanged', 'receives', 'refused'])
const DIGEST = /^[0-9a-f]{64}$/
const ENTRY = /^[0-9a-f]{64}\.module/
const NEWLINE = 10
// A pipe that another user has put there must not block the program.
const OPEN_FLAGS = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK
const DAY_MS = 24 * 60 * 60 * 1000
const MONTH_MS = 30 * DAY_MS

function place() {
  const named = environment('WASMSIG_INSTRUMENT_CACHE')
  if (named === 'off') return undefined
  if (named) return path.resolve(named)
  const caches = environment('XDG_CACHE_HOME')
  return caches && path.isAbsolute(caches)
    ? path.join(caches, 'wasmsig', 'instrument')
    : path.join(homedir(), '.cache', 'wasmsig', 'instrument')
}

function folderOrNone() {
  try {
    return place()
  } catch {
    return undefined // the host does not permit to read it
  }
}

const folder = folderOrNone()

const digestOf = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** Builds of one version may differ. */
function buildOf(file) {
  try {
    const { size, mtimeMs } = fs.statSync(file)
    return `${size} bytes, ${Math.round(mtimeMs)}`
  } catch {
    return ''
  }
}

const program = `wasmsig ${version}, ${buildOf(native.file)}`

/** The name of what this program makes of some bytes with some options. */
function keyOf(bytes, options) {
  return digestOf(`${program}, ${options}\n`, bytes)
}

const fileOf = (key) => path.join(folder, `${key}.module`)

/** The line before `at` and where the next one starts. */
function lineAt(contents, at) {
  const end = contents.indexOf(NEWLINE, at)
  if (end < 0) throw new RangeError('no line')
  return [contents.toString('utf8', at, end), end + 1]
}

function parse(key, contents) {
  const [digest, start] = lineAt(contents, 0)
  const rest = contents.subarray(start)
  if (!DIGEST.test(digest) || digestOf(key, rest) !== digest) return undefined
  const [head, bytesAt] = lineAt(rest, 0)
  const { outcome, why } = JSON.parse(head)
  if (!OUTCOMES.has(outcome)) return undefined
  return { outcome, why, bytes: rest.subarray(bytesAt) }
}

const WRITABLE_BY_OTHERS = 0o022

const isTrusted = ({ uid, mode }) =>
  (uid === 0 || uid === process.geteuid()) && (mode & WRITABLE_BY_OTHERS) === 0

function noteUse(descriptor, { mtimeMs }) {
  try {
    const now = Date.now()
    if (now - mtimeMs < DAY_MS) return
    fs.futimesSync(descriptor, now / 1000, now / 1000)
  } catch {
    // not permitted
  }
}

function readFrom(key, descriptor) {
  const status = fs.fstatSync(descriptor)
  if (!isTrusted(status)) return undefined
  const entry = parse(key, fs.readFileSync(descriptor))
  if (entry) noteUse(descriptor, status)
  return entry
}

/** { outcome, why?, bytes }, or undefined. */
function readEntry(key) {
  if (!folder) return undefined
  let descriptor
  try {
    descriptor = fs.openSync(fileOf(key), OPEN_FLAGS)
    return readFrom(key, descriptor)
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}

// ----------------------------------------------------------------- writing

function deleteIfOld(file) {
  try {
    const age_ms = Date.now() - fs.statSync(file).mtimeMs
    if (age_ms > MONTH_MS) fs.rmSync(file, { force: true })
  } catch {
    // another process has deleted it
  }
}

let isClean = false

/** Once in a process. */
function clean() {
  if (isClean) return
  isClean = true
  for (const name of fs.readdirSync(folder)) {
    if (ENTRY.test(name)) deleteIfOld(path.join(folder, name))
  }
}

/**
 * With the folders above it. Not by { recursive: true }: Node repeats that for
 * ever where a folder can never be made (/proc, some automounted homes).
 */
function makeFolder(at) {
  const above = path.dirname(at)
  if (above === at || fs.existsSync(at)) return
  makeFolder(above)
  try {
    fs.mkdirSync(at, { mode: 0o700 })
  } catch {
    // another process was faster; otherwise the entry cannot be written either
  }
}

/** Writes a file that no other process has, and renames it. */
function writeWhole(file, parts) {
  const beside = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    fs.writeFileSync(beside, Buffer.concat(parts), { flag: 'wx', mode: 0o600 })
    fs.renameSync(beside, file)
  } catch (error) {
    fs.rmSync(beside, { force: true })
    throw error
  }
}

function writeEntry(key, { outcome, why, bytes = Buffer.alloc(0) }) {
  if (!folder) return
  try {
    const head = Buffer.from(`${JSON.stringify({ outcome, why })}\n`)
    const digest = Buffer.from(`${digestOf(key, head, bytes)}\n`)
    makeFolder(folder)
    writeWhole(fileOf(key), [digest, head, bytes])
    clean()
  } catch {
    // not permitted, or the disk is full
  }
}

module.exports = { keyOf, readEntry, writeEntry }

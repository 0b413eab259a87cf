// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Reads and writes results.json: the last run of a table's suite, with a hash of
 * the suite. In memory results are row -> promise -> host -> { verdict, why }.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

/** A hash of the suite and the versions of the hosts. */
function fingerprint({ suite, hosts }) {
  const hash = createHash('sha256')
  for (const [name, path] of suite()) {
    hash.update(`${name}\0`).update(readFileSync(path))
  }
  for (const { name, version } of hosts) hash.update(`${name} ${version}\0`)
  return hash.digest('hex')
}

/** The value of the key, which is a new map if there was none. */
function mapIn(map, key) {
  if (!map.has(key)) map.set(key, new Map())
  return map.get(key)
}

/** Combines the results of `check` for all hosts. */
export function collate(table, runs) {
  const results = new Map()
  for (const { host, found } of runs) {
    for (const { row, promise, ...one } of found) {
      mapIn(mapIn(results, row), promise).set(host.name, one)
    }
  }
  const promises = [...results.values()].flatMap((row) => [...row.values()])
  for (const hosts of promises) {
    for (const { name } of table.hosts) {
      if (!hosts.has(name)) hosts.set(name, table.absent)
    }
  }
  return results
}

/**
 * The results of one host, and whether each differs from the last run. It
 * includes promises that only the last run has.
 */
export function compared(table, host, found, before) {
  const now = new Map(found.map((one) => [one.promise, one]))
  const expected = new Map()
  for (const [row, promises] of before) {
    for (const [promise, hosts] of promises) {
      expected.set(promise, hosts.get(host.name).verdict)
      if (!now.has(promise)) now.set(promise, { row, promise, ...table.absent })
    }
  }
  return [...now.values()].map((one) => ({
    ...one,
    unexpected: one.verdict !== expected.get(one.promise)
  }))
}

/** A promise that was kept, without a note, is stored as a string. */
const pack = (found) =>
  found.verdict === 'kept' && !found.why ? 'kept' : found
const unpack = (found) => (found === 'kept' ? { verdict: 'kept' } : found)

const toObject = (map, change) =>
  Object.fromEntries([...map].map(([key, value]) => [key, change(value)]))
const toMap = (object, change) =>
  new Map(Object.entries(object).map(([key, value]) => [key, change(value)]))

export function writeResults(table, results) {
  const hosts = Object.fromEntries(
    table.hosts.map(({ name, said }) => [name, said])
  )
  const byHost = (found) =>
    Object.fromEntries(
      table.hosts.map(({ name }) => [name, pack(found.get(name))])
    )
  const rows = toObject(results, (row) => toObject(row, byHost))
  const run = { suite: fingerprint(table), hosts, rows }
  writeFileSync(table.results, `${JSON.stringify(run, null, 2)}\n`)
}

const readRun = ({ results }) => JSON.parse(readFileSync(results, 'utf8'))

/** The committed run, of any suite. */
export const readLast = (table) =>
  toMap(readRun(table).rows, (row) =>
    toMap(row, (found) => toMap(found, unpack))
  )

/** The committed run; undefined if there is none, or of another suite. */
export function readResults(table) {
  try {
    if (readRun(table).suite !== fingerprint(table)) return undefined
  } catch {
    return undefined
  }
  return readLast(table)
}

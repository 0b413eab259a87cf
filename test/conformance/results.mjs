// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The last run of the suite: results.json, and which suite it was. */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { HOSTS } from './hosts.mjs'
import { PROMISES } from './suite/rows.mjs'

const FILE = new URL('./results.json', import.meta.url)

export const SUITE = fileURLToPath(new URL('./suite/', import.meta.url))

/** The suite's files, below SUITE, in an order that is the same everywhere. */
export function suiteFiles() {
  const inFolder = (folder) =>
    readdirSync(SUITE + folder)
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => folder + name)
  return [...inFolder(''), ...inFolder('promises/')].sort()
}

/** What decides a run besides the package: the suite, and the hosts. */
function fingerprint() {
  const hash = createHash('sha256')
  for (const file of suiteFiles()) {
    hash.update(`${file}\0`).update(readFileSync(SUITE + file))
  }
  for (const { name, version } of HOSTS) hash.update(`${name} ${version}\0`)
  return hash.digest('hex')
}

/** Promise -> host -> { verdict, why }, from a run of all hosts. */
export function collate(runs) {
  return new Map(
    PROMISES.map(({ promise }, index) => [
      promise,
      new Map(runs.map(({ host, verdicts }) => [host.name, verdicts[index]]))
    ])
  )
}

/** A promise that was kept needs no more than the word. */
const pack = (found) => (found.verdict === 'kept' ? 'kept' : found)
const unpack = (found) => (found === 'kept' ? { verdict: 'kept' } : found)

const mapValues = (object, change) =>
  Object.entries(object).map(([name, value]) => [name, change(value)])

export function writeResults(results) {
  const hosts = Object.fromEntries(HOSTS.map(({ name, said }) => [name, said]))
  const promises = Object.fromEntries(
    [...results].map(([promise, found]) => [
      promise,
      Object.fromEntries([...found].map(([name, one]) => [name, pack(one)]))
    ])
  )
  const run = { suite: fingerprint(), hosts, promises }
  writeFileSync(FILE, `${JSON.stringify(run, null, 2)}\n`)
}

/** The committed run; undefined if there is none, or it was another suite's. */
export function readResults() {
  let run
  try {
    run = JSON.parse(readFileSync(FILE, 'utf8'))
  } catch {
    return undefined
  }
  if (run.suite !== fingerprint()) return undefined
  return new Map(
    mapValues(run.promises, (found) => new Map(mapValues(found, unpack)))
  )
}

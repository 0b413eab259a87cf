// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The table of versions of workerd under `wasmsig workerd`. Its promises are
 * tests of this folder. A test that a version cannot pass is marked `todo`: it
 * runs all the same, and its reason is the note.
 */
import { fileURLToPath } from 'node:url'
import { howItEnded, runToEnd } from '../conformance/process.mjs'
import { VERSIONS, executable } from './support/runtime.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const HERE = 'test/workerd/'
const REPORTER = `./${HERE}support/reporter.mjs`

/** Each file with the group of its promises. */
const FILES = {
  signals: 'A guest is signalled at its soft limit, in its loop, never early',
  handlers: 'A request is stopped at its hard limit, in each kind of handler',
  startup: 'A start has a limit of its own, and so has an import',
  watch: 'Limits stay over a reload',
  tracked: "The runtime's own cases of tracked instances pass under limits"
}

/** Promises of `handlers` that are about more than one turn. */
const LATER = /await|turns|waitUntil|in a timer|in a stream|in flight/
const ASYNC = 'Asynchronous work is charged to its budget'

const rowOf = (file, promise) =>
  file === 'handlers' && LATER.test(promise) ? ASYNC : FILES[file]

function verdictOf({ failed, todo, message = 'it failed' }) {
  if (!failed) return { verdict: 'kept' }
  const why = typeof todo === 'string' ? todo : message.split('\n')[0]
  return { verdict: 'broken', why }
}

/** The tests of a file in a version. */
async function run(file, version) {
  const path = `${HERE}${file}.test.mjs`
  const args = ['--test', `--test-reporter=${REPORTER}`, path]
  const env = { WASMSIG_WORKERD_VERSION: version }
  const ended = await runToEnd(process.execPath, args, { cwd: ROOT, env })
  const lines = ended.stdout.split('\n').filter(Boolean).map(JSON.parse)
  const tests = lines.filter(({ name }) => !name.endsWith('.test.mjs'))
  const skipped = tests.find(({ skip }) => skip !== undefined)
  if (skipped) throw new Error(`'${skipped.name}' was not tried`)
  if (ended.late || tests.length === 0) {
    throw new Error(`${path}: ${howItEnded(ended)}`)
  }
  return tests.map((one) => ({
    row: rowOf(file, one.name),
    promise: one.name,
    ...verdictOf(one)
  }))
}

async function check({ version }) {
  const found = []
  for (const file of Object.keys(FILES)) {
    found.push(...(await run(file, version)))
  }
  return found
}

/** 1.20261117.1: 2026-11-17 */
const dateOf = (version) =>
  version.replace(/^\d+\.(\d{4})(\d\d)(\d\d)\..*/, '$1-$2-$3')

const newest = VERSIONS[VERSIONS.length - 1]

const host = (version) => ({
  name: `workerd-${dateOf(version)}`,
  label: 'workerd',
  version,
  said: dateOf(version),
  isInReadme: version === newest,
  fetch: () => executable(version)
})

/** What the tests use, besides their own files. */
const USED = [
  ...['runtime', 'tracked'].map((name) => `support/${name}.mjs`),
  ...['driver', 'endless', 'subject', 'tail', 'tailed', 'tracked'].map(
    (name) => `workers/${name}.mjs`
  ),
  'guests/poll.wat'
]

const suite = () =>
  [...Object.keys(FILES).map((file) => `${file}.test.mjs`), ...USED].map(
    (name) => [HERE + name, ROOT + HERE + name]
  )

/** @type {import('../conformance/table.mjs').Table} */
export const WORKERD = {
  group: 'versions',
  title: 'Versions of workerd, with limits',
  about: `Each promise was tried in each version of npm's executable, under
\`wasmsig workerd\`, by [test/workerd](../../test/workerd). The notes are from that
run.`,
  page: 'docs/conformance/workerd.md',
  results: new URL('./results.json', import.meta.url),
  hosts: VERSIONS.map(host),
  compared: [VERSIONS[0], newest].map((version) => host(version).name),
  suite,
  check,
  absent: { verdict: 'apart', why: 'no test of that name ran' },
  countsApart: true,
  hasNote: ({ verdict }) => verdict === 'broken'
}

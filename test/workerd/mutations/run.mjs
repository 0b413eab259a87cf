// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Breaks the library for workerd on purpose, one line at a time, and sees a
 * test fail.
 *
 *     node test/workerd/mutations/run.mjs [--list | --check | --write]
 *                                         [--only TEXT]
 *
 * For each entry of list.mjs the library is built with that line replaced, from
 * the objects of build/release, and the test that keeps the claim runs the
 * runtime with it: it must fail, or need ten times its time. First every test is
 * run with nothing broken: there it must pass. Exit status 1 if a line could be
 * broken unseen. The options are those of test/mutations/run.mjs.
 */
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LONGEST_MS, deadlineMs } from '../../mutations/deadlines.mjs'
import { mutated } from '../../mutations/mutated.mjs'
import { Table } from '../../mutations/table.mjs'
import { Builder } from './build.mjs'
import { MUTATIONS } from './list.mjs'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const BUILD = path.join(ROOT, 'build/release')
const WORK = path.join(ROOT, 'build/mutations-workerd')

const { values: options } = parseArgs({
  options: {
    list: { type: 'boolean' },
    check: { type: 'boolean' },
    write: { type: 'boolean' },
    only: { type: 'string' }
  }
})

const exactly = (text) => `^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`

/** Whether one test ran and passed. The runtime ends with its group. */
function passes({ program, version, test }, command, timeout) {
  const file = path.join(ROOT, 'test/workerd', `${program}.test.mjs`)
  const args = ['--test', '--test-reporter=tap', '--test-name-pattern']
  const env = { ...process.env, WASMSIG_COMMAND: command }
  delete env.NODE_TEST_CONTEXT
  if (version) env.WASMSIG_WORKERD_VERSION = version
  const child = spawn(process.execPath, [...args, exactly(test), file], {
    ...{ cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] }
  })
  let text = ''
  child.stdout.on('data', (some) => (text += some))
  const end = () => process.kill(-child.pid, 'SIGKILL')
  const timer = setTimeout(end, timeout)
  return new Promise((resolve) => {
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve(status === 0 && /^# pass 1$/m.test(text))
    })
  })
}

const known = new Map()

/** What a test takes with nothing broken, ms; undefined if it fails. */
async function untouched(mutation) {
  const { program, version, test } = mutation
  const key = `${program} ${version} ${test}`
  if (!known.has(key)) {
    const began = performance.now()
    const command = path.join(BUILD, 'wasmsig')
    const good = await passes(mutation, command, LONGEST_MS)
    known.set(key, good ? performance.now() - began : undefined)
  }
  return known.get(key)
}

/** How it went: a line for `mutation`, and whether the line is a good one. */
async function attempt(builder, mutation, number) {
  const { test, file, claim } = mutation
  const tookMs = await untouched(mutation)
  if (tookMs === undefined) return [`${test} fails with nothing broken`, false]
  const folder = path.join(WORK, `mutant-${number}`)
  const command = builder.make(folder, file, mutated(ROOT, mutation))
  const seen = !(await passes(mutation, command, deadlineMs(tookMs)))
  rmSync(folder, { recursive: true })
  return [`${claim} (${test})`, seen]
}

async function run() {
  const builder = new Builder(ROOT, BUILD)
  const chosen = MUTATIONS.filter(
    ({ claim, test }) =>
      !options.only || `${claim} ${test}`.includes(options.only)
  )
  rmSync(WORK, { recursive: true, force: true })
  let failed = 0
  for (const [number, mutation] of chosen.entries()) {
    const [line, good] = await attempt(builder, mutation, number)
    console.log(`${good ? 'ok' : 'not ok'} - ${line}`)
    if (!good) failed += 1
  }
  console.log(`${chosen.length - failed} passed, ${failed} failed`)
  return failed || chosen.length === 0 ? 1 : 0
}

function check() {
  for (const mutation of MUTATIONS) mutated(ROOT, mutation)
  if (table.isWritten) return 0
  console.error('TABLE.md is not that of the list: run.mjs --write')
  return 1
}

const table = new Table('test/workerd/mutations', MUTATIONS)
if (options.list) process.stdout.write(String(table))
else if (options.write) table.write()
else process.exitCode = options.check ? check() : await run()

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Runs the suite in one host: each promise in a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PROGRAMS, STAGE } from './stage.mjs'
import { TOOLS, verdictOf } from './suite/context.mjs'
import { PROMISES } from './suite/rows.mjs'

const AT_ONCE = 2
/** Who has not ended by then never will: no check is about time. */
const PATIENCE_MS = 120_000
const RESULT = /^RESULT (.*)$/gm

/** What runs now, and must not outlive a run that is ended from outside. */
const running = new Set()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => process.exit(1))
}

/** Runs a program to its end, or for as long as there is patience. */
async function run(host, args, { flags = [], env = {} } = {}) {
  const child = spawn(host.program, [...host.command, ...flags, ...args], {
    cwd: STAGE,
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  running.add(child)
  let [stdout, stderr, late] = ['', '', false]
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const patience = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, PATIENCE_MS)
  const [status, signal] = await once(child, 'close')
  clearTimeout(patience)
  running.delete(child)
  return { status, signal, late, stdout, stderr }
}

function resultsIn(stdout) {
  return [...stdout.matchAll(RESULT)].map(([, json]) => JSON.parse(json))
}

/** The line that says most: the error's, or else the last. */
function tellingLine(text) {
  const lines = text.trim().split('\n')
  return lines.find((line) => /Error|^error|panic/.test(line)) ?? lines.pop()
}

function died({ status, signal, late, stderr }) {
  if (late) return { verdict: 'broken', why: 'it never ended' }
  const end = `the process ended with ${signal ?? `status ${status}`}`
  const said = tellingLine(stderr)
  return { verdict: 'broken', why: said ? `${end}: ${said}` : end }
}

/** What became of a promise that nobody judges but itself. */
function ownVerdict(ended) {
  const [result] = resultsIn(ended.stdout)
  if (result && result.verdict !== 'kept') return result
  return result && ended.status === 0 && !ended.late ? result : died(ended)
}

function judged(promise, ended) {
  const [result] = resultsIn(ended.stdout)
  if (result && result.verdict !== 'kept') return result
  if (ended.late) return died(ended)
  try {
    promise.judge(ended, TOOLS)
  } catch (error) {
    return verdictOf(error)
  }
  return verdictOf()
}

async function checkPromise(host, promise) {
  const { flags = {}, env, program = 'main' } = promise
  const args = PROGRAMS[program](promise.promise)
  const ended = await run(host, args, { env, flags: flags[host.kind] })
  return promise.judge ? judged(promise, ended) : ownVerdict(ended)
}

/** workerd runs everything in one process, as nothing there can end it. */
async function checkWorkerd(host) {
  const ended = await run(host, PROGRAMS.workerd())
  const results = resultsIn(ended.stdout + ended.stderr)
  if (results.length === 0) throw new Error(ended.stderr || 'workerd was mute')
  return PROMISES.map(({ promise }) => {
    const { promise: _, ...verdict } =
      results.find((result) => result.promise === promise) ?? died(ended)
    return verdict
  })
}

/** The verdicts on all promises, in their order. */
export async function checkHost(host) {
  if (host.kind === 'workerd') return checkWorkerd(host)
  const verdicts = []
  let next = 0
  const worker = async () => {
    while (next < PROMISES.length) {
      const index = next++
      verdicts[index] = await checkPromise(host, PROMISES[index])
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return verdicts
}

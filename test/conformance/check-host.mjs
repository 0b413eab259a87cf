// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Runs the suite in one host: each promise in its own process. */
import { howItEnded, runToEnd } from './process.mjs'
import { PROGRAMS, STAGE } from './stage.mjs'
import { TOOLS, verdictOf } from './suite/context.mjs'
import { PROMISES, ROWS } from './suite/rows.mjs'

const AT_ONCE = 2
const RESULT = /^RESULT (.*)$/gm

/** Runs a program of the stage in the host. */
function run(host, args, { flags = [], env = {} } = {}) {
  return runToEnd(host.program, [...host.command, ...flags, ...args], {
    cwd: STAGE,
    env: { NODE_OPTIONS: '', NO_COLOR: '1', ...env }
  })
}

function resultsIn(stdout) {
  return [...stdout.matchAll(RESULT)].map(([, json]) => JSON.parse(json))
}

const failed = (ended) => ({ verdict: 'broken', why: howItEnded(ended) })

/** The verdict of a promise without a judge. */
function ownVerdict(ended) {
  const [result] = resultsIn(ended.stdout)
  if (result && result.verdict !== 'kept') return result
  return result && ended.status === 0 && !ended.late ? result : failed(ended)
}

function judged(promise, ended) {
  const [result] = resultsIn(ended.stdout)
  if (result && result.verdict !== 'kept') return result
  if (ended.late) return failed(ended)
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

/** workerd runs all promises in one process: none of them can end it. */
async function checkWorkerd(host) {
  const ended = await run(host, PROGRAMS.workerd())
  const results = resultsIn(ended.stdout + ended.stderr)
  if (results.length === 0)
    throw new Error(ended.stderr || 'workerd printed nothing')
  return PROMISES.map(({ promise }) => {
    const { promise: _, ...verdict } =
      results.find((result) => result.promise === promise) ?? failed(ended)
    return verdict
  })
}

async function checkPromises(host) {
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

/** The verdicts on all promises, in the order of the table, with their rows. */
export async function checkHost(host) {
  const check = host.kind === 'workerd' ? checkWorkerd : checkPromises
  const verdicts = await check(host)
  return ROWS.flatMap(({ row, promises }) =>
    promises.map(({ promise }) => ({ row, promise }))
  ).map((named, index) => ({ ...named, ...verdicts[index] }))
}

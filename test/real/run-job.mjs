// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * run-job.mjs NAME [FOLDER] [kill]: does jobs/NAME.mjs three times in this host,
 * with the modules of FOLDER in the place of the package's, and prints what came
 * out as JSON.
 *
 * With `kill` it repeats the job until SIGKILL, stored into the signal words
 * from another thread, has stopped a call.
 */
import { createHash } from 'node:crypto'
import process from 'node:process'
import { Worker } from 'node:worker_threads'

import '../../hosts/js/lib/register.js'
import { swapModules } from './swap.mjs'

const [, , name, folder = '', order] = process.argv
const compiled = swapModules(folder === '' ? null : folder)
const { start } = await import(`./jobs/${name}.mjs`)

const digestOf = (result) =>
  createHash('sha256')
    .update(ArrayBuffer.isView(result) ? result : JSON.stringify(result))
    .digest('hex')

function print(result) {
  const replaced = compiled.filter(({ isReplaced }) => isReplaced)
  const hashes = compiled.map(({ hash }) => hash)
  console.log(JSON.stringify({ ...result, replaced: replaced.length, hashes }))
}

/** The first run's digest may differ: a package may have a state. */
async function digests(job) {
  const found = []
  for (let i = 0; i < 3; i++) found.push(digestOf(await job()))
  return found
}

/** Packages put the engine's error into one of their own, or its text. */
const trapIn = (error) =>
  /unreachable/i.test(error?.message) ||
  (error?.cause !== undefined && trapIn(error.cause))

/** The error of a callback that no call of the job waits for (Go's timers). */
const uncaught = () =>
  new Promise((_, reject) => {
    process.on('uncaughtException', reject)
    process.on('unhandledRejection', reject)
  })

async function repeat(job, progress) {
  for (;;) {
    await job()
    progress.turns++
  }
}

/**
 * A thread that waits to be told to begin. It loads wasmsig before the first job:
 * in Bun 1.4, one function of quickjs-asyncify keeps the only thread that compiles
 * optimised code busy for a minute and more. All other modules wait for it.
 */
async function startKiller() {
  const killer = new Worker(new URL('killer.mjs', import.meta.url))
  await new Promise((resolve) => killer.once('message', resolve))
  return killer
}

async function stopped(job, killer) {
  await job()
  const failure = uncaught()
  killer.postMessage('begin')
  const progress = { turns: 0 }
  try {
    await Promise.race([failure, repeat(job, progress)])
  } catch (error) {
    const text = error?.message ?? String(error)
    return { ...progress, isStopped: trapIn(error), error: text }
  }
}

const killer = order === 'kill' ? await startKiller() : null
const job = await start()
print(killer ? await stopped(job, killer) : { digests: await digests(job) })
process.exit()

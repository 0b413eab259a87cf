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

async function stopped(job) {
  await job()
  const killer = new Worker(new URL('killer.mjs', import.meta.url))
  await new Promise((resolve) => killer.once('message', resolve))
  let turns = 0
  try {
    for (;;) {
      await job()
      turns++
    }
  } catch (error) {
    await killer.terminate()
    return {
      turns,
      isStopped: trapIn(error),
      error: error?.message ?? String(error)
    }
  }
}

const job = await start()
print(order === 'kill' ? await stopped(job) : { digests: await digests(job) })
process.exit()

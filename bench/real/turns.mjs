// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * turns.mjs JOB [FOLDER]: does a job of test/real/jobs with the modules of
 * FOLDER in the place of the package's. After a warm-up it prints the hashes of
 * its modules. For each number that it then reads, it does the job so many times
 * and prints the milliseconds of CPU time.
 */
import { createInterface } from 'node:readline'
import process from 'node:process'

import { swapModules } from '../../test/real/swap.mjs'

const WARM_UP = 1000 // ms of CPU time, until the engine's best code is ready

// Of the thread that runs the module, where the host knows it.
const usage =
  process.versions.bun || !process.threadCpuUsage
    ? process.cpuUsage
    : process.threadCpuUsage
const spent = () => {
  const { user, system } = usage()
  return (user + system) / 1000
}

const say = (found) => process.stdout.write(`@${JSON.stringify(found)}\n`)

async function turns(job, count) {
  const begin = spent()
  for (let i = 0; i < count; i++) await job()
  return spent() - begin
}

const [name, folder = ''] = process.argv.slice(2)
const compiled = swapModules(folder === '' ? null : folder)
const { start } = await import(`../../test/real/jobs/${name}.mjs`)
const job = await start()
const end = spent() + WARM_UP
do await job()
while (spent() < end)
const replaced = compiled.filter(({ isReplaced }) => isReplaced).length
say({ hashes: compiled.map(({ hash }) => hash), replaced })
for await (const line of createInterface({ input: process.stdin }))
  say({ ms: await turns(job, Number(line)) })
process.exit()

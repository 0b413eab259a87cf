// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * How long does a quick request take while fifty hogs run?
 *
 *     node measure.js SERVER.js [FOLDER OF PLUGINS]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const HOGS = 50

/** Starts a server on a free port; answers its process and address. */
async function start(args) {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, PORT: 0 },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  for await (const text of child.stdout.setEncoding('utf8')) {
    const [address] = /http:\S+/.exec(text) ?? []
    if (address) return { child, address }
  }
  throw new Error('the server has ended')
}

/** How long a request takes, ms, on a connection of its own. */
async function time(url) {
  const start = performance.now()
  const [response] = await once(get(url, { agent: false }), 'response')
  await once(response.resume(), 'end')
  return performance.now() - start
}

const { child, address } = await start(process.argv.slice(2))
const quick = () => time(`${address}/square?n=7`)
const hog = () => time(`${address}/hog`)

await quick() // the first one also pays for what starts late
const alone = await quick()

let isBusy = true
const hogs = Promise.all(Array.from({ length: HOGS }, hog))
hogs.then(() => (isBusy = false))
const times = []
while (isBusy) {
  await sleep(50)
  times.push(await quick())
}

const ms = (value) => `${Math.ceil(value)} ms`
console.log(`a quick request alone: ${ms(alone)}`)
console.log(`the slowest with ${HOGS} hogs: ${ms(Math.max(...times))}`)
console.log(`all ${HOGS} hogs: ${ms(Math.max(...(await hogs)))}`)
child.kill()
await once(child, 'exit')

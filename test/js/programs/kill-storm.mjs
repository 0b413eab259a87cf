// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * kill-storm.mjs CASE [KILLS]: kills calls of the host's own functions at
 * different moments, and checks for work that a kill could have left
 * unfinished.
 */
import {
  AsyncLocalStorage,
  AsyncResource,
  executionAsyncId
} from 'node:async_hooks'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import vm from 'node:vm'
import zlib from 'node:zlib'
import { CpuBudget, stats } from 'wasmsig'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wasmsig-storm-'))
const file = path.join(folder, 'data')
fs.writeFileSync(file, Buffer.alloc(40_000, 'wasm'))
const data = fs.readFileSync(file)
const storage = new AsyncLocalStorage()
const resource = new AsyncResource('storm')
const require = createRequire(import.meta.url)

for (let i = 0; i < 40; i += 1) {
  const turns = `let s = 0; for (let i = 0; i < 2e4; i += 1) s += i\n`
  fs.writeFileSync(
    path.join(folder, `module${i}.cjs`),
    `exports.first = 1\n${turns}exports.last = 1\n`
  )
}

function requireAll() {
  for (let i = 0; i < 40; i += 1) {
    const name = path.join(folder, `module${i}.cjs`)
    require(name)
    delete require.cache[name]
  }
}

/** Every module that is loaded is complete. */
function checkModules() {
  for (const [name, { exports }] of Object.entries(require.cache)) {
    if (name.startsWith(folder) && !exports.last) return `half of ${name}`
    if (name.startsWith(folder)) delete require.cache[name]
  }
}

const noop = () => {}

/** Each runs until it is killed. */
const CASES = {
  zlib: () => zlib.gunzipSync(zlib.gzipSync(data)),
  fs: () => fs.readFileSync(file).length,
  'fs-text': () => fs.readFileSync(file, 'utf8').length,
  'async-scope': () => resource.runInAsyncScope(noop),
  'async-local-storage': () => storage.run('inner', noop),
  require: requireAll,
  vm: () => vm.runInNewContext('1 + 1'),
  'vm-timeout': () => vm.runInThisContext('1 + 1', { timeout: 1000 }),
  json: () => JSON.parse(JSON.stringify({ a: [1, 2, { b: 'c' }] })),
  buffer: () => Buffer.from('wasm'.repeat(100)).toString('base64'),
  url: () => new URL('https://example.org/a?b=c').searchParams.get('b')
}

const [name, kills = '300', seconds = '100000'] = process.argv.slice(2)
const body = CASES[name]
const forever = () => {
  for (;;) body()
}
const openFiles = () => fs.readdirSync('/proc/self/fd').length

async function main() {
  const files = openFiles()
  let used = 0
  let turns = 0
  const end = performance.now() + Number(seconds) * 1000
  const goesOn = () => turns === 0 || performance.now() < end
  for (; turns < Number(kills) && goesOn(); turns += 1) {
    const budget = new CpuBudget({ hard: 1 + Math.random() })
    const before = executionAsyncId()
    const error = storage.run('outer', () => {
      try {
        budget.run(forever)
      } catch (caught) {
        const store = storage.getStore()
        return store === 'outer' ? caught : new Error(`store is ${store}`)
      }
    })
    if (error?.name !== 'CpuLimitError') throw error
    if (executionAsyncId() !== before) throw new Error('another async scope')
    const half = checkModules()
    if (half) throw new Error(half)
    used = Math.max(used, error.used)
    if (turns % 50 === 0) await new Promise(setImmediate)
  }
  if (openFiles() > files) throw new Error(`${openFiles() - files} files open`)
  const { waited } = stats().unsafe
  console.log(
    `${turns} killed, ${waited} waited, ${used.toFixed(1)} ms at most`
  )
}

await main().finally(() => fs.rmSync(folder, { recursive: true }))

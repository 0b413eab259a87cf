// SPDX-License-Identifier: Apache-2.0 OR MIT
import { setTimeout as sleep } from 'node:timers/promises'

import { codeOf, serve } from './http.js'
import { Metrics } from './metrics.js'
import { loadPlugins } from './plugin.js'
import { Scheduler, Tenant } from './scheduler.js'
import * as settings from './settings.js'

const plugins = await loadPlugins(process.argv[2] ?? 'plugins')

// Here each plugin is a tenant. Several plugins of one owner can share one.
const tenants = new Map()
for (const [name, module] of plugins)
  tenants.set(name, new Tenant(name, module, settings.tenant))

const all = [...tenants.values()]
const scheduler = new Scheduler(settings.server, settings.limits)
const metrics = new Metrics(all)

async function answer(name, n) {
  const tenant = tenants.get(name)
  if (!tenant) return
  const start = performance.now()
  const result = await scheduler.run(tenant, n)
  metrics.count(name, result, codeOf(result), performance.now() - start)
  return result
}

let isReady = true

/** For load balancers: whether this server may get new requests. */
const readyPage = () => ({
  code: isReady ? 200 : 503,
  type: 'text/plain',
  text: isReady ? 'ready\n' : 'ends\n'
})

const server = serve(answer, {
  '/metrics': () => metrics.page(),
  '/ready': readyPage
})

async function drain() {
  isReady = false
  await sleep(settings.server.linger)
  setTimeout(() => {
    console.error('requests still run; the server ends without them')
    process.exit(1)
  }, settings.server.drain).unref()
  server.close() // accepts no connection any more
  await scheduler.drain(all)
  await scheduler.close()
}

// A second SIGTERM ends the process at once.
process.once('SIGTERM', drain)

// SPDX-License-Identifier: Apache-2.0 OR MIT
import { Piscina } from 'piscina'
import { serve } from './http.js'
import { loadPlugins } from './plugin.js'

const plugins = await loadPlugins(process.argv[2] ?? 'plugins')
const filename = new URL('worker.js', import.meta.url).href

const pools = new Map()
for (const name of plugins.keys()) {
  const size = { minThreads: 1, maxThreads: 2, maxQueue: 50 }
  pools.set(name, new Piscina({ filename, ...size }))
}

const server = serve((name, n) => {
  const module = plugins.get(name)
  return module && pools.get(name).run({ module, n })
})

process.once('SIGTERM', () => {
  server.close(() => {
    for (const pool of pools.values()) pool.destroy()
  })
})

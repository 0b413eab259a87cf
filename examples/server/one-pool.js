// SPDX-License-Identifier: Apache-2.0 OR MIT
import { Piscina } from 'piscina'
import { serve } from './http.js'
import { loadPlugins } from './plugin.js'

const plugins = await loadPlugins(process.argv[2] ?? 'plugins')
const filename = new URL('worker.js', import.meta.url).href
const pool = new Piscina({ filename })

serve((name, n) => {
  const module = plugins.get(name)
  return module && pool.run({ module, n })
})

// SPDX-License-Identifier: Apache-2.0 OR MIT
import { serve } from './http.js'
import { callPlugin, loadPlugins } from './plugin.js'

const plugins = await loadPlugins(process.argv[2] ?? 'plugins')

serve((name, n) => {
  const module = plugins.get(name)
  return module && callPlugin(module, n)
})

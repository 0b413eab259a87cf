// SPDX-License-Identifier: Apache-2.0 OR MIT
import { callPlugin, loadPlugins } from './plugin.js'

const plugins = await loadPlugins(process.argv[2] ?? 'plugins')

console.log(callPlugin(plugins.get('square'), 7))
console.log(callPlugin(plugins.get('primes'), 1000))
console.log(callPlugin(plugins.get('primes'), 2 ** 31 - 1))
console.log(callPlugin(plugins.get('hog'), 1))

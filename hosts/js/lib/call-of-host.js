// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Whether the host itself compiles a module: Node's fetch() has its parser of
// HTTP as a module, and compiles it by the global WebAssembly.

const native = require('./native.js')
const { scriptsOnStack } = require('./stack-scripts.js')

const HOSTS = 'node:internal/deps/'
const own = typeof __dirname === 'string' ? `${__dirname}/` : undefined

/** The first script outside of this package decides. */
function isCallOfHost() {
  if (!native.canKill()) return false // no host with such a list
  const scripts = scriptsOnStack() ?? []
  const caller = scripts.find(
    (script) => typeof script === 'string' && !(own && script.startsWith(own))
  )
  return caller?.startsWith(HOSTS) === true
}

module.exports = { isCallOfHost }

// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// A process of its own: node read-wrangler-config.js WRANGLER CHOICES
// Writes [{ ms, file }] to descriptor 3, or the reason why it cannot.

const { writeSync } = require('node:fs')

const [, , wrangler, choices] = process.argv

function readOne(choice) {
  const { unstable_readConfig: readConfig } = require(wrangler)
  if (!readConfig) {
    const { version } = require(`${wrangler}/package.json`)
    throw new Error(`wrangler ${version} has no function for it`)
  }
  const { limits, configPath } = readConfig(choice, { hideWarnings: true })
  return { ms: limits?.cpu_ms ?? null, file: configPath ?? null }
}

try {
  writeSync(3, JSON.stringify(JSON.parse(choices).map(readOne)))
  process.exit(0)
} catch (error) {
  writeSync(3, error.message.trim())
  process.exit(1)
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// limits.cpu_ms, as the project's own wrangler reads it. wrangler is loaded in
// another process: it is large, and it writes to the terminal.

const { spawnSync } = require('node:child_process')
const path = require('node:path')
const { parseArgs } = require('node:util')

const { WorkerdError } = require('./errors.js')
const { findPackage, packageAround } = require('./packages.js')

const READER = path.join(__dirname, 'read-wrangler-config.js')
const OWN_OPTIONS = {
  config: { type: 'string', short: 'c', multiple: true },
  env: { type: 'string', short: 'e' },
  cwd: { type: 'string' }
}

/** The options of a wrangler command that say which configuration it reads. */
function choices(args) {
  const { values } = parseArgs({
    args,
    options: OWN_OPTIONS,
    allowPositionals: true,
    strict: false
  })
  const { config = [undefined], env, cwd } = values
  return { cwd, each: config.map((file) => ({ config: file, env })) }
}

function read(wrangler, each, cwd) {
  const { status, error, stderr, output } = spawnSync(
    process.execPath,
    [READER, wrangler, JSON.stringify(each)],
    { cwd, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe', 'pipe'] }
  )
  if (status === 0) return JSON.parse(output[3])
  const reason = output?.[3] || error?.message || stderr.trim()
  throw new WorkerdError(
    `wrangler's configuration cannot be read: ${reason} (--cpu-limit does ` +
      'without it)'
  )
}

/**
 * The largest limits.cpu_ms of the configurations that the command reads, and
 * its file; undefined if there is none, or no wrangler.
 */
function readCpuLimit(command, args, from) {
  const own = command && packageAround(command)
  const isWrangler = own && path.basename(own) === 'wrangler'
  const wrangler = isWrangler ? own : findPackage('wrangler', from)
  if (!wrangler) return undefined
  const { cwd, each } = choices(isWrangler ? args : [])
  const limits = read(wrangler, each, path.resolve(from, cwd ?? '.'))
  if (limits.some(({ ms }) => ms === null)) return undefined
  return limits.sort((a, b) => b.ms - a.ms)[0]
}

module.exports = { readCpuLimit }

// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Where the addon is: prebuilds/<platform>-<arch>/wasmsig.<libc>.node, the
// layout of node-gyp-build. That is in the folder that WASMSIG_PREBUILD names,
// or in this package, or, for a bundle, beside the bundle and in the
// node_modules around it.

const { existsSync, readdirSync } = require('node:fs')
const path = require('node:path')

const { environment } = require('./enabled.js')
const { withCode } = require('./errors.js')
const { libcOf } = require('./libc.js')
const { SYSTEM } = require('./system.js')

const libc = libcOf()
const FILE = `wasmsig.${libc}.node`

/** Folders from `from` up to the root. */
function* upwards(from) {
  for (let at = from; ; at = path.dirname(at)) {
    yield at
    if (at === path.dirname(at)) return
  }
}

/** Folders that may have prebuilds/, the most likely first. */
function* places() {
  const named = environment('WASMSIG_PREBUILD')
  if (named) return yield path.resolve(named)
  const starts = [
    typeof __dirname === 'string' ? __dirname : undefined, // not in ES modules
    process.argv[1] && path.dirname(process.argv[1])
  ].filter(Boolean)
  for (const start of starts.slice(0, 1)) yield path.dirname(start)
  for (const start of starts) {
    yield start
    for (const folder of upwards(start)) {
      yield path.join(folder, 'node_modules', 'wasmsig')
    }
  }
}

function namesIn(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** The systems that a folder has binaries for, such as 'linux-x64 (glibc)'. */
function systemsIn(place) {
  const prebuilds = path.join(place, 'prebuilds')
  return namesIn(prebuilds).flatMap((system) =>
    namesIn(path.join(prebuilds, system))
      .map((file) => /^wasmsig\.(\w+)\.node$/.exec(file)?.[1])
      .filter(Boolean)
      .map((libc) => `${system} (${libc})`)
  )
}

function notFound() {
  const all = [...new Set(places())]
  const systems = [...new Set(all.flatMap(systemsIn))]
  const named = environment('WASMSIG_PREBUILD')
  const what =
    systems.length > 0
      ? `this package has binaries for ${systems.join(', ')}; yours is ${SYSTEM} (${libc})`
      : named
        ? `there is no prebuilds/${SYSTEM}/${FILE} in ${named}, which WASMSIG_PREBUILD names`
        : `its native part, prebuilds/${SYSTEM}/${FILE}, is neither in ${all[0]} nor beside ` +
          'the program. In a bundle, mark the package as external, copy its folder ' +
          'prebuilds beside the bundle, or name where that is in WASMSIG_PREBUILD'
  return withCode(
    new Error(`wasmsig cannot be loaded: ${what}`),
    'ERR_WASMSIG_NO_ADDON'
  )
}

/** The addon's file; throws if there is none for this system. */
function addonFile() {
  for (const place of places()) {
    const file = path.join(place, 'prebuilds', SYSTEM, FILE)
    if (existsSync(file)) return file
  }
  throw notFound()
}

module.exports = { addonFile }

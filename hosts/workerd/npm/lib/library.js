// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The library for this system: prebuilds/<platform>-<arch>/.

const { existsSync, readdirSync } = require('node:fs')
const path = require('node:path')

const { WorkerdError } = require('./errors.js')

/** The systems that workerd can be limited on: its library is for their glibc. */
const SUPPORTED = ['linux-x64', 'linux-arm64']
const SYSTEM = `${process.platform}-${process.arch}`
const isSupported = SUPPORTED.includes(SYSTEM)

const PREBUILDS = path.join(__dirname, '../prebuilds')
const FILE = 'libwasmsig-workerd.glibc.so'

const libc = () => (existsSync('/etc/alpine-release') ? 'musl' : 'glibc')

/** The systems that this package has a library for. */
function systems() {
  if (!existsSync(PREBUILDS)) return []
  return readdirSync(PREBUILDS).filter((system) =>
    existsSync(path.join(PREBUILDS, system, FILE))
  )
}

/** Its file; throws a WorkerdError if there is none for this system. */
function libraryFile(system = SYSTEM) {
  const file = path.join(PREBUILDS, system, FILE)
  const known = systems()
  if (known.length === 0) {
    throw new WorkerdError(`its library is missing: there is no ${file}`)
  }
  if (known.includes(system) && libc() === 'glibc') return file
  throw new WorkerdError(
    `this package has libraries for ${known.join(', ')} with glibc; this ` +
      `system is ${system} with ${libc()} (--unlimited runs the command without limits)`
  )
}

module.exports = { SYSTEM, isSupported, libraryFile }

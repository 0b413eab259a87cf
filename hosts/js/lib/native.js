// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The addon. Where another copy of this package has loaded its own before, in
// this thread or in another one, that one is used: it handles the signals and
// has the watchdog of the process.

const { addonFile } = require('./addon-file.js')
const { environment, isEnabled } = require('./enabled.js')
const { withCode } = require('./errors.js')
const { copiesError, version } = require('./this-copy.js')

function reasonOf({ code, message }) {
  return code === 'ERR_DLOPEN_DISABLED'
    ? 'this process may load no native code (--no-addons, or --permission ' +
        'without --allow-addons), and nothing else could limit or signal a ' +
        'busy guest. WASMSIG=off in the environment disables the package'
    : message
}

/** Not by require(): that of a bundle knows the bundle's modules only. */
function open(file) {
  const module = { exports: {} }
  try {
    process.dlopen(module, file)
  } catch (error) {
    throw withCode(
      new Error(`wasmsig cannot be loaded: ${reasonOf(error)}`, {
        cause: error
      }),
      'ERR_WASMSIG_NO_ADDON'
    )
  }
  module.exports.file = file
  return module.exports
}

function load() {
  const file = addonFile()
  const own = open(file)
  if (own.version !== version) throw copiesError(own.version, file)
  const first = own.firstCopy()
  if (!first) return own
  if (first.version !== version) throw copiesError(first.version, first.file)
  return open(first.file)
}

const native = isEnabled ? load() : require('./noop-native.js')

const traceFile = environment('WASMSIG_TRACE')

/** Whether sections, signals and kills are recorded. */
native.isTraced = traceFile ? native.startTrace(traceFile) === true : false

/** This script; other code has another one, unless all is one bundle. */
native.script = native.callersScript()

module.exports = native

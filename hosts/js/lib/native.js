// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The addon. Where another copy of this package has loaded its own before, in
// this thread or in another one, that is used: it handles the signals and has
// the watchdog of the process.

const { addonFile } = require('./addon-file.js')
const { copiesError } = require('./copies.js')
const { withCode } = require('./errors.js')
const { isOff } = require('./enabled.js')
const version = require('./version.js')

function why({ code, message }) {
  return code === 'ERR_DLOPEN_DISABLED'
    ? 'this process may load no native code (--no-addons, or --permission ' +
        'without --allow-addons), and nothing else could limit or signal a ' +
        'busy guest. With WASMSIG=off in the environment it does nothing'
    : message
}

/** No require(): that of a bundle knows its own modules only. */
function open(file) {
  const module = { exports: {} }
  try {
    process.dlopen(module, file)
  } catch (error) {
    throw withCode(
      new Error(`wasmsig cannot be loaded: ${why(error)}`, { cause: error }),
      'ERR_WASMSIG_NO_ADDON'
    )
  }
  return module.exports
}

function load() {
  const file = addonFile()
  const own = open(file)
  if (own.version !== version) throw copiesError(own.version, file)
  const elder = own.elderCopy()
  if (!elder) return own
  if (elder.version !== version) throw copiesError(elder.version, elder.file)
  return open(elder.file)
}

const native = isOff ? require('./noop-native.js') : load()

/** The script that this is in: others' is another, but for a bundle's. */
native.script = native.callersScript()

module.exports = native

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Runs code with the shim and without, for comparison. */
import { install, uninstall } from 'wasmsig'

/** JavaScriptCore quotes the text of the call, which is the test's. */
const QUOTED = / \(evaluating '.*'\)$/s

/** What a program can read of an error, except its stack. */
function describe(error) {
  if (error === null || typeof error !== 'object') return { primitive: error }
  return {
    constructor: error.constructor,
    prototype: Object.getPrototypeOf(error),
    text: String(error).replace(QUOTED, ''),
    keys: Reflect.ownKeys(error),
    code: error.code
  }
}

/** How an action ended: it threw at once, rejected later, or neither. */
export async function ending(action) {
  let value
  try {
    value = action()
  } catch (error) {
    return { how: 'threw', ...describe(error) }
  }
  if (!(value instanceof Promise)) return { how: 'returned', value }
  try {
    return { how: 'resolved', value: await value }
  } catch (error) {
    return { how: 'rejected', ...describe(error) }
  }
}

/** What `observe` returns without the shim, and with it. */
export async function bothWays(observe) {
  uninstall()
  const plain = await observe()
  install()
  try {
    return { plain, shimmed: await observe() }
  } finally {
    uninstall()
  }
}

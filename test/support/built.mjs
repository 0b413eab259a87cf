// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Programs that a test makes once and finds the next time. */
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const isNewer = (target, sources) =>
  existsSync(target) &&
  sources.every((file) => statSync(file).mtimeMs < statSync(target).mtimeMs)

/** The file or folder gets its name, unless another test was quicker. */
function rename(begun, target) {
  try {
    renameSync(begun, target)
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  }
}

/**
 * Makes `target`, unless it is newer than all of `sources`. `make(path)` writes
 * it elsewhere first: test files run side by side, and share what they make.
 *
 * @returns {string} target
 */
export function built(target, sources, make) {
  if (isNewer(target, sources)) return target
  const begun = `${target}.${process.pid}`
  mkdirSync(dirname(target), { recursive: true })
  try {
    make(begun)
    rename(begun, target)
  } finally {
    rmSync(begun, { recursive: true, force: true })
  }
  return target
}

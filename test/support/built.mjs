// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Programs that a test makes once and finds the next time. */
import { existsSync, statSync } from 'node:fs'

/** Whether `target` is there, and made after the last change of `sources`. */
export const isNewer = (target, sources) =>
  existsSync(target) &&
  sources.every((file) => statSync(file).mtimeMs < statSync(target).mtimeMs)

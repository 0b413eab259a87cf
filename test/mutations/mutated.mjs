// SPDX-License-Identifier: Apache-2.0 OR MIT
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** The source with the line broken; it must be there once. */
export function mutated(root, { file, from, to }) {
  const text = readFileSync(path.join(root, file), 'utf8')
  const parts = text.split(from)
  if (parts.length !== 2) {
    throw new Error(`${file} has ${parts.length - 1} places like: ${from}`)
  }
  return parts.join(to)
}

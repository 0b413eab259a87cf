// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Instruments modules of the specification's test suite, and counts. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { COMMAND } from './instrumented.mjs'

const MADE = fileURLToPath(new URL('../../build/real/spec', import.meta.url))

/** The options of `wasmsig instrument`, one list for each comparison. */
export const WAYS = [[], ['--calls']]

export class SpecModules {
  counts = { modules: 0, refused: 0, changed: 0 }
  #reasons = new Map()

  constructor() {
    mkdirSync(MADE, { recursive: true })
  }

  get refusals() {
    return Object.fromEntries([...this.#reasons].sort(([, a], [, b]) => b - a))
  }

  /** The instrumented module, or the same bytes if it is refused. */
  instrumented(bytes, options) {
    const hash = createHash('sha256').update(bytes).digest('hex')
    const [from, to] = [join(MADE, `${hash}.in`), join(MADE, `${hash}.wasm`)]
    this.counts.modules++
    writeFileSync(from, bytes)
    rmSync(to, { force: true })
    const { status, stderr } = spawnSync(
      COMMAND,
      ['instrument', '-v', ...options, from, '-o', to],
      { encoding: 'utf8' }
    )
    rmSync(from)
    if (status === 0) {
      const made = readFileSync(to)
      rmSync(to)
      if (!/ 0 polls/.test(stderr)) this.counts.changed++
      return made
    }
    const reason = stderr
      .split('\n')[0]
      .replace(/^wasmsig: \S+: /, '')
      .replace(/byte \d+/, 'a byte')
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
    this.counts.refused++
    return bytes
  }
}

/** The scripts of a suite, in all of its folders. */
export function scriptsIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.wast') && !name.startsWith('.'))
    .map((name) => join(folder, name))
    .sort()
}

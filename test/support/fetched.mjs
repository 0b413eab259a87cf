// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Packages of npm that a test fetches once and finds the next time. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { built } from './built.mjs'

/**
 * The folder `target` with packages of npm. They are fetched unless they are
 * there: into a folder of another name first, since test files run side by side
 * and may need the same ones.
 *
 * @param {string} target
 * @param {Record<string, string>} dependencies each package, and its version
 * @param {string[]} [options] more options of `npm install`
 * @returns {string} target
 */
export function fetched(target, dependencies, options = []) {
  return built(target, [], (folder) => {
    mkdirSync(folder)
    const manifest = JSON.stringify({ private: true, dependencies })
    writeFileSync(join(folder, 'package.json'), manifest)
    // The packages already have what their install scripts would download.
    const own = ['--ignore-scripts', '--no-audit', '--no-fund', ...options]
    execFileSync('npm', ['install', '--loglevel=error', ...own], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit']
    })
  })
}

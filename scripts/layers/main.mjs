// SPDX-License-Identifier: Apache-2.0 OR MIT
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { check } from './check.mjs'

const USAGE = `usage: scripts/check-layers [--write] [--root FOLDER] [--build FOLDER]
  --write    puts the picture into CONTRIBUTING.md
  --root     the repository; where this script is by default
  --build    with compile_commands.json and objects; build/release by default
  --help     this text`

const { values: options } = parseArgs({
  options: {
    write: { type: 'boolean' },
    root: { type: 'string' },
    build: { type: 'string' },
    help: { type: 'boolean' }
  }
})
if (options.help) {
  console.log(USAGE)
} else {
  const root = options.root ?? fileURLToPath(new URL('../..', import.meta.url))
  const build = options.build ?? join(root, 'build/release')
  const errors = check({ root, build, write: options.write })
  for (const error of errors) console.error(`layers: ${error}`)
  process.exitCode = errors.length > 0 ? 1 : 0
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Tests of the npm package: the package and the test are copied, so that the
 * test imports the copy, in which a file may be replaced.
 */
import { cpSync, mkdirSync } from 'node:fs'
import path from 'node:path'

/**
 * Copies to `folder`.
 *
 * @param {{ script: string, package: string }} program
 * @param {{ source: string, file: string }} [replaced]
 * @returns {string[]} the command that runs the test
 */
export function stage(root, folder, program, replaced) {
  const installed = path.join(folder, 'node_modules/wasmsig')
  const copy = (from, to) => cpSync(from, to, { recursive: true })
  mkdirSync(installed, { recursive: true })
  for (const name of ['package.json', 'lib', 'prebuilds']) {
    copy(path.join(root, program.package, name), path.join(installed, name))
  }
  for (const name of [program.script, 'test/js/support', 'test/support']) {
    copy(path.join(root, name), path.join(folder, name))
  }
  if (replaced) {
    const inside = path.relative(program.package, replaced.source)
    copy(replaced.file, path.join(installed, inside))
  }
  const script = path.join(folder, program.script)
  return [process.execPath, '--expose-gc', '--test', script]
}

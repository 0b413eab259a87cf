// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The files that `make dist` has made. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

export const DIST = join(ROOT, 'build/dist')

export const VERSION = JSON.parse(
  readFileSync(join(ROOT, 'hosts/js/package.json'), 'utf8')
).version

/** A file in build/dist: packed('wasmsig', 'tgz') is wasmsig-0.1.0.tgz. */
export function packed(name, ending) {
  const file = join(DIST, `${name}-${VERSION}.${ending}`)
  assert.ok(existsSync(file), `${file} is missing: run make dist`)
  return file
}

/** The names in a tar archive, sorted, without folders. */
export const namesIn = (archive) =>
  execFileSync('tar', ['tf', archive], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter((name) => !name.endsWith('/'))
    .sort()

/** What is in the top folder of an npm package, of the names of its files. */
export const topsOf = (names) =>
  [...new Set(names.map((name) => name.split('/')[1]))].sort()

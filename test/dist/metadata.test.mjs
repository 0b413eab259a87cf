// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * What the files in build/dist say about themselves, as far as the sources do
 * not (test/checks/metadata.test.mjs), and what is written about them.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { SYSTEMS, wheel } from './support/commands.mjs'
import { DIST, ROOT, VERSION } from './support/packages.mjs'

const READ = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as file:
    sys.stdout.write(file.read(sys.argv[2]).decode())`

/** [name, value] of each field of a wheel's METADATA. */
function fieldsOf(system) {
  const name = `wasmsig-${VERSION}.dist-info/METADATA`
  const text = execFileSync('python3', ['-c', READ, wheel(system), name], {
    encoding: 'utf8'
  })
  const [head] = text.split('\n\n')
  return head.split('\n').map((line) => line.split(/: (.*)/s))
}

/** As the specification writes them: twine reads no other ones. */
const FIELDS = new Set([
  'Metadata-Version',
  'Name',
  'Version',
  'Summary',
  'Keywords',
  'License-Expression',
  'License-File',
  'Requires-Python',
  'Classifier',
  'Description-Content-Type'
])

for (const system of SYSTEMS)
  test(`the wheel for ${system} says what it is`, () => {
    const fields = fieldsOf(system)
    assert.deepEqual([...new Set(fields.map(([name]) => name))].sort(), [
      ...[...FIELDS].sort()
    ])
    const { Name, Version, ...others } = Object.fromEntries(fields)
    assert.equal(`${Name} ${Version}`, `wasmsig ${VERSION}`)
    assert.match(others['License-Expression'], /^\(Apache-2\.0 OR MIT\) AND /)
    assert.match(others['Requires-Python'], /^>=3\.\d+$/)
  })

// ------------------------------------------------------------------ release

const page = readFileSync(join(ROOT, 'docs/how-to/release.md'), 'utf8')
const [, table] = /## What is published\n(.*?)\n## /s.exec(page)

/** The names in the first column, as patterns. */
const PATTERNS = [...table.matchAll(/^\| (`[^|]*) \|/gm)]
  .flatMap(([, cell]) => cell.match(/`([^`]+)`/g))
  .map((name) => name.slice(1, -1))
  .map((name) =>
    name
      .replace('X.Y.Z', VERSION)
      .replaceAll('.', '\\.')
      .replace('LIBC', '(glibc|musl|manylinux_2_28|musllinux_1_2)')
      .replace('CPU', '(x64|arm64|amd64|x86_64|aarch64)')
  )
  .map((pattern) => RegExp(`^${pattern}$`))

test('release.md says where each file goes', () => {
  assert.ok(PATTERNS.length >= 10)
  const unnamed = readdirSync(DIST).filter(
    (name) => !PATTERNS.some((pattern) => pattern.test(name))
  )
  assert.deepEqual(unnamed, [])
})

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** scripts/version, on copies of the files that have the version. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import {
  checkVersions,
  setVersion,
  versionOf
} from '../../scripts/metadata/version.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const VERSION = versionOf(ROOT)
const FILES = [
  'VERSION',
  'CHANGELOG.md',
  'base/include/wasmsig/base.h',
  'guest/assemblyscript/package.json',
  'guest/rust/Cargo.lock',
  'guest/rust/Cargo.toml',
  'hosts/js/lib/version.js',
  'hosts/js/package.json',
  'hosts/workerd/npm/package.json',
  'package-lock.json',
  'test/guests/rust/crates/loop/Cargo.lock',
  'test/oracle/Cargo.lock' // without a crate of ours
]

function copy(t) {
  const root = mkdtempSync(join(tmpdir(), 'version-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const file of FILES) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    cpSync(join(ROOT, file), join(root, file))
  }
  execFileSync('git', ['init', '-q', root])
  return root
}

const read = (root, file) => readFileSync(join(root, file), 'utf8')

function edit(root, file, from, to) {
  const text = read(root, file)
  assert.ok(text.includes(from), `${file} has no ${from}`)
  writeFileSync(join(root, file), text.replaceAll(from, to))
}

test('every file of this repository has the version of VERSION', () => {
  assert.deepEqual(checkVersions(ROOT), [])
})

const QUOTED = {
  'CHANGELOG.md': `[${VERSION}]`,
  'guest/rust/Cargo.lock': `name = "wasmsig-guest"\nversion = "${VERSION}"`,
  'hosts/js/lib/version.js': `'${VERSION}'`,
  'package-lock.json': `"version": "${VERSION}",\n      "license": "Apache-2.0 OR MIT"`,
  'test/guests/rust/crates/loop/Cargo.lock': `name = "wasmsig-guest"\nversion = "${VERSION}"`
}
for (const file of FILES.slice(1, -1))
  test(`another version in ${file} is named, with its line`, (t) => {
    const root = copy(t)
    const from = QUOTED[file] ?? `"${VERSION}"`
    edit(root, file, from, from.replace(VERSION, '7.8.9'))
    const wrong = checkVersions(root)
    assert.ok(wrong.length > 0)
    for (const line of wrong) {
      assert.match(line, RegExp(`^${file}:\\d+: the version is '7\\.8\\.9'`))
    }
    const [, number] = /:(\d+):/.exec(wrong[0])
    assert.ok(read(root, file).split('\n')[number - 1].includes('7.8.9'))
  })

test('a file without its version is named', (t) => {
  const root = copy(t)
  edit(root, 'hosts/js/package.json', '"version"', '"edition"')
  assert.deepEqual(checkVersions(root), [
    `hosts/js/package.json: there is no version, expected ${VERSION}`
  ])
})

test('--set writes all files, and nothing else into them', (t) => {
  const root = copy(t)
  const before = new Map(FILES.map((file) => [file, read(root, file)]))
  const changed = setVersion(root, '1.22.333')
  assert.deepEqual(checkVersions(root), [])
  assert.deepEqual(changed.sort(), FILES.slice(0, -1).sort())
  for (const file of FILES) {
    const now = read(root, file)
    if (file === 'CHANGELOG.md') {
      const added = '## [1.22.333] – unreleased\n\n'
      assert.equal(now.replace(added, ''), before.get(file))
      continue
    }
    const back = now.replaceAll('1.22.333', VERSION)
    assert.equal(back, before.get(file))
  }
  assert.deepEqual(setVersion(root, '1.22.333'), [])
})

test('what is no version is refused, and nothing is written', (t) => {
  const root = copy(t)
  for (const text of ['', '1', '1.2', '01.2.3', '1.2.3-rc.1', 'v1.2.3']) {
    assert.throws(
      () => setVersion(root, text),
      /is not a version such as 1.2.3/
    )
  }
  assert.equal(versionOf(root), VERSION)
})

test('CMake has the version of VERSION', () => {
  const text = read(ROOT, 'CMakeLists.txt')
  assert.match(text, /file\(STRINGS VERSION version\)/)
  assert.match(text, /project\(wasmsig VERSION \$\{version\} /)
})

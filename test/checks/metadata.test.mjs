// SPDX-License-Identifier: Apache-2.0 OR MIT
/** scripts/check-metadata, on copies of the packages with one thing wrong. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { checkPackages } from '../../scripts/metadata/packages.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const COPIED = [
  ...['hosts/js', 'hosts/workerd/npm', 'guest/assemblyscript', 'guest/rust'],
  ...['LICENSE-APACHE', 'LICENSE-MIT']
]
/** What is built or installed is no part of what is checked. */
const isSource = (file) => !/\/(prebuilds|node_modules|target)$/.test(file)

function copy(t) {
  const root = mkdtempSync(join(tmpdir(), 'metadata-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const name of COPIED) {
    const options = { recursive: true, filter: isSource }
    cpSync(join(ROOT, name), join(root, name), options)
  }
  return root
}

test('the packages of this repository are right', () => {
  assert.deepEqual(checkPackages(ROOT), [])
})

test('they are right without what is built', (t) => {
  assert.deepEqual(checkPackages(copy(t)), [])
})

const JS = 'hosts/js'
const WORKERD = 'hosts/workerd/npm'
const GUEST = 'guest/assemblyscript'
const WRONG = [
  [JS, { name: 'wasm-sig' }, /the name is 'wasm-sig', expected 'wasmsig'/],
  [JS, { license: 'MIT' }, /the licence is 'MIT', expected 'Apache-2.0 OR/],
  [JS, { engines: undefined }, /engines.node is not a range/],
  [JS, { os: ['linux'] }, /'os': npm does not install it elsewhere/],
  [JS, { private: true }, /private: npm refuses/],
  [JS, { scripts: { postinstall: 'make' } }, /'postinstall' would run at/],
  [JS, { dependencies: { other: '1' } }, /it depends on other/],
  [
    JS,
    { files: ['lib', 'README.md', 'LICENSE-MIT'] },
    /files has no LICENSE-A/
  ],
  [WORKERD, { bin: { x: 'tools/x.js' } }, /tools\/x.js is not among files/],
  [WORKERD, { keywords: [] }, /there are no keywords/],
  [WORKERD, { keywords: ['cpu', 'cpu'] }, /a keyword is there twice/],
  [WORKERD, { keywords: ['Two words'] }, /the keyword 'Two words' is not/],
  [WORKERD, { homepage: 'https://example.com' }, /a field 'homepage', and no/],
  [WORKERD, { repository: 'a/b' }, /the repository is 'a\/b', expected none/],
  [GUEST, { description: '' }, /there is no description/],
  [GUEST, { description: 'It is.' }, /the description ends with a dot/],
  [GUEST, { description: 'x'.repeat(121) }, /the description is too long/]
]
for (const [folder, change, text] of WRONG)
  test(`${folder} with ${JSON.stringify(change).slice(0, 50)}`, (t) => {
    const root = copy(t)
    const file = join(root, folder, 'package.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...manifest, ...change }))
    const wrong = checkPackages(root)
    assert.ok(wrong.length > 0)
    for (const line of wrong) {
      assert.ok(line.startsWith(`${folder}/package.json: `), line)
    }
    assert.match(wrong.join('\n'), text)
  })

const CRATE = [
  ['license = .*', 'license = "MIT"', /the licence is 'MIT'/],
  ['keywords = .*', '', /there are no keywords/],
  [
    'keywords = .*',
    'keywords = ["aa", "bb", "cc", "dd", "ee", "ff"]',
    /accepts 5 keywords/
  ],
  ['categories = .*', '', /there are no categories/],
  ['rust-version = .*', '', /there is no rust-version/],
  ['description = .*', 'description = "It is."', /ends with a dot/],
  [
    'include = .*',
    'include = ["/src", "/build.rs"]',
    /does not pack LICENSE-A/
  ],
  ['edition = .*', '$&\npublish = false', /publish is \[\]/],
  [
    'edition = .*',
    '$&\nrepository = "https://example.com"',
    /the repository is 'https/
  ]
]
for (const [from, to, text] of CRATE)
  test(`guest/rust with ${to || `no ${from}`}`, (t) => {
    const root = copy(t)
    const file = join(root, 'guest/rust/Cargo.toml')
    const before = readFileSync(file, 'utf8')
    const after = before.replace(RegExp(`^${from}`, 'm'), to)
    assert.notEqual(after, before)
    writeFileSync(file, after)
    assert.match(checkPackages(root).join('\n'), text)
  })

test('a licence that differs, and a file that is missing, are named', (t) => {
  const root = copy(t)
  appendFileSync(join(root, 'guest/rust/LICENSE-MIT'), 'and more')
  rmSync(join(root, 'hosts/js/LICENSE-APACHE'))
  rmSync(join(root, 'hosts/workerd/npm/bin'), { recursive: true })
  rmSync(join(root, 'guest/assemblyscript/README.md'))
  assert.deepEqual(checkPackages(root), [
    'hosts/js/package.json: LICENSE-APACHE is not that of the repository',
    'hosts/js/package.json: files has LICENSE-APACHE, which does not exist',
    'hosts/workerd/npm/package.json: files has bin, which does not exist',
    "guest/assemblyscript/package.json: README.md has the title 'undefined', not 'wasmsig-guest'",
    'guest/assemblyscript/package.json: files has README.md, which does not exist',
    'guest/rust/Cargo.toml: LICENSE-MIT is not that of the repository'
  ])
})

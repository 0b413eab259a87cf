// SPDX-License-Identifier: Apache-2.0 OR MIT
/** scripts/check-layers on small trees that are made here. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { check } from '../../scripts/layers/check.mjs'

const LAYERS = {
  rows: [
    ['test'],
    ['cli'],
    ['hosts/a', 'hosts/b'],
    ['core/high'],
    ['core/low']
  ],
  apart: [],
  upward: [],
  circles: [],
  leftOut: []
}
const BEGIN = '<!-- layers: drawn by scripts/check-layers --write -->'
const FILES = {
  'CONTRIBUTING.md': `${BEGIN}\n<!-- end of layers -->\n`,
  'test/test.c': '#include "high/high.h"\nint main(void) { return high(); }\n',
  'cli/main.c':
    '#include "high/high.h"\nint a(void);\nint cli(void) { return a() + high(); }\n',
  'hosts/a/a.c': '#include "high/high.h"\nint a(void) { return high(); }\n',
  'hosts/b/b.c': 'int b(void) { return 0; }\n',
  'hosts/b/one.js': "require('./two.js')\n",
  'hosts/b/two.js': 'module.exports = 2\n',
  'core/high/high.h': 'int high(void);\n',
  'core/high/high.c': 'int low(void);\nint high(void) { return low(); }\n',
  'core/low/low.c': 'int low(void) { return 1; }\n',
  'core/low/other.c': 'int low(void);\nint other(void) { return low(); }\n'
}

/** A repository of FILES, changed by `files`, that is built. */
function treeWith(context, files = {}, layers = {}) {
  const root = mkdtempSync(join(tmpdir(), 'layers-'))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  const all = { ...FILES, ...files }
  all['scripts/layers/layers.json'] = JSON.stringify({ ...LAYERS, ...layers })
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  execFileSync('git', ['init', '-q', root])
  build(
    root,
    Object.keys(all).filter((name) => name.endsWith('.c'))
  )
  return root
}

function build(root, files) {
  const folder = join(root, 'build')
  mkdirSync(folder)
  const commands = files.map((file) => {
    const object = `${file.replaceAll('/', '-')}.o`
    const command = `cc -I${root}/core -o ${object} -c ${join(root, file)}`
    execFileSync('sh', ['-c', command], { cwd: folder })
    return { directory: folder, command, file: join(root, file) }
  })
  writeFileSync(join(folder, 'compile_commands.json'), JSON.stringify(commands))
  writeFileSync(join(root, '.gitignore'), 'build/\n')
}

const run = (root, options) =>
  check({ root, build: join(root, 'build'), ...options })

/** What is wrong with a tree whose picture is up to date. */
function errorsOf(root) {
  run(root, { write: true })
  return run(root)
}

test('a tree whose arrows all point down is in order', (context) => {
  assert.deepEqual(errorsOf(treeWith(context)), [])
})

test('a folder that includes from a row above is found', (context) => {
  const files = {
    'core/low/low.c': '#include "high/high.h"\nint low(void) { return 1; }\n'
  }
  assert.deepEqual(errorsOf(treeWith(context, files)), [
    'core/low may not use core/high: core/low/low.c includes core/high/high.h'
  ])
})

test('a folder that calls a function of a row above is found', (context) => {
  const files = {
    'core/low/low.c': 'int b(void);\nint low(void) { return b(); }\n'
  }
  assert.deepEqual(errorsOf(treeWith(context, files)), [
    'core/low may not use hosts/b: core/low/low.c uses b of hosts/b/b.c'
  ])
})

test('a folder that uses another of its row is found', (context) => {
  const files = { 'hosts/a/a.c': 'int b(void);\nint a(void) { return b(); }\n' }
  assert.match(
    errorsOf(treeWith(context, files)).join(),
    /hosts\/a may not use hosts\/b: hosts\/a\/a\.c uses b of hosts\/b\/b\.c/
  )
})

test('a folder that uses one which it stands apart from is found', (context) => {
  const apart = [{ folders: ['hosts/a'], from: ['core/high'], why: 'a test' }]
  assert.match(
    errorsOf(treeWith(context, {}, { apart })).join(),
    /hosts\/a may not use core\/high/
  )
})

test('an import from a row above is found', (context) => {
  const files = {
    'core/low/low.mjs': "import '../../hosts/b/two.js'\n"
  }
  assert.match(
    errorsOf(treeWith(context, files)).join(),
    /core\/low may not use hosts\/b: core\/low\/low\.mjs imports hosts\/b\/two\.js/
  )
})

test('a folder that is in no row is found', (context) => {
  const files = { 'elsewhere/new.c': 'int elsewhere;\n' }
  assert.match(
    errorsOf(treeWith(context, files)).join(),
    /elsewhere\/new\.c: its folder is in no row/
  )
})

test('an upward arrow that is known is accepted', (context) => {
  const files = {
    'core/low/low.c': 'int b(void);\nint low(void) { return b(); }\n'
  }
  const upward = [{ from: 'core/low/low.c', to: 'hosts/b', why: 'a test' }]
  assert.deepEqual(errorsOf(treeWith(context, files, { upward })), [])
})

test('a known upward arrow that has gone is found', (context) => {
  const upward = [{ from: 'core/low/low.c', to: 'hosts/b', why: 'a test' }]
  assert.deepEqual(errorsOf(treeWith(context, {}, { upward })), [
    'a known arrow has gone: core/low/low.c to hosts/b'
  ])
})

const CIRCLE = {
  'core/low/low.c': 'int other(void);\nint low(void) { return other(); }\n'
}

test('a new circle of objects is found, with a way around it', (context) => {
  assert.deepEqual(errorsOf(treeWith(context, CIRCLE)), [
    `a new circle of files: core/low/low.c, core/low/other.c
    core/low/low.c uses other of core/low/other.c
    core/low/other.c uses low of core/low/low.c`
  ])
})

test('a new circle of imports is found', (context) => {
  const files = { 'hosts/b/two.js': "exports.one = require('./one.js')\n" }
  assert.match(
    errorsOf(treeWith(context, files)).join(),
    /a new circle of files: hosts\/b\/one\.js, hosts\/b\/two\.js/
  )
})

test('a circle that is known is accepted', (context) => {
  const circles = [
    { files: ['core/low/other.c', 'core/low/low.c'], why: 'a test' }
  ]
  assert.deepEqual(errorsOf(treeWith(context, CIRCLE, { circles })), [])
})

test('a known circle that has gone is found', (context) => {
  const circles = [
    { files: ['core/low/other.c', 'core/low/low.c'], why: 'a test' }
  ]
  assert.match(
    errorsOf(treeWith(context, {}, { circles })).join(),
    /a known circle has gone: core\/low\/low\.c core\/low\/other\.c/
  )
})

test('a picture that is out of date is found, and drawn again', (context) => {
  const root = treeWith(context)
  assert.match(run(root).join(), /the picture is out of date/)
  assert.deepEqual(run(root, { write: true }), [])
  assert.equal(
    readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8'),
    `${BEGIN}

\`\`\`text
test  → all below

cli        → hosts/a  core/high

hosts/a    → core/high
hosts/b

core/high  → core/low
core/low
\`\`\`

<!-- end of layers -->
`
  )
})

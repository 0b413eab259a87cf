// SPDX-License-Identifier: Apache-2.0 OR MIT
// The README's host and guest work unchanged, also together.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as wasmsig from 'wasmsig'

import { folder } from '../cli/support/command.mjs'
import { PATIENCE_MS } from '../support/patience.mjs'
import { CLANG, FREESTANDING, ROOT, compile } from './support/compilers.mjs'

/** What the reader has already; the search has no end of its own. */
const READERS_OWN = `
static int steps;
static int improve_result(void) { return ++steps; }
static int best_result(void) { return 42; }
__attribute__((export_name("search"))) int search(void);
`

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const block = (language) =>
  new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(readme)[1]

/** Compiles the README's guest, after a change of its text. */
function readmesGuest(t, language, change = (text) => text) {
  const path = join(folder(t), 'guest')
  writeFileSync(`${path}.h`, READERS_OWN)
  writeFileSync(`${path}.c`, change(block('c')))
  compile(CLANG, language, [
    ...['-O2', ...FREESTANDING, '-include', `${path}.h`],
    ...['-x', language, `${path}.c`, '-o', `${path}.wasm`]
  ])
  return `${path}.wasm`
}

for (const language of ['c', 'c++']) {
  test(`the README's guest as ${language} returns at its signal`, (t) => {
    const bytes = readFileSync(readmesGuest(t, language))
    wasmsig.install()
    t.after(() => wasmsig.uninstall())
    const module = new WebAssembly.Module(bytes)
    const { search } = new WebAssembly.Instance(module).exports
    const budget = new wasmsig.CpuBudget({ soft: 20, hard: 5000 })
    assert.equal(budget.run(search), 42)
    assert.equal(budget.state, 'signalled')
  })
}

/** What the README's host prints, run as a program with that guest. */
function readmesHost(t, guest) {
  const path = join(folder(t), 'host.mjs')
  const url = import.meta.resolve('wasmsig')
  const own = `import { readFileSync } from 'node:fs'
    const bytes = readFileSync('${guest}'), imports = {}\n`
  writeFileSync(path, own + block('js').replace("'wasmsig'", `'${url}'`))
  return spawnSync(process.execPath, [path], {
    encoding: 'utf8',
    timeout: PATIENCE_MS
  })
}

test("the README's host prints what its guest returns", (t) => {
  const { status, stdout } = readmesHost(t, readmesGuest(t, 'c'))
  assert.equal(stdout, '42\n')
  assert.equal(status, 0)
})

test("the README's host stops a guest that ignores its signal", (t) => {
  const ignoring = (text) => text.replace('stop = signal', '(void)signal')
  const { status, stdout } = readmesHost(t, readmesGuest(t, 'c', ignoring))
  assert.equal(stdout, 'stopped at 100 ms\n')
  assert.equal(status, 0)
})

test('the README has 130 lines at most', () => {
  assert.ok(readme.trimEnd().split('\n').length <= 130)
})

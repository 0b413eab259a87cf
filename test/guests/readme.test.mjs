// SPDX-License-Identifier: Apache-2.0 OR MIT
// The README's guest compiles as it stands there, and stops when it is told.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as wasmsig from 'wasmsig'

import { folder } from '../cli/support/command.mjs'
import { CLANG, FREESTANDING, ROOT, compile } from './support/compilers.mjs'

/** What the reader has already. */
const READERS_OWN = `
static int steps;
#define look_further() (void)steps++
#define best_so_far() steps
__attribute__((export_name("search"))) int search(void);
`

function readmesGuest() {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const [, part] = text.split('\n## In a guest\n')
  return /```c\n([^]*?)```/.exec(part)[1]
}

for (const language of ['c', 'c++']) {
  test(`the README's guest as ${language} is told`, (t) => {
    const path = join(folder(t), 'guest')
    writeFileSync(`${path}.h`, READERS_OWN)
    writeFileSync(`${path}.c`, readmesGuest())
    compile(CLANG, language, [
      ...['-O2', ...FREESTANDING, '-include', `${path}.h`],
      ...['-x', language, `${path}.c`, '-o', `${path}.wasm`]
    ])
    wasmsig.install()
    t.after(() => wasmsig.uninstall())
    const module = new WebAssembly.Module(readFileSync(`${path}.wasm`))
    const { search } = new WebAssembly.Instance(module).exports
    const budget = new wasmsig.CpuBudget({ soft: 20, hard: 5000 })
    assert.ok(budget.run(search) > 0)
    assert.equal(budget.state, 'signalled')
  })
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What people copy: the example, and the code of the package's README. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import * as wasmsig from 'wasmsig'

import { folder } from '../../cli/support/command.mjs'
import { checkPi } from '../../e2e/support/example.mjs'
import { ROOT, compile } from './support/asc.mjs'

test('pi in AssemblyScript is signalled, is stopped, and receives Ctrl-C', async (t) => {
  const path = join(folder(t), 'pi.wasm')
  const bytes = await compile(
    'examples/pi-assemblyscript/pi.ts',
    ...['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort=']
  )
  writeFileSync(path, bytes)
  await checkPi(path)
})

test("the README's guest computes, and stops when it is signalled", async (t) => {
  const readme = join(ROOT, 'guest/assemblyscript/README.md')
  const [, code] = /```ts\n(.*?)```/s.exec(readFileSync(readme, 'utf8'))
  const source = join(folder(t), 'guest.ts')
  writeFileSync(source, code)
  const bytes = await compile(source, '-O3')

  wasmsig.install()
  t.after(() => wasmsig.uninstall())
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const { sumOfRoots } = instance.exports
  assert.equal(sumOfRoots(4), 1 + Math.SQRT2 + Math.sqrt(3) + 2)
  wasmsig.raise('SIGXCPU', instance)
  assert.equal(sumOfRoots(4), 1)
})

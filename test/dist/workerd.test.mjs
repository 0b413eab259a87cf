// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The npm package wasmsig-workerd, as it is uploaded. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { folder } from '../cli/support/command.mjs'
import { project, workerFiles } from '../workerd/support/npm.mjs'
import { namesIn, packed, topsOf } from './support/packages.mjs'

const LIBRARY = 'libwasmsig-workerd.glibc.so'
const sum = (file) =>
  createHash('sha256').update(readFileSync(file)).digest('hex')

/** The folder of the package, without installing it. */
function unpacked(t) {
  const place = folder(t)
  execFileSync('tar', ['xf', packed('wasmsig-workerd', 'tgz'), '-C', place])
  return join(place, 'package')
}

test('it has a library for each processor, and nothing of the sources', () => {
  const names = namesIn(packed('wasmsig-workerd', 'tgz'))
  assert.deepEqual(topsOf(names), [
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'README.md',
    'bin',
    'lib',
    'package.json',
    'prebuilds',
    'types'
  ])
  assert.deepEqual(
    names.filter((name) => name.includes('/prebuilds/')),
    ['arm64', 'x64'].map((cpu) => `package/prebuilds/linux-${cpu}/${LIBRARY}`)
  )
})

for (const [cpu, machine] of [
  ['x64', 'X86-64'],
  ['arm64', 'AArch64']
])
  test(`the library for ${cpu} replaces four functions, and has no paths`, (t) => {
    const file = join(unpacked(t), `prebuilds/linux-${cpu}`, LIBRARY)
    const read = (...options) =>
      execFileSync('llvm-readelf-19', [...options, file], { encoding: 'utf8' })
    assert.match(read('-h'), RegExp(`Machine: .*${machine}`))
    assert.doesNotMatch(read('-S'), /\.debug_/)
    const visible = execFileSync(
      'llvm-nm-19',
      ['-D', '--defined-only', '--format=just-symbols', file],
      { encoding: 'utf8' }
    )
    assert.deepEqual(visible.trim().split('\n').sort(), [
      '_exit',
      'execv',
      'execve',
      'execvp'
    ])
    const folders = readFileSync(file, 'latin1').match(/\/[\w./-]+\.(c|cc|h)\b/)
    assert.equal(folders, null)
  })

test('installed in a project, it stops a Worker at its limit', async (t) => {
  const made = project(t, 'miniflare', {
    ...(await workerFiles()),
    'ask.mjs': `
      import { Miniflare } from 'miniflare'
      import { readFileSync } from 'node:fs'
      const module = (type, path) => ({
        type, path, contents: readFileSync(\`src/\${path}\`)
      })
      const miniflare = new Miniflare({
        compatibilityDate: '2026-03-01',
        modules: [
          module('ESModule', 'index.mjs'), module('CompiledWasm', 'poll.wasm')
        ]
      })
      for (const path of ['/lives', '/signalled', '/stopped/wasm', '/lives']) {
        const { status } = await miniflare.dispatchFetch('http://it' + path)
        console.log(status)
      }
      await miniflare.dispose()`
  })
  const file = packed('wasmsig-workerd', 'tgz')
  const options = ['--offline', '--no-save', '--no-audit', '--no-fund']
  const { status, stderr } = made.run('npm', ['install', ...options, file])
  assert.equal(status, 0, stderr)
  const published = join(unpacked(t), 'prebuilds/linux-x64', LIBRARY)
  const installed = made.path(
    `node_modules/wasmsig-workerd/prebuilds/linux-x64/${LIBRARY}`
  )
  assert.equal(sum(installed), sum(published))

  const result = made.limited(['--cpu-limit', '60ms', 'node', 'ask.mjs'])
  assert.equal(result.status, 0, result.stderr)
  assert.deepEqual(result.stdout.trim().split('\n'), [
    ...['200', '200', '500', '200']
  ])
})

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A WASI program, compiled by clang against wasi-libc, in node:wasi. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from './support/child.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'wasmsig-wasi-'))
const file = join(folder, 'guest.wasm')
after(() => rmSync(folder, { recursive: true }))

function compile() {
  const include = `-I${here('../../guest/c/include')}`
  const flags = ['--target=wasm32-wasi', '-O2', include, '-o', file]
  try {
    execFileSync('clang-19', [...flags, here('programs/wasi.c')], {
      stdio: 'pipe'
    })
    return false
  } catch (error) {
    if (error.code === 'ENOENT') return 'there is no clang-19'
    if (/stdio\.h/.test(error.stderr)) return 'there is no wasi-libc'
    throw error
  }
}

const others = process.versions.deno ?? process.versions.bun
const skip = others ? 'node:wasi is different there' : compile()
const flags = ['--no-warnings']

for (const way of ['instantiate', 'Instance']) {
  test(
    `a WASI program made by ${way} is signalled, and ends with its own status`,
    { skip },
    async () => {
      const ended = await run('wasi.mjs', { flags, args: [file, way] })
      assert.equal(ended.stderr, '')
      assert.deepEqual(ended.stdout.trim().split('\n'), [
        'guest: received 24',
        JSON.stringify({ status: 7, untracked: {} })
      ])
    }
  )

  test(
    `a WASI program made by ${way} runs the same without the shim`,
    { skip },
    async () => {
      const ended = await run('wasi.mjs', { flags, args: [file, way, 'plain'] })
      assert.deepEqual(ended.stdout.trim().split('\n'), [
        'guest: received 0',
        JSON.stringify({ status: 7, untracked: {} })
      ])
    }
  )
}

test(
  'a WASI program that never polls is killed by its hard limit alone',
  { skip: others && 'these cannot end a call' },
  async () => {
    const ended = await run('wasi-killed.mjs', { flags })
    assert.equal(ended.stderr, '')
    assert.deepEqual(ended.stdout.trim().split('\n'), [
      'start ERR_WASMSIG_CPU_LIMIT',
      'start ERR_WASI_ALREADY_STARTED',
      'start returned 0',
      'initialize ERR_WASMSIG_CPU_LIMIT',
      'initialize ERR_WASI_ALREADY_STARTED',
      'initialize returned undefined',
      'kills 2'
    ])
  }
)

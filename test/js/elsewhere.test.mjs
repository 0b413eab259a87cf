// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The package where it has no addon: a preloaded file gives the process the
 * names of another system. It installs, loads, does nothing, and says so once.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { HOSTS } from '../conformance/hosts.mjs'
import { run } from './support/child.mjs'

const PACKAGE = fileURLToPath(new URL('../../hosts/js/', import.meta.url))
const PRELOADED = fileURLToPath(
  new URL('support/elsewhere.cjs', import.meta.url)
)
const OTHERS = ['darwin-arm64', 'win32-x64', 'freebsd-x64', 'linux-riscv64']
const NOTHING = {
  supported: false,
  wraps: false,
  exports: 1,
  metrics: 'function'
}

/** Runs a program on a system of this name. */
const elsewhere = (system, program, { flags = [], env = {}, ...rest } = {}) =>
  run(program, {
    flags: ['--require', PRELOADED, ...flags],
    env: { PRETENDED_SYSTEM: system, ...env },
    ...rest
  })

/** Programs that are not Node: the runtime of a sanitizer is not for them. */
const environment = (system) => ({
  ...process.env,
  LD_PRELOAD: '',
  PRETENDED_SYSTEM: system
})

const warningsIn = (stderr) => stderr.match(/\[WASMSIG_UNSUPPORTED\].*/g) ?? []

function checkWarnsOnce({ status, stderr }, system) {
  assert.equal(status, 0, stderr)
  const warnings = warningsIn(stderr)
  assert.equal(warnings.length, 1, stderr)
  assert.ok(warnings[0].includes(`does nothing on ${system}:`), stderr)
  assert.match(warnings[0], /works on linux-x64 and linux-arm64$/)
}

describe('elsewhere', { concurrency: 2 }, () => {
  for (const system of OTHERS) {
    test(`${system}: an ES module's calls are plain calls`, async () => {
      const ended = await elsewhere(system, 'off.mjs')
      checkWarnsOnce(ended, system)
      assert.equal(ended.stdout, 'plain\n')
    })

    test(`${system}: each part is required and does nothing`, async () => {
      const ended = await elsewhere(system, 'elsewhere.cjs')
      checkWarnsOnce(ended, system)
      assert.deepEqual(JSON.parse(ended.stdout), NOTHING)
    })
  }

  for (const part of ['register', 'instrument']) {
    for (const flag of ['--import', '--require']) {
      test(`${flag} wasmsig/${part} warns, and the program runs`, async () => {
        const flags = [flag, `wasmsig/${part}`]
        const system = 'darwin-arm64'
        const ended = await elsewhere(system, 'registered.mjs', { flags })
        checkWarnsOnce(ended, system)
        assert.deepEqual(JSON.parse(ended.stdout), {
          received: 0,
          installs: false
        })
      })
    }
  }

  test('workers do not repeat the warning of their process', async () => {
    const ended = await elsewhere('darwin-x64', 'elsewhere-workers.cjs')
    checkWarnsOnce(ended, 'darwin-x64')
    assert.equal(ended.stdout, 'false\nfalse\n')
  })

  test('a second copy of the package does not repeat it', async (t) => {
    const place = mkdtempSync(path.join(tmpdir(), 'wasmsig-elsewhere-'))
    t.after(() => rmSync(place, { recursive: true }))
    cpSync(path.join(PACKAGE, 'lib'), place, { recursive: true })
    const flags = ['--require', path.join(place, 'index.js')]
    const ended = await elsewhere('darwin-x64', 'elsewhere.cjs', { flags })
    checkWarnsOnce(ended, 'darwin-x64')
    assert.deepEqual(JSON.parse(ended.stdout), NOTHING)
  })

  for (const env of [{ WASMSIG: 'off' }, { WASMSIG_ROLLOUT: '0%' }]) {
    const name = JSON.stringify(env)
    test(`under ${name} there is no warning, and supported is false`, async () => {
      const options = { env }
      const ended = await elsewhere('darwin-arm64', 'elsewhere.cjs', options)
      assert.equal(ended.stderr, '')
      assert.deepEqual(JSON.parse(ended.stdout), NOTHING)
    })
  }

  test('here, each part works, and supported is true', async () => {
    const env = { WASMSIG_INSTRUMENT_CACHE: 'off' }
    const { stdout, stderr } = await run('elsewhere.cjs', { env })
    assert.equal(stderr, '')
    const { exports, ...others } = JSON.parse(stdout)
    assert.ok(exports > 1, 'it is not instrumented')
    assert.deepEqual(others, {
      supported: true,
      wraps: true,
      metrics: 'function'
    })
  })

  test('here, supported is true under WASMSIG=off, too', async () => {
    const { stdout } = await run('elsewhere.cjs', { env: { WASMSIG: 'off' } })
    assert.deepEqual(JSON.parse(stdout), { ...NOTHING, supported: true })
  })

  for (const system of ['linux-x64', 'linux-arm64']) {
    test(`${system}: a native part that is missing is an error`, async () => {
      const env = { WASMSIG_PREBUILD: '/nowhere' }
      const ended = await elsewhere(system, 'elsewhere.cjs', { env })
      assert.equal(ended.status, 1)
      assert.match(ended.stderr, /code: 'ERR_WASMSIG_NO_ADDON'/)
      assert.deepEqual(warningsIn(ended.stderr), [])
    })
  }
})

for (const system of ['darwin-arm64', 'freebsd-x64', 'linux-riscv64'])
  test(`npm installs the package on ${system}`, (t) => {
    const place = mkdtempSync(path.join(tmpdir(), 'wasmsig-elsewhere-'))
    t.after(() => rmSync(place, { recursive: true }))
    writeFileSync(path.join(place, 'package.json'), '{ "private": true }')
    const npm = (...args) =>
      execFileSync('npm', args, {
        cwd: place,
        encoding: 'utf8',
        env: {
          ...environment(system),
          NODE_OPTIONS: `--require=${PRELOADED}`
        }
      })
    const file = npm('pack', PACKAGE, '--silent').trim()
    npm('install', '--offline', '--no-audit', '--no-fund', file)
    assert.ok(existsSync(path.join(place, 'node_modules/wasmsig/lib/index.js')))
  })

/** How these hosts load a file first. */
const FLAGS = {
  bun: ['--preload', PRELOADED],
  deno: ['run', '--allow-all', '--preload', PRELOADED]
}
const OFF = fileURLToPath(new URL('programs/off.mjs', import.meta.url))
for (const host of HOSTS.filter(({ kind }) => kind in FLAGS))
  test(`${host.label}: the package loads, and does nothing`, () => {
    host.fetch()
    const { status, stdout, stderr } = spawnSync(
      host.program,
      [...FLAGS[host.kind], OFF],
      {
        encoding: 'utf8',
        env: environment('darwin-arm64')
      }
    )
    assert.equal(stdout, 'plain\n', stderr)
    checkWarnsOnce({ status, stderr }, 'darwin-arm64')
  })

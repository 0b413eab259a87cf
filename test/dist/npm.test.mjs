// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The npm package wasmsig, as it is uploaded: its binaries, and its hosts. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import * as hosts from './support/hosts.mjs'
import { ROOT, namesIn, packed, topsOf } from './support/packages.mjs'

const SYSTEMS = ['arm64', 'x64'].flatMap((cpu) =>
  ['glibc', 'musl'].map((libc) => ({ cpu, libc }))
)
const fileOf = ({ cpu, libc }) => `prebuilds/linux-${cpu}/wasmsig.${libc}.node`

/** A project in which npm has installed the package, with an empty cache. */
let project
before(() => {
  project = mkdtempSync(join(tmpdir(), 'wasmsig-project-'))
  writeFileSync(join(project, 'package.json'), '{ "private": true }')
  execFileSync(
    'npm',
    [
      ...['install', '--offline', '--ignore-scripts', '--omit=peer'],
      ...['--no-audit', '--no-fund', packed('wasmsig', 'tgz')]
    ],
    {
      cwd: project,
      env: { ...process.env, npm_config_cache: join(project, 'cache') },
      stdio: ['ignore', 'ignore', 'inherit']
    }
  )
  cpSync(join(ROOT, 'test/dist/support/job.mjs'), join(project, 'job.mjs'))
  const pi = join(ROOT, 'build/release/guests/pi.wasm')
  cpSync(pi, join(project, 'pi.wasm'))
})
after(() => rmSync(project, { recursive: true }))

const installed = (name) => join(project, 'node_modules/wasmsig', name)

test('it has four binaries, typings, licences, and no sources of them', () => {
  const names = namesIn(packed('wasmsig', 'tgz'))
  assert.deepEqual(topsOf(names), [
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'README.md',
    'lib',
    'package.json',
    'prebuilds',
    'types'
  ])
  assert.deepEqual(
    names.filter((name) => name.includes('/prebuilds/')),
    SYSTEMS.map((system) => `package/${fileOf(system)}`)
  )
  const { scripts, gypfile } = JSON.parse(
    readFileSync(installed('package.json'), 'utf8')
  )
  assert.deepEqual([scripts, gypfile], [undefined, undefined])
  assert.deepEqual(
    readdirSync(join(project, 'node_modules')).filter((n) => n[0] !== '.'),
    ['wasmsig']
  )
})

// ----------------------------------------------------------------- binaries

const symbols = (file, ...options) =>
  execFileSync(
    'llvm-nm-19',
    ['-D', '--format=just-symbols', ...options, file],
    {
      encoding: 'utf8'
    }
  )
    .trim()
    .split('\n')
    .map((name) => name.replace(/@.*/, ''))

const MUSL = '/lib/x86_64-linux-musl/libc.so'

for (const system of SYSTEMS)
  describe(`the binary for ${system.cpu} with ${system.libc}`, () => {
    const file = () => installed(fileOf(system))
    const read = (...options) =>
      execFileSync('llvm-readelf-19', [...options, file()], {
        encoding: 'utf8'
      })

    test('is for that processor, and has no debug information', () => {
      const machine = { arm64: 'AArch64', x64: 'X86-64' }[system.cpu]
      assert.match(read('-h'), RegExp(`Machine: .*${machine}`))
      assert.doesNotMatch(read('-S'), /\.debug_|\.symtab/)
    })

    test('has no path of a machine', () => {
      const text = readFileSync(file(), 'latin1')
      assert.equal(text.includes(ROOT), false)
      assert.equal(/\/[\w./-]+\.(c|h|zig)\b/.exec(text), null)
    })

    test('shows a host three names', () => {
      assert.deepEqual(symbols(file(), '--defined-only').sort(), [
        'napi_register_module_v1',
        'node_api_module_get_api_version_v1',
        'wasmsig_addon_version'
      ])
    })

    test('needs nothing but the C library, and the host', () => {
      const needed = [...read('-d').matchAll(/\(NEEDED\).*\[(.*)\]/g)]
      const names = needed.map(([, name]) => name)
      if (system.libc === 'musl') {
        assert.deepEqual(names, ['libc.so'])
        const there = new Set(symbols(MUSL, '--defined-only'))
        const others = symbols(file(), '--undefined-only', '--no-weak').filter(
          (name) => !there.has(name) && !name.startsWith('napi_')
        )
        assert.deepEqual(others, [])
        // A library that is loaded later has no room for such data.
        assert.doesNotMatch(read('-r'), /TPOFF64|TLS_TPREL/)
      } else {
        execFileSync(join(ROOT, 'scripts/check-glibc'), ['2.28', file()], {
          env: { ...process.env, OBJDUMP: 'llvm-objdump-19' }
        })
      }
    })
  })

// -------------------------------------------------------------------- hosts

const EXPECTED = {
  supported: true,
  signals: [[24, true]],
  digits: true,
  code: 'ERR_WASMSIG_CPU_LIMIT',
  alive: 7
}

function run({ file, args, env = {} }, ...words) {
  return spawnSync(file, [...args, ...words], {
    cwd: project,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    env: { PATH: process.env.PATH, HOME: project, ...env }
  })
}

function checkJob(host) {
  const { status, stdout, stderr } = run(host, 'job.mjs', 'pi.wasm')
  assert.equal(status, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), EXPECTED)
}

for (const host of hosts.OWN_HOSTS)
  test(`installed, it works in ${host.label} ${host.said}`, () => {
    host.fetch()
    checkJob({ file: host.program, args: host.command })
  })

test('CommonJS gets the same', () => {
  const node = { file: process.execPath, args: [] }
  const { status, stdout, stderr } = run(
    node,
    '--print',
    'require("wasmsig").capabilities.supported'
  )
  assert.deepEqual([status, stdout], [0, 'true\n'], stderr)
})

test('it works in Bun for musl', () => checkJob(hosts.bunForMusl()))

// In an emulator (qemu-user): its signals and its CPU clocks are real ones.
test('it works in Node for 64-bit Arm', () => checkJob(hosts.nodeForArm64()))
test('it works in Bun for 64-bit Arm', () => checkJob(hosts.bunForArm64()))

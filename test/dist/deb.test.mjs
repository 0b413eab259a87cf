// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Debian's packages, installed by dpkg in a root of its own: the command runs,
 * its manual is found, programs in C find the libraries, and nothing is left when
 * they are removed.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync
} from 'node:fs'
import { readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { DIST, ROOT, VERSION } from './support/packages.mjs'

const NAMES = ['wasmsig', 'wasmsig-dev']
const fileOf = (name, processor) =>
  join(DIST, `${name}_${VERSION}_${processor}.deb`)
const run = (file, args, options) =>
  spawnSync(file, args, { encoding: 'utf8', ...options })

/** The fields of a package's control file. */
const control = (file) =>
  Object.fromEntries(
    execFileSync('dpkg-deb', ['--field', file], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => /^\S+:/.test(line))
      .map((line) => line.split(/: ?/, 2))
  )

for (const processor of ['amd64', 'arm64'])
  describe(`the packages for ${processor}`, () => {
    test('say what they are and what they need', () => {
      const [command, development] = NAMES.map((name) =>
        control(fileOf(name, processor))
      )
      assert.deepEqual(
        [command.Package, command.Version, command.Architecture],
        ['wasmsig', VERSION, processor]
      )
      assert.equal(command.Depends, 'libc6 (>= 2.28), libgcc-s1 (>= 3.0)')
      assert.equal(development.Package, 'wasmsig-dev')
      assert.equal(development.Depends, 'libc6-dev')
    })

    test('files are of root and in /usr, and name no folder of the build', () => {
      for (const name of NAMES) {
        const file = fileOf(name, processor)
        const list = execFileSync('dpkg-deb', ['--contents', file], {
          encoding: 'utf8'
        })
        for (const line of list.trim().split('\n'))
          assert.match(
            line,
            /^(-rw-r--r--|-rwxr-xr-x|drwxr-xr-x) root\/root .* \.\/(usr\/.*)?$/
          )
        const data = execFileSync('dpkg-deb', ['--fsys-tarfile', file], {
          maxBuffer: 2 ** 28
        })
        assert.equal(data.includes(Buffer.from(ROOT)), false)
      }
    })

    test('lintian has no other complaints than these', () => {
      const files = NAMES.map((name) => fileOf(name, processor))
      const { stdout } = run('lintian', ['--allow-root', ...files])
      const tags = new Set(
        stdout
          .split('\n')
          .map((line) => /^[EW]: \S+: (\S+)/.exec(line)?.[1])
          .filter(Boolean)
      )
      assert.deepEqual([...tags].sort(), [
        // WASMSIG_MAINTAINER is not set here.
        'bogus-mail-host',
        'bogus-mail-host-in-debian-changelog',
        // wasm has none: it is a library for guests.
        'no-code-sections',
        // They are in /usr/lib: there is one set of libraries in a system.
        'pkg-config-unavailable-for-cross-compilation'
      ])
    })
  })

describe('installed in a root of its own', () => {
  const root = mkdtempSync(join(tmpdir(), 'wasmsig-root-'))
  after(() => rmSync(root, { recursive: true }))

  // The packages it depends on are those of this system.
  const dpkg = (...words) => {
    const options = ['--root', root, '--force-depends', '--force-not-root']
    const done = run('dpkg', [...options, ...words])
    assert.equal(done.status, 0, done.stderr)
    return done.stdout
  }
  const files = () =>
    readdirSync(root, { recursive: true }).filter(
      (name) => !/^var(\/|$)/.test(name)
    )
  const usr = (name) => join(root, 'usr', name)
  const environment = {
    ...process.env,
    PKG_CONFIG_PATH: usr('lib/pkgconfig'),
    PKG_CONFIG_SYSROOT_DIR: root
  }

  before(() => {
    mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true })
    mkdirSync(join(root, 'var/lib/dpkg/updates'))
    for (const name of ['status', 'available'])
      writeFileSync(join(root, 'var/lib/dpkg', name), '')
    dpkg('--install', ...NAMES.map((name) => fileOf(name, 'amd64')))
  })

  test('dpkg finds each file as it was packed', () => {
    assert.equal(dpkg('--verify', ...NAMES), '')
    assert.match(dpkg('--listfiles', 'wasmsig'), /^\/usr\/bin\/wasmsig$/m)
  })

  test('the command signals a program, and stops one', () => {
    const primes = join(ROOT, 'build/release/guests/primes.wasm')
    const limited = (...options) =>
      run(usr('bin/wasmsig'), ['run', ...options, primes])
    const signalled = limited('--cpu-soft', '50ms')
    assert.equal(signalled.status, 3, signalled.stderr)
    assert.match(signalled.stdout, /out of CPU time/)
    assert.equal(limited('--cpu-hard', '50ms').status, 152)
  })

  test('it finds its library for workerd', () => {
    const { stderr } = run(
      usr('bin/wasmsig'),
      [
        'workerd',
        '--cpu-limit',
        '50ms',
        '--workerd',
        '/bin/true',
        '--',
        'serve'
      ],
      { cwd: root }
    )
    assert.doesNotMatch(stderr, /libwasmsig-workerd/)
  })

  test('the manuals are found, and can be shown', () => {
    for (const name of ['wasmsig', 'wasmsig-cc']) {
      const text = execFileSync('gzip', [
        ...['-dc', usr(`share/man/man1/${name}.1.gz`)]
      ])
      const shown = run('mandoc', ['-T', 'ascii', '-W', 'warning'], {
        input: text
      })
      assert.deepEqual([shown.status, shown.stderr], [0, ''])
    }
  })

  const HOST = `
#include <stdio.h>
#include <wasmsig/host.h>
int main(void) {
  struct wasmsig_registry *registry;
  int error = wasmsig_registry_create(&registry);
  printf("%s %zu\\n", wasmsig_error_name(error),
         wasmsig_registry_count(registry));
  wasmsig_registry_destroy(registry);
}`

  test('a host in C is compiled with pkg-config, and runs', () => {
    const flags = execFileSync(
      'pkg-config',
      ['--cflags', '--libs', 'wasmsig'],
      { encoding: 'utf8', env: environment }
    )
    const program = join(root, 'tmp-host')
    execFileSync(
      'cc',
      ['-xc', '-', '-xnone', '-o', program, ...flags.trim().split(/\s+/)],
      { input: HOST }
    )
    assert.equal(run(program, []).stdout, 'WASMSIG_OK 0\n')
    rmSync(program)
  })

  test('a host in C is compiled with find_package, and runs', () => {
    const project = mkdtempSync(join(tmpdir(), 'wasmsig-find-'))
    try {
      writeFileSync(join(project, 'host.c'), HOST)
      writeFileSync(
        join(project, 'CMakeLists.txt'),
        `cmake_minimum_required(VERSION 3.25)
project(host C)
find_package(wasmsig ${VERSION} REQUIRED COMPONENTS module instrument)
add_executable(host host.c)
target_link_libraries(host PRIVATE wasmsig::wasmsig wasmsig::module)
`
      )
      const build = join(project, 'build')
      execFileSync('cmake', [
        ...['-S', project, '-B', build, `-DCMAKE_PREFIX_PATH=${usr('')}`]
      ])
      execFileSync('cmake', ['--build', build])
      assert.equal(run(join(build, 'host'), []).stdout, 'WASMSIG_OK 0\n')
    } finally {
      rmSync(project, { recursive: true })
    }
  })

  test('wasmsig-cc compiles a guest, which the command signals', () => {
    const guest = join(root, 'tmp-guest.wasm')
    const source = `
#include <signal.h>
static volatile sig_atomic_t stop;
static void handle(int number) { stop = number; }
int main(void) {
  signal(SIGXCPU, handle);
  while (!stop) continue;
  return stop;
}`
    const compiled = run(
      usr('bin/wasmsig-cc'),
      ['-O2', '-xc', '-', '-o', guest],
      {
        input: source
      }
    )
    assert.equal(compiled.status, 0, compiled.stderr)
    const { status } = run(usr('bin/wasmsig'), [
      ...['run', '--cpu-soft', '50ms', '--cpu-hard', '20s', guest]
    ])
    assert.equal(status, 24)
    rmSync(guest)
  })

  test('the copyright file has the licences of what is inside', () => {
    const text = readFileSync(usr('share/doc/wasmsig/copyright'), 'utf8')
    for (const part of ['wasmtime', 'wamr', 'xxhash', 'zig', 'glibc'])
      assert.match(text, RegExp(`^License: parts-of-${part}$`, 'm'))
    assert.equal((text.match(/LLVM Exceptions/g) ?? []).length, 2)
  })

  // The last one: nothing is there after it.
  test('removed, they leave nothing behind', () => {
    assert.ok(files().length > 50)
    dpkg('--purge', ...NAMES)
    assert.deepEqual(files(), [])
    assert.ok(existsSync(root))
  })
})

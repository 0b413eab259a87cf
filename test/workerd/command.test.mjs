// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The command `wasmsig workerd`: options, refusals, the environment. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, symlinkSync } from 'node:fs'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import { COMMAND, VERSION, executable } from './support/runtime.mjs'
import { folder } from './support/runtime.mjs'

const SAID = `workerd ${VERSION.replace(/^1\.(....)(..)(..).*/, '$1-$2-$3')}`

const command = (args, options) =>
  spawnSync(COMMAND, ['workerd', ...args], {
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    ...options
  })

const limited = (path, options) =>
  command(
    ['--cpu-limit', '50ms', '--workerd', path, '--', '--version'],
    options
  )

// ------------------------------------------------------------------ options

test('wrong usage is refused with status 2 and one line', () => {
  for (const [args, text] of [
    [[], /no limit is given; --unlimited starts workerd without one/],
    [['--cpu-limit', '50'], /'50' has no unit/],
    [['--cpu-limit', '50ms', '--cpu-margin', '100%'], /'100%' is no share/],
    ...['0x10%', '1e1%', '5.%', '.5%', ' 5%', '+5%', '1.2.3%', 'nan%', '%'].map(
      (margin) => [
        ['--cpu-limit', '50ms', '--cpu-margin', margin],
        /' is no share/
      ]
    ),
    [['--cpu-margin', '10%'], /--cpu-margin needs --cpu-limit/],
    [
      ['--cpu-limit', '50ms', '--cpu-margin', '1%', '--cpu-soft', '1ms'],
      /--cpu-margin and --cpu-soft say the same/
    ],
    [
      ['--cpu-limit', '50ms', '--cpu-soft', '51ms'],
      /--cpu-soft is above --cpu-limit/
    ],
    [['--log-format', 'xml'], /'xml' is not text or json/],
    [['--no-such'], /there is no option '--no-such'/],
    [['--cpu-limit'], /--cpu-limit needs a value/]
  ]) {
    const { status, stderr, stdout } = command(args)
    assert.equal(status, 2, String(args))
    assert.match(stderr, text)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.equal(stdout, '')
  }
})

test('--help is help', () => {
  const { status, stdout } = command(['--help'])
  assert.equal(status, 0)
  assert.match(stdout, /^Usage: wasmsig workerd/)
})

// ------------------------------------------------------ finding the runtime

test('workerd is found in node_modules, from here upwards', (t) => {
  const here = folder(t)
  const binary = join(here, 'node_modules/@cloudflare/workerd-linux-64/bin')
  mkdirSync(binary, { recursive: true })
  symlinkSync(executable(), join(binary, 'workerd'))
  const cwd = join(here, 'a/b')
  mkdirSync(cwd, { recursive: true })
  const found = command(['--cpu-limit', '50ms', '--', '--version'], { cwd })
  assert.equal(found.stdout.trim(), SAID)
  assert.equal(found.status, 0)

  // npm's command is a script beside it.
  const script = join(here, 'node_modules/workerd/bin/workerd')
  mkdirSync(join(script, '..'), { recursive: true })
  writeFileSync(script, '#!/usr/bin/env node\nthrow "never started"\n')
  assert.equal(limited(script).stdout.trim(), SAID)
})

test('what cannot be limited is refused before it starts', (t) => {
  const here = folder(t)
  const script = join(here, 'script')
  writeFileSync(script, '#!/bin/sh\necho started\n', { mode: 0o755 })
  for (const [path, text] of [
    [join(here, 'nothing'), /there is no such file/],
    [script, /a script; --workerd names the executable/],
    [join(here, 'script'), /a script/],
    ['/etc/passwd', /not dynamically linked, or not for Linux/]
  ]) {
    const { status, stdout, stderr } = limited(path)
    assert.equal(status, 1, path)
    assert.match(stderr, text)
    assert.equal(stdout, '')
  }
})

// ----------------------------------------------------------- unknown binaries

const KNOWN = 'known are 2026-03-10 to 2026-11-17'

test('a workerd without symbols is refused, and named', (t) => {
  const stripped = join(folder(t), 'workerd')
  copyFileSync(executable(), stripped)
  execFileSync('strip', [stripped])
  const { status, stdout, stderr } = limited(stripped)
  assert.equal(status, 1)
  assert.equal(
    stderr,
    `wasmsig: ${SAID} cannot be limited: it has no symbols; ${KNOWN} ` +
      '(--unlimited starts it without limits)\n'
  )
  assert.equal(stdout, '')
  const unlimited = command([
    ...['--unlimited', '--workerd', stripped, '--', '--version']
  ])
  assert.equal(unlimited.stdout.trim(), SAID)
})

test('a program that is no workerd is refused, and says why', () => {
  const { status, stderr } = limited(process.execPath)
  assert.equal(status, 1)
  assert.match(stderr, /cannot be limited: .* has no virtual table, a class/)
})

// Renames a symbol in the file, at its same length.
function without(t, symbol) {
  const path = join(folder(t), 'workerd')
  const bytes = readFileSync(executable())
  const name = Buffer.from(`\0${symbol}\0`)
  const at = bytes.lastIndexOf(name)
  assert.ok(at > 0, symbol)
  bytes[at + 5] ^= 1
  writeFileSync(path, bytes, { mode: 0o755 })
  return path
}

test('each function and each method that is missing is named', (t) => {
  for (const symbol of [
    '_ZN2v87Isolate18TerminateExecutionEv',
    '_ZN7workerd9IoContext5abortEON2kj9ExceptionE',
    '_ZN2kj9Exception9setDetailEyNS_5ArrayIhEE',
    '_ZN2kj1_6detachEONS_7PromiseIvEE',
    '_ZN7workerd9IoContextD0Ev'
  ]) {
    const { status, stdout, stderr } = limited(without(t, symbol))
    assert.equal(status, 1, symbol)
    const text = symbol.endsWith('D0Ev') ? 'D0Ev' : symbol
    assert.ok(stderr.includes(`cannot be limited: ${text} is missing`), stderr)
    assert.equal(stdout, '')
  }
})

// -------------------------------------------------------------- environment

test('what workerd starts is not affected', (t) => {
  // A refused runtime is asked for its version: this one tells what it has.
  const here = folder(t)
  const source = join(here, 'teller.c')
  const teller = join(here, 'workerd')
  writeFileSync(
    source,
    `#include <stdio.h>
#include <string.h>
extern char **environ;
int main(void) {
  int affected = 0;
  for (char **at = environ; *at; at++)
    affected += !strncmp(*at, "LD_PRELOAD=", 11) ||
                !strncmp(*at, "WASMSIG_", 8);
  printf("%d affected\\n", affected);
}`
  )
  execFileSync('cc', ['-s', '-o', teller, source])
  // What chooses the command and the version for the tests is theirs.
  const own = Object.entries(process.env)
  const env = Object.fromEntries(
    own.filter(([name]) => !name.startsWith('WASMSIG_'))
  )
  assert.match(
    limited(teller, { env }).stderr,
    /^wasmsig: 0 affected cannot be limited/
  )
})

test('other libraries stay preloaded', (t) => {
  const here = folder(t)
  const source = join(here, 'other.c')
  const other = join(here, 'other.so')
  writeFileSync(
    source,
    `#include <stdio.h>
#include <stdlib.h>
__attribute__((destructor)) static void end(void) {
  const char *list = getenv("LD_PRELOAD");
  fprintf(stderr, "LD_PRELOAD is %s\\n", list ? list : "unset");
}`
  )
  execFileSync('cc', ['-shared', '-fPIC', '-o', other, source])
  const env = { ...process.env, LD_PRELOAD: other }
  const { stdout, stderr } = limited(executable(), { env })
  assert.equal(stdout.trim(), SAID)
  assert.ok(stderr.endsWith(`LD_PRELOAD is ${other}\n`), stderr)
})

test('in a program that is no workerd the library does nothing', () => {
  const library = join(COMMAND, '../libwasmsig-workerd.so')
  const env = { LD_PRELOAD: library, WASMSIG_WORKERD_HARD_NS: '1000' }
  const text = execFileSync('/usr/bin/env', { env, encoding: 'utf8' })
  assert.ok(text.includes(`LD_PRELOAD=${library}\n`))
  assert.ok(text.includes('WASMSIG_WORKERD_HARD_NS=1000\n'))
})

// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The command of the npm package wasmsig-workerd, from outside. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { placeWorkerd, project } from './support/npm.mjs'
import { executable, VERSION } from './support/runtime.mjs'

const SAID = VERSION.replace(/^1\.(....)(..)(..).*/, '$1-$2-$3')
const LIMIT = ['--cpu-limit', '50ms']

/** A program that prints those of its variables that are ours. */
const SHOW = `console.log(JSON.stringify(Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(WASMSIG_|MINIFLARE_|LD_PRELOAD)/.test(name)))))`
const shown = ({ stdout, stderr }) => {
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}

// ------------------------------------------------------------------ options

test('wrong usage is refused with status 2 and one line', (t) => {
  const made = project(t)
  for (const [args, text] of [
    [[], /no command is given/],
    [['--cpu-limit', '50', 'true'], /'50' has no unit/],
    [['--cpu-limit', '5.5x', 'true'], /'5.5x' has an unknown unit/],
    [['--cpu-limit', '-1ms', 'true'], /'-1ms' is not a time/],
    [['--cpu-limit', '0ms', 'true'], /'0ms' is 0/],
    [['--cpu-limit', '9999999999999s', 'true'], /is too large/],
    [[...LIMIT, '--cpu-margin', '100%', 'true'], /'100%' is no share/],
    [['--no-such', 'true'], /there is no option '--no-such'/],
    [['--unlimited=1', 'true'], /'--unlimited' takes no value/],
    [['--cpu-limit'], /--cpu-limit needs a value/]
  ]) {
    const { status, stderr, stdout } = made.limited(args)
    assert.equal(status, 2, `${args}: ${stderr}`)
    assert.match(stderr, /^wasmsig-workerd: /)
    assert.match(stderr, text)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.equal(stdout, '')
  }
})

test('options that contradict each other are refused', (t) => {
  const made = project(t)
  placeWorkerd(made)
  for (const [args, text] of [
    [['true'], /no limit is given/],
    [['--cpu-margin', '10%', '--log', 'l', 'true'], /--cpu-margin needs/],
    [
      [...LIMIT, '--cpu-margin', '1%', '--cpu-soft', '1ms', 'true'],
      /say the same/
    ],
    [[...LIMIT, '--cpu-soft', '51ms', 'true'], /--cpu-soft is above/],
    [[...LIMIT, '--log-format', 'xml', 'true'], /'xml' is not text or json/]
  ]) {
    const { status, stderr } = made.limited(args)
    assert.equal(status, 2, `${args}: ${stderr}`)
    assert.match(stderr, text)
  }
})

test('--help is help, and has the options of wasmsig workerd', (t) => {
  const { status, stdout } = project(t).limited(['--help'])
  assert.equal(status, 0)
  assert.match(stdout, /^Usage: wasmsig-workerd/)
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const help = execFileSync(
    join(root, 'build/release/wasmsig'),
    ['workerd', '--help'],
    { encoding: 'utf8' }
  )
  const optionsIn = (text) => text.match(/^ +--[a-z-]+/gm).map((o) => o.trim())
  assert.deepEqual(optionsIn(stdout), optionsIn(help))
})

// -------------------------------------------------------------- environment

test('the command receives the variables, and no preloaded library', (t) => {
  const made = project(t)
  const runtime = placeWorkerd(made)
  const options = [
    ...['--cpu-limit', '1.5ms', '--cpu-margin', '20%'],
    ...['--startup-limit', '2s', '--metrics', 'm.prom', '--mark-terminated']
  ]
  const seen = shown(made.limited([...options, 'node', '-e', SHOW]))
  const here = made.path('node_modules/wasmsig-workerd')
  const gated = SAID < '2026-07-01'
  assert.deepEqual(seen, {
    MINIFLARE_WORKERD_PATH: join(here, 'bin/limited-workerd'),
    WASMSIG_WORKERD_LIBRARY: join(
      here,
      'prebuilds/linux-x64/libwasmsig-workerd.glibc.so'
    ),
    WASMSIG_WORKERD_RUNTIME: runtime,
    WASMSIG_WORKERD_HARD_NS: '1500000',
    WASMSIG_WORKERD_SOFT_NS: '1200000',
    WASMSIG_WORKERD_STARTUP_NS: '2000000000',
    WASMSIG_WORKERD_METRICS: made.path('m.prom'),
    WASMSIG_WORKERD_TERMINATED: '1',
    ...(gated && {
      MINIFLARE_WORKERD_AUTOGATES: 'workerd-autogate-wasm-shutdown-signal-shim'
    })
  })
})

/** As another run of the command leaves them to its own command. */
const INHERITED = {
  MINIFLARE_WORKERD_PATH: '/elsewhere/limited-workerd',
  WASMSIG_WORKERD_LIBRARY: '/elsewhere/library.so',
  WASMSIG_WORKERD_RUNTIME: '/elsewhere/workerd',
  WASMSIG_WORKERD_HARD_NS: 'many',
  WASMSIG_WORKERD_SOFT_NS: '1',
  WASMSIG_WORKERD_STARTUP_NS: '1',
  WASMSIG_WORKERD_LOG: '/elsewhere/log',
  WASMSIG_WORKERD_LOG_FORMAT: 'json',
  WASMSIG_WORKERD_METRICS: '/elsewhere/metrics',
  WASMSIG_WORKERD_TERMINATED: '1'
}

test('variables of a run around this one are not inherited', (t) => {
  const made = project(t)
  placeWorkerd(made)
  const env = { ...made.env, ...INHERITED }
  const seen = (options, variables) =>
    shown(
      made.limited([...options, 'node', '-e', SHOW], {
        env: { ...made.env, ...variables }
      })
    )
  assert.deepEqual(seen(LIMIT, INHERITED), seen(LIMIT))
  assert.deepEqual(seen(['--unlimited'], INHERITED), {})
  const own = { MINIFLARE_WORKERD_PATH: '/usr/bin/own-workerd' }
  assert.deepEqual(seen(['--unlimited'], own), own)

  // The package's function, whose variables are added to those.
  const text = `
    const { environment } = require('wasmsig-workerd')
    Object.assign(process.env, environment({ cpuSoft: 20 }))
    const { env } = process
    const { spawnSync } = require('node:child_process')
    const { status } = spawnSync(env.MINIFLARE_WORKERD_PATH, ['--version'])
    console.log(JSON.stringify({ status, ...env }))`
  const ran = made.run('node', ['-e', text], { env })
  const { status, ...all } = shown(ran)
  assert.equal(status, 0)
  for (const [name, value] of Object.entries(INHERITED)) {
    assert.notEqual(all[name], value, name)
  }
  assert.equal(all.WASMSIG_WORKERD_SOFT_NS, '20000000')
  assert.equal(all.WASMSIG_WORKERD_HARD_NS, '')
})

test('a start has 1 s, where requests have a limit', (t) => {
  const made = project(t)
  placeWorkerd(made)
  const limitOf = (options) =>
    shown(made.limited([...options, 'node', '-e', SHOW]))
      .WASMSIG_WORKERD_STARTUP_NS
  assert.equal(limitOf(LIMIT), '1000000000')
  assert.equal(limitOf(['--cpu-soft', '50ms']), undefined)
})

test('versions before 2026-07 get the gate of the shim, too', (t) => {
  const made = project(t)
  placeWorkerd(made, '1.20260601.1')
  const env = { ...made.env, MINIFLARE_WORKERD_AUTOGATES: 'another' }
  const seen = shown(made.limited([...LIMIT, 'node', '-e', SHOW], { env }))
  assert.equal(
    seen.MINIFLARE_WORKERD_AUTOGATES,
    'another workerd-autogate-wasm-shutdown-signal-shim'
  )
})

test('what is started in the place of workerd has nothing of ours', (t) => {
  // Not a workerd: the library refuses it, and asks it for its version.
  const made = project(t)
  const source = made.path('teller.c')
  made.write({
    'teller.c': `#include <fcntl.h>
#include <stdio.h>
#include <string.h>
extern char **environ;
int main(void) {
  int affected = fcntl(9, F_GETFD) >= 0;
  for (char **at = environ; *at; at++)
    affected += !strncmp(*at, "LD_PRELOAD=", 11) ||
                !strncmp(*at, "WASMSIG_", 8);
  printf("%d affected\\n", affected);
}`
  })
  execFileSync('cc', ['-s', '-o', made.path('workerd'), source])
  const options = [...LIMIT, '--workerd', 'workerd', 'true']
  const place = made.path('node_modules/wasmsig-workerd')
  const odd = made.path('a b:c')
  for (const move of [() => {}, () => renameSync(place, odd)]) {
    move()
    if (!existsSync(place)) symlinkSync(odd, place)
    const { status, stderr } = made.limited(options)
    assert.equal(status, 1)
    assert.match(stderr, /^wasmsig-workerd: 0 affected cannot be limited: /)
  }
})

test('a path with spaces and colons can be preloaded', (t) => {
  const made = project(t)
  placeWorkerd(made)
  const place = made.path('node_modules/wasmsig-workerd')
  const odd = made.path('a b:c')
  renameSync(place, odd)
  symlinkSync(odd, place)
  const program = 'exec "$MINIFLARE_WORKERD_PATH" --version'
  const options = [...LIMIT, '--', 'sh', '-c', program]
  const { status, stdout, stderr } = made.limited(options)
  assert.equal(stderr, '')
  assert.equal(stdout.trim(), `workerd ${SAID}`)
  assert.equal(status, 0)
})

// ---------------------------------------------------------- finding workerd

test('no workerd is one sentence', (t) => {
  const made = project(t)
  const { status, stderr } = made.limited([...LIMIT, 'true'])
  assert.equal(status, 1)
  assert.match(stderr, /^wasmsig-workerd: there is no workerd: .*--workerd/)
})

test('an unknown version is refused before the command starts', (t) => {
  const made = project(t)
  const runtime = placeWorkerd(made)
  execFileSync('strip', [runtime])
  const { status, stderr, stdout } = made.limited([...LIMIT, 'echo', 'began'])
  assert.equal(status, 1)
  assert.match(
    stderr,
    new RegExp(
      `^wasmsig-workerd: workerd ${SAID} cannot be limited: it has no ` +
        'symbols; known are .* \\(--unlimited'
    )
  )
  assert.equal(stdout, '')
  const unlimited = made.limited(['--unlimited', 'echo', 'began'])
  assert.equal(unlimited.stdout, 'began\n')
})

test("the command's own workerd is found, where there are several", (t) => {
  const made = project(t)
  // Two programs, each with a miniflare and a workerd of its own.
  const place = (name, version, bin) => {
    const at = `node_modules/${name}`
    const below = `${at}/node_modules/workerd`
    const dependencies = { workerd: version }
    made.write({
      [`${at}/package.json`]: { name, version, dependencies },
      [`${at}/cli.js`]: `#!/usr/bin/env node\n${SHOW}`,
      [`${below}/package.json`]: { name: 'workerd', version, main: 'm.js' },
      [`${below}/m.js`]: `exports.default = '${executable()}'`
    })
    execFileSync('chmod', ['+x', made.path(`${at}/cli.js`)])
    symlinkSync(`../${name}/cli.js`, made.path(`node_modules/.bin/${bin}`))
    return made.path(below)
  }
  place('wrangler', '1.0.0', 'wrangler')
  const own = place('miniflare', '2.0.0', 'mini')
  const named = `exports.default = '${executable()}'; console.error('asked')`
  made.write({ 'node_modules/miniflare/node_modules/workerd/m.js': named })
  const { stderr } = made.limited([...LIMIT, 'mini'])
  assert.equal(stderr, 'asked\n', own)

  // A command that does not say which it starts.
  const other = made.limited([...LIMIT, 'node', '-e', ''])
  assert.equal(other.status, 0)
  assert.match(
    other.stderr,
    /workerd 1\.0\.0 of wrangler 1\.0\.0 is used; there is also workerd 2\.0\.0 of miniflare 2\.0\.0/
  )
})

// ------------------------------------------------------------ other systems

/** Node with another platform, which it is told before it begins. */
function inSystem(made, platform, arch, args) {
  const program = `
    Object.defineProperty(process, 'platform', { value: '${platform}' })
    Object.defineProperty(process, 'arch', { value: '${arch}' })`
  made.write({ 'elsewhere.cjs': program })
  return made.run('node', ['--require', './elsewhere.cjs', ...args])
}

const elsewhere = (made, platform, arch, args) =>
  inSystem(made, platform, arch, [made.command, ...args])

const OTHERS = [
  ['darwin', 'arm64'],
  ['win32', 'x64'],
  ['freebsd', 'x64'],
  ['linux', 'riscv64']
]

test('elsewhere the command runs without limits, and one line says so', (t) => {
  const made = project(t)
  for (const [platform, arch] of OTHERS) {
    const args = [...LIMIT, '--log', '-', 'node', '-e', SHOW]
    const ended = elsewhere(made, platform, arch, args)
    assert.equal(
      ended.stderr,
      `wasmsig-workerd: workerd cannot be limited on ${platform}-${arch}: ` +
        'node runs without limits\n'
    )
    assert.deepEqual(shown(ended), {})

    const unlimited = ['--unlimited', 'node', '-e', 'process.exit(5)']
    const { status, stderr } = elsewhere(made, platform, arch, unlimited)
    assert.equal(stderr, '')
    assert.equal(status, 5)
  }
})

test('elsewhere wrong usage is refused, too', (t) => {
  const made = project(t)
  for (const [platform, arch] of OTHERS) {
    const wrong = ['--cpu-limit', '50', 'node', '--version']
    const { status, stderr } = elsewhere(made, platform, arch, wrong)
    assert.equal(status, 2)
    assert.match(stderr, /'50' has no unit/)
    const missing = [...LIMIT, 'no-such-command']
    const unknown = elsewhere(made, platform, arch, missing)
    assert.equal(unknown.status, 127)
    assert.match(unknown.stderr, /no-such-command: there is no such/)
    const isWindows = platform === 'win32'
    assert.equal(/name of its package/.test(unknown.stderr), isWindows)
  }
})

test("on Windows a package's command is started without a shell", (t) => {
  const made = project(t)
  const program = 'console.log(process.argv.slice(2).join()); process.exit(6)'
  for (const [name, bin] of [
    ['wrangler', { wrangler: './bin/cli.js', wrangler2: './bin/cli.js' }],
    ['vitest', 'bin/cli.js']
  ]) {
    const folder = `node_modules/${name}`
    made.write({
      [`${folder}/package.json`]: { name, bin, type: 'commonjs' },
      [`${folder}/bin/cli.js`]: program
    })
    const args = [...LIMIT, name, 'dev', '--port', 'a b']
    const ended = elsewhere(made, 'win32', 'x64', args)
    assert.equal(ended.stdout, 'dev,--port,a b\n', ended.stderr)
    assert.equal(ended.status, 6)
  }
})

test('elsewhere a program gets no variables, with one warning', (t) => {
  const made = project(t)
  const program = `
    const { environment } = require('wasmsig-workerd')
    const seen = [environment({ cpuLimit: 50 }), environment({ log: '-' })]
    try { environment({ cpuLimit: 50, cpuSoft: 60 }) } catch ({ code }) {
      seen.push(code)
    }
    console.log(JSON.stringify(seen))`
  made.write({ 'elsewhere-program.cjs': program })
  for (const [platform, arch] of OTHERS) {
    const { stdout, stderr } = inSystem(made, platform, arch, [
      './elsewhere-program.cjs'
    ])
    assert.deepEqual(JSON.parse(stdout), [{}, {}, 'ERR_WASMSIG_WORKERD'])
    const warnings = stderr.match(/\[WASMSIG_UNSUPPORTED\].*/g)
    assert.equal(warnings?.length, 1, stderr)
    assert.ok(warnings[0].includes(`does nothing on ${platform}-${arch}`))
  }
})

test('a library that is missing here is an error', (t) => {
  const made = project(t)
  placeWorkerd(made)
  const folder = made.path('node_modules/wasmsig-workerd/prebuilds')
  renameSync(folder, `${folder}-moved`)
  const { status, stderr } = made.limited([...LIMIT, 'echo', 'began'])
  assert.equal(status, 1)
  assert.match(stderr, /its library is missing: there is no .*glibc\.so/)
})

test('each system has a library of its own', (t) => {
  const place = project(t).path('node_modules/wasmsig-workerd')
  const program = `
    const { libraryFile } = require('${place}/lib/library.js')
    for (const arch of ['x64', 'arm64']) console.log(libraryFile('linux-' + arch))`
  const printed = execFileSync('node', ['-e', program], { encoding: 'utf8' })
  const machines = printed
    .trim()
    .split('\n')
    .map((file) => readFileSync(file).readUInt16LE(18))
  // ELF's e_machine of x86-64 and of AArch64.
  assert.deepEqual(machines, [62, 183])
})

// --------------------------------------------------------------- the command

test('npx runs it, and its status is the exit status', (t) => {
  const made = project(t)
  placeWorkerd(made)
  const own = ['wasmsig-workerd', ...LIMIT, '--', 'node', '-e']
  assert.equal(made.run('npx', [...own, 'process.exit(7)']).status, 7)
  made.write({ 'node_modules/.bin/no-program': '#!/bin/sh\n' })
  for (const name of ['no-program', './node_modules/.bin/no-program', '/']) {
    const { status, stderr } = made.limited([...LIMIT, name])
    assert.equal(status, 126, name)
    assert.ok(stderr.includes(`${name}: it cannot be executed`), stderr)
  }
  const missing = made.limited([...LIMIT, 'no-such-command'])
  assert.equal(missing.status, 127)
  assert.match(missing.stderr, /no-such-command: there is no such command/)
})

test('options behind the command are its own', (t) => {
  const made = project(t)
  placeWorkerd(made)
  const args = [...LIMIT, 'echo', '--cpu-limit', '--help', '--', 'x']
  assert.equal(made.limited(args).stdout, '--cpu-limit --help -- x\n')
})

test('a signal that ends the command ends this one, too', (t) => {
  const made = project(t)
  placeWorkerd(made)
  const program = 'process.kill(process.pid, "SIGUSR1")'
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGINT']) {
    const text = program.replace('SIGUSR1', signal)
    const ended = made.limited([...LIMIT, 'node', '-e', text])
    assert.equal(ended.signal, signal)
  }
})

/** A command that answers signals with its own status. */
const PATIENT = `
let count = 0
process.on('SIGINT', () => { count++; setTimeout(() => process.exit(40 + count), 300) })
process.on('SIGTERM', () => process.exit(50))
setInterval(() => {}, 1000)
console.log('ready')`

test('signals are forwarded, and its answer is awaited', async (t) => {
  const made = project(t)
  placeWorkerd(made)
  for (const [signal, status] of [
    ['SIGINT', 41],
    ['SIGTERM', 50]
  ]) {
    const child = made.start([...LIMIT, 'node', '-e', PATIENT])
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.kill(signal)
    assert.deepEqual(await child.ended, { status, signal: null })
  }
})

test('Ctrl-C at a terminal reaches the command once', (t) => {
  const made = project(t)
  placeWorkerd(made)
  made.write({ 'patient.cjs': PATIENT })
  // A terminal of its own, and its Ctrl-C.
  const python = `
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
text = b''
while b'ready' not in text:
    text += os.read(terminal, 1000)
os.write(terminal, b'\\x03')
try:
    while os.read(terminal, 1000): pass
except OSError: pass
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))`
  const args = ['-c', python, made.command, ...LIMIT, 'node', 'patient.cjs']
  const { stdout, stderr } = made.run('python3', args)
  assert.equal(stdout.trim(), '41', stderr)
})

test('the package has its licences', (t) => {
  const place = project(t).path('node_modules/wasmsig-workerd')
  const root = fileURLToPath(new URL('../..', import.meta.url))
  for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) {
    const text = readFileSync(join(root, name), 'utf8')
    assert.equal(readFileSync(join(place, name), 'utf8'), text)
  }
})

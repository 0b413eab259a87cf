// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The command as pip installs it: the wheels that `make dist` makes. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { folder, guest } from '../cli/support/command.mjs'
import { begin } from '../support/processes.mjs'
import { SYSTEMS, TAGS, wheel } from './support/commands.mjs'
import { ROOT, VERSION } from './support/packages.mjs'

const place = mkdtempSync(join(tmpdir(), 'wasmsig-pip-'))
after(() => rmSync(place, { recursive: true }))

const signals = guest('signals')
const plain = guest('plain')

const text = (file, args, options = {}) =>
  execFileSync(file, args, { encoding: 'utf8', ...options })

const unzipped = (system, target) => {
  text('python3', ['-m', 'zipfile', '-e', wheel(system), target])
  return target
}

// An empty environment, and pip without a network: what it installs is the file.
const venv = join(place, 'environment')
const pip = (...args) =>
  spawnSync(join(venv, 'bin/pip'), ['--disable-pip-version-check', ...args], {
    encoding: 'utf8'
  })
text('python3', ['-m', 'venv', venv])
const installed = pip('install', '--no-index', wheel('x64-glibc'))
const command = join(venv, 'bin/wasmsig')
const python = join(venv, 'bin/python')

// ---------------------------------------------------------- the installation

test('pip installs the file that make dist has made', () => {
  assert.equal(installed.status, 0, installed.stderr)
  assert.equal(text(command, ['--version']), `wasmsig ${VERSION}\n`)
  const module = text(python, ['-m', 'wasmsig', '--version'])
  assert.equal(module, `wasmsig ${VERSION}\n`)
})

test('the manual page and the completion are in the environment', () => {
  for (const name of [
    'man/man1/wasmsig.1',
    'bash-completion/completions/wasmsig',
    'wasmsig/wit/signals.wit'
  ])
    assert.ok(existsSync(join(venv, 'share', name)), name)
})

test('pip refuses the wheels of other systems', () => {
  for (const system of SYSTEMS.filter((name) => name !== 'x64-glibc')) {
    const { status, stderr } = pip('install', '--no-index', wheel(system))
    assert.equal(status, 1)
    assert.match(stderr, /is not a supported wheel on this platform/)
  }
})

test('pip removes all that it has installed', (t) => {
  const other = join(folder(t), 'environment')
  const files = () =>
    text('find', ['.', '-not', '-type', 'd', '-path', '*wasmsig*'], {
      cwd: other
    })
  const run = (...args) => text(join(other, 'bin/pip'), args)
  text('python3', ['-m', 'venv', other])
  run(
    'install',
    '--no-index',
    '--disable-pip-version-check',
    wheel('x64-glibc')
  )
  assert.match(files(), /bin\/wasmsig/)
  run('uninstall', '--yes', '--disable-pip-version-check', 'wasmsig')
  assert.equal(files(), '')
})

// ------------------------------------------------------------------- runs

const run = (...args) =>
  spawnSync(command, ['run', ...args], { encoding: 'utf8' })

test('the example of its description runs', (t) => {
  const here = folder(t)
  const readme = readFileSync(join(ROOT, 'cli/python/README.md'), 'utf8')
  const [, lines] = /```sh\n([^`]*)```/.exec(readme)
  copyFileSync(plain, join(here, 'program.wasm'))
  const { status, stderr } = spawnSync('sh', ['-ec', lines], {
    cwd: here,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${venv}/bin:${process.env.PATH}` }
  })
  assert.equal(status, 99, stderr) // the program received no arguments
})

for (const engine of ['wasmtime', 'wamr']) {
  test(`${engine}: a soft limit is received, a hard one ends`, () => {
    const soft = run('--engine', engine, '--cpu-soft', '50ms', signals, 'busy')
    assert.deepEqual([soft.status, soft.stdout], [10, 'busy\nreceived 24\n'])
    const hard = run('--engine', engine, '--cpu-hard', '50ms', plain, 'quiet')
    assert.equal(hard.status, 152)
    assert.match(hard.stderr, /CPU limit/)
  })
}

test("a program's exit status is the command's", () => {
  assert.equal(run(plain, 'exit', '42').status, 42)
})

for (const [what, file, args] of [
  ['the command', command, []],
  ['python -m wasmsig', python, ['-m', 'wasmsig']]
]) {
  test(`${what}: Ctrl-C reaches a busy program, in the same process`, async (t) => {
    const all = [...args, 'run', signals, 'busy']
    const { child, said, ended } = begin(t, file, all)
    await said('busy')
    const executable = readlinkSync(`/proc/${child.pid}/exe`)
    assert.match(executable, /wasmsig\/bin\/wasmsig$/)
    child.kill('SIGINT')
    const { status, stdout } = await ended
    assert.deepEqual([status, stdout], [10, 'busy\nreceived 2\n'])
  })
}

/** The signals that the process ignores, as the kernel writes them. */
const ignored = (pid) =>
  /^SigIgn:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]

test('it ignores the signals that it ignores without Python', async (t) => {
  const sets = []
  const direct = text(python, ['-c', 'import wasmsig; print(wasmsig.COMMAND)'])
  for (const file of [direct.trim(), command]) {
    const { child, said } = begin(t, file, ['run', signals, 'busy'])
    await said('busy')
    sets.push(ignored(child.pid))
  }
  assert.equal(sets[0], sets[1])
})

// ----------------------------------------------- systems where it cannot run

for (const [what, change, message] of [
  [
    'a loader that is missing',
    (bytes) => bytes.write('9', bytes.indexOf('/ld-linux-x86-64.so.2\0') + 20),
    /another C library; pip chooses the right wheel/
  ],
  [
    'another processor',
    (bytes) => bytes.writeUInt16LE(0xdead, 18), // e_machine
    /for another processor; pip chooses the right wheel/
  ]
]) {
  test(`${what}: the message says so`, (t) => {
    const target = unzipped('x64-glibc', folder(t))
    const file = join(target, 'wasmsig/bin/wasmsig')
    const bytes = readFileSync(file)
    change(bytes)
    writeFileSync(file, bytes)
    execFileSync('chmod', ['+x', file])
    const { status, stderr } = spawnSync('python3', ['-m', 'wasmsig'], {
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: target, PYTHONDONTWRITEBYTECODE: '1' }
    })
    assert.match(stderr, message)
    assert.equal(status, 1)
  })
}

// --------------------------------------------------------------- the files

const LIBRARIES = {
  glibc: ['libwasmsig-workerd.so', 'libwasmtime.so'],
  musl: ['libgcc_s.so.1', 'libwasmtime.so']
}
const LICENCES = {
  glibc: ['APACHE', 'MIT', 'glibc', 'wamr', 'wasmtime', 'xxhash', 'zig'],
  musl: [
    ...['APACHE', 'MIT', 'libunwind', 'musl', 'wamr', 'wasmtime', 'xxhash'],
    'zig'
  ]
}

/** Prints each name with its mode, in octal. */
const LIST = `
import sys, zipfile
for entry in zipfile.ZipFile(sys.argv[1]).infolist():
    print(oct(entry.external_attr >> 16 & 0o777)[2:], entry.filename)`

for (const system of SYSTEMS) {
  const libc = system.split('-')[1]

  test(`${system}: it contains the command and nothing else`, () => {
    const information = `wasmsig-${VERSION}.dist-info`
    const data = `wasmsig-${VERSION}.data/data/share`
    const lines = text('python3', ['-c', LIST, wheel(system)])
    assert.deepEqual(
      lines.trim().split('\n').sort(),
      [
        '755 wasmsig/bin/wasmsig',
        `664 ${information}/RECORD`,
        ...[
          'wasmsig/__init__.py',
          'wasmsig/__main__.py',
          ...LIBRARIES[libc].map((name) => `wasmsig/lib/wasmsig/${name}`),
          `${data}/bash-completion/completions/wasmsig`,
          `${data}/man/man1/wasmsig.1`,
          `${data}/wasmsig/wit/signals.wit`,
          ...LICENCES[libc].map(
            (name) => `${information}/licenses/LICENSE-${name}`
          ),
          `${information}/METADATA`,
          `${information}/WHEEL`,
          `${information}/entry_points.txt`
        ].map((name) => `644 ${name}`)
      ].sort()
    )
  })

  test(`${system}: nothing names the folder of the build`, (t) => {
    const target = unzipped(system, folder(t))
    const { stdout } = spawnSync('grep', ['-rlF', ROOT.slice(0, -1), target], {
      encoding: 'utf8'
    })
    assert.equal(stdout, '')
  })

  test(`${system}: its metadata is what PyPI accepts`, () => {
    const described = text(
      'python3',
      [
        ...['-c', METADATA, wheel(system)],
        `wasmsig-${VERSION}.dist-info/METADATA`
      ],
      { env: { ...process.env, PYTHONPATH: join(ROOT, 'build/wheel') } }
    )
    assert.deepEqual(JSON.parse(described), {
      name: 'wasmsig',
      version: VERSION,
      python: '>=3.8',
      licence:
        '(Apache-2.0 OR MIT) AND Apache-2.0 WITH LLVM-exception' +
        ' AND BSD-2-Clause AND MIT',
      licences: LICENCES[libc].map((name) => `LICENSE-${name}`).sort()
    })
  })
}

const METADATA = `
import json, sys, zipfile
from packaging.metadata import Metadata
text = zipfile.ZipFile(sys.argv[1]).read(sys.argv[2])
all = Metadata.from_email(text, validate=True)
print(json.dumps({
  "name": all.name, "version": str(all.version),
  "python": str(all.requires_python), "licence": all.license_expression,
  "licences": sorted(all.license_files)}))`

for (const system of ['x64-glibc', 'arm64-glibc']) {
  test(`${system}: auditwheel finds nothing newer than its tag`, () => {
    const tools = join(ROOT, 'build/auditwheel')
    execFileSync(join(ROOT, 'scripts/wheels'), [
      join(ROOT, 'test/dist/requirements.txt'),
      tools
    ])
    const program =
      'from auditwheel.main import main; import sys; sys.exit(main())'
    const report = text('python3', ['-c', program, 'show', wheel(system)], {
      env: { ...process.env, PYTHONPATH: tools }
    }).replace(/\s+/g, ' ')
    const [, minor] = /constrains the platform tag to "manylinux_2_(\d+)_/.exec(
      report
    )
    assert.ok(Number(minor) <= Number(TAGS[system].split('_')[2]), report)
  })
}

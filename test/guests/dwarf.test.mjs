// SPDX-License-Identifier: Apache-2.0 OR MIT
// Debugging an instrumented program: its DWARF says of each instruction what it
// said before, wherever the instruction stands now.
//
// What stands where comes from the binaries: old and new instructions are
// paired by disassembling both and leaving the polls out.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { command, folder } from '../cli/support/command.mjs'
import { BUILT, ROOT } from './support/compilers.mjs'

const here = import.meta.dirname
const PROGRAM = join(here, 'dwarf/program.c')
const LINES = readFileSync(PROGRAM, 'utf8').split('\n')

const run = (program, ...args) =>
  execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 })

// ----------------------------------------------------------------- binaries

/** Compiles a program in C or C++ into a folder of its own: its path. */
function compile(t, source, ...flags) {
  const path = join(folder(t), 'old.wasm')
  run(
    ...['clang-19', '--target=wasm32', '-g', '-nostdlib', '-Wall', '-Werror'],
    ...['-Wl,--no-entry,--export=work,--allow-undefined', ...flags],
    ...['-Wl,--export=__instance_signal', join(here, 'dwarf/words.c')],
    ...[join(here, 'dwarf', source), '-o', path]
  )
  return path
}

let cargo
/** The same in Rust; its library comes with debug sections, too. */
function compileRust(t, level, version) {
  cargo ??= run(join(ROOT, 'scripts/rust-wasm')).trim().split(' ')
  const path = join(folder(t), 'old.wasm')
  const [program, ...first] = cargo
  const target = 'wasm32-unknown-unknown'
  execFileSync(
    program,
    [
      ...[...first, 'build', '--release', '--locked', '--quiet'],
      ...['--target', target, '--manifest-path', join(here, 'dwarf/Cargo.toml')]
    ],
    {
      env: {
        ...process.env,
        CARGO_TARGET_DIR: join(BUILT, 'dwarf'),
        CARGO_PROFILE_RELEASE_OPT_LEVEL: level,
        RUSTFLAGS: `-C dwarf-version=${version}`
      }
    }
  )
  copyFileSync(join(BUILT, 'dwarf', target, 'release/debugged.wasm'), path)
  return path
}

/** Instruments it: { old, new, stderr }. */
function instrument(old, ...flags) {
  const path = old.replace('old.wasm', 'new.wasm')
  const { status, stderr } = command([
    ...['instrument', '--every', '1', ...flags, old, '-o', path]
  ])
  assert.equal(status, 0, stderr)
  return { old, new: path, stderr }
}

function readUnsigned(bytes, at) {
  let value = 0
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return { value, at }
  }
}

/** Of a module: { code, functions: [{ start, end }] }; as DWARF counts, from
 * the start of the code section's payload, which is at `code` in the file. */
function functionsOf(path) {
  const bytes = readFileSync(path)
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at]
    const size = readUnsigned(bytes, at + 1)
    if (id === 10) return { code: size.at, functions: bodies(bytes, size.at) }
    at = size.at + size.value
  }
}

function bodies(bytes, code) {
  const functions = []
  const count = readUnsigned(bytes, code)
  let { at } = count
  for (let i = 0; i < count.value; i++) {
    const size = readUnsigned(bytes, at)
    at = size.at + size.value
    functions.push({ start: size.at - code, end: at - code })
  }
  return functions
}

/** Its instructions, in order: [{ at, text }]. */
function instructionsOf(path) {
  const { code } = functionsOf(path)
  const text = run('llvm-objdump-19', '-d', '--no-show-raw-insn', path)
  return [...text.matchAll(/^ +([0-9a-f]+): +\t?(.*?)\s*(#.*)?$/gm)].map(
    ([, at, text]) => ({
      at: parseInt(at, 16) - code,
      text: text.replace(/\s+/g, ' ')
    })
  )
}

const POLL = [
  ...[/^i32\.const \d+$/, /^i32\.atomic\.load 0$/, /^i32\.const 9$/],
  ...[/^i32\.eq$/, /^if/, /^unreachable$/, /^end$/]
]

const isPoll = (instructions, at) =>
  POLL.every((pattern, i) => pattern.test(instructions[at + i]?.text))

/** Where each address went, and where the polls are: { moved, polls }. */
function compare(module) {
  const moved = new Map()
  const before = functionsOf(module.old).functions
  const after = functionsOf(module.new).functions
  assert.equal(after.length, before.length)
  before.forEach(({ start, end }, i) => {
    moved.set(start, after[i].start)
    moved.set(end, after[i].end)
  })
  const polls = []
  const all = instructionsOf(module.new)
  const kept = []
  for (let i = 0; i < all.length;) {
    if (isPoll(all, i)) {
      polls.push({ at: all[i].at, behind: all[i - 1] })
      i += POLL.length
    } else kept.push(all[i++])
  }
  const old = instructionsOf(module.old)
  assert.deepEqual(
    kept.map(({ text }) => text),
    old.map(({ text }) => text)
  )
  old.forEach(({ at }, i) => moved.set(at, kept[i].at))
  return { moved, polls }
}

// -------------------------------------------------------------------- DWARF

/** Rows of the line table: [{ at, rest, line }]. */
const rowsOf = (path) =>
  run('llvm-dwarfdump-19', '--debug-line', path)
    .split('\n')
    .filter((line) => /^0x[0-9a-f]{16} /.test(line))
    .map((line) => ({
      at: parseInt(line.slice(2, 18), 16),
      line: parseInt(line.slice(18), 10),
      rest: line.slice(18)
    }))

const CODE = /DW_AT_(low_pc|high_pc|entry_pc|call_pc|call_return_pc)|^ +\[0x/
const FUNCTION = /DW_AT_type.*\(\*\)\(/

/** A line of an entry: the addresses of code in it, and all else. */
function split(line, before) {
  const isArgument = /DW_OP_addr .*stack_value/.test(line)
  if (!CODE.test(line) && !(isArgument && FUNCTION.test(before)))
    return { addresses: [], rest: line }
  const end = line.indexOf(')')
  const head = line.slice(0, end)
  return {
    addresses: [...head.matchAll(/0x([0-9a-f]+)/g)].map(([, at]) =>
      parseInt(at, 16)
    ),
    rest: head.replace(/0x[0-9a-f]+/g, '0x') + line.slice(end)
  }
}

/** Lines of entries, and of their lists: [{ addresses, rest }]. Offsets into
 * sections that are written anew are left out. */
function entriesOf(path) {
  const lines = run('llvm-dwarfdump-19', '--debug-info', path)
    .split('\n')
    .filter((line) => !/file format|DW_AT_(stmt_list|\w+_base)/.test(line))
    .map((line) => line.replace(/0x[0-9a-f]+(: *| *)$/, ''))
    .map((line) => line.replace(/(DW_AT_ranges.*)0x[0-9a-f]+/, '$1'))
  /* A template's argument has its name between its type and its value. */
  return lines.map((line, i) => split(line, lines.slice(i - 2, i).join()))
}

/** Errors that the verifier finds: it finds some in what clang writes, too. */
const errorsOf = (path) =>
  spawnSync('llvm-dwarfdump-19', ['--verify', path], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.startsWith('error:')).length

const hasDwarf = (path) =>
  WebAssembly.Module.customSections(
    new WebAssembly.Module(readFileSync(path)),
    '.debug_info'
  ).length > 0

const BUILDS = [4, 5].flatMap((version) => [
  ...['-O0', '-O1', '-O2'].flatMap((level) =>
    ['program.c', 'program.cpp'].map((source) => ({
      name: `${source} ${level}, DWARF ${version}`,
      build: (t) => compile(t, source, level, `-gdwarf-${version}`)
    }))
  ),
  ...['0', '3'].map((level) => ({
    name: `program.rs, opt-level ${level}, DWARF ${version}`,
    build: (t) => compileRust(t, level, version)
  }))
])

/** Checks all lines that name addresses: how many went elsewhere. */
function compareEntries(before, after, moved) {
  let count = 0
  let isDropped = false // the function was, by the linker: all of it stays
  before.forEach(({ addresses, rest }, i) => {
    if (/DW_AT_low_pc/.test(rest)) isDropped = /dead code/.test(rest)
    const expected = addresses.map((at) =>
      isDropped || at === 0 ? at : moved.get(at)
    )
    assert.deepEqual(after[i].addresses, expected, rest)
    count += addresses.filter((at, j) => at !== expected[j]).length
  })
  return count
}

// -------------------------------------------------------------------- tests

for (const { name, build } of BUILDS) {
  test(`${name}: each row of the line table moves with its code`, (t) => {
    const module = instrument(build(t))
    const { moved, polls } = compare(module)
    const before = rowsOf(module.old)
    const after = rowsOf(module.new)
    assert.ok(polls.length >= 2)
    assert.ok(before.length > 20)
    assert.deepEqual(
      after.map(({ at, rest }) => [at, rest]),
      before.map(({ at, rest }) => [moved.get(at), rest])
    )
  })

  test(`${name}: functions, blocks and variables move with their code`, (t) => {
    const module = instrument(build(t))
    const { moved } = compare(module)
    const before = entriesOf(module.old)
    const after = entriesOf(module.new)
    assert.deepEqual(
      after.map(({ rest }) => rest),
      before.map(({ rest }) => rest)
    )
    assert.ok(compareEntries(before, after, moved) > 5)
    assert.ok(errorsOf(module.new) <= errorsOf(module.old))
  })
}

test('a poll belongs to the line of its loop', (t) => {
  const module = instrument(compile(t, 'program.c', '-O0'))
  const rows = rowsOf(module.new)
  const lineOf = (at) => rows.findLast((row) => row.at <= at).line
  const { polls } = compare(module)
  const lines = polls.map(({ at }) => lineOf(at)).sort((a, b) => a - b)
  const loops = LINES.flatMap((line, i) => (/\bfor \(/.test(line) ? i + 1 : []))
  assert.deepEqual([...new Set(lines)], loops)
  for (const { at, behind } of polls) {
    assert.match(behind.text, /^loop/)
    assert.equal(lineOf(at), lineOf(behind.at))
  }
})

test('a poll at the head of a function belongs to its first line', (t) => {
  const module = instrument(compile(t, 'program.c', '-O0'), '--calls')
  const rows = rowsOf(module.new)
  const { moved, polls } = compare(module)
  const heads = polls.filter(({ behind }) => !/^loop/.test(behind?.text))
  assert.ok(heads.length >= 2)
  for (const { at } of heads) {
    const row = rows.findLast((row) => row.at <= at)
    assert.match(LINES[row.line - 1], /^\S.*\bint \w+\(.*{$|^int \w+\(/)
  }
  assert.deepEqual(
    rows.map(({ at }) => at),
    rowsOf(module.old).map(({ at }) => moved.get(at))
  )
})

test('what cannot be followed is left out, and the tool says so', (t) => {
  const old = compile(t, 'program.c', '-O1')
  assert.ok(hasDwarf(old))
  const elsewhere = run(
    'llvm-objcopy-19',
    ...[...['--add-section', `.debug_frame=${PROGRAM}`, old]]
  )
  assert.equal(elsewhere, '')
  const module = instrument(old)
  assert.ok(!hasDwarf(module.new))
  assert.match(module.stderr, /\.debug_info.*unknown kind/)
})

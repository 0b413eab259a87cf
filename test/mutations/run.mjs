// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Breaks the core on purpose, one line at a time, and sees a test fail.
 *
 *     node test/mutations/run.mjs [--list] [--only TEXT]
 *
 * For each entry of list.mjs the line is replaced in a copy, the test that
 * keeps the claim is built with it and run: it must fail (exit status, fault
 * or deadline). First every test is run against the untouched core: there it
 * must pass, in one of three runs. Exit status 1 if a line could be broken unseen.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { globSync } from './glob.mjs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MUTATIONS, PROGRAMS } from './list.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const WORK = path.join(ROOT, 'build/mutations')
const DEADLINE_MS = 60_000
const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-g', '-O1', '-pthread']

const { values: options } = parseArgs({
  options: { list: { type: 'boolean' }, only: { type: 'string' } }
})

function compile(source, object, flags) {
  execFileSync('gcc', [...FLAGS, ...flags, '-c', source, '-o', object], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit']
  })
}

/** Sources of the core, relative to the root. */
const CORE = globSync(ROOT, ['src', 'src/module', 'src/os'], '.c')

function objectOf(folder, source) {
  return path.join(folder, source.replaceAll('/', '_').replace(/c$/, 'o'))
}

/** The core's objects with a program's flags, made once for all of them. */
const cores = new Map()
function coreFor(program) {
  const key = (program.flags ?? []).join(' ')
  if (!cores.has(key)) {
    const folder = path.join(WORK, `core-${cores.size}`)
    mkdirSync(folder, { recursive: true })
    for (const source of CORE) {
      compile(source, objectOf(folder, source), [
        ...(program.flags ?? []),
        '-Iinclude',
        '-Isrc'
      ])
    }
    cores.set(key, folder)
  }
  return cores.get(key)
}

/**
 * What is compiled anew when a source is replaced: itself, or for a header a
 * copy beside it of each source that includes it, which finds it there first.
 */
function affected({ source, file }) {
  if (source.endsWith('.c')) return [{ source, file }]
  const include = `#include "${path.basename(source)}"`
  const users = CORE.filter((user) =>
    readFileSync(path.join(ROOT, user), 'utf8').includes(include)
  )
  if (users.length === 0) throw new Error(`nobody includes ${source}`)
  return users.map((user) => {
    const copy = path.join(path.dirname(file), path.basename(user))
    copyFileSync(path.join(ROOT, user), copy)
    return { source: user, file: copy }
  })
}

/** Builds a test's program, with one file of the core replaced. */
function build(name, replaced) {
  const program = PROGRAMS[name]
  const flags = program.flags ?? []
  const folder = coreFor(program)
  const objects = CORE.map((source) => objectOf(folder, source))
  for (const { source, file } of replaced ? affected(replaced) : []) {
    const index = CORE.indexOf(source)
    if (index < 0) throw new Error(`${source} is not of the core`)
    objects[index] = path.join(WORK, `mutant-${index}.o`)
    const place = path.dirname(path.join(ROOT, source))
    compile(file, objects[index], [
      ...flags,
      '-Iinclude',
      '-Isrc',
      `-I${place}`
    ])
  }
  const binary = path.join(WORK, replaced ? 'mutant' : name)
  execFileSync(
    'gcc',
    [...FLAGS, ...flags, '-Iinclude', '-Isrc', '-Itest', '-o', binary]
      .concat(program.sources, objects)
      .concat(program.libraries ?? []),
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] }
  )
  return binary
}

function passes(binary, program) {
  const { status } = spawnSync(binary, program.args ?? [], {
    cwd: ROOT,
    stdio: 'ignore',
    timeout: program.deadlineMs ?? DEADLINE_MS,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...program.env }
  })
  return status === 0
}

/** The source with the line broken; it must be there once. */
function mutated({ file, from, to }) {
  const text = readFileSync(path.join(ROOT, file), 'utf8')
  const parts = text.split(from)
  if (parts.length !== 2) {
    throw new Error(`${file} has ${parts.length - 1} places like: ${from}`)
  }
  const broken = path.join(WORK, path.basename(file))
  writeFileSync(broken, parts.join(to))
  return { source: file, file: broken }
}

function caught(mutation) {
  const binary = build(mutation.test, mutated(mutation))
  const program = PROGRAMS[mutation.test]
  // What only chance finds gets several of them.
  for (let run = 0; run < (program.runs ?? 1); run += 1) {
    if (!passes(binary, program)) return true
  }
  return false
}

if (options.list) {
  for (const { claim, file, test } of MUTATIONS) {
    console.log(`| ${claim} | \`${file}\` | ${test} |`)
  }
  process.exit(0)
}

rmSync(WORK, { recursive: true, force: true })
mkdirSync(WORK, { recursive: true })

const chosen = MUTATIONS.filter(
  ({ claim, test }) =>
    !options.only || `${claim} ${test}`.includes(options.only)
)
let failed = 0

/** A machine that is busy may disturb a test of clocks, though not each time. */
function passesUntouched(name) {
  const binary = build(name)
  return [1, 2, 3].some(() => passes(binary, PROGRAMS[name]))
}

for (const name of new Set(chosen.map(({ test }) => test))) {
  if (passesUntouched(name)) continue
  console.log(`not ok - ${name} fails with nothing broken`)
  failed += 1
}
for (const mutation of chosen) {
  const seen = caught(mutation)
  console.log(
    `${seen ? 'ok' : 'not ok'} - ${mutation.claim} (${mutation.test})`
  )
  if (!seen) failed += 1
}
console.log(`${chosen.length - failed} passed, ${failed} failed`)
process.exit(failed || chosen.length === 0 ? 1 : 0)

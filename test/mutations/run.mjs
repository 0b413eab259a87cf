// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Breaks the sources on purpose, one line at a time, and sees a test fail.
 *
 *     node test/mutations/run.mjs [--list | --check | --write]
 *                                 [--only TEXT] [--share N/M]
 *
 * For each entry of list.mjs the line is replaced in a copy, the test that
 * keeps the claim is built with it and run: it must fail (exit status, fault
 * or deadline). First every test is run against the untouched sources: there it
 * must pass, in one of three runs. Exit status 1 if a line could be broken
 * unseen. `--check` sees only that each line is there once, and that TABLE.md is
 * that of the list; `--write` writes it, `--list` prints it. `--share 2/4` takes
 * the second of every four entries.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { LONGEST_MS, deadlineMs } from './deadlines.mjs'
import { globSync } from './glob.mjs'
import { stage } from './javascript.mjs'
import { MUTATIONS, PROGRAMS } from './list.mjs'
import { mutated } from './mutated.mjs'
import { Table } from './table.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const WORK = path.join(ROOT, 'build/mutations')
const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-g', '-O1', '-pthread']

const { values: options } = parseArgs({
  options: {
    list: { type: 'boolean' },
    check: { type: 'boolean' },
    write: { type: 'boolean' },
    only: { type: 'string' },
    share: { type: 'string', default: '1/1' }
  }
})

const gcc = (args) =>
  promisify(execFile)('gcc', [...FLAGS, ...args], { cwd: ROOT })

const compile = (source, object, flags) =>
  gcc([...flags, '-c', source, '-o', object])

/** Sources, relative to the root. */
const CORE = globSync(
  ROOT,
  [
    ...['base', 'module'],
    ...['signals', 'budgets', 'process', 'os'].map((dir) => `core/${dir}`)
  ],
  '.c'
)
const INSTRUMENT = globSync(
  ROOT,
  ['', '/analysis', '/rewrite', '/dwarf'].map((dir) => `instrument${dir}`),
  '.c'
)

/** The sources that a test is linked with. */
const sourcesOf = ({ instruments, adapter }) => [
  ...CORE,
  ...(instruments ? INSTRUMENT : []),
  ...(adapter ? globSync(ROOT, [adapter], '.c') : [])
]

/** Where headers are searched. */
const FOLDERS = [
  ...['base', 'core', 'module', 'instrument'].map((dir) => `${dir}/include`),
  ...['core', 'instrument', '.', 'test']
]

const flagsOf = ({ flags = [] }) => [
  ...flags,
  ...FOLDERS.map((dir) => `-I${dir}`)
]

function objectOf(folder, source) {
  return path.join(folder, source.replaceAll('/', '_').replace(/c$/, 'o'))
}

/** Makes something once for each key. */
function once(make) {
  const made = new Map()
  return (key, ...rest) => {
    if (!made.has(key)) made.set(key, make(key, made.size, ...rest))
    return made.get(key)
  }
}

/** The objects of sourcesOf(), with a program's flags. */
const coreOf = once(async (key, number, program) => {
  const folder = path.join(WORK, `core-${number}`)
  mkdirSync(folder, { recursive: true })
  for (const source of sourcesOf(program)) {
    await compile(source, objectOf(folder, source), flagsOf(program))
  }
  return folder
})

/** The objects of a test's own sources. */
const testOf = once(async (name) => {
  const program = PROGRAMS[name]
  const folder = path.join(WORK, name)
  mkdirSync(folder, { recursive: true })
  const objects = program.sources.map((source) => objectOf(folder, source))
  for (const [index, source] of program.sources.entries()) {
    await compile(source, objects[index], flagsOf(program))
  }
  return objects
})

/**
 * What is compiled anew when a file is replaced: a source itself; for a header
 * each source that includes it by its path in the library's folder, which it
 * then finds first in the copy of that folder.
 */
function affected({ source, copies }) {
  const [library, ...rest] = source.split('/')
  const copy = path.join(copies, library)
  if (source.endsWith('.c')) {
    return [{ source, file: path.join(copies, source), first: [] }]
  }
  const include = `#include "${rest.join('/')}"`
  const users = [...CORE, ...INSTRUMENT].filter((user) =>
    readFileSync(path.join(ROOT, user), 'utf8').includes(include)
  )
  if (users.length === 0) throw new Error(`nothing includes ${source}`)
  return users.map((user) => ({
    source: user,
    file: user,
    first: [`-I${copy}`]
  }))
}

/**
 * Builds a test's program in `folder`, with one file replaced.
 *
 * @returns {Promise<string[]>} its command
 */
async function build(name, folder, replaced) {
  const program = PROGRAMS[name]
  if (program.script) return stage(ROOT, folder, program, replaced)
  const sources = sourcesOf(program)
  const key = [...flagsOf(program), sources.length].join(' ')
  const core = await coreOf(key, program)
  const objects = sources.map((source) => objectOf(core, source))
  for (const { source, file, first } of replaced ? affected(replaced) : []) {
    const index = sources.indexOf(source)
    if (index < 0) throw new Error(`${name} is without ${source}`)
    objects[index] = objectOf(folder, source)
    const place = path.dirname(path.join(ROOT, source))
    const flags = [...first, ...flagsOf(program), `-I${place}`]
    await compile(file, objects[index], flags)
  }
  const binary = path.join(folder, 'program')
  await gcc([
    ...[...flagsOf(program), '-o', binary],
    ...[...(await testOf(name)), ...objects, ...(program.libraries ?? [])]
  ])
  return [binary, ...(program.args ?? [])]
}

/** Whether it ended well, within `timeout` ms. */
const passes = ([binary, ...args], program, timeout) =>
  new Promise((resolve) => {
    const env = { ...process.env, ...program.env }
    delete env.NODE_TEST_CONTEXT
    const limits = { timeout, killSignal: 'SIGKILL', maxBuffer: Infinity }
    execFile(binary, args, { cwd: ROOT, env, ...limits }, (error) =>
      resolve(!error)
    )
  })

/**
 * Runs a test with nothing broken. A machine that is busy may disturb a test of
 * clocks, though not each time.
 *
 * @returns {Promise<number | undefined>} what it took, ms, if it passed
 */
const untouched = once(async (name) => {
  const folder = path.join(WORK, name)
  const command = await build(name, folder)
  for (let run = 0; run < 3; run += 1) {
    const began = performance.now()
    if (await passes(command, PROGRAMS[name], LONGEST_MS))
      return performance.now() - began
  }
  return undefined
})

/** How it went: a line for `mutation`, and whether the line is a good one. */
async function attempt(mutation, number) {
  const { test, file, claim } = mutation
  const tookMs = await untouched(test)
  if (tookMs === undefined) return [`${test} fails with nothing broken`, false]
  const folder = path.join(WORK, `mutant-${number}`)
  mkdirSync(folder, { recursive: true })
  const broken = path.join(folder, file)
  mkdirSync(path.dirname(broken), { recursive: true })
  writeFileSync(broken, mutated(ROOT, mutation))
  const replaced = { source: file, copies: folder, file: broken }
  const command = await build(test, folder, replaced)
  const program = PROGRAMS[test]
  let seen = false
  // What only chance finds gets several of them.
  for (let run = 0; !seen && run < (program.runs ?? 1); run += 1) {
    seen = !(await passes(command, program, deadlineMs(tookMs)))
  }
  rmSync(folder, { recursive: true })
  return [`${claim} (${test})`, seen]
}

const table = new Table('test/mutations', MUTATIONS)
if (options.list) {
  process.stdout.write(String(table))
  process.exit()
}
if (options.write) {
  table.write()
  process.exit()
}
if (options.check) {
  for (const mutation of MUTATIONS) mutated(ROOT, mutation)
  if (table.isWritten) process.exit()
  console.error('TABLE.md is not that of the list: run.mjs --write')
  process.exit(1)
}

rmSync(WORK, { recursive: true, force: true })
mkdirSync(WORK, { recursive: true })

const [share, shares] = options.share.split('/').map(Number)
const chosen = MUTATIONS.filter(
  ({ claim, test }, index) =>
    (!options.only || `${claim} ${test}`.includes(options.only)) &&
    index % shares === share - 1
)
let failed = 0

const waiting = [...chosen.entries()]
async function work() {
  for (let next; (next = waiting.shift());) {
    const [number, mutation] = next
    const [line, good] = await attempt(mutation, number)
    console.log(`${good ? 'ok' : 'not ok'} - ${line}`)
    if (!good) failed += 1
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work))
console.log(`${chosen.length - failed} passed, ${failed} failed`)
process.exit(failed || chosen.length === 0 ? 1 : 0)

// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Counts the instructions of the hot paths, and compares them with counts.json.
 * See README.md beside this file.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { instructionsOf } from './callgrind.mjs'
import { TOLERANCE, differences, otherToolchain } from './compare.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUILD = join(ROOT, 'build/release')
const PROGRAMS = join(BUILD, 'bench/instructions')
const OUTPUT = join(ROOT, 'build/bench/instructions')
const STORED = fileURLToPath(new URL('counts.json', import.meta.url))
const SKIPPED = 77 // exit status, as automake and CTest have it

const USAGE = `usage: node bench/instructions/count.mjs [--write | --list]
  --write    stores the counts in counts.json
  --list     prints them
  --help     this text
exit status: 0 as stored, 1 not so, ${SKIPPED} other compilers: not compared`

/* ---------------------------------------------------------------- counting */

const lines = (text) => text.split('\n').filter(Boolean)

/** Ours: what is linked into the program, but for the program itself. */
function isOurs(program) {
  return (object, file) =>
    object === program && !file.includes('/bench/instructions/')
}

/** {path: {total, functions}} of the C library's paths. */
function countC() {
  const program = join(PROGRAMS, 'paths')
  const parts = join(OUTPUT, 'callgrind')
  rmSync(OUTPUT, { recursive: true, force: true })
  mkdirSync(OUTPUT, { recursive: true })
  const valgrind = spawnSync(
    'valgrind',
    [
      '--tool=callgrind',
      `--callgrind-out-file=${parts}`,
      '--toggle-collect=measure',
      '--dump-after=measure',
      program
    ],
    { encoding: 'utf8' }
  )
  if (valgrind.status !== 0)
    throw new Error(valgrind.error?.message ?? valgrind.stderr)

  const counts = {}
  lines(valgrind.stdout).forEach((line, index) => {
    const [path, runs] = line.split('\t')
    const text = readFileSync(`${parts}.${index + 1}`, 'utf8')
    const functions = instructionsOf(text, isOurs(program))
    const sum = [...functions.values()].reduce((a, b) => a + b, 0)
    for (const [name, cost] of functions) functions.set(name, cost / runs)
    counts[path] = { total: Number((sum / runs).toFixed(1)), functions }
  })
  return counts
}

/** The same of guests' paths, in instructions of WebAssembly. */
function countGuests() {
  const text = execFileSync(join(PROGRAMS, 'fuel'), { encoding: 'utf8' })
  return Object.fromEntries(
    lines(text).map((line) => {
      const [path, count] = line.split('\t')
      return [path, { total: Number(count), functions: new Map() }]
    })
  )
}

/* --------------------------------------------------------------- toolchain */

/** What the counts depend on. */
function toolchain() {
  const path = join(PROGRAMS, 'toolchain.json')
  const built = JSON.parse(readFileSync(path, 'utf8'))
  const clang = built['compiler of guests']
  const text = execFileSync(clang, ['--version'], { encoding: 'utf8' })
  const [version] = /clang version [\d.]+/.exec(text)
  return { ...built, 'compiler of guests': version }
}

/* -------------------------------------------------------------------- main */

const say = (line) => console.log(`instructions: ${line}`)

const totals = (counts) =>
  Object.fromEntries(
    Object.entries(counts).map(([path, { total }]) => [path, total])
  )

/** Where most of a path's instructions are. */
function describe(functions) {
  return [...functions]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 6)
    .map(([name, cost]) => `    ${cost.toFixed(1).padStart(12)}  ${name}`)
}

function compare(stored, here, counts) {
  const other = otherToolchain(stored.toolchain, here)
  if (other) {
    say(`NOT COMPARED: ${other}`)
    return SKIPPED
  }
  const different = differences(stored.instructions, totals(counts))
  for (const { path, line } of different) {
    say(line)
    for (const part of describe(counts[path]?.functions ?? [])) say(part)
  }
  if (different.length === 0)
    say(`${Object.keys(counts).length} hot paths cost what they did`)
  else
    say(
      `more than ${100 * TOLERANCE} % apart: if it is meant, ` +
        'node bench/instructions/count.mjs --write, and say so in the commit'
    )
  return different.length > 0 ? 1 : 0
}

function main() {
  const { values: options } = parseArgs({
    options: {
      write: { type: 'boolean' },
      list: { type: 'boolean' },
      help: { type: 'boolean' }
    }
  })
  if (options.help) {
    console.log(USAGE)
    return 0
  }
  const counts = { ...countC(), ...countGuests() }
  const here = toolchain()
  if (options.list) {
    for (const [path, { total, functions }] of Object.entries(counts)) {
      say(`${String(total).padStart(12)}  ${path}`)
      for (const part of describe(functions)) say(part)
    }
    return 0
  }
  if (options.write) {
    const text = { toolchain: here, instructions: totals(counts) }
    writeFileSync(STORED, `${JSON.stringify(text, null, 2)}\n`)
    return 0
  }
  return compare(JSON.parse(readFileSync(STORED, 'utf8')), here, counts)
}

process.exitCode = main()

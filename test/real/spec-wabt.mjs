// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The public test suite of the specification in the interpreter of wabt, with
 * instrumented modules beside the original ones:
 *
 *   node test/real/spec-wabt.mjs SUITE [--only TEXT] [--write]
 *
 * SUITE is a folder of .wast files (github.com/WebAssembly/testsuite). `wast2json`
 * and `spectest-interp` of wabt must be installed. The interpreter checks each
 * assertion, those about vectors and the bits of a NaN too, and names those that
 * fail. It must say the same of the original and of the instrumented modules. An
 * older wabt does not read scripts with newer text: these are counted.
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { SpecModules, WAYS, scriptsIn } from './spec-modules.mjs'

const RESULTS = new URL('spec-wabt.json', import.meta.url)
const FEATURES = ['--enable-all']
const INSTANTIATED = ['module', 'assert_unlinkable', 'assert_uninstantiable']

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    write: { type: 'boolean' }
  }
})
const [suite] = positionals
const spec = new SpecModules()
const total = { files: 0, unreadable: 0, assertions: 0, passed: 0, differ: 0 }

const run = (program, ...args) =>
  spawnSync(program, [...FEATURES, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28
  })

/** What the interpreter says, without our folder and offsets in a module. */
function outcome(folder) {
  const { status, signal, stdout, stderr } = run(
    'spectest-interp',
    join(folder, 'script.json')
  )
  const said = `${stdout}${stderr}`
    .replaceAll(`${folder}/`, '')
    .replaceAll(/\b[0-9a-f]{7}: /g, '')
  const [, passed, count] = /(\d+)\/(\d+) tests passed/.exec(said) ?? []
  return {
    text: `${status ?? signal}\n${said}`,
    passed: Number(passed ?? 0),
    count: Number(count ?? 0)
  }
}

function instrumentAll(folder, way) {
  const { commands } = JSON.parse(readFileSync(join(folder, 'script.json')))
  for (const { type, filename } of commands) {
    if (!INSTANTIATED.includes(type)) continue
    const file = join(folder, filename)
    writeFileSync(file, spec.instrumented(readFileSync(file), way))
  }
}

const firstOf = (text, other) =>
  text.split('\n').find((line) => !other.includes(line)) ?? ''

function compare(file, folder) {
  const name = relative(suite, file)
  const bare = join(folder, 'bare')
  const { status } = run('wast2json', file, '-o', join(bare, 'script.json'))
  if (status !== 0) {
    total.unreadable++
    return
  }
  const expected = outcome(bare)
  total.files++
  total.assertions += expected.count
  total.passed += expected.passed
  for (const way of WAYS) {
    const made = join(folder, `made${way.join('')}`)
    cpSync(bare, made, { recursive: true })
    instrumentAll(made, way)
    const found = outcome(made)
    if (found.text === expected.text) continue
    total.differ++
    console.log(`${name} ${way}: ${firstOf(expected.text, found.text)}`)
    console.log(`  / ${firstOf(found.text, expected.text)}`)
  }
}

for (const file of scriptsIn(suite)) {
  if (!file.includes(options.only)) continue
  const folder = mkdtempSync(join(tmpdir(), 'wasmsig-spec-'))
  try {
    mkdirSync(join(folder, 'bare'))
    compare(file, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const version = run('spectest-interp', '--version').stdout.trim()
const { counts, refusals } = spec
const result = { wabt: version, ...total, ...counts, refusals }
console.log(JSON.stringify(result, null, 2))
if (options.write)
  writeFileSync(RESULTS, `${JSON.stringify(result, null, 2)}\n`)
process.exit(total.differ > 0 || total.files === 0 ? 1 : 0)

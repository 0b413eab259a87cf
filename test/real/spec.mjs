// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The public test suite of the specification, with instrumented modules beside
 * the original ones:
 *
 *   node test/real/spec.mjs SUITE WASM_TOOLS [--only TEXT] [--write]
 *
 * SUITE is a folder of .wast files (github.com/WebAssembly/testsuite), and
 * WASM_TOOLS the program of that name. It turns each file into modules and
 * assertions. Each is evaluated in this Node three times: with the module, with
 * the instrumented one, and with one that polls at the start of each function too
 * (--calls). The outcomes must be the same, whatever they are: values, traps with
 * their text, errors. A module that is refused counts, and runs unchanged.
 *
 * JavaScript cannot call functions with vectors. Assertions about them have the
 * same outcome for this reason, and are counted apart.
 */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { SpecModules, WAYS, scriptsIn } from './spec-modules.mjs'
import { evaluate } from './spec-script.mjs'

const RESULTS = new URL('spec.json', import.meta.url)

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    write: { type: 'boolean' }
  }
})
const [suite, tools] = positionals
const spec = new SpecModules()

function commandsOf(file, folder) {
  const out = join(folder, 'script.json')
  execFileSync(
    tools,
    ['json-from-wast', file, '--pretty', '-o', out, '--wasm-dir', folder],
    { stdio: ['ignore', 'ignore', 'pipe'] }
  )
  return JSON.parse(readFileSync(out, 'utf8')).commands
}

const total = { files: 0, unreadable: 0, assertions: 0, vectors: 0, differ: 0 }

const isUncallable = (outcome) => /cannot be called/.test(outcome)

function report(file, way, bare, made) {
  for (const [i, { line, type, outcome }] of bare.entries()) {
    if (made[i].outcome === outcome) continue
    total.differ++
    const where = `${file.slice(suite.length + 1)}:${line} ${way}: ${type}`
    console.log(`${where}: ${outcome} / ${made[i].outcome}`)
  }
}

async function compare(file) {
  const folder = mkdtempSync(join(tmpdir(), 'wasmsig-spec-'))
  try {
    const commands = commandsOf(file, folder)
    const read = (name) => readFileSync(join(folder, name))
    const bare = await evaluate(commands, read)
    total.files++
    total.assertions += bare.length
    total.vectors += bare.filter(({ outcome }) => isUncallable(outcome)).length
    for (const way of WAYS) {
      const made = await evaluate(commands, (name, isValid) =>
        isValid ? spec.instrumented(read(name), way) : read(name)
      )
      report(file, way, bare, made)
    }
  } catch (error) {
    total.unreadable++
    console.error(
      `${basename(file)}: ${String(error.stderr ?? error).split('\n')[0]}`
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (!existsSync(suite ?? '') || !existsSync(tools ?? '')) {
  console.error('spec.mjs: SUITE and WASM_TOOLS are needed')
  process.exit(2)
}
for (const file of scriptsIn(suite))
  if (file.includes(options.only)) await compare(file)

const { counts, refusals } = spec
const result = { node: process.version, ...total, ...counts, refusals }
console.log(JSON.stringify(result, null, 2))
if (options.write)
  writeFileSync(RESULTS, `${JSON.stringify(result, null, 2)}\n`)
process.exit(total.differ > 0 ? 1 : 0)

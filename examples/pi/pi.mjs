// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * A guest that computes pi is told that its CPU time ends, is stopped when it
 * will not listen, and hears Ctrl-C. Each step checks what it claims.
 *
 *     make build && node examples/pi/pi.mjs
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import * as wasmsig from 'wasmsig'
import { toTable } from './report.mjs'
import { STEPS } from './steps.mjs'

const DEFAULT_WASM = fileURLToPath(
  new URL('../../build/release/guests/pi.wasm', import.meta.url)
)

const HELP = `Usage: node pi.mjs [--json] [PATH/TO/pi.wasm]

Shows what signals and CPU limits do to a WebAssembly guest that computes pi:
  told     past its soft limit it hears SIGXCPU and returns the digits it has
  stopped  one that ignores SIGXCPU is killed at its hard limit; its host lives
  Ctrl-C   one that is busy hears the process's own SIGINT

  --json   print all figures as one JSON document instead of a table
  --help   print this

Times in the figures are milliseconds. Exit status: 0 when every step did what
it should, 1 when one did not (which, and why, is on standard error), 2 for
wrong usage.
`

/** An error that is told in one line, and the exit status that goes with it. */
class Failure extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

function readOptions(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean' } }
    })
    if (positionals.length > 1) throw new Error('only one wasm file, please')
    return { ...values, path: positionals[0] ?? DEFAULT_WASM }
  } catch (error) {
    throw new Failure(2, `${error.message}\nSee: node pi.mjs --help`)
  }
}

async function compile(path) {
  const bytes = await readFile(path).catch((error) => {
    const hint =
      error.code === 'ENOENT' ? 'is missing: run `make build`' : error.code
    throw new Failure(1, `${path} ${hint}`)
  })
  return WebAssembly.compile(bytes).catch((error) => {
    throw new Failure(1, `${path} cannot be used: ${error.message}`)
  })
}

/** Progress goes to standard error, where it does not mix with the figures. */
async function runStep(step, module) {
  console.error(`${step.name}: ${step.intent} ...`)
  try {
    return await step.run(module)
  } catch (error) {
    throw new Failure(1, `step ${step.name} failed: ${error.message}`)
  }
}

async function main(args) {
  const options = readOptions(args)
  if (options.help) return process.stdout.write(HELP)

  wasmsig.install()
  const module = await compile(options.path)
  const figures = {}
  for (const step of STEPS) figures[step.name] = await runStep(step, module)
  console.log(
    options.json ? JSON.stringify(figures, null, 2) : toTable(figures)
  )
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Failure)) throw error
  console.error(`pi: ${error.message}`)
  process.exitCode = error.status
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * A guest that computes pi is signalled before its CPU time ends, is stopped
 * when it ignores the signal, and receives Ctrl-C. Each step checks its claims.
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
  signalled  at its soft limit it receives SIGXCPU and returns its digits
  stopped    it ignores SIGXCPU and is killed at its hard limit; the host goes on
  Ctrl-C     it receives the process's SIGINT while it computes

  --json   print all figures as one JSON document instead of a table
  --help   print this

All times are in milliseconds. Exit status: 0 if every step succeeded; 1 if a
step failed, with the reason on standard error; 2 for wrong usage.
`

/** An error that is reported in one line, with its exit status. */
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
    if (positionals.length > 1) throw new Error('give only one wasm file')
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

/** Progress is on standard error, so that it does not mix with the figures. */
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

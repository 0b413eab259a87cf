// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Runs a program for WASI in Node, with CPU limits. Signals of this process
 * (Ctrl-C, kill(1)) reach the program while it computes. This is what
 * `wasmsig run` does, as a host in JavaScript:
 *
 *     node node.mjs [--soft MS] [--hard MS] [--signal NAME] FILE.wasm [ARGUMENT]...
 *
 * Exit status: the program's own; 152 past its hard limit.
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { WASI } from 'node:wasi'
import { CpuBudget, CpuLimitError, forward, install } from 'wasmsig'

const PAST_CPU_LIMIT = 152
const USAGE =
  'usage: node node.mjs [--soft MS] [--hard MS] [--signal NAME] FILE.wasm [ARGUMENT]...'

const OPTIONS = {
  soft: { type: 'string' },
  hard: { type: 'string' },
  signal: { type: 'string' }
}

function refuse(why) {
  console.error(`${why}\n${USAGE}`)
  process.exit(2)
}

/** Options end at the program's name; the rest is for the program. */
function readOptions(args) {
  const isValue = (i) => /^--[^=]+$/.test(args[i - 1] ?? '')
  const end = args.findIndex((arg, i) => !arg.startsWith('--') && !isValue(i))
  if (end === -1) refuse('no program given')
  const { values } = parseArgs({ args: args.slice(0, end), options: OPTIONS })
  const limits = { ...values, measure: true } // both are optional
  for (const name of ['soft', 'hard'])
    if (name in values) limits[name] = Number(values[name])
  return { program: args.slice(end), budget: new CpuBudget(limits) }
}

function options() {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    return refuse(error.message)
  }
}

install()
const { program, budget } = options()
const wasi = new WASI({
  version: 'preview1',
  args: program,
  preopens: { '.': '.' },
  returnOnExit: true
})
const { instance } = await WebAssembly.instantiate(await readFile(program[0]), {
  wasi_snapshot_preview1: wasi.wasiImport
})

const forwarding = forward(['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'])
try {
  process.exitCode = budget.run(() => wasi.start(instance))
} catch (error) {
  if (!(error instanceof CpuLimitError)) throw error
  console.error(`stopped after ${error.used.toFixed(0)} ms of CPU`)
  process.exitCode = PAST_CPU_LIMIT
} finally {
  forwarding.stop()
}

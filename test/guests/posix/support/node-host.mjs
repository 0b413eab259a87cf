// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * A WASI program in Node, under wasmsig: node-host.mjs OPTIONS PROGRAM [ARG]...
 *
 *   --soft MS    raises SIGXCPU after so many milliseconds of CPU time
 *   --forward    the process's signals are the program's
 *   --plain      without wasmsig: no signal is raised
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { WASI } from 'node:wasi'

import { CpuBudget, forward, install } from '../../../../hosts/js/lib/index.mjs'

const FORWARDED = [
  ...['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGQUIT'],
  ...['SIGALRM', 'SIGWINCH', 'SIGCONT']
]

const { values, positionals: args } = parseArgs({
  options: {
    soft: { type: 'string' },
    forward: { type: 'boolean' },
    plain: { type: 'boolean' }
  },
  allowPositionals: true,
  args: process.argv.slice(2)
})

if (!values.plain) install()
// A program that a busy machine keeps from its polls does not die of a second.
if (values.forward) forward(FORWARDED, { insist: 1_000_000 })

const wasi = new WASI({ version: 'preview1', args, returnOnExit: true })
const module = new WebAssembly.Module(readFileSync(args[0]))
const instance = new WebAssembly.Instance(module, wasi.getImportObject())

const run = () => wasi.start(instance)
process.exitCode = values.soft
  ? new CpuBudget({ soft: Number(values.soft) }).run(run)
  : run()
// A forwarded signal keeps nothing open, but a handler of ours may.
process.exit()

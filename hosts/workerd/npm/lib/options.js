// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The command line: options as of `wasmsig workerd`, then a command.

const { parseArgs } = require('node:util')

const { UsageError } = require('./errors.js')
const { parseTime } = require('./times.js')

const HELP = `Usage: wasmsig-workerd [OPTIONS] COMMAND [ARGUMENT...]

Runs a command that starts workerd by miniflare, such as wrangler dev, vite or
vitest, and gives its workerd CPU limits. When a request approaches its limit,
its wasm instances receive SIGXCPU. When it exceeds the limit, it is aborted, and
other requests continue.

  --cpu-limit TIME      CPU time of a request; else limits.cpu_ms of wrangler's
                        configuration
  --cpu-margin N%       the share that is left at the signal (10%)
  --cpu-soft TIME       CPU time of a request at the signal
  --startup-limit TIME  CPU time of a Worker's start, and of an import; 1s if
                        requests have a limit
  --log FILE            write a line for each request; - is standard error
  --log-format FORMAT   text or json
  --metrics FILE        write counters in Prometheus' text format; %p in FILE
                        is the process id
  --mark-terminated     when a request is stopped, store 1 in the terminated
                        words of its isolate
  --workerd PATH        the executable; else the one that the command's
                        miniflare starts
  --unlimited           run the command without limits, as on macOS and Windows,
                        where workerd cannot be limited
  --help                print this text

Times are written 250ms, 1.5s or 800us.

Exit status: the command's own; 1 if workerd cannot be limited; 2 for wrong
usage; 126 if the command cannot be started; 127 if it is not found.

Example: wasmsig-workerd --log - wrangler dev
`

const OPTIONS = {
  'cpu-limit': { type: 'string' },
  'cpu-margin': { type: 'string' },
  'cpu-soft': { type: 'string' },
  'startup-limit': { type: 'string' },
  log: { type: 'string' },
  'log-format': { type: 'string' },
  metrics: { type: 'string' },
  'mark-terminated': { type: 'boolean' },
  workerd: { type: 'string' },
  unlimited: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' }
}

/** Where the command begins; what follows it is not ours. */
function split(argv) {
  const { tokens } = parseArgs({
    args: argv,
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true
  })
  const first = tokens.find(({ kind }) => kind !== 'option')
  if (!first) return { own: argv, command: [] }
  const skipped = first.kind === 'option-terminator' ? 1 : 0
  return {
    own: argv.slice(0, first.index),
    command: argv.slice(first.index + skipped)
  }
}

/** One option's value, or undefined; checked as the C command does. */
function checkOwn(own) {
  const { tokens } = parseArgs({
    args: own,
    options: OPTIONS,
    strict: false,
    tokens: true
  })
  for (const { name, rawName, value } of tokens) {
    const known = OPTIONS[name]
    if (!known) throw new UsageError(`there is no option '${rawName}'`)
    if (known.type === 'boolean' && value !== undefined) {
      throw new UsageError(`'--${name}' takes no value`)
    }
    if (known.type === 'string' && value === undefined) {
      throw new UsageError(`--${name} needs a value`)
    }
  }
}

function parseMargin(text) {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text)
  if (match && Number(match[1]) < 100) return Number(match[1])
  throw new UsageError(
    `--cpu-margin: '${text}' is no share; expected 0% to 99%`
  )
}

/**
 * The options of a command line, with times in ns, and the command.
 * Throws a UsageError.
 */
function parseCommandLine(argv) {
  const { own, command } = split(argv)
  checkOwn(own)
  const { values } = parseArgs({ args: own, options: OPTIONS, strict: false })
  const time = (name) => {
    const text = values[name]
    return text === undefined ? undefined : parseTime(`--${name}`, text)
  }
  const margin = values['cpu-margin']
  return {
    command,
    hardNs: time('cpu-limit'),
    softNs: time('cpu-soft'),
    startupNs: time('startup-limit'),
    margin: margin === undefined ? undefined : parseMargin(margin),
    log: values.log,
    logFormat: values['log-format'],
    metrics: values.metrics,
    marksTerminated: values['mark-terminated'] ?? false,
    workerd: values.workerd,
    isUnlimited: values.unlimited ?? false,
    wantsHelp: values.help ?? false
  }
}

module.exports = { HELP, parseCommandLine }

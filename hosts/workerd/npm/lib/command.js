// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// wasmsig-workerd COMMAND: finds, checks, reads, runs.

const environment = require('./environment.js')
const { UsageError, WorkerdError } = require('./errors.js')
const { SYSTEM, isSupported } = require('./library.js')
const { HELP, parseCommandLine } = require('./options.js')
const packages = require('./packages.js')
const { run } = require('./run.js')
const { fromMilliseconds } = require('./times.js')
const { readCpuLimit } = require('./wrangler-config.js')

const USAGE = 2
const FAILED = 1
const NOT_STARTED = 126
const NOT_FOUND = 127

const UNKNOWN_ON_WINDOWS =
  'there is no such program, and no such command that has the name of its ' +
  'package; scripts of the shell, such as npm, are not started on Windows'

const say = (text) => process.stderr.write(`wasmsig-workerd: ${text}\n`)

function end(status, text) {
  say(text)
  process.exit(status)
}

/** The executable, with a warning if it may be the wrong one. */
function chooseExecutable(options, file, from) {
  if (options.workerd) return environment.namedExecutable(options.workerd, from)
  const { folder, starter, others } = packages.findWorkerdPackage(file, from)
  const list = others.map(
    ([workerd, by]) => `${packages.nameOf(workerd)} of ${packages.nameOf(by)}`
  )
  if (list.length > 0) {
    say(
      `${packages.nameOf(folder)} of ${packages.nameOf(starter)} is used; ` +
        `there is also ${list.join(', ')} (--workerd names an executable)`
    )
  }
  return packages.executableOf(folder)
}

/** The options, with the limit of wrangler's configuration if none is given. */
function withConfiguredLimit(options, file, from) {
  if (options.hardNs !== undefined) return options
  const limit = readCpuLimit(file, options.command.slice(1), from)
  if (!limit) return options
  const hardNs = fromMilliseconds('limits.cpu_ms', limit.ms)
  return { ...options, hardNs }
}

function limitedEnvironment(options, file, from) {
  const complete = withConfiguredLimit(options, file, from)
  const executable = chooseExecutable(options, file, from)
  const variables = environment.makeEnvironment(complete, executable, from)
  const given = Object.entries(variables).filter(([, value]) => value !== '')
  return Object.fromEntries(given)
}

/**
 * The variables to add. A system without a library has none: a project's
 * scripts are the same for those who develop on a laptop.
 */
function variablesFor(options, file, from) {
  if (options.isUnlimited) return {}
  if (isSupported) return limitedEnvironment(options, file, from)
  const [name] = options.command
  say(`workerd cannot be limited on ${SYSTEM}: ${name} runs without limits`)
  return {}
}

/** What is started for a command; undefined: nothing, and the process ends. */
function findProgram(name, from, list) {
  if (process.platform === 'win32') {
    return packages.findWindowsProgram(name, from)
  }
  const { file, isThere } = packages.findCommand(name, from, list)
  if (isThere) return end(NOT_STARTED, `${name}: it cannot be executed`)
  if (!file) return end(NOT_FOUND, `${name}: there is no such command`)
  return { file, start: [name] }
}

function start(options) {
  const from = process.cwd()
  const [name, ...args] = options.command
  if (name === undefined) throw new UsageError('no command is given')
  const list = packages.pathWithModules(from)
  const program = findProgram(name, from, list)
  const limits = variablesFor(options, program.file, from)
  const others = environment.withoutOwn(process.env)
  const env = { ...others, PATH: list, ...limits }
  run([...program.start, ...args], env, ({ code, message }) => {
    const isUnknown = code === 'ENOENT' && !program.file
    if (isUnknown) end(NOT_FOUND, `${name}: ${UNKNOWN_ON_WINDOWS}`)
    end(NOT_STARTED, message)
  })
}

function main(argv) {
  try {
    const options = parseCommandLine(argv)
    if (options.wantsHelp) return process.stdout.write(HELP)
    start(options)
  } catch (error) {
    if (!(error instanceof WorkerdError)) throw error
    if (!(error instanceof UsageError)) return end(FAILED, error.message)
    end(USAGE, `${error.message} (try wasmsig-workerd --help)`)
  }
}

module.exports = { main }

// SPDX-License-Identifier: Apache-2.0 OR MIT
// The command as a user runs it, and the programs that it runs.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..', '..')

export const ENGINES = ['wasmtime', 'wamr']

export const COMMAND =
  process.env.WASMSIG_COMMAND ?? join(root, 'build/release/wasmsig')

/** Why a test that limits the address space cannot be tried, if so. */
export const noAddressSpace =
  process.env.ASAN_OPTIONS && 'AddressSanitizer needs the address space'

// ------------------------------------------------------------------- guests

const isNewer = (target, sources) =>
  existsSync(target) &&
  sources.every((file) => statSync(file).mtimeMs < statSync(target).mtimeMs)

/** Compiles test/cli/guests/NAME.c for WASI, unless it has been. */
export function guest(name) {
  const source = join(here, '..', 'guests', `${name}.c`)
  const headers = join(root, 'include')
  const target = join(root, 'build/cli-guests', `${name}.wasm`)
  const sources = [source, join(headers, 'wasmsig/guest.h')]
  if (isNewer(target, sources)) return target
  mkdirSync(dirname(target), { recursive: true })
  execFileSync('clang-19', [
    ...['--target=wasm32-wasi', '-O2', '-Wall', '-Wextra', '-Werror'],
    ...[`-I${headers}`, '-o', target, source]
  ])
  return target
}

/** A folder that is removed when the test ends. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'wasmsig-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

// ------------------------------------------------------------------ running

const LONGEST = 60_000

/** Runs it to its end: { status, signal, stdout, stderr }. */
export function command(args, options = {}) {
  return spawnSync(COMMAND, args, {
    encoding: 'utf8',
    timeout: LONGEST,
    ...options
  })
}

export const run = (engine, args, options) =>
  command(['run', '--engine', engine, ...args], options)

/** Begins it; `said(text)` waits until it has printed that, `ended` its end. */
export function start(t, args, stdio = 'pipe') {
  const child = spawn(COMMAND, args, { stdio })
  const output = { stdout: '', stderr: '' }
  const waiting = new Set()
  for (const name of ['stdout', 'stderr']) {
    child[name]?.setEncoding('utf8')
    child[name]?.on('data', (part) => {
      output[name] += part
      for (const look of waiting) look()
    })
  }
  const ended = new Promise((resolve) =>
    child.on('close', (status, signal) =>
      resolve({ status, signal, ...output })
    )
  )
  t.after(() => child.exitCode ?? child.signalCode ?? child.kill('SIGKILL'))
  const said = (text, where = 'stdout') =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (!output[where].includes(text)) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      ended.then(() => reject(new Error(`it ended: ${JSON.stringify(output)}`)))
      look()
    })
  return { child, said, ended }
}

export const startIn = (t, engine, args, stdio) =>
  start(t, ['run', '--engine', engine, ...args], stdio)

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

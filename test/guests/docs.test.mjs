// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * How-to pages are true: what their blocks of code say is done, in order. Each part
 * of second level has a folder of its own.
 *
 * Programs that a page for authors of guests runs by `wasmsig run` are then run
 * without limits, as a reader would who tries them out. SIGTERM ends them, and so
 * does the second Ctrl-C.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'

import { noRust } from '../cli/support/components.mjs'
import { PATIENCE_MS } from '../support/patience.mjs'
import { noWasi } from './rust/support/cargo.mjs'
import { follow, partsOf, prepare, read } from './support/follow.mjs'

/** The pages of docs/how-to that are followed. */
const PAGES = [
  'write-guests.md',
  'components.md',
  'instrument-modules.md',
  'choose-limits.md',
  'kill-safely.md',
  'plugins-in-c.md',
  'nothing-received.md',
  'port-to-another-engine.md',
  'pyodide.md'
]

/** Those whose programs are interrupted as well. */
const FOR_GUESTS = ['write-guests.md', 'instrument-modules.md']

/** Why a part cannot be followed here, by its heading. */
const SKIP = { Rust: noWasi, 'A component in Rust': noRust }

const { folder, env } = prepare('docs-test')

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends signals to a program that runs; returns how it ended. */
async function signalled(file, cwd, signals, before_ms) {
  const child = spawn('wasmsig', ['run', '--json', file], {
    ...{ cwd, env, stdio: ['pipe', 'ignore', 'pipe'] },
    ...{ timeout: PATIENCE_MS, killSignal: 'SIGKILL' }
  })
  const ended = once(child, 'close')
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (part) => (stderr += part))
  await pause(before_ms)
  for (const [i, signal] of signals.entries()) {
    if (i > 0) await pause(250)
    child.kill(signal)
  }
  const [, signal] = await ended
  assert.notEqual(signal, 'SIGKILL', `${file} lives`)
  const last = stderr.trim().split('\n').at(-1)
  return last === '' ? { signals: [] } : JSON.parse(last)
}

/** Not before the guest is there: the signal would end whatever there was. */
async function endsBy(file, cwd, signals) {
  for (let before_ms = 200; ; before_ms *= 2) {
    const facts = await signalled(file, cwd, signals, before_ms)
    if (facts.signals.length > 0) return
    assert.ok(before_ms < 30_000, `${file} does not begin`)
  }
}

const programsOf = (part) =>
  part.blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => [...text.matchAll(/^wasmsig run .*?(\S+\.wasm)$/gm)])
    .map(([, file]) => file)

async function followPart(page, part, cwd) {
  mkdirSync(cwd, { recursive: true })
  follow(part, cwd, env)
  if (!FOR_GUESTS.includes(page)) return
  for (const file of programsOf(part)) {
    await endsBy(file, cwd, ['SIGTERM'])
    await endsBy(file, cwd, ['SIGINT', 'SIGINT'])
  }
}

for (const page of PAGES) {
  const parts = partsOf(read(`docs/how-to/${page}`))
  parts.forEach((part, i) => {
    const cwd = join(folder, basename(page, '.md'), String(i))
    const skip = SKIP[part.heading] ?? false
    test(`${page}, ${part.heading}`, { skip }, () =>
      followPart(page, part, cwd)
    )
  })
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * docs/guests.md is true: what its blocks of code say is done, in order, with
 * what `make install` installs. In the page
 *
 *   a paragraph that ends in `NAME`:    the block behind it is that file
 *   a block of `sh`                     is run by a shell
 *   a block of `text` behind that       is what it prints, with … for numbers
 *                                       that differ from run to run; none is 0
 *
 * Each part of second level has a folder of its own. What it runs by the command
 * is then run without limits, as somebody would who tries it out, and is ended by
 * SIGTERM, and by Ctrl-C at the second time.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { PATIENCE_MS } from '../support/patience.mjs'
import { noWasi } from './rust/support/cargo.mjs'
import { ROOT } from './support/compilers.mjs'

const WORK = join(ROOT, 'build/docs-test')
const PREFIX = join(WORK, 'installed')
const env = {
  ...process.env,
  WASMSIG: ROOT,
  PATH: [join(PREFIX, 'bin'), process.env.PATH].join(':'),
  PKG_CONFIG_PATH: [
    join(PREFIX, 'lib/pkgconfig'),
    join(PREFIX, 'share/pkgconfig')
  ].join(':'),
  CARGO_TARGET_DIR: join(WORK, 'cargo')
}

/** @returns {{heading, blocks: {language, text, before}[]}[]} */
function partsOf(page) {
  const parts = []
  let heading = ''
  let before = ''
  let block = null
  for (const line of page.split('\n')) {
    if (block) {
      if (line === '```') {
        parts.at(-1).blocks.push(block)
        block = null
        before = ''
      } else block.text += `${line}\n`
    } else if (line.startsWith('```')) {
      block = { language: line.slice(3), text: '', before }
    } else if (line.startsWith('## ')) {
      heading = line.slice(3)
      parts.push({ heading, blocks: [] })
    } else if (line.trim() !== '') before = line
  }
  return parts
}

function run(script, cwd) {
  const options = { cwd, env, encoding: 'utf8', timeout: PATIENCE_MS }
  // Status and output as a reader sees them, errors among the rest.
  return spawnSync('sh', ['-ec', `exec 2>&1\n${script}`], options)
}

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const NUMBER = '[1-9]\\d*'
const pattern = (text) =>
  new RegExp(`^${text.trimEnd().split('…').map(literal).join(NUMBER)}\\n?$`)

function follow(part, cwd) {
  let printed = null
  part.blocks.forEach(({ language, text, before }) => {
    const file = /`([^`]+)`:$/.exec(before)
    if (language === 'sh') {
      const { status, stdout } = run(text, cwd)
      assert.equal(status, 0, `${text}\n${stdout}`)
      printed = stdout
    } else if (language === 'text' && printed !== null) {
      assert.match(printed, pattern(text))
      printed = null
    } else if (file) {
      const path = join(cwd, file[1])
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    } else {
      assert.fail(`a block of ${language || 'nothing'} that nobody tries`)
    }
  })
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends signals to a program that runs; answers how it ended. */
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

rmSync(WORK, { recursive: true, force: true })
mkdirSync(WORK, { recursive: true })
execFileSync(
  'cmake',
  ['--install', join(ROOT, 'build/release'), '--prefix', PREFIX],
  { stdio: ['ignore', 'ignore', 'inherit'] }
)
// As under /usr: no guest is to see it.
writeFileSync(join(PREFIX, 'include/stdio.h'), "#error the host's header\n")

/** Why a part cannot be followed here, by its heading. */
const SKIP = { 'In Rust': noWasi }

const page = readFileSync(join(ROOT, 'docs/guests.md'), 'utf8')
partsOf(page).forEach((part, i) => {
  if (part.blocks.length === 0) return
  const skip = SKIP[part.heading] ?? false
  test(`docs/guests.md, ${part.heading}`, { skip }, async () => {
    const cwd = join(WORK, String(i))
    mkdirSync(cwd)
    follow(part, cwd)
    for (const file of programsOf(part)) {
      await endsBy(file, cwd, ['SIGTERM'])
      await endsBy(file, cwd, ['SIGINT', 'SIGINT'])
    }
  })
})

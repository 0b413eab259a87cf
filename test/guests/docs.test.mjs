// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * docs/guests.md is true: what its blocks of code say is done, in order, with
 * what `make install` installs. In the page
 *
 *   a paragraph that ends in `NAME`:    the block behind it is that file
 *   a block of `sh`                     is run by a shell
 *   a block of `text` behind that       is what it prints, with … for what
 *                                       differs from run to run
 *
 * Each part of second level has a folder of its own.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

import { ROOT } from './support/compilers.mjs'

const WORK = join(ROOT, 'build/docs-test')
const PREFIX = join(WORK, 'installed')
const PATIENCE_MS = 240_000

const env = {
  ...process.env,
  WASMSIG: ROOT,
  PATH: [
    join(PREFIX, 'bin'),
    join(ROOT, 'node_modules/.bin'),
    process.env.PATH
  ].join(':'),
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
const pattern = (text) =>
  new RegExp(`^${text.trimEnd().split('…').map(literal).join('.*')}\\n?$`, 's')

/** The status that the text behind a run speaks of; 0 if it is silent. */
function expectedStatus(text) {
  const told = /^\(exit status (\d+)\)$/m.exec(text)
  return told ? Number(told[1]) : 0
}

const withoutStatus = (text) => text.replace(/^\(exit status \d+\)\n/m, '')

function follow(part, cwd) {
  let result = null
  part.blocks.forEach(({ language, text, before }, i) => {
    const file = /`([^`]+)`:$/.exec(before)
    if (language === 'sh') {
      const behind = part.blocks[i + 1]
      const said = behind?.language === 'text' ? behind.text : null
      result = run(text, cwd)
      const status = said === null ? 0 : expectedStatus(said)
      assert.equal(result.status, status, `${text}\n${result.stdout}`)
      if (said !== null)
        assert.match(result.stdout, pattern(withoutStatus(said)))
    } else if (file) {
      const path = join(cwd, file[1])
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    } else if (language !== 'text') {
      assert.fail(`a block of ${language || 'nothing'} that nobody tries`)
    }
  })
}

rmSync(WORK, { recursive: true, force: true })
mkdirSync(WORK, { recursive: true })
execFileSync(
  'cmake',
  ['--install', join(ROOT, 'build/release'), '--prefix', PREFIX],
  { stdio: ['ignore', 'ignore', 'inherit'] }
)
// As under /usr: no guest is to see it.
writeFileSync(join(PREFIX, 'include/stdio.h'), "#error the host's header\n")

const page = readFileSync(join(ROOT, 'docs/guests.md'), 'utf8')
partsOf(page).forEach((part, i) => {
  if (part.blocks.length === 0) return
  test(`docs/guests.md, ${part.heading}`, () => {
    const cwd = join(WORK, String(i))
    mkdirSync(cwd)
    follow(part, cwd)
  })
})

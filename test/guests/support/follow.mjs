// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Follows a page of the documentation: does what its blocks of code say, in their
 * order, with what `make install` installs. In the page
 *
 *   a paragraph that ends in `NAME`:    the block after it is that file
 *   one that ends in `examples/...`:    the block after it is a part of that file
 *   a block of `sh`                     is run by a shell
 *   a block of `text` after that        is what it prints, with … for numbers
 *                                       that differ from run to run; none is 0
 *   <!-- not checked: REASON -->        the block after it is left alone
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { PATIENCE_MS } from '../../support/patience.mjs'
import { ROOT } from './compilers.mjs'

/**
 * A folder for a page, with a copy of wasmsig that is installed in it.
 *
 * @param {string} name of the folder, in build/
 * @returns {{ folder, env }}
 */
export function prepare(name) {
  const folder = join(ROOT, 'build', name)
  const prefix = join(folder, 'installed')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  execFileSync(
    'cmake',
    ['--install', join(ROOT, 'build/release'), '--prefix', prefix],
    { stdio: ['ignore', 'ignore', 'inherit'] }
  )
  // As under /usr: guests must not see the host's headers.
  writeFileSync(join(prefix, 'include/stdio.h'), "#error the host's header\n")
  const packages = ['lib/pkgconfig', 'share/pkgconfig']
  const env = {
    ...process.env,
    WASMSIG: ROOT,
    PATH: [join(prefix, 'bin'), process.env.PATH].join(':'),
    PKG_CONFIG_PATH: packages.map((path) => join(prefix, path)).join(':'),
    CARGO_TARGET_DIR: join(folder, 'cargo')
  }
  return { folder, env }
}

export const read = (path) => readFileSync(join(ROOT, path), 'utf8')

const isChecked = ({ before }) => !before.startsWith('<!-- not checked: ')

/**
 * The parts of second level that have blocks to check.
 *
 * @returns {{heading, blocks: {language, text, before}[]}[]}
 */
export function partsOf(page) {
  const parts = [{ heading: 'introduction', blocks: [] }]
  let before = ''
  let block = null
  for (const line of page.split('\n')) {
    if (block) {
      if (line === '```') {
        if (isChecked(block)) parts.at(-1).blocks.push(block)
        block = null
        before = ''
      } else block.text += `${line}\n`
    } else if (line.startsWith('```')) {
      block = { language: line.slice(3), text: '', before }
    } else if (line.startsWith('## ')) {
      parts.push({ heading: line.slice(3), blocks: [] })
    } else if (line.trim() !== '') before = line
  }
  return parts.filter(({ blocks }) => blocks.length > 0)
}

function run(script, cwd, env) {
  const options = { cwd, env, encoding: 'utf8', timeout: PATIENCE_MS }
  // Status and output as a reader sees them, errors among the rest.
  return spawnSync('sh', ['-ec', `exec 2>&1\n${script}`], options)
}

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const NUMBER = '(?:[1-9]\\d*(?:\\.\\d+)?|0\\.\\d*[1-9]\\d*)'
const pattern = (text) =>
  new RegExp(`^${text.trimEnd().split('…').map(literal).join(NUMBER)}\\n?$`)

/** The file that a block is, or is a part of. */
export const fileOf = ({ before }) => /`([^`]+)`:$/.exec(before)?.[1]

function save(block, cwd) {
  const path = join(cwd, fileOf(block))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, block.text)
}

/** Follows a part in a folder; `replace` changes commands and output. */
export function follow(part, cwd, env, replace = (text) => text) {
  let printed = null
  for (const block of part.blocks) {
    const { language, text } = block
    if (language === 'sh') {
      const { status, stdout } = run(replace(text), cwd, env)
      assert.equal(status, 0, `${text}\n${stdout}`)
      printed = stdout
    } else if (language === 'text' && printed !== null) {
      assert.match(printed, pattern(replace(text)))
      printed = null
    } else if (fileOf(block)?.startsWith('examples/')) {
      assert.ok(read(fileOf(block)).includes(text), `not in it:\n${text}`)
    } else if (fileOf(block)) {
      save(block, cwd)
    } else {
      assert.fail(`a block of ${language || 'nothing'} that is not checked`)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
// Commands in shell blocks exist: programs, targets of make, parts of scripts,
// commands and options of wasmsig.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { checked } from './support/blocks.mjs'
import { ROOT } from './support/pages.mjs'
import { parse } from './support/shell.mjs'

const BUILTINS = ['cd', 'echo', 'exit', 'export', 'printf', 'set', 'test']

/** What a reader has who needs it; the tests do without. */
const READERS = ['rustup']

const inRoot = (path) => join(ROOT, path)

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** clang stands for any version of it, as a reader has it. */
const VERSIONED = { clang: 'clang-19', 'clang++': 'clang++-19' }

const onPath = (name) =>
  process.env.PATH.split(':').some((folder) =>
    isExecutable(join(folder, VERSIONED[name] ?? name))
  )

const OURS = {
  wasmsig: 'build/release/wasmsig',
  'wasmsig-cc': 'guest/c/wasmsig-cc'
}

const helps = new Map()
/** What a program of ours says of itself. */
function help(...words) {
  const key = words.join(' ')
  if (!helps.has(key)) {
    const [program, ...rest] = words
    const options = { cwd: ROOT, encoding: 'utf8' }
    const { stdout } = spawnSync(program, [...rest, '--help'], options)
    helps.set(key, stdout)
  }
  return helps.get(key)
}

const isIn = (text, word) =>
  new RegExp(`(^|[\\s,|[])${word}(?![\\w-])`, 'm').test(text)

const optionsOf = (words) =>
  words
    .filter((word) => /^--[a-z]/.test(word))
    .map((word) => word.split('=')[0])

/** What is wrong with the words behind a command. */
const WORDS = {
  make([target = 'help']) {
    const makefile = readFileSync(inRoot('Makefile'), 'utf8')
    const name = target.replace(/^bench-.*/, 'bench-%')
    return makefile.includes(`\n${name}:`) ? [] : [`make ${target}`]
  },
  wasmsig([command, ...words]) {
    const path = inRoot(OURS.wasmsig)
    if (/^--/.test(command)) return []
    if (!isIn(help(path), command)) return [`wasmsig ${command}`]
    const known = help(path, command)
    return optionsOf(words).filter((option) => !isIn(known, option))
  },
  'wasmsig-cc'(words) {
    const known = help(inRoot(OURS['wasmsig-cc']))
    return optionsOf(words)
      .filter((option) => option.startsWith('--wasmsig-'))
      .filter((option) => !isIn(known, option))
  },
  'scripts/test'(parts) {
    const script = readFileSync(inRoot('scripts/test'), 'utf8')
    return parts.filter((part) => !script.includes(`\n    ${part})`))
  }
}

/** A command that is not there, or words of it that are not. */
function faultsOf([name, ...words]) {
  if (name in OURS || name in WORDS) return WORDS[name](words)
  if ([...BUILTINS, ...READERS].includes(name) || onPath(name)) return []
  return isExecutable(inRoot(name)) ? [] : [name]
}

for (const { place, code } of checked('sh')) {
  test(`the commands of a block exist: ${place}`, () => {
    const { error, commands } = parse(code)
    assert.equal(error, false, 'no shell can read this')
    assert.deepEqual(commands.flatMap(faultsOf), [])
  })
}

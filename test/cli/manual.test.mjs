// SPDX-License-Identifier: Apache-2.0 OR MIT
// Help, manual page and completion have the same options.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { command, folder } from './support/command.mjs'

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const manual = path('docs/man/wasmsig.1')
const completion = path('cli/completion/wasmsig.bash')

const optionsIn = (text) =>
  [...new Set(text.match(/--[a-z][a-z0-9-]+/g))].sort()
const helpOf = (name) => command([name, '--help']).stdout

/** The completions of the last word of a command line. */
function offered(words, cwd) {
  const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _wasmsig; printf '%s\\n' "\${COMPREPLY[@]}"`
  const args = ['-c', script, completion, 'wasmsig', ...words]
  const output = execFileSync('bash', args, { encoding: 'utf8', cwd })
  return output.split('\n').filter(Boolean)
}

const COMMANDS = ['run', 'inspect', 'instrument', 'compile', 'cache', 'workerd']

test('the manual page has every option of the help', () => {
  const text = readFileSync(manual, 'utf8').replaceAll(' -', ' --')
  const own = new Set(optionsIn(text))
  for (const command of COMMANDS) {
    for (const option of optionsIn(helpOf(command))) {
      assert.ok(own.has(option), `${command} ${option}`)
    }
  }
})

test('the manual page has the exit statuses of the help', () => {
  const text = readFileSync(manual, 'utf8')
  for (const status of helpOf('run').match(/\b1\d\d\b(?=[ ;])/g)) {
    assert.match(text, new RegExp(`^\\.It ${status}$|and its number`, 'm'))
  }
})

test('the manual page of wasmsig-cc has what its help has', () => {
  const cc = path('guest/c/wasmsig-cc')
  const help = execFileSync(cc, ['--help'], { encoding: 'utf8' })
  const text = readFileSync(path('docs/man/wasmsig-cc.1'), 'utf8')
  for (const option of optionsIn(help))
    assert.match(text, new RegExp(`^\\.It Fl ${option.slice(1)}\\b`, 'm'))
  for (const name of help.match(/WASMSIG_[A-Z]+/g))
    assert.match(text, new RegExp(`^\\.It Ev ${name}$`, 'm'))
})

test('completion offers every option of the help', () => {
  for (const command of COMMANDS) {
    assert.deepEqual(
      offered([command, '--']).sort(),
      optionsIn(helpOf(command))
    )
  }
})

test('completion offers commands, engines, signals and modules', (t) => {
  assert.deepEqual(offered(['in']), ['inspect', 'instrument'])
  assert.deepEqual(offered(['run', '--engine', 'wa']), ['wasmtime', 'wamr'])
  assert.ok(offered(['run', '--signal', 'USR']).includes('USR1'))
  assert.ok(offered(['run', '--forward', 'INT,TE']).includes('INT,TERM'))
  const cwd = folder(t)
  spawnSync('touch', ['a.wasm', 'b.txt'], { cwd })
  assert.deepEqual(offered(['run', '--stats', ''], cwd), ['a.wasm'])
  assert.deepEqual(offered(['run', 'a.wasm', 'b'], cwd), ['b.txt'])
})

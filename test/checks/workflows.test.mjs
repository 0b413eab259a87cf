// SPDX-License-Identifier: Apache-2.0 OR MIT
/** scripts/check-workflows, on copies of the workflow with one thing wrong. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { accessSync, constants, mkdirSync, mkdtempSync } from 'node:fs'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NAME = '.github/workflows/ci.yml'
const TEXT = readFileSync(join(ROOT, NAME), 'utf8')

const check = (...args) =>
  spawnSync(join(ROOT, 'scripts/check-workflows'), args, { encoding: 'utf8' })

function checkText(t, text) {
  const root = mkdtempSync(join(tmpdir(), 'workflows-'))
  t.after(() => rmSync(root, { recursive: true }))
  const folder = join(root, '.github/workflows')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(root, NAME), text)
  return check(folder)
}

test('the workflow is valid, and runs .ci/run', () => {
  const { status, stdout, stderr } = check()
  assert.equal(status, 0, stdout + stderr)
  const commands = [...TEXT.matchAll(/^ *- run: (.*)$/gm)].map(([, run]) => run)
  assert.equal(commands.at(-1), '.ci/run')
  accessSync(join(ROOT, '.ci/run'), constants.X_OK)
})

const WRONG = [
  ['runs-on:', 'runs-onn:'],
  ['steps:', 'stepss:'],
  ['\non:\n', '\noff:\n'],
  ['timeout-minutes: 90', 'timeout-minutes: ninety'],
  ['- uses: actions/cache', '- use: actions/cache'],
  [/permissions:\n *contents: read/, 'permissions: write-all'],
  [/@[0-9a-f]{40}/, '@v7'],
  ['- run: .ci/run', '- run: .ci/run ${{ github.head_ref }}'],
  [/with:\n *persist-credentials: false\n/, '\n']
]
for (const [from, to] of WRONG)
  test(`refused: ${JSON.stringify(to)} for ${from}`, (t) => {
    const text = TEXT.replace(from, to)
    assert.notEqual(text, TEXT)
    const { status, stdout, stderr } = checkText(t, text)
    assert.notEqual(status, 0)
    assert.match(stdout + stderr, /ci\.yml/)
  })

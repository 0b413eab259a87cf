// SPDX-License-Identifier: Apache-2.0 OR MIT
// Long folders, and folders and files that cannot be opened.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { COMMAND, ENGINES, folder, guest, run } from './support/command.mjs'

const folders = guest('folders')

/** A folder of `count` files, whose names are of many lengths. */
function filled(t, count) {
  const path = join(folder(t), 'long')
  const names = Array.from(
    { length: count },
    (_, i) => `${i}-${'é'.repeat((i * 7) % 120)}`
  )
  mkdirSync(path)
  for (const name of names) writeFileSync(join(path, name), '')
  return { path, names: ['.', '..', ...names].sort() }
}

for (const engine of ENGINES) {
  const program = (path, ...args) =>
    run(engine, ['--dir', `${path}::/in`, folders, ...args])

  test(`${engine}: several readers of a long folder see all of it`, (t) => {
    const { path, names } = filled(t, 600)
    for (const count of ['1', '3', '20']) {
      const { status, stdout, stderr } = program(path, count, '/in')
      assert.equal(stderr, '')
      assert.equal(status, 0)
      assert.deepEqual(stdout.trimEnd().split('\n').sort(), names)
    }
  })

  test(`${engine}: several readers of a short folder see all of it`, (t) => {
    for (const size of [0, 1, 40]) {
      const { path, names } = filled(t, size)
      const { status, stdout } = program(path, '2', '/in')
      assert.equal(status, 0)
      assert.deepEqual(stdout.trimEnd().split('\n').sort(), names)
    }
  })

  test(`${engine}: running out of file descriptors is not an I/O error`, (t) => {
    const { path } = filled(t, 1)
    const { status, stdout, stderr } = spawnSync(
      'sh',
      [
        '-c',
        'ulimit -n 40; exec "$0" run --engine "$1" --dir "$2::/" "$3" exhaust /',
        ...[COMMAND, engine, path, folders]
      ],
      { encoding: 'utf8' }
    )
    assert.equal(stderr, '')
    assert.equal(stdout, '1 1\n')
    assert.equal(status, 0)
  })

  test(`${engine}: an error names the folder that cannot be opened, and why`, (t) => {
    const path = folder(t)
    const dirs = Array.from({ length: 60 }, (_, i) => `--dir ${path}::/${i}`)
    const { status, stderr } = spawnSync(
      'sh',
      [
        '-c',
        `ulimit -n 40; exec "$0" run --engine "$1" ${dirs.join(' ')} "$2" 1 /`,
        ...[COMMAND, engine, folders]
      ],
      { encoding: 'utf8' }
    )
    assert.match(
      stderr,
      /^wasmsig: .*: --dir: .*: (Too many open files|No file descriptors available)\n$/
    )
    assert.equal(status, 1)
  })

  // WAMR's own fd_readdir cannot seek, and WAMR's descriptors are random.
  if (engine === 'wamr') continue

  test(`${engine}: a program may seek back in a folder`, (t) => {
    const { path } = filled(t, 600)
    const { status, stdout, stderr } = program(path, 'back', '/in')
    assert.equal(stderr, '')
    assert.equal(stdout, '302 302 603\n')
    assert.equal(status, 0)
  })

  test(`${engine}: a reused descriptor reads its new folder`, (t) => {
    const { path } = filled(t, 400)
    mkdirSync(join(path, 'short'))
    const { status, stdout } = program(path, 'renumbered', '/in', '/in/short')
    assert.equal(stdout, '0\n')
    assert.equal(status, 0)
  })
}

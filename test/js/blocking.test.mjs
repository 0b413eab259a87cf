// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Calls that block inside a budget, for longer than it has CPU time left. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CpuBudget } from 'wasmsig'

const LIMITS = { soft: 60, hard: 120 } // CPU ms
const BLOCKED = 250 // ms
let folder

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasmsig-'))
})
after(() => rmSync(folder, { recursive: true }))

/**
 * Several times, as the timer of a budget may fire at a different moment in
 * each.
 */
function blockInBudget(block) {
  for (let i = 0; i < 3; i++) {
    const budget = new CpuBudget(LIMITS)
    const begin = performance.now()
    budget.run(block)
    assert.ok(performance.now() - begin >= BLOCKED - 1)
    assert.equal(budget.state, 'ready')
    assert.ok(budget.used < LIMITS.soft)
  }
}

test('Atomics.wait is not interrupted', () => {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  blockInBudget(() => {
    assert.equal(Atomics.wait(cell, 0, 0, BLOCKED), 'timed-out')
  })
})

test('spawnSync is not interrupted', () => {
  blockInBudget(() => {
    const { status, error } = spawnSync('sleep', [String(BLOCKED / 1000)])
    assert.equal(error, undefined)
    assert.equal(status, 0)
  })
})

test('a read waits for a file that has no data yet', () => {
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  blockInBudget(() => {
    const script = `sleep ${BLOCKED / 1000}; echo late > ${fifo}`
    spawn('sh', ['-c', script], { stdio: 'ignore' }).unref()
    assert.equal(readFileSync(fifo, 'utf8'), 'late\n')
  })
})

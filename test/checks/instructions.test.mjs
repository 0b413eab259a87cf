// SPDX-License-Identifier: Apache-2.0 OR MIT
/** How bench/instructions reads callgrind's files, and what it finds changed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instructionsOf } from '../../bench/instructions/callgrind.mjs'
import {
  differences,
  otherToolchain
} from '../../bench/instructions/compare.mjs'

const FILE = `# callgrind format
version: 1
positions: line
events: Ir
summary: 1234

ob=(1) /program
fl=(1) /bench/main.c
fn=(1) measure
10 7
+1 3
cfi=(2) /core/raise.c
cfn=(2) raise
calls=2 20
* 500

fl=(2)
fn=(2)
20 100
fi=(3) /core/walk.h
-5 30
fe=(2)
* 4
cob=(2) /libc.so
cfi=(4) ???
cfn=(3) memcpy
calls=1 0
+1 300
cfn=(4) popcount
cob=(1)
calls=1 0
* 5

ob=(2)
fl=(4)
fn=(3)
0 300

ob=(1)
fn=(4)
0 5

totals: 1234
`

test('a function is charged what it executes itself, headers included', () => {
  const all = instructionsOf(FILE, () => true)
  assert.deepEqual(
    [...all],
    [
      ['measure', 10],
      ['raise', 134],
      ['memcpy', 300],
      ['popcount', 5]
    ]
  )
})

test('what other objects and other files execute is left out', () => {
  const ours = instructionsOf(
    FILE,
    (object, file) => object === '/program' && !file.startsWith('/bench/')
  )
  assert.deepEqual(
    [...ours],
    [
      ['raise', 134],
      ['popcount', 5]
    ]
  )
})

test('a count within two per cent is no difference', () => {
  assert.deepEqual(differences({ raise: 1000 }, { raise: 1020 }), [])
  assert.deepEqual(differences({ raise: 1000 }, { raise: 980 }), [])
})

test('a count that grows or shrinks by more is told', () => {
  assert.deepEqual(differences({ raise: 1000 }, { raise: 1021 }), [
    { path: 'raise', line: 'raise: 1000 stored, 1021 counted (+2.1 %)' }
  ])
  assert.deepEqual(differences({ raise: 1000 }, { raise: 500 }), [
    { path: 'raise', line: 'raise: 1000 stored, 500 counted (-50.0 %)' }
  ])
})

test('a path that is new, and one that has gone, are told', () => {
  assert.deepEqual(differences({ old: 1 }, { fresh: 2 }), [
    { path: 'old', line: 'old: 1 stored, and not counted' },
    { path: 'fresh', line: 'fresh: 2, and no count is stored' }
  ])
})

test('counts of another compiler are not compared', () => {
  const stored = { processor: 'x64', compiler: 'gcc 12' }
  assert.equal(otherToolchain(stored, { ...stored }), undefined)
  assert.equal(
    otherToolchain(stored, { ...stored, compiler: 'gcc 13' }),
    'stored with compiler gcc 12, here gcc 13'
  )
})

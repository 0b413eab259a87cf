// SPDX-License-Identifier: Apache-2.0 OR MIT
// The fuzzer's seeds reach the code that they are meant for.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import {
  assemble,
  codeOf,
  countOf,
  noAssembler,
  sections,
  tryInstrument
} from './support/instrument.mjs'

const seed = (name) =>
  assemble(
    readFileSync(new URL(`../fuzz/corpus/${name}.wat`, import.meta.url), 'utf8')
  )

const seeds = {
  'stack-named': [0, /1 poll, .*words at 992: wasm-ld/],
  'stack-unnamed': [0, /1 poll, .*words at 16: wasm-ld/],
  delivery: [0, /^wasmsig: -: 2 polls, .*words of its own/],
  'delivery-attention': [0, /^wasmsig: -: 1 poll, .*words of its own/],
  'delivery-wrapped': [1, /its linker wrapped/],
  'hints-and-labels': [0, /^wasmsig: -: 3 polls, .*words of its own/]
}
for (const [name, [status, says]] of Object.entries(seeds))
  test(`the seed ${name} gives ${says}`, { skip: noAssembler }, () => {
    const made = tryInstrument(seed(name), '-v')
    assert.match(made.stderr, says)
    assert.equal(made.status, status)
  })

test(
  'the seeds have the sections that polls depend on',
  { skip: noAssembler },
  () => {
    const attention = codeOf(tryInstrument(seed('delivery-attention')).bytes)
    assert.equal(countOf(Buffer.from([0xfe, 0x11, 3, 0]), attention), 1)
    const delivery = codeOf(tryInstrument(seed('delivery')).bytes)
    assert.equal(countOf(Buffer.from([0xfe, 0x10, 2, 0]), delivery), 2)
    const before = sections(seed('hints-and-labels'))
    const after = sections(tryInstrument(seed('hints-and-labels')).bytes)
    for (const wanted of ['metadata.code.branch_hint', 'name']) {
      const [old, moved] = [before, after].map(
        (module) => module.find(([, name]) => name === wanted)[2]
      )
      assert.notDeepEqual(moved, old, wanted)
    }
  }
)

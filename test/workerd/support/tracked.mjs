// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Modules whose words and memories differ, for workers/tracked.mjs. */
import makeWabt from 'wabt'

const OWN = '(memory (export "memory") 1)'

/** What a module imports, its memory, and where its words are. */
const MODULES = {
  both: { signal: 16, terminated: 20 },
  'terminated-only': { terminated: 16 },
  'signal-only': { signal: 16 },
  neither: {
    more: '(func (export "twice") (param i32) (result i32) (i32.mul (i32.const 2) (local.get 0)))'
  },
  filled: {
    signal: 16,
    terminated: 20,
    more: '(data (i32.const 16) "\\a5\\a5\\a5\\a5")'
  },
  beyond: { signal: 70000, terminated: 70004 },
  'over-the-end': { signal: 65533, terminated: 16 },
  'at-the-end': { signal: 65528, terminated: 65532 },
  imported: {
    memory: '(import "host" "memory" (memory 1))',
    signal: 16,
    terminated: 20
  },
  hidden: {
    memory: '(import "host" "log" (func)) (memory 1)',
    signal: 16,
    terminated: 20
  },
  none: {
    memory: '(import "host" "memory" (global externref))',
    signal: 16,
    terminated: 20,
    more: '(func (export "seven") (result i32) (i32.const 7))'
  },
  large: {
    memory: '(memory (export "memory") 256)',
    signal: 16,
    terminated: 20
  }
}

export const NAMES = Object.keys(MODULES)

const word = (name, address) =>
  address === undefined
    ? ''
    : `(global (export "__instance_${name}") i32 (i32.const ${address}))`

const reader = (name, address) =>
  address === undefined || address > 65532
    ? ''
    : `(func (export "${name}") (result i32) (i32.load (i32.const ${address})))`

function textOf({ memory = OWN, signal, terminated, more = '' }) {
  const isThere = /memory 1|memory \(export|\(memory/.test(memory)
  return `(module ${memory} ${more}
    ${word('signal', signal)} ${word('terminated', terminated)}
    ${isThere ? reader('signal', signal) : ''}
    ${isThere ? reader('terminated', terminated) : ''})`
}

/** name -> bytes */
export async function trackedModules() {
  const wabt = await makeWabt()
  const features = { reference_types: true }
  return NAMES.map((name) => {
    const text = textOf(MODULES[name])
    const module = wabt.parseWat(`${name}.wat`, text, features)
    const { buffer } = module.toBinary({})
    module.destroy()
    return [`${name}.wasm`, buffer]
  })
}

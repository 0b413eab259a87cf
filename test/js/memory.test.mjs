// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The words are in memory 0, as the engine has read it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { install, raise, stats } from 'wasmsig'
import {
  IMPORTED,
  OWN_SHARED,
  SHARED,
  assemble,
  guest,
  instantiate,
  read,
  write
} from './support/guests.mjs'

install()

const newMemory = () => new WebAssembly.Memory({ initial: 1 })
const newShared = () =>
  new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true })

/** Both ways to instantiate with imports. */
const FORMS = {
  'new Instance': (bytes, imports) =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes), imports),
  'instantiate(bytes)': async (bytes, imports) =>
    (await WebAssembly.instantiate(bytes, imports)).instance,
  'instantiate(module)': async (bytes, imports) =>
    await WebAssembly.instantiate(new WebAssembly.Module(bytes), imports)
}

const importing = guest({ memory: IMPORTED })

for (const [form, make] of Object.entries(FORMS)) {
  test(`${form}: the words are in the imported memory`, async () => {
    const memory = newMemory()
    const instance = await make(importing, { env: { memory } })
    assert.equal(read(memory, 'signal'), 0)
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(read(memory, 'signal'), 2)
  })

  test(`${form}: a getter for the memory runs once, and its value is used`, async () => {
    const memories = [newMemory(), newMemory(), newMemory()]
    let calls = 0
    const env = {
      get memory() {
        return memories[calls++]
      }
    }
    const instance = await make(importing, { env })
    assert.equal(calls, 1)
    assert.equal(raise('SIGINT', instance), 1)
    assert.deepEqual(
      memories.map((memory) => read(memory, 'signal')),
      [2, 0, 0]
    )
  })

  test(`${form}: getters receive the user's own objects as this`, async () => {
    const seen = []
    const memory = newMemory()
    const env = {
      get memory() {
        seen.push(this)
        return memory
      }
    }
    const imports = {
      get env() {
        seen.push(this)
        return env
      }
    }
    await make(importing, imports)
    assert.equal(seen.length, 2)
    assert.equal(seen[0], imports)
    assert.equal(seen[1], env)
  })

  test(`${form}: a memory put there during the start is not used`, async () => {
    const memory = newMemory()
    const decoy = newMemory()
    const env = { memory, exchange: () => (env.memory = decoy) }
    const text = `(module (import "env" "exchange" (func $exchange))
      (memory (import "env" "memory") 1) (start $exchange)
      (global (export "__instance_signal") i32 (i32.const 1024)))`
    write(decoy, 'signal', 7)
    const instance = await make(assemble(text), { env })
    assert.equal(env.memory, decoy)
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(read(memory, 'signal'), 2)
    assert.equal(read(decoy, 'signal'), 7)
  })

  test(`${form}: other memories in the imports object are not touched`, async () => {
    const decoys = [newMemory(), newMemory(), newMemory()]
    for (const decoy of decoys) write(decoy, 'signal', 7)
    const memory = newMemory()
    const imports = {
      a: { memory: decoys[0] },
      env: { aaa: decoys[1], memory, zzz: decoys[2] }
    }
    const instance = await make(importing, imports)
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(read(memory, 'signal'), 2)
    for (const decoy of decoys) assert.equal(read(decoy, 'signal'), 7)
  })

  test(`${form}: a memory imported as the value of a global is not touched`, async () => {
    const text = `(module (import "env" "decoy" (global externref))
      (import "env" "memory" (memory 1))
      (import "env" "another" (global externref))
      (global (export "__instance_signal") i32 (i32.const 1024)))`
    const [decoy, memory, another] = [newMemory(), newMemory(), newMemory()]
    for (const one of [decoy, another]) write(one, 'signal', 7)
    const env = { decoy, memory, another }
    const instance = await make(assemble(text), { env })
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(read(memory, 'signal'), 2)
    for (const one of [decoy, another]) assert.equal(read(one, 'signal'), 7)
  })

  test(`${form}: a memory in the imports of a module that has its own is not touched`, async () => {
    const decoy = newMemory()
    write(decoy, 'signal', 7)
    const imports = { env: { memory: decoy } }
    const instance = await make(guest(), imports)
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(read(instance, 'signal'), 2)
    assert.equal(read(decoy, 'signal'), 7)
  })

  test(`${form}: imports may be inherited`, async () => {
    const memory = newMemory()
    const imports = Object.create({ env: Object.create({ memory }) })
    const instance = await make(importing, imports)
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(read(memory, 'signal'), 2)
  })
}

const DECOYS = {
  function: '(func (export "memory"))',
  global: '(global (export "memory") i32 (i32.const 0))',
  table: '(table (export "memory") 1 funcref)'
}

for (const [kind, decoy] of Object.entries(DECOYS)) {
  test(`an imported memory is used beside a ${kind} exported as "memory"`, () => {
    const memory = newMemory()
    const instance = instantiate(
      { memory: IMPORTED, code: decoy },
      { env: { memory } }
    )
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(read(memory, 'signal'), 2)
  })

  test(`an own memory of another name is used beside a ${kind} exported as "memory"`, () => {
    const instance = instantiate({
      memory: '(memory (export "heap") 1)',
      code: decoy
    })
    assert.equal(raise('SIGINT', instance), 1)
    assert.equal(read(instance.exports.heap, 'signal'), 2)
  })
}

test('an imported memory may be exported again', () => {
  const memory = newMemory()
  const code = '(export "memory" (memory 0))'
  const instance = instantiate({ memory: IMPORTED, code }, { env: { memory } })
  assert.equal(instance.exports.memory, memory)
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(read(memory, 'signal'), 2)
})

test('the memory may have any module and field name', () => {
  const names = [
    ['', ''],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['\u{1f4a9}', '\\f0\\9f\\92\\a9']
  ]
  for (const [name, text] of names) {
    const memory = newMemory()
    const code = `(module (memory (import "${text}" "${text}") 1)
      (global (export "__instance_signal") i32 (i32.const 1024)))`
    const field = Object.create(null, { [name]: { value: memory } })
    const imports = Object.create(null, { [name]: { value: field } })
    const module = new WebAssembly.Module(assemble(code))
    const instance = new WebAssembly.Instance(module, imports)
    assert.equal(raise('SIGINT', instance), 1, name)
    assert.equal(read(memory, 'signal'), 2, name)
  }
})

test('an address above 2 GiB is unsigned', (t) => {
  let memory
  try {
    memory = new WebAssembly.Memory({ initial: 32769 })
  } catch {
    return t.skip('no 2 GiB of memory here')
  }
  const text = `(module (memory (import "env" "memory") 1)
    (global (export "__instance_signal") i32 (i32.const 0x80000010)))`
  const module = new WebAssembly.Module(assemble(text))
  const instance = new WebAssembly.Instance(module, { env: { memory } })
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(new DataView(memory.buffer).getUint32(0x80000010, true), 2)
})

/** Includes those that a sweep has dropped meanwhile. */
function everTracked() {
  const { tracked, collected } = stats()
  return tracked.FIXED + tracked.SHARED + collected
}

test('an own shared memory is tracked as SHARED', () => {
  const before = everTracked()
  const instance = instantiate({ memory: OWN_SHARED })
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(read(instance, 'signal'), 2)
  assert.ok(stats().tracked.SHARED >= 1)
  assert.equal(everTracked(), before + 1)
})

test('an unshared memory is tracked as FIXED', () => {
  const before = everTracked()
  const instance = instantiate()
  assert.ok(stats().tracked.FIXED >= 1)
  assert.equal(everTracked(), before + 1)
  assert.equal(raise('SIGINT', instance), 1)
})

test('the first instance of a shared memory has a signal word of 0', () => {
  const memory = newShared()
  write(memory, 'signal', 0xffff)
  const options = { memory: SHARED, started: false }
  const instance = instantiate(options, { env: { memory } })
  assert.equal(read(memory, 'signal'), 0)
  assert.equal(raise('SIGINT', instance), 1)
})

test('a further instance of a shared memory loses no pending signal', () => {
  const memory = newShared()
  const options = {
    memory: SHARED,
    started: false,
    words: ['signal', 'pending']
  }
  const first = instantiate(options, { env: { memory } })
  raise('SIGTERM', first)
  const second = instantiate(options, { env: { memory } })
  assert.equal(read(memory, 'signal'), 15)
  assert.equal(read(memory, 'pending'), 1n << 14n)
  assert.equal(raise('SIGINT', second), 1)
  assert.equal(read(memory, 'signal'), 2)
})

test('a further instance of an unshared memory is tracked too', () => {
  const memory = newMemory()
  const first = instantiate({ memory: IMPORTED }, { env: { memory } })
  const second = instantiate({ memory: IMPORTED }, { env: { memory } })
  assert.equal(raise('SIGINT', first), 1)
  assert.equal(read(memory, 'signal'), 2)
  assert.equal(raise('SIGTERM', second), 1)
  assert.equal(read(memory, 'signal'), 15)
})

test('a shared memory that has grown still receives signals', () => {
  const memory = newShared()
  const instance = instantiate({ memory: SHARED }, { env: { memory } })
  memory.grow(15)
  assert.equal(raise('SIGINT', instance), 1)
  assert.equal(read(memory, 'signal'), 2)
})

// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Replacements for pi.wasm, written as text: one that passes, and others that
 * differ from it in one thing each.
 */
import initialise from 'wabt'

const wabt = await initialise()

/** Waits for a signal, reports it to the host, returns `digits` digits. */
const listen = (digits) => `
  (call $received (call $listen) (i32.const ${digits}))
  (i32.const ${digits})`

const HONEST = {
  text: '31415',
  until_sigxcpu: listen(5),
  until_sigint: listen(5),
  ignoring_sigxcpu: `(loop $forever
    (call $received (call $listen) (i32.const 5)) (br $forever))`,
  echo: '(local.get $value)'
}

export const GUESTS = {
  honest: HONEST,
  unreached: { ...HONEST, until_sigxcpu: '(i32.const 5)' },
  hasty: {
    ...HONEST,
    until_sigxcpu: '(call $received (i32.const 24) (i32.const 5)) (i32.const 5)'
  },
  mistaken: {
    ...HONEST,
    until_sigxcpu: `(drop (call $listen))
      (call $received (i32.const 2) (i32.const 5)) (i32.const 5)`
  },
  miscalculating: { ...HONEST, text: '31416' },
  empty: { ...HONEST, until_sigxcpu: listen(0) },
  finished: { ...HONEST, until_sigxcpu: listen(10) },
  crashing: { ...HONEST, until_sigxcpu: 'unreachable' },
  obedient: { ...HONEST, ignoring_sigxcpu: '(drop (call $listen))' },
  silent: {
    ...HONEST,
    ignoring_sigxcpu: '(loop $forever (drop (call $listen)) (br $forever))'
  },
  trapping: { ...HONEST, ignoring_sigxcpu: 'unreachable' },
  forgetful: { ...HONEST, echo: '(i32.const 0)' },
  unconcerned: { ...HONEST, until_sigint: '(i32.const 5)' }
}

/** @returns {Uint8Array} the binary of a guest of GUESTS */
export function assemble(guest) {
  const features = { threads: true, mutable_globals: true }
  const module = wabt.parseWat('guest.wat', toText(guest), features)
  try {
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}

/** The atomic loads of a module: [{ instruction, inLoop }]. */
export function atomicLoads(bytes) {
  const module = wabt.readWasm(bytes, { threads: true, readDebugNames: true })
  try {
    return loadsIn(module.toText({ foldExprs: false, inlineExport: false }))
  } finally {
    module.destroy()
  }
}

function toText(guest) {
  return `(module
    (import "host" "received" (func $received (param i32 i32)))
    (memory (export "memory") 1)
    (global (export "__instance_signal") i32 (i32.const 64))
    (data (i32.const 1024) "${guest.text}")
    (func $listen (result i32) (local $signal i32)
      (loop $again
        (local.set $signal
          (i32.atomic.rmw.xchg (i32.const 64) (i32.const 0)))
        (if (i32.eq (local.get $signal) (i32.const 9)) (then (unreachable)))
        (br_if $again (i32.eqz (local.get $signal))))
      (local.get $signal))
    (func (export "until_sigxcpu") (result i32) ${guest.until_sigxcpu})
    (func (export "until_sigint") (result i32) ${guest.until_sigint})
    (func (export "ignoring_sigxcpu") ${guest.ignoring_sigxcpu})
    (func (export "digits") (result i32) (i32.const 1024))
    (func (export "capacity") (result i32) (i32.const 10))
    (func (export "echo") (param $value i32) (result i32) ${guest.echo}))`
}

/** wabt prints one instruction a line, and indents what a loop holds. */
function loadsIn(text) {
  const loops = []
  const loads = []
  for (const line of text.split('\n')) {
    const indent = line.search(/\S/)
    while (loops.length > 0 && indent <= loops.at(-1)) loops.pop()
    if (/^\s*loop\b/.test(line)) loops.push(indent)
    if (line.includes('i32.atomic.load'))
      loads.push({ instruction: line.trim(), inLoop: loops.length > 0 })
  }
  return loads
}

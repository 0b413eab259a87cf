// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Guests without words or polls, for wasmsig/instrument. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assemble } from './guests.mjs'

/** work(turns) */
const WORK = `(func (export "work") (param i32) (result i32)
  (loop $again
    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
    (br_if $again (i32.gt_s (local.get 0) (i32.const 0))))
  (local.get 0))`

/** A C stack and data, as a compiler of C makes them: below is a null area. */
const COMPILED = `
  (global (mut i32) (i32.const 66560))
  (data (i32.const 1024) "12345678")
  (func (param i32) (local i32)
    (global.set 0 (local.tee 1 (i32.sub (global.get 0) (i32.const 32))))
    (i32.store offset=12 (local.get 1) (local.get 0))
    (global.set 0 (i32.add (local.get 1) (i32.const 32))))`

const OWN = '(memory (export "memory") 2)'

/** Every host can compile what is made of these. */
export const ANYWHERE = {
  compiled: assemble(`(module ${OWN} ${WORK} ${COMPILED})`),
  hidden: assemble(`(module (memory 2) ${WORK} ${COMPILED})`),
  importing: assemble(
    `(module (import "env" "memory" (memory 2 2)) ${WORK} ${COMPILED})`
  ),
  none: assemble(`(module ${WORK})`)
}

/** The words of these need a second memory. */
export const SECOND_MEMORY = {
  plain: assemble(`(module ${OWN} ${WORK})`),
  shared: assemble(`(module (memory 2 2 shared) ${WORK})`)
}

export const REFUSED = assemble(
  `(module ${OWN} ${WORK} (func (export "__instance_signal")))`
)

/** Writes guests into a folder; answers the names of the files. */
export function store(folder, guests) {
  return Object.entries(guests).map(([name, bytes]) => {
    writeFileSync(join(folder, `${name}.wasm`), bytes)
    return `${name}.wasm`
  })
}

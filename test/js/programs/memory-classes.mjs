// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Prints the classes of memories of several sizes. */
import { install, stats } from 'wasmsig'
import { instantiate } from '../support/guests.mjs'

install()
const kept = ['1', '1 2', '1 400', '1 40000'].map((limits) =>
  instantiate({ memory: `(memory (export "memory") ${limits})` })
)
const { FIXED, MOVABLE } = stats().tracked
console.log(`${kept.length} memories, ${FIXED} FIXED, ${MOVABLE} MOVABLE`)

// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * What the hosts' adapters promise of words in a memory of their own, the line
 * that keeps it, and the test that sees it broken.
 */

import { mutation } from './make.mjs'

const WASMTIME = 'build/engines/wasmtime'
const PROMISES = ['limits', 'lifetime', 'moving', 'signals', 'suite', 'words']
const DRIVER = ['driver_wasmtime', 'only_wasmtime', 'memories_wasmtime', 'wat']

/** How the tests that are named below are built and run. */
export const ADAPTER_PROGRAMS = {
  test_engine_wasmtime: {
    sources: [...PROMISES, ...DRIVER].map((name) => `test/engines/${name}.c`),
    adapter: 'hosts/wasmtime',
    flags: [
      '-Ihosts/wasmtime/include',
      ...['-isystem', `${WASMTIME}/include`],
      `-DWASMSIG_TEST_WASMTIME="${WASMTIME}/lib/libwasmtime.so"`
    ],
    libraries: [
      `-L${WASMTIME}/lib`,
      `-Wl,-rpath,${WASMTIME}/lib`,
      ...['-lwasmtime', '-lcmocka']
    ]
  },
  'own-memory': { script: 'test/js/own-memory.test.mjs', package: 'hosts/js' }
}

const wasmtime = mutation('test_engine_wasmtime', 'hosts/wasmtime/track.c')
const shim = (name) => mutation('own-memory', `hosts/js/lib/${name}.js`)

export const ADAPTER_MUTATIONS = [
  wasmtime(
    'in Wasmtime the words in a memory of their own are found',
    'return read_exported_memory(context, instance, &name, memory) &&',
    'return false && read_exported_memory(context, instance, &name, memory) &&'
  ),
  wasmtime(
    "in Wasmtime a memory of the words' own is one page that cannot grow",
    'memory->length == PAGE &&\n         memory->max_length == PAGE;',
    'memory->length >= PAGE;'
  ),
  wasmtime(
    'in Wasmtime words that are exported are in memory 0',
    'if (!has_words(context, instance, WASMSIG_WORD_HANDLED))',
    'struct memory found;\n  if (find_own_memory(context, instance, &found))'
  ),
  wasmtime(
    'in Wasmtime the pending set is in the memory too',
    'words.pending = wasmsig_own_memory_address(WASMSIG_WORD_PENDING);',
    ''
  ),
  shim('tracking-plan')(
    'in JavaScript the words in a memory of their own are found',
    'return hasOwnMemory(exports) ? Plan.own() : null',
    'return null'
  ),
  shim('word-addresses')(
    "in JavaScript a memory of the words' own is one page that cannot grow",
    'if (!plan.checked && !fits(onePage, memory)) return undefined',
    ''
  ),
  shim('words')(
    'in JavaScript the words have the addresses of the protocol',
    'const OWN_ADDRESSES = [0, 4, 8, 16]',
    'const OWN_ADDRESSES = [0, 4, 16, 8]'
  )
]

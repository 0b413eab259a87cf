// SPDX-License-Identifier: Apache-2.0 OR MIT
// The same programs with polls in other places: at each turn and at each
// function's head, also of our library, and in code that is not optimised.
import { program, testAll } from './support/posix.mjs'

for (const flags of [['-O0'], ['--wasmsig-every=1', '--wasmsig-calls']])
  for (const name of ['actions', 'masks'])
    testAll(program(name, ...flags), ['wasmtime'], ` ${flags.join(' ')}`)

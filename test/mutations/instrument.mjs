// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * What the instrumenter promises, the line that keeps it, and the test that
 * sees it broken.
 */

import { mutation, unit } from './make.mjs'

const inFolder = (name) => unit(`instrument/${name}`)

/** How the tests that are named below are built and run. */
export const INSTRUMENT_PROGRAMS = {
  test_instrument: inFolder('test_instrument'),
  test_store_paths: inFolder('test_store_paths'),
  test_word_placement: inFolder('test_word_placement')
}

const placement = (file) => mutation('test_word_placement', file)
const nullArea = placement('instrument/analysis/null_area.c')
const stack = placement('instrument/analysis/c_stack.c')
const added = placement('instrument/analysis/added_memory.c')
const paths = mutation('test_store_paths', 'instrument/analysis/store_paths.c')
const interval = mutation(
  'test_instrument',
  'instrument/analysis/poll_interval.c'
)
const maximum = mutation('test_instrument', 'instrument/rewrite/memories.c')

export const INSTRUMENT_MUTATIONS = [
  maximum(
    'a smaller maximum stays',
    'pages < reach && pages < limits->maximum;',
    'pages < reach;'
  ),
  maximum(
    'a memory that is larger from the start is refused',
    'if (limits.minimum <= options->most_memory / PAGE) return 0;',
    'return 0;'
  ),
  nullArea(
    'below data that come first the words are as high as possible',
    'struct area area = {LOWEST, LLVM_BASE, true};',
    'struct area area = {LOWEST, LLVM_BASE, false};'
  ),
  nullArea(
    'at the end of a stack the words are as low as possible',
    'struct area area = {LOWEST, LLVM_BASE, false};',
    'struct area area = {LOWEST, LLVM_BASE, true};'
  ),
  nullArea(
    'no segment is in a null area',
    'if (wsig_data_hits(search->scan, 0, area->end, base))',
    'if (false)'
  ),
  nullArea(
    'no access at a constant address is at the words',
    'if (low->is_used[address / WSIG_LOW_UNIT + i]) return false;',
    '(void)low; (void)address;'
  ),
  nullArea(
    'where neither data nor stack are first there is no null area',
    'if (wsig_data_hits(scan, LLVM_BASE, start / 2, 0)) return false;',
    ''
  ),
  nullArea(
    'the stack is first only if data follow it',
    'return wsig_data_hits(scan, start, start + GAP_MOST, 0) ||',
    'return true ||'
  ),
  nullArea(
    'a stack that is shorter than a null area gives no bytes',
    'if (stack->start < LLVM_BASE)',
    'if (false)'
  ),
  nullArea(
    'a module of an unknown toolchain has no null area',
    'if (search.stack.is_found) return',
    'return'
  ),
  nullArea(
    'several memories have no null area',
    'if (scan->report.memory.count != 1)',
    'if (false)'
  ),
  nullArea(
    'a memory without pages has no null area',
    'if (!is_library && scan->report.memory.minimum_pages == 0)',
    'if (false)'
  ),
  nullArea(
    'Go is recognised by its eight globals',
    'if (is_go(scan)) return',
    'if (false) return'
  ),
  nullArea(
    'the words of all libraries are at one address',
    'struct area area = {LIBRARY_WORDS, LIBRARY_WORDS + WSIG_WORDS_SIZE, false};',
    'struct area area = {LOWEST, LLVM_BASE, false};'
  ),
  nullArea(
    'a library says that it is one',
    'if (!imports_global(scan, "__memory_base")) return false;',
    'if (imports_global(scan, "__memory_base")) return true;'
  ),
  stack(
    'a frame that is released is as long as the one that was made',
    'if (value.by != 0 || !walk->makes_frame || walk->stack->is_found) return;',
    'if (!walk->makes_frame || walk->stack->is_found) return;'
  ),
  stack(
    'an access ends after its width',
    'uint64_t end = width < END - at ? at + width : END;',
    'uint64_t end = at + 1; (void)width;'
  ),
  added('an added memory is the last one', 'placement->memory = count;', ''),
  added(
    'all words of a module are in one memory',
    'if (word >= 0)',
    'if (false)'
  ),
  added(
    'an export of the name of the memory is not repeated',
    'if (wsig_scan_export(scan, WASMSIG_OWN_MEMORY))',
    'if (false)'
  ),
  added(
    'a module has no more memories than engines accept',
    'if (count >= MEMORIES_MOST)',
    'if (false)'
  ),
  paths(
    'a store is one for all open loops',
    'if (paths->storing < paths->loops) paths->storing = paths->loops;',
    ''
  ),
  paths(
    'a store to another memory is none',
    'instruction->operands[1].value == paths->memory;',
    'true;'
  ),
  paths(
    'the first branch of an if must store too',
    'join(&block->exit, paths->storing);',
    ''
  ),
  paths(
    'the second branch of an if begins with the paths before it',
    'paths->storing = block->entry;',
    ''
  ),
  paths(
    'an if without else may pass a store',
    'if (block->opcode == WSIG_OP_IF) join(&paths->storing, block->entry);',
    ''
  ),
  paths(
    'a branch to the end of a block may pass a store',
    'join(&paths->storing, block->exit);',
    ''
  ),
  paths(
    'a handler of exceptions begins before the stores of its try',
    'case WSIG_OPERAND_CATCHES: branch_to_handlers(paths, operand); break;',
    'case WSIG_OPERAND_CATCHES: (void)branch_to_handlers; break;'
  ),
  paths(
    'code that is never reached changes nothing',
    'if (never_continues(opcode)) paths->storing = UNREACHED;',
    '(void)never_continues;'
  ),
  paths(
    'a loop stores if each branch to its head comes after a store',
    'paths->loop_stores = block->exit >= paths->loops;',
    'paths->loop_stores = true;'
  ),
  paths(
    'a loop without a branch to its head does not repeat',
    'paths->loop_repeats = block->exit != UNREACHED;',
    'paths->loop_repeats = true;'
  ),
  paths(
    'stores inside of a loop are none after its end',
    'if (paths->storing != UNREACHED) join(&paths->storing, paths->loops);',
    ''
  ),
  interval(
    'loads are atomic if the user chose an interval',
    '} else if (every > 0) {\n    if (!work->has_calls) interval.every = every;',
    '} else if (every > 0) {\n    interval.is_plain = work->stores;\n    if (!work->has_calls) interval.every = every;'
  ),
  interval(
    'a loop whose turns do not all store loads atomically',
    'interval.is_plain = true;\n  } else if (',
    'interval.is_plain = true;\n  } else if (interval.is_plain = true,'
  ),
  interval(
    'a loop with calls or long instructions polls in each turn',
    'else if (!work->has_calls && !work->has_bulk &&',
    'else if ('
  ),
  interval(
    'a head loads atomically if the function has tail calls',
    'every == 0 && !work->has_tail_calls}',
    'every == 0}'
  )
]

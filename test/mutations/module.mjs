// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * What the module reader promises, the line that keeps it, and the test that
 * sees it broken.
 */

import { mutation, unit } from './make.mjs'

/** How the tests that are named below are built and run. */
export const MODULE_PROGRAMS = {
  test_module: unit('test_module'),
  test_module_malformed: unit('test_module_malformed'),
  test_module_polls: unit('test_module_polls'),
  test_module_sources: unit('test_module_sources')
}

const verdict = mutation('test_module', 'module/verdict.c')
const malformed = (file) => mutation('test_module_malformed', file)
const polls = mutation('test_module_polls', 'module/polls.c')
const cursor = mutation('test_module_sources', 'module/cursor.c')

export const MODULE_MUTATIONS = [
  verdict(
    'a word of a module lies wholly in its memory',
    'address > length - size;',
    'address >= length;'
  ),
  verdict(
    'a pending set of a module is eight bytes',
    'return word >= WASMSIG_WORD_PENDING ? 8 : 4;',
    'return 4;'
  ),
  verdict(
    'one global of a module is not two words',
    'if (one->index == other->index) return true;',
    ''
  ),
  verdict(
    'an imported memory may be larger than it says',
    'if (memory->is_imported) return false;',
    ''
  ),
  mutation('test_module', 'module/expression.c')(
    'an address of 32 bits wraps',
    'type == WSIG_TYPE_I32 ? (uint32_t)value : value, type, is_known};',
    'value, type, is_known};'
  ),
  mutation('test_module', 'module/declarations.c')(
    'the first memory is memory 0',
    'if (module->memory_count > 1) return false;',
    ''
  ),
  mutation('test_module', 'module/declarations.c')(
    "a memory of the words' own cannot grow",
    'limits->maximum == 1;',
    'true;'
  ),
  mutation('test_module', 'module/declarations.c')(
    'exported words are in memory 0',
    'if (has_word || !report->own_memory.is_exported)',
    'if (!report->own_memory.is_exported)'
  ),
  malformed('module/cursor.c')(
    'a number has no more bits than its type',
    'if (bits - shift < 8 && byte >> (bits - shift)) break;',
    'if (bits - shift < 8 && byte >= 0x80) break;'
  ),
  malformed('module/cursor.c')(
    'a signed number repeats its sign in bits beyond its type',
    'if (above != 0 && above != 0x7fu >> (bits - shift - 1)) break;',
    'if (byte >= 0x80) break;'
  ),
  malformed('module/cursor.c')(
    'a section has an end',
    'cursor->limit = wsig_cursor_offset(cursor) + length;',
    ''
  ),
  malformed('module/sections.c')(
    'sections come in their order',
    'if (rank <= module->rank) {',
    'if (rank == module->rank) {'
  ),
  malformed('module/text.c')(
    'a surrogate is not a valid character',
    'if (byte == 0xed) state->high = 0x9f;',
    ''
  ),
  malformed('module/types.c')(
    'a type refers only to types that exist when its group ends',
    'if (module->type_highest > module->type_count)',
    'if (false)'
  ),
  malformed('module/type.c')(
    'an unused type code is newer',
    'if (is_unused(code))',
    'if (false)'
  ),
  malformed('module/sections.c')(
    'a section with an unused number is newer if it ends within the file',
    'wsig_cursor_skip(cursor, wsig_cursor_left(cursor));\n  wsig_cursor_newer',
    'wsig_cursor_newer'
  ),
  malformed('module/export_names.c')(
    'no two exports have the same name',
    'if (first != UINT64_MAX)',
    'if (false)'
  ),
  malformed('module/code.c')(
    'an else is inside an if',
    'case WSIG_OP_ELSE: return block == AN_ELSE;',
    ''
  ),
  malformed('module/code.c')(
    'code that names data comes after the data count',
    'return module->has_data_count',
    'return true'
  ),
  malformed('module/code.c')(
    'code names locals that exist',
    'return index < locals ? NULL',
    'return true ? NULL'
  ),
  malformed('module/code.c')(
    'code names globals that exist',
    'return index < module->global_count ? NULL',
    'return true ? NULL'
  ),
  malformed('module/code.c')(
    'code names memories that exist',
    'return index < module->memory_count ? NULL',
    'return true ? NULL'
  ),
  polls(
    'an assignment in a block counts only up to the end of the block',
    'if (held->depth < polls->depth) continue;',
    'continue;'
  ),
  polls(
    'a poll reads the memory of the words',
    'access[1].value == polls->memory && sum',
    'sum'
  ),
  cursor(
    'bytes that a source skips are not read',
    'cursor->filled_offset += skipped;',
    ''
  ),
  cursor(
    'a source that returns more than requested has failed',
    'if (count < 0 || (size_t)count > room) {',
    'if (count < 0) {'
  )
]

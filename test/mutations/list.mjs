// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * What the registry promises, the line that ensures it, and the test that fails
 * without it.
 */

import { ADAPTER_MUTATIONS, ADAPTER_PROGRAMS } from './adapters.mjs'
import { BUDGET_MUTATIONS, BUDGET_PROGRAMS } from './budgets.mjs'
import { INSTRUMENT_MUTATIONS, INSTRUMENT_PROGRAMS } from './instrument.mjs'
import { mutation, unit } from './make.mjs'
import { MODULE_MUTATIONS, MODULE_PROGRAMS } from './module.mjs'

const fault = (name, flags = []) => ({
  sources: [`test/fault/${name}_registry.c`],
  flags,
  libraries: ['-lcmocka']
})

/** How the tests that are named below are built and run. */
export const PROGRAMS = {
  ...BUDGET_PROGRAMS,
  ...ADAPTER_PROGRAMS,
  ...INSTRUMENT_PROGRAMS,
  ...MODULE_PROGRAMS,
  test_registry: unit('test_registry'),
  test_owners: unit('test_owners'),
  test_classes: unit('test_classes'),
  test_index: unit('test_index'),
  test_memory: unit('test_memory'),
  test_forward: unit('test_forward'),
  test_forward_death: unit('test_forward_death'),
  test_waiting: unit('test_waiting'),
  test_forward_waiting: unit('test_forward_waiting'),
  stress_delays: {
    sources: ['stress_registry', 'guests', 'owners', 'raisers', 'delays'].map(
      (name) => `test/stress/${name}.c`
    ),
    flags: ['-DWASMSIG_DELAYS', '-DSTRESS_RAISES=1000000'],
    runs: 5
  },
  // What is freed is overwritten unless it goes to a thread's cache.
  fault_step: {
    ...fault('step'),
    env: { GLIBC_TUNABLES: 'glibc.malloc.tcache_count=0' }
  },
  fault_pause: fault('pause'),
  fault_fork: fault('fork'),
  fault_system: fault('system'),
  fault_alloc: fault('alloc', [
    ...['malloc', 'calloc', 'realloc', 'aligned_alloc', 'free'].map(
      (name) => `-Wl,--wrap=${name}`
    )
  ])
}

const words = mutation('test_registry', 'core/signals/words.c')
const overlaps = mutation('test_owners', 'core/signals/words.c')
const owners = mutation('test_owners', 'core/signals/shared_words.c')
const joining = mutation('test_owners', 'core/signals/registry.c')
const registry = mutation('test_registry', 'core/signals/registry.c')
const walk = mutation('test_registry', 'core/signals/walk.h')
const raise = mutation('test_registry', 'core/signals/raise.c')
const classes = mutation('test_classes', 'core/signals/raise.c')
const sync = mutation('test_classes', 'core/signals/movable.c')
const index = mutation('test_index', 'core/signals/index.c')
const memory = mutation('test_memory', 'core/signals/memory_class.c')

const storm = mutation('stress_delays', 'core/signals/registry.c')
const step = mutation('fault_step', 'core/signals/registry.c')
const fork = mutation('fault_fork', 'core/signals/registry.c')

export const MUTATIONS = [
  storm(
    'remove waits for a walk that may have seen the instance',
    'if (no_walks(registry)) return;',
    'return;'
  ),
  storm(
    'remove reads both counters',
    'return walks_of(registry, 0) == 0 && walks_of(registry, 1) == 0;',
    'return walks_of(registry, 0) == 0;'
  ),
  storm(
    'destroy waits for walks',
    'wsig_test_point(WSIG_POINT_DESTROY_GRACE);\n  grace_wait(registry);',
    'wsig_test_point(WSIG_POINT_DESTROY_GRACE);'
  ),
  storm(
    'a slot is not used again before its grace period has passed',
    '(uint32_t)__builtin_ctzll(~at.chunk->taken);',
    '(uint32_t)__builtin_ctzll(~at.chunk->used);'
  ),
  mutation('stress_delays', 'core/signals/movable.c')(
    'a sync takes what it delivers in one step',
    'wsig_exchange_acquire(&movable->raised, 0);',
    'movable->raised; wsig_test_point(WSIG_POINT_SYNC_RAISED); movable->raised = 0;'
  ),
  mutation('fault_pause', 'core/signals/walk.h')(
    'a walk counts itself in before it reads',
    'wsig_add_seq_cst(&registry->walks[side], 1);',
    '(void)side;'
  ),
  step(
    'a walk that sees the bit sees the entry',
    'fill(at, words, memory);',
    'wsig_or_release(&at.chunk->used, bit_of(at)); fill(at, words, memory);'
  ),
  registry(
    'destroy leaves nothing behind of what it frees',
    'wsig_store_seq_cst(&registry->segment[s], NULL);',
    ''
  ),
  fork(
    'a child is not left with locks of other threads',
    'pthread_atfork(before_fork, release_after_fork, after_fork_in_child);',
    ''
  ),
  fork(
    'a child is not left with walks of other threads',
    'wsig_and_relaxed(&r->walks[side], ~WSIG_WALK_MASK);',
    '(void)side;'
  ),
  mutation('fault_alloc', 'core/signals/registry.c')(
    'no memory for a chunk is an error code',
    'if (!segment) return WASMSIG_ENOMEM;',
    ''
  ),
  mutation('fault_alloc', 'core/signals/index.c')(
    'no memory for the index is an error code',
    'if (!wider.entries) return false;',
    ''
  ),
  mutation('fault_alloc', 'core/signals/shared_words.c')(
    'no memory for shared words is an error code',
    'if (!error && !found && !make_room()) error = WASMSIG_ENOMEM;',
    'if (!error && !found) make_room();'
  ),
  mutation('fault_system', 'core/signals/raise.c')(
    'a guarded word that cannot be written is a counted failure',
    'if (!wsig_os_poke(signal, raising->signal)) return failed();',
    'wsig_os_poke(signal, raising->signal);'
  ),
  mutation('fault_system', 'core/signals/words.c')(
    'a guarded word that cannot be zeroed is not tracked',
    'return !signal || wsig_os_poke(signal, zero);',
    'return !signal || wsig_os_poke(signal, zero) || true;'
  ),
  words(
    'add zeroes the signal word',
    'if (signal) wsig_store_relaxed(signal, zero);',
    ''
  ),
  words(
    'add zeroes the pending set',
    'if (pending) wsig_store_relaxed(pending, zero);',
    ''
  ),
  words(
    'a word lies wholly in the memory',
    'address > words->length - size',
    'address > words->length - 1'
  ),
  words(
    'a memory shorter than a word holds none',
    'size > words->length || ',
    ''
  ),
  words(
    'a word is aligned to its size',
    'address % size == 0 ? WASMSIG_OK',
    'true ? WASMSIG_OK'
  ),
  words(
    'signal and terminated word do not overlap',
    'if (overlap(at[a], size[a], at[b], size[b])) return true;',
    'if (a + b != 1 && overlap(at[a], size[a], at[b], size[b])) return true;'
  ),
  words(
    'signal word and pending set do not overlap',
    'if (overlap(at[a], size[a], at[b], size[b])) return true;',
    'if (a + b != 2 && overlap(at[a], size[a], at[b], size[b])) return true;'
  ),
  words(
    'terminated word and pending set do not overlap',
    'if (overlap(at[a], size[a], at[b], size[b])) return true;',
    'if (a * b != 2 && overlap(at[a], size[a], at[b], size[b])) return true;'
  ),
  words(
    'words without a size are refused',
    'given->size < offsetof(wasmsig_words, handled)',
    'false'
  ),
  overlaps(
    'signal words may not lie on terminated words',
    'overlap_at(mine->signal, 4, other->terminated, 4) ||',
    ''
  ),
  overlaps(
    'signal words may not lie in pending sets',
    'overlap_at(mine->signal, 4, other->pending, 8) ||',
    ''
  ),
  overlaps(
    'terminated words may not lie on signal words',
    'overlap_at(mine->terminated, 4, other->signal, 4) ||',
    ''
  ),
  overlaps(
    'terminated words may not lie in pending sets',
    'overlap_at(mine->terminated, 4, other->pending, 8) ||',
    ''
  ),
  overlaps(
    'pending sets may not lie on signal words',
    'overlap_at(mine->pending, 8, other->signal, 4) ||',
    ''
  ),
  overlaps(
    'pending sets may not lie on terminated words',
    'overlap_at(mine->pending, 8, other->terminated, 4);',
    'false;'
  ),
  overlaps(
    'a signal word with an owner is not zeroed again',
    'mine->signal == other->signal) owned->signal = true',
    'mine->signal == other->signal) owned->signal = false'
  ),
  overlaps(
    'a pending set with an owner is not zeroed again',
    'mine->pending == other->pending) owned->pending = true',
    'mine->pending == other->pending) owned->pending = false'
  ),
  owners(
    'shared words exist until their last owner is removed',
    '--found->owners == 0',
    '--found->owners != 99'
  ),
  owners(
    'shared words end with their last owner',
    '--found->owners == 0',
    'found->owners == 0'
  ),
  owners(
    'each owner of shared words counts',
    'if (!error && found) found->owners++;',
    ''
  ),
  joining(
    'an owner leaves its shared words',
    'wsig_shared_words_leave(wsig_base_of(memory), &placed);',
    ''
  ),
  joining(
    'a removed instance is no owner any more',
    'wsig_index_remove(&registry->memories, base_of_slot, registry,',
    '(void)((&registry->memories), base_of_slot, registry,'
  ),
  registry(
    'remove takes the instance out of reach',
    'wsig_and_seq_cst(&at.chunk->used, ~bit_of(at));',
    ''
  ),
  registry(
    'remove counts',
    'wsig_store_relaxed(&registry->count, registry->count - 1);',
    ''
  ),
  registry(
    'an instance is removed once',
    '!(wsig_load_relaxed(&at->chunk->used) & bit_of(*at)) ||',
    ''
  ),
  registry(
    'remove knows an old handle',
    'at->cold->generation[at->slot] != wsig_handle_generation(instance))',
    'false)'
  ),
  registry(
    "remove knows another registry's handle",
    'wsig_handle_tag(instance) != wsig_load_relaxed(&registry->tag) ||',
    ''
  ),
  registry(
    'a handle beyond the chunks names no instance',
    'wsig_handle_chunk(instance) >= registry->chunks)',
    'false)'
  ),
  registry(
    'a slot that was freed is reused',
    'at.chunk->taken &= ~bit_of(at);',
    'at.chunk->taken |= bit_of(at);'
  ),
  registry(
    'a destroyed registry takes no instance',
    'if (!wsig_load_relaxed(&registry->live)) error = WASMSIG_EDEAD;',
    ''
  ),
  registry(
    'a registry is destroyed once',
    'if (!wsig_load_relaxed(&registry->live)) {',
    'if (false) {'
  ),
  registry(
    'handles of a destroyed registry end with it',
    'if (++next_tag == 0) next_tag = 1;',
    ''
  ),
  raise(
    'raise skips an instance that says it is dead',
    'number != WASMSIG_SIGKILL)',
    'false)'
  ),
  raise(
    'SIGKILL reaches an instance that says it is dead',
    'number != WASMSIG_SIGKILL)',
    'true)'
  ),
  raise(
    'raise ORs the bit into the pending set',
    'if (pending) wsig_or_release(pending, bit);',
    ''
  ),
  raise(
    'raise stores the number',
    'if (signal) wsig_store_release(signal, number);',
    ''
  ),
  mutation('test_waiting', 'core/signals/query.c')(
    'what waits for a movable memory waits beside it',
    'if (wsig_class_of(memory) == WASMSIG_MEMORY_MOVABLE)\n    return lowest(',
    'if (false)\n    return lowest('
  ),
  mutation('test_forward_waiting', 'core/signals/query.c')(
    'a signal that is acknowledged in the set does not wait',
    'return wsig_still_waits(signal, word, set, in_set);',
    'return true;'
  ),
  mutation('test_waiting', 'core/signals/query.c')(
    'a guest cannot name a signal above 64',
    'waits <= WASMSIG_SIGNAL_MAX ? (int)waits : WASMSIG_SIGNAL_MAX',
    '(int)waits'
  ),
  mutation('test_forward', 'core/process/forward.c')(
    'unanswered deliveries are counted',
    '*count = wsig_load_relaxed(&forward->unanswered);',
    '*count = 1;'
  ),
  mutation('test_forward', 'core/os/linux_signal_action.c')(
    'the previous handler of a forwarded signal has its own mask',
    'pthread_sigmask(SIG_SETMASK, &mask, ours);',
    'pthread_sigmask(SIG_BLOCK, &mask, ours);'
  ),
  mutation('test_forward_death', 'core/process/handler.c')(
    'a signal that no guest handles ends the process at once',
    'if (unhandled) return signal != SIGINT || is_second(forward);',
    'if (unhandled) return is_second(forward);'
  ),
  mutation('test_forward_death', 'core/process/handler.c')(
    'a guest that answered receives the signal again',
    'if (raised->fresh) wsig_store_relaxed(&forward->requested_ns, 0);',
    ''
  ),
  walk(
    'a raise of an old handle names no instance',
    'if (at.cold->generation[at.slot] == wsig_handle_generation(instance))',
    ''
  ),
  walk(
    'a raise of a removed instance names no instance',
    'if (!(wsig_load_seq_cst(&segment->chunks[place].used) >> at.slot & 1))\n    return at;',
    ''
  ),
  walk(
    "a raise of another registry's handle names no instance",
    'if (wsig_handle_tag(instance) != wsig_load_relaxed(&registry->tag)) return at;',
    ''
  ),
  walk(
    'a raise of a handle beyond the chunks names no instance',
    'if (number >= wsig_load_acquire(&registry->chunks)) return at;',
    ''
  ),
  raise(
    'signal numbers end at 64',
    'if (signal < least || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;',
    'if (signal < least) return WASMSIG_ESIGNAL;'
  ),
  raise(
    'a raise of a destroyed registry says so',
    'return wsig_load_relaxed(&registry->live) ? WASMSIG_OK : WASMSIG_EDEAD;',
    'return WASMSIG_OK;'
  ),
  walk(
    'the process is all registries',
    'for (; registry; registry = registry->next)\n    counted +=\n        (uint64_t)wsig_walk_registry(',
    'for (; registry; registry = NULL)\n    counted +=\n        (uint64_t)wsig_walk_registry('
  ),
  raise(
    'clear of a number leaves another number',
    'bool taken = wsig_cas_relaxed(signal, &expected, 0);',
    'bool taken = wsig_exchange_relaxed(signal, 0) != 0; (void)expected;'
  ),
  raise(
    'clear of a number leaves the other bits',
    'wsig_and_relaxed(pending, ~bits);',
    'wsig_store_relaxed(pending, 0);'
  ),
  raise(
    'clear of a number tells again of what waits underneath',
    'if (left)\n      wsig_cas_release(signal, &none, (uint32_t)__builtin_ctzll(left) + 1);',
    '(void)none; (void)left;'
  ),
  raise(
    'terminate stores 1',
    'wsig_store_release(cold->terminated[i], 1);',
    ''
  ),
  classes(
    'a raise writes nothing to a movable memory',
    'return wsig_class_of(memory) == WASMSIG_MEMORY_MOVABLE\n             ? raise_movable(wsig_movable_of(memory), raising)',
    'return false ? raise_movable(wsig_movable_of(memory), raising)'
  ),
  classes(
    'a movable instance that is dead gets nothing',
    'if (dead && raising->signal != WASMSIG_SIGKILL) return false;',
    ''
  ),
  classes(
    'SIGKILL reaches a movable instance that is dead',
    'if (dead && raising->signal != WASMSIG_SIGKILL) return false;',
    'if (dead) return false;'
  ),
  classes(
    'a clear reaches what waits for a sync',
    'wsig_and_relaxed(&movable->raised, ~bits);',
    ''
  ),
  classes(
    'a clear takes back at the sync what was delivered',
    'wsig_or_release(&movable->cleared, bits);',
    ''
  ),
  classes(
    'a guarded instance that is dead gets nothing',
    'if (value != 0 && raising->signal != WASMSIG_SIGKILL) return false;',
    ''
  ),
  classes(
    'SIGKILL reaches a guarded instance that is dead',
    'if (value != 0 && raising->signal != WASMSIG_SIGKILL) return false;',
    'if (value != 0) return false;'
  ),
  classes(
    'clear of a number leaves another in a guarded word',
    'if (value == 0 || (wanted && value != wanted)) return false;',
    'if (value == 0) return false;'
  ),
  sync(
    'sync delivers the newest number',
    'if (signal && newest) wsig_store_release(signal, newest);',
    ''
  ),
  sync(
    'sync delivers the pending bits',
    'if (pending && raised) wsig_or_release(pending, raised);',
    ''
  ),
  sync(
    'what a sync takes back uncovers what waits underneath',
    'if (left)\n    wsig_cas_release(signal, &none, (uint32_t)__builtin_ctzll(left) + 1);',
    '(void)none; (void)left;'
  ),
  sync(
    'a sync whose newest signal was cleared delivers another',
    'newest = (uint32_t)__builtin_ctzll(raised) + 1;',
    'newest = 0;'
  ),
  sync(
    'sync delivers a signal once',
    'wsig_exchange_acquire(&movable->newest, 0)',
    'wsig_load_acquire(&movable->newest)'
  ),
  sync(
    'sync stays inside the memory',
    '!inside(movable->pending, 8, length))',
    'false)'
  ),
  sync(
    'sync needs an aligned base',
    'if ((uintptr_t)memory % 8 != 0) return WASMSIG_EALIGN;',
    ''
  ),
  sync('sync looks whether the instance is dead', 'raised &= SIGKILL_BIT;', ''),
  sync(
    'sync delivers SIGKILL to an instance that is dead',
    'raised &= SIGKILL_BIT;',
    'raised = 0;'
  ),
  sync(
    'terminate reaches a movable instance at its sync',
    'wsig_store_release(terminated, 1);',
    '(void)0;'
  ),
  index(
    'the index finds what a removal has shifted',
    'if (((at - home) & mask) >= ((at - hole) & mask)) {',
    'if (false) {'
  ),
  index(
    'the index leaves in place what is at home',
    'if (((at - home) & mask) >= ((at - hole) & mask)) {',
    'if (true) {'
  ),
  index(
    'the index finds keys that met on the way',
    'if (key_of(owner, entry - 1) != key) continue;',
    'if (key_of(owner, entry - 1) != key) return false;'
  ),
  memory(
    'what is mapped proves no reservation',
    'return reserved >= max_length &&',
    'return reserved < UINT64_MAX - 1 &&'
  ),
  memory(
    'what is accessible refutes a reservation',
    'if (mapping.protection) return false;',
    'if (false) return false;'
  ),
  ...BUDGET_MUTATIONS,
  ...ADAPTER_MUTATIONS,
  ...INSTRUMENT_MUTATIONS,
  ...MODULE_MUTATIONS
]

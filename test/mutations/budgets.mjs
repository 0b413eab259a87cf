// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * What budgets promise, the line that keeps it, and the test that sees it
 * broken.
 */

const mutation = (test, file) => (claim, from, to) => ({
  test,
  file,
  claim,
  from,
  to
})

const machine = (file) => mutation('test_machine', file)
const section = machine('src/section.c')
const budget = machine('src/budget.c')
const timers = mutation('test_timers', 'src/section.c')
const setting = mutation('test_timers', 'src/budget.c')
const looks = mutation('test_timers', 'src/watchdog.c')
const nesting = mutation('test_nesting', 'src/budget.c')
const resets = mutation('test_reset', 'src/budget.c')

/** How the tests that are named below are built and run. */
const unit = (name) => ({
  sources: [`test/unit/${name}.c`],
  flags: ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
  libraries: ['-lcmocka']
})
export const BUDGET_PROGRAMS = {
  test_machine: {
    ...unit('test_machine'),
    env: { WASMSIG_MACHINE_STEPS: '6' }
  },
  test_timers: unit('test_timers'),
  test_budget: unit('test_budget'),
  test_nesting: unit('test_nesting'),
  test_reset: unit('test_reset')
}

export const BUDGET_MUTATIONS = [
  section(
    'the soft signal is not a moment early',
    'if (!budget->soft_done && used_ns >= budget->soft_ns) {',
    'if (!budget->soft_done && used_ns + 1000000 >= budget->soft_ns) {'
  ),
  section(
    'the kill is not a moment early',
    'bool first = !budget->hard_done && used_ns >= budget->hard_ns;',
    'bool first = !budget->hard_done && used_ns + 1000000 >= budget->hard_ns;'
  ),
  section(
    'the soft signal is told once',
    'budget->soft_done = true;\n  wsig_store_relaxed',
    'wsig_store_relaxed'
  ),
  section(
    'a kill that has no effect is repeated',
    'bool again = budget->kill_begun && used_ns >= budget->kill_again_ns;',
    'bool again = false;'
  ),
  section(
    'no kill runs in a handler unless it may',
    'if (budget->kill_is_signal_safe) {',
    'if (true) {'
  ),
  section(
    'a kill that may run in a handler does',
    'if (budget->kill_is_signal_safe) {',
    'if (false) {'
  ),
  section(
    'outer sections are looked at too',
    'for (struct wsig_budget *b = thread->innermost; b; b = b->outer) {',
    'for (struct wsig_budget *b = thread->innermost; b; b = NULL) {'
  ),
  mutation('test_budget', 'src/section.c')(
    'a guest is told before it is killed',
    'if (!budget->soft_done && budget->soft_ns != WASMSIG_NO_LIMIT)\n    wsig_section_signal(budget);',
    ''
  ),
  mutation('test_budget', 'src/section.c')(
    'ticks that ran ahead pass no limit',
    '(section > 0 ? (uint64_t)section : 0)',
    '(uint64_t)section'
  ),
  budget(
    'leave charges what the section has used',
    'wsig_store_relaxed(&b->used_ns, used);\n  if (!b->hard_done',
    'if (!b->hard_done'
  ),
  budget(
    'leave finds a hard limit that nobody has seen',
    'if (!b->hard_done && used >= b->hard_ns) wsig_section_reach_hard_limit(b);',
    ''
  ),
  budget(
    'a kill that is due dies with its section',
    'b->depth = 0;\n  b->kill_due = false;',
    'b->depth = 0;'
  ),
  budget('leave undoes a kill', 'if (undo) b->undo(b->context);', ''),
  budget(
    'a kill that is for an outer section too is left to it',
    'b->kill_begun && b->undo && !dies_with(b, thread->innermost);',
    'b->kill_begun && b->undo;'
  ),
  budget(
    'a section inside a dying one is told so',
    'if (from->kill_begun || from->kill_due) return true;',
    ''
  ),
  budget(
    'a section inside one that is to be killed is told so',
    'if (from->kill_begun || from->kill_due) return true;',
    'if (from->kill_begun) return true;'
  ),
  budget(
    'a spent budget is not entered',
    'if (b->hard_done) return WASMSIG_ESPENT;',
    ''
  ),
  budget(
    'a spent budget is not entered again from inside',
    'if (!b->hard_done) {\n    b->depth++;',
    'if (true) {\n    b->depth++;'
  ),
  budget(
    'a limit that was passed between two looks is told by the next enter',
    'else if (late)',
    'else if (false)'
  ),
  budget(
    'a signal that another budget took back is told again',
    'bool late = b->soft_done ? is_forgotten(b) : used >= b->soft_ns;',
    'bool late = !b->soft_done && used >= b->soft_ns;'
  ),
  budget(
    'a signal that another section means stays',
    'bool meant = thread && is_meant_by_another(thread, budget);',
    'bool meant = false;'
  ),
  budget(
    'a reset takes its signal back',
    'if (b->soft_done && b->registry) take_signal_back(b);',
    ''
  ),
  budget(
    'an entered budget is not reset',
    'static int reset(struct wsig_budget *b, const wasmsig_budget_options *options) {\n  if (is_entered(b)) return WASMSIG_EBUSY;',
    'static int reset(struct wsig_budget *b, const wasmsig_budget_options *options) {'
  ),
  budget(
    'only what was entered last is left',
    'thread->level > 0 && thread->entered[thread->level - 1] == of(budget);',
    'thread->level > 0;'
  ),
  nesting(
    "a budget is one thread's at a time",
    'return holder == thread ? enter_again(thread, b) : WASMSIG_EBUSY;',
    'return enter_again(thread, b);'
  ),
  nesting(
    'a budget that was left is free',
    'unlock_own(thread);\n  if (ends) let_go(b);',
    'unlock_own(thread);'
  ),
  resets('a limit of 0 is refused', 'return ns == 0 ||', 'return'),
  resets(
    'a limit above 2^63 ns is refused',
    '(ns != WASMSIG_NO_LIMIT && ns > INT64_MAX);',
    'false;'
  ),
  resets(
    'a soft limit above the hard one is refused',
    'options->soft_ns > options->hard_ns)',
    'false)'
  ),
  resets(
    'a clock that cannot be read is an error code',
    'return WASMSIG_ECLOCK;',
    'now.cpu_ns = now.monotonic_ns = 0;'
  ),
  timers(
    'the timer is set again for what is left',
    'wsig_thread_arm(thread, now + look.left_ns);',
    ''
  ),
  timers(
    'a sleeper is interrupted once',
    'thread->asleep = slept && went_to_sleep(thread);',
    'thread->asleep = false;'
  ),
  timers(
    'who is kept from running is no sleeper',
    'thread->asleep = slept && went_to_sleep(thread);',
    'thread->asleep = slept;'
  ),
  timers(
    'a fire that is early by a hair waits',
    'if (thread != wsig_here || look->left_ns > SHORT_NS) break;',
    'break;'
  ),
  timers(
    'a fire asks the watchdog for a kill',
    'if (look.kill_due) wsig_watchdog_want(thread);',
    ''
  ),
  timers(
    'a timer that cannot be set is given up',
    'thread->timer_at = WSIG_NEVER;\n    thread->deaf = true;',
    'thread->timer_at = WSIG_NEVER;'
  ),
  timers(
    'a signal that comes after all is heard',
    'thread->deaf = false;\n  if',
    'if'
  ),
  setting(
    'enter sets the timer',
    'if (left != WSIG_NEVER && thread->timer_at > at_ns) set_timer(thread, at_ns);',
    ''
  ),
  setting(
    'a timer that is set early enough is left alone',
    'if (left != WSIG_NEVER && thread->timer_at > at_ns) set_timer(thread, at_ns);',
    'if (left != WSIG_NEVER) set_timer(thread, at_ns);'
  ),
  setting(
    'the watchdog stands behind the timer',
    'return wsig_watchdog_by(thread, timed ? at_ns + WSIG_NET_NS : at_ns);',
    'return timed ? WASMSIG_OK : wsig_watchdog_by(thread, at_ns);'
  ),
  looks('a blocked signal is found out', 'thread->deaf = true;', ''),
  looks(
    'the timer goes on when the sleeper has woken',
    'if (!slept) thread->asleep = false;',
    ''
  ),
  looks(
    'a sleeper is looked at less and less',
    'uint64_t pause = slept ? 2 * thread->pause_ns : 0;',
    'uint64_t pause = 0;'
  ),
  looks('a repeated kill has a time', 'if (killed) look_at(thread);', '')
]

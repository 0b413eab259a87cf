// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * What budgets promise, the line that ensures it, and the test that fails
 * without it.
 */

import { mutation, unit } from './make.mjs'

const machine = (file) => mutation('test_machine', file)
const limits = machine('core/budgets/limits.c')
const budget = machine('core/budgets/budget.c')
const enterLeave = machine('core/budgets/enter_leave.c')
const withdrawal = machine('core/budgets/withdraw.c')
const intruders = (file) => mutation('test_intruders', file)
const forking = (file) => mutation('test_forking', file)
const firing = (file) => mutation('test_firing', file)
const sections = (file) => mutation('test_sections', file)
const checks = mutation('test_timers', 'core/budgets/thread_check.c')
const setting = mutation('test_timers', 'core/budgets/enter_leave.c')
const watching = mutation('test_timers', 'core/budgets/watchdog_check.c')
const nesting = mutation('test_nesting', 'core/budgets/enter_leave.c')
const suspending = (file) => mutation('test_suspend', file)
const hostRaise = (file) => mutation('test_host_raise', file)
const walls = (file) => mutation('test_wall', file)
const resets = mutation('test_reset', 'core/budgets/budget.c')
const clocks = mutation('test_reset', 'core/budgets/enter_leave.c')

/** How the tests that are named below are built and run. */
const plain = (name) => ({ ...unit(name), flags: [] })

export const BUDGET_PROGRAMS = {
  test_machine: {
    ...unit('test_machine'),
    env: { WASMSIG_MACHINE_STEPS: '6' }
  },
  test_timers: unit('test_timers'),
  test_budget: unit('test_budget'),
  test_host_raise: unit('test_host_raise'),
  test_nesting: unit('test_nesting'),
  test_reset: unit('test_reset'),
  test_suspend: unit('test_suspend'),
  test_wall: unit('test_wall'),
  test_wall_waits: plain('test_wall_waits'),
  // Several processes each, and their alarms: without sanitizers.
  test_intruders: plain('test_intruders'),
  test_forking: plain('test_forking'),
  test_sections: plain('test_sections'),
  test_watchdog: plain('test_watchdog'),
  test_lying_clocks: plain('test_lying_clocks'),
  test_firing: { ...plain('test_firing'), flags: ['-Wl,--wrap=sigaction'] }
}

export const BUDGET_MUTATIONS = [
  limits(
    'the soft signal is not a moment early',
    'if (!budget->soft_done && used_ns >= budget->soft_ns) {',
    'if (!budget->soft_done && used_ns + 1000000 >= budget->soft_ns) {'
  ),
  limits(
    'the kill is not a moment early',
    'bool first = !budget->hard_done && used_ns >= budget->hard_ns;',
    'bool first = !budget->hard_done && used_ns + 1000000 >= budget->hard_ns;'
  ),
  limits(
    'the soft signal is raised once',
    'budget->soft_done = true;\n  wsig_store_relaxed',
    'wsig_store_relaxed'
  ),
  hostRaise('core/budgets/limits.c')(
    'a soft limit calls the raise of the host',
    'if (budget->raise) budget->raise(budget->context);',
    ''
  ),
  hostRaise('core/budgets/budget.c')(
    'options of a version without a raise of the host have none',
    'b->raise = has_raise(options) ? options->raise : NULL;',
    'b->raise = options->raise;'
  ),
  limits(
    'a kill that has no effect is repeated',
    'bool again = budget->kill_begun && used_ns >= budget->kill_again_ns;',
    'bool again = false;'
  ),
  limits(
    'no kill runs in a handler unless it may',
    'if (budget->kill_due && budget->kill_is_signal_safe && may_kill) {',
    'if (budget->kill_due && may_kill) {'
  ),
  limits(
    'a kill that may run in a handler does',
    'if (budget->kill_due && budget->kill_is_signal_safe && may_kill) {',
    'if (false) {'
  ),
  limits(
    'outer sections are checked too',
    'for (struct wsig_budget *b = thread->innermost; b; b = b->outer) {',
    'for (struct wsig_budget *b = thread->innermost; b; b = NULL) {'
  ),
  mutation('test_budget', 'core/budgets/limits.c')(
    'ticks that ran ahead pass no limit',
    'return used > 0 ? (uint64_t)used : 0;',
    'return (uint64_t)used;'
  ),
  enterLeave(
    'leave charges what the section has used',
    'wsig_store_relaxed(&b->used_ns, used);\n  if (!b->hard_done',
    'if (!b->hard_done'
  ),
  enterLeave(
    'leave finds a hard limit that no check has seen',
    'if (!b->hard_done && used >= b->hard_ns) wsig_limits_reach_hard(b);',
    ''
  ),
  enterLeave(
    'a kill that is due dies with its section',
    'b->depth = 0;\n  b->kill_due = false;',
    'b->depth = 0;'
  ),
  enterLeave('leave undoes a kill', 'if (undo) undo_kill(thread, b);', ''),
  enterLeave(
    'a kill that is for an outer section too is left to it',
    'b->kill_begun && b->undo && !dies_with(b, thread->innermost);',
    'b->kill_begun && b->undo;'
  ),
  enterLeave(
    'a section inside a dying one reports it',
    'if (from->kill_begun || from->kill_due) return true;',
    ''
  ),
  enterLeave(
    'a section inside one whose kill is due reports it',
    'if (from->kill_begun || from->kill_due) return true;',
    'if (from->kill_begun) return true;'
  ),
  enterLeave(
    'a spent budget is not entered',
    'if (b->hard_done && !resumes) return WASMSIG_ESPENT;',
    ''
  ),
  enterLeave(
    'a spent budget is not entered again from inside',
    'if (!b->hard_done || resumes) {\n    b->depth++;',
    'if (true) {\n    b->depth++;'
  ),
  enterLeave(
    'a limit that was passed between two checks is signalled by the next enter',
    '} else if (late) {',
    '} else if (false) {'
  ),
  enterLeave(
    'a signal that no guest had taken is raised again by the next enter',
    'bool late = b->soft_done ? b->unreceived : used >= b->soft_ns;',
    'bool late = !b->soft_done && used >= b->soft_ns;'
  ),
  withdrawal(
    'a signal that another section has raised stays',
    'return section->signalled && section->signal == budget->signal &&',
    'return false && section->signal == budget->signal &&'
  ),
  withdrawal(
    'a signal that a guest has taken is not raised again',
    'done.kept || (done.cleared > 0 && !taken);',
    'done.kept || done.cleared > 0; (void)taken;'
  ),
  mutation('test_reset', 'core/budgets/withdraw.c')(
    'sections of other threads raise a withdrawn signal again',
    'if (has_raised_too(b, budget) && is_older(b)) wsig_limits_raise(b);',
    '(void)is_older;'
  ),
  enterLeave(
    "the end of a section withdraws its budget's signal",
    'bool withdrawn = ends && wsig_section_withdraw(thread, b);',
    'bool withdrawn = false;'
  ),
  budget(
    'an entered budget is not reset',
    'static int reset(struct wsig_budget *b, const wasmsig_budget_options *options) {\n  if (is_entered(b)) return WASMSIG_EBUSY;',
    'static int reset(struct wsig_budget *b, const wasmsig_budget_options *options) {'
  ),
  enterLeave(
    'only the budget that was entered last is left',
    'thread->entered[thread->level - 1] == wsig_budget_of(budget);',
    'true;'
  ),
  nesting(
    "a budget is one thread's at a time",
    'return holder == thread ? enter_again(thread, b, resumes) : WASMSIG_EBUSY;',
    'return enter_again(thread, b, resumes);'
  ),
  nesting(
    'a budget that was left is free',
    'if (withdrawn) wsig_withdrawn_raise_again(b);\n  if (ends) release(b);',
    'if (withdrawn) wsig_withdrawn_raise_again(b);'
  ),
  resets(
    'a budget without limits must be requested',
    'WASMSIG_NO_LIMIT && !options->measure;',
    'WASMSIG_NO_LIMIT && false;'
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
  clocks(
    'a clock that cannot be read is an error code',
    'return WASMSIG_ECLOCK;',
    'now.cpu_ns = now.monotonic_ns = 0;'
  ),
  checks(
    'the timer is set again for what is left',
    'wsig_timer_arm(thread, now + check.left_ns);',
    ''
  ),
  checks(
    'a sleeper is interrupted once',
    'thread->asleep = went_to_sleep(thread, now, cpu_ns);',
    'thread->asleep = went_to_sleep(thread, now, cpu_ns) && false;'
  ),
  checks(
    'a thread that is kept from running is no sleeper',
    'return before != WSIG_SLEEPS_UNKNOWN && thread->sleeps != before &&',
    'return'
  ),
  checks(
    'a fire that is a little early waits',
    'if (thread != wsig_here || check->left_ns > SHORT_NS) break;',
    'break;'
  ),
  checks(
    'a fire requests a kill from the watchdog',
    'if (check.kill_due || thread->asleep) wsig_kill_queue_add(thread);',
    'if (thread->asleep) wsig_kill_queue_add(thread);'
  ),
  mutation('test_timers', 'core/budgets/thread_lock.c')(
    'a request is added to another, and does not replace it',
    'wsig_or_seq_cst(&thread->check_due, why);',
    'wsig_store_seq_cst(&thread->check_due, why);'
  ),
  checks(
    'a sleeper is checked soon',
    'if (check.kill_due || thread->asleep) wsig_kill_queue_add(thread);',
    'if (check.kill_due) wsig_kill_queue_add(thread);'
  ),
  mutation('test_timers', 'core/budgets/timer_arm.h')(
    'a timer that cannot be set is not used',
    'thread->timer_at = WSIG_NEVER;\n    thread->timer_blocked = true;',
    'thread->timer_at = WSIG_NEVER;'
  ),
  checks(
    'a signal that comes after all makes the timer usable again',
    'thread->timer_at = WSIG_NEVER;\n    thread->timer_blocked = thread->signal_masked = false;',
    'thread->timer_at = WSIG_NEVER;'
  ),
  setting(
    'enter sets the timer',
    'if (left != WSIG_NEVER && thread->timer_at > at_ns)\n    set_timer(thread, now.monotonic_ns, at_ns);',
    ''
  ),
  setting(
    'a timer that is set early enough is left alone',
    'if (left != WSIG_NEVER && thread->timer_at > at_ns)\n    set_timer(thread, now.monotonic_ns, at_ns);',
    'if (left != WSIG_NEVER)\n    set_timer(thread, now.monotonic_ns, at_ns);'
  ),
  setting(
    'the watchdog is the backstop of the timer',
    'if (timed && at_ns != WSIG_NEVER) at_ns += WSIG_BACKSTOP_NS;',
    'if (timed) at_ns = WSIG_NEVER;'
  ),
  watching('a blocked signal is noticed', 'thread->timer_blocked = true;', ''),
  watching(
    'the timer is set again when the sleeper has woken',
    'if (is_awake(thread, last)) thread->asleep = false;',
    ''
  ),
  watching(
    'a sleeper is checked less and less often',
    'if (pause < least) pause = least;',
    'pause = LEAST_PAUSE_NS;'
  ),
  watching(
    'a short sleep before the limit gains a small share of it',
    'thread->asleep ? ASLEEP_SHARE : IDLE_SHARE',
    'IDLE_SHARE'
  ),
  watching(
    'a repeated kill has a time',
    'if (killed)\n    wsig_watchdog_check(thread);',
    'if (killed)\n    ;'
  ),
  intruders('core/budgets/enter_leave.c')(
    'an undo is not called under the lock',
    'thread->undoing = true;\n  wsig_thread_unlock_own(thread);',
    'thread->undoing = true;'
  ),
  intruders('core/budgets/enter_leave.c')(
    'a fork finds the budget that a thread was about to enter',
    'wsig_store_relaxed(&thread->entering, b);',
    '(void)thread, (void)b;'
  ),
  intruders('core/process/handler.c')(
    'a timer that is forwarded too reaches no guest',
    'if (wsig_is_of_our_timers(info)) {\n    wsig_timer_handler(signal, info, ucontext);\n    return;\n  }',
    ''
  ),
  intruders('core/budgets/timer_handler.c')(
    'a one-shot handler does not remove ours',
    'previous.sa_flags &= ~(int)SA_RESETHAND;',
    ''
  ),
  intruders('core/budgets/timers.c')(
    'a signal that was ignored stays ignored',
    'now.sa_flags &= ~(SA_SIGINFO | (int)SA_RESETHAND);',
    ';'
  ),
  forking('core/budgets/thread_life.c')(
    'a child continues with the time that its parent had used',
    'b->start_ns -= cpu_ns_at_fork;',
    'b->start_ns = 0;'
  ),
  forking('core/budgets/enter_leave.c')(
    'a child has a timer from its first enter on',
    'wsig_timers_begin_late(thread);',
    ';'
  ),
  forking('core/budgets/thread_life.c')(
    'no timer is set in a child before it enters',
    'wsig_store_relaxed(&thread->timer_due, 1);',
    'wsig_timers_begin(thread), thread->timer.made && wsig_clock->timer_set(&thread->timer, 1);'
  ),
  firing('core/budgets/enter_leave.c')(
    'no timer is set where its signal is blocked',
    'thread->signal_masked = wsig_os_blocks(thread->timer.signal);',
    ''
  ),
  firing('core/budgets/timers.c')(
    'a signal that the thread blocks is not chosen',
    'wsig_os_blocks(signal) ||',
    ''
  ),
  firing('core/budgets/timers.c')(
    'if a signal is refused a lower one is chosen',
    '|| !install(signal)',
    ''
  ),
  sections('core/budgets/enter_leave.c')(
    'a handler in the middle of an enter is refused',
    'if (!wsig_thread_begin_call(thread)) return WASMSIG_EHANDLER;\n  error = wsig_section_enter',
    'error = wsig_section_enter'
  ),
  sections('core/budgets/enter_leave.c')(
    'a thread that ends leaves its sections',
    'while (thread->level > 0) wsig_section_leave(thread);',
    ''
  ),
  suspending('core/budgets/budget.c')(
    'a suspended budget is neither reset nor destroyed',
    'wsig_load_acquire(&budget->suspended) != 0;',
    'false;'
  ),
  suspending('core/budgets/enter_leave.c')(
    'a section that is spent is killed when it is resumed',
    'if (b->hard_done) kill_at_once(b);',
    '(void)kill_at_once;'
  ),
  suspending('core/budgets/suspend.c')(
    'all suspended sections are resumed, or none',
    'take_off_down_to(thread, level, s);\n      return error;',
    'return error;'
  ),
  suspending('core/budgets/suspend.c')(
    'a suspended section ends on its thread',
    'outcome = wsig_section_leave(thread);',
    'thread->level--;'
  ),
  mutation('test_sections', 'core/budgets/thread_life.c')(
    'destructors of a thread that ends may enter',
    '#define DESTRUCTOR_ROUNDS 2',
    '#define DESTRUCTOR_ROUNDS 1'
  ),
  mutation('test_watchdog', 'core/budgets/thread_check.c')(
    'a thread that has slept is signalled though the watchdog does not run',
    'wsig_timer_arm_cpu(thread, cpu_ns + check.left_ns);',
    ';'
  ),
  mutation('test_watchdog', 'core/os/linux.c')(
    'the watchdog is as nice as its process',
    'schedule_as_the_process_is(SLICE_NS);',
    'schedule_as(SCHED_OTHER, 0, 0, SLICE_NS);'
  ),
  mutation('test_lying_clocks', 'core/os/linux_vdso.c')(
    "a clock that is not the kernel's is not used",
    'return !is_before(&now, &before) && !is_before(&after, &now);',
    'return true;'
  ),
  mutation('test_lying_clocks', 'core/os/linux_handler.c')(
    "limits use the kernel's clocks",
    'return (int)wsig_syscall(SYS_clock_gettime, id, (long)now, 0, 0, 0, 0);',
    'return clock_gettime(id, now);'
  ),
  walls('core/budgets/limits.c')(
    'a wall limit is not a moment early',
    'wsig_clock->monotonic_ns() >= budget->wall_at_ns;',
    'wsig_clock->monotonic_ns() + 1 >= budget->wall_at_ns;'
  ),
  walls('core/budgets/limits.c')(
    'past its wall limit a sleeper is killed again',
    'budget->wall_at_ns = wsig_clock->monotonic_ns() + KILL_AGAIN_WALL_NS;',
    'budget->wall_at_ns = WSIG_NEVER;'
  ),
  walls('core/budgets/enter_leave.c')(
    'what was killed before its enter is not entered',
    '+ b->wall_ns;\n  wsig_limits_reach_wall_or_kill(b);',
    '+ b->wall_ns;'
  ),
  walls('core/budgets/budget.c')(
    'a reset takes a kill back',
    'wsig_store_relaxed(&b->kill_asked, 0);',
    ''
  ),
  mutation('test_wall_waits', 'core/budgets/enter_leave.c')(
    'the watchdog wakes at the wall limit',
    'if (wall_at_ns < at_ns) at_ns = wall_at_ns;',
    ''
  ),
  mutation('test_wall_waits', 'core/budgets/kill.c')(
    'a kill checks the section that runs',
    'if (holder) error = wsig_watchdog_check_now(holder);',
    'if (holder) error = WASMSIG_OK;'
  )
]

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The state of a program's signals, and the calls of its handlers.
 *
 * The state is changed by functions that the program calls, and by
 * wsig_deliver, which polls call. An instance is one thread, so nothing else
 * changes it. But a poll may be anywhere, also in the loops of this library,
 * and the host may raise at any moment. Why no change is visible half done, and
 * no signal is lost:
 *
 *  1. Every change is made between wsig_enter and wsig_leave. A poll in between
 *     also calls wsig_deliver. It finds `is_held` set, and only adds the raised
 *     signals to the bits in `pending`.
 *  2. The state is released while a handler runs (wsig_call). So polls in the
 *     handler deliver signals, and it may call all functions here. It may also
 *     never return: a handler that jumps out leaves nothing held.
 *  3. Signals that came while the state was held are checked when it is
 *     released. If one is pending and not blocked, wsig_leave sets the
 *     attention word, so that the next poll calls wsig_deliver. Between this
 *     check and the release there is neither a loop nor a call, and so no poll.
 *  4. A signal is removed from `pending` before its handler is called. If it is
 *     raised again in the meantime, it is pending again.
 *
 * So deliveries nest as on Unix: a handler may be interrupted by any signal
 * except its own and those in its sa_mask.
 */
#include "internal.h"

#include <stddef.h>
#include <wasi/api.h>

volatile struct wsig_state wsig;

/* Forbids the compiler to move accesses across it: a poll would see that. */
#define WSIG_FENCE() __asm__ volatile("" ::: "memory")

/* ------------------------------------------------------------------- taking */

#define UNHOSTED 0xffff

/* It releases the state: a host that catches the trap may call again. */
static _Noreturn void die(void) {
  wsig.is_held = false;
  __builtin_trap();
}

static void note(uint64_t set) {
  wsig.pending |= set;
  wsig.taken++;
  wsig_guest_saw(false);
  if (set & WSIG_BIT(SIGKILL)) die();
}

static void take(uint32_t word) {
  if (word == 0) return;
  if (word == UNHOSTED) {
    wsig_guest_saw(true);
    return;
  }
  if (word == SIGKILL) die();
  /* If all 64 are pending, the set looks like one without a host. */
  if (wsig_host_knows_set()) wsig.has_set = true;
  if (wsig.has_set)
    note(wsig_take_set());
  else if (word <= WSIG_LAST)
    note(WSIG_BIT(word));
}

void wsig_take(void) { take(wsig_take_word()); }

/* ---------------------------------------------------------- held, released */

void wsig_enter(void) {
  wsig.is_held = true;
  WSIG_FENCE();
  wsig_take();
}

/* Always inlined, because a poll may be at a call. */
static inline __attribute__((always_inline)) void release(void) {
  WSIG_FENCE();
  bool is_due = (wsig.pending & ~wsig.blocked) != 0;
  if (is_due) wsig_polls_left = 0;
  __instance_signal_attention = is_due || wsig.timers_run;
  wsig.is_held = false;
  WSIG_FENCE();
}

void wsig_leave(void) { release(); }

/* ------------------------------------------------------------------ sending */

void wsig_send(int signal, int code, union sigval value) {
  wsig.taken++;
  if (wsig.pending & WSIG_BIT(signal)) return; /* already pending: one signal */
  wsig.origins[signal].code = code;
  wsig.origins[signal].value = value;
  wsig.pending |= WSIG_BIT(signal);
}

/* Removes the signal from the pending ones, and returns its origin. */
static void withdraw(int signal, siginfo_t *info) {
  wsig.pending &= ~WSIG_BIT(signal);
  *info = (siginfo_t){.si_signo = signal};
  info->si_code = wsig.origins[signal].code;
  info->si_value = wsig.origins[signal].value;
  /* The next one may come from the host, which gives no origin. */
  wsig.origins[signal].code = SI_USER;
  wsig.origins[signal].value.sival_ptr = NULL;
}

static int lowest(uint64_t set) { return __builtin_ctzll(set) + 1; }

int wsig_accept(uint64_t wanted, siginfo_t *info) {
  uint64_t ready = wsig.pending & wanted;
  if (ready == 0) return 0;
  withdraw(lowest(ready), info);
  return lowest(ready);
}

/* ------------------------------------------------------------------ actions */

/* signal(7), "Standard signals": those whose default is to do nothing, and
 * those that stop a process, which a guest cannot do. */
#define HARMLESS                                               \
  (WSIG_BIT(SIGCHLD) | WSIG_BIT(SIGURG) | WSIG_BIT(SIGWINCH) | \
   WSIG_BIT(SIGCONT) | WSIG_BIT(SIGSTOP) | WSIG_BIT(SIGTSTP) | \
   WSIG_BIT(SIGTTIN) | WSIG_BIT(SIGTTOU))

void __SIG_IGN(int signal) { (void)signal; }
void __SIG_ERR(int signal) {
  (void)signal;
  __builtin_trap();
}

static struct sigaction action_of(int signal) {
  struct sigaction action;
  action.sa_handler = wsig.actions[signal].sa_handler;
  action.sa_mask.__bits = wsig.actions[signal].sa_mask.__bits;
  action.sa_flags = wsig.actions[signal].sa_flags;
  if (action.sa_handler == SIG_DFL) {
    action.sa_handler = wsig_guest_handler(signal);
    action.sa_flags = SA_RESTART;
  }
  return action;
}

bool wsig_is_ignored(int signal) {
  void (*handler)(int) = action_of(signal).sa_handler;
  return handler == SIG_IGN ||
         (handler == SIG_DFL && (HARMLESS & WSIG_BIT(signal)));
}

/* Exits with the status that a shell reports for a process that a signal ended.
 * As for such a process, no text is printed and atexit's functions do not run.
 */
static _Noreturn void end_by(int signal) {
  release();
  __wasi_proc_exit((__wasi_exitcode_t)(128 + signal));
}

static void call(const struct sigaction *action, siginfo_t *info) {
  release();
  if (action->sa_flags & SA_SIGINFO)
    action->sa_sigaction(info->si_signo, info, NULL);
  else
    action->sa_handler(info->si_signo);
  wsig_enter();
}

static void act(int signal) {
  struct sigaction action = action_of(signal);
  uint64_t blocked = wsig.blocked;
  siginfo_t info;
  int saved_errno = errno;
  withdraw(signal, &info);
  if (wsig_is_ignored(signal)) return;
  if (action.sa_handler == SIG_DFL) end_by(signal);
  if (action.sa_flags & (int)SA_RESETHAND)
    wsig.actions[signal].sa_handler = SIG_DFL;
  wsig.blocked |= action.sa_mask.__bits & ~WSIG_UNTOUCHABLE;
  if (!(action.sa_flags & SA_NODEFER)) wsig.blocked |= WSIG_BIT(signal);
  wsig.handled++;
  if (!(action.sa_flags & SA_RESTART)) wsig.ending++;
  call(&action, &info);
  wsig.blocked = blocked;
  errno = saved_errno;
}

void wsig_run(void) {
  uint64_t ready;
  while ((ready = wsig.pending & ~wsig.blocked) != 0) act(lowest(ready));
}

void wsig_check(void) {
  if (wsig_check_timers) wsig_check_timers();
  wsig_run();
}

/* -------------------------------------------------------------------- polls */

uint64_t wsig_poll(uint32_t word) {
  take(word);
  if (wsig.is_held) return 0; /* wsig_leave makes the next poll come here */
  wsig_enter();
  if (wsig_check_timers) wsig_check_timers();
  uint64_t ready = wsig.pending & ~wsig.blocked;
  wsig_run();
  wsig_leave();
  return ready;
}

void wsig_deliver(uint32_t word) { wsig_poll(word); }

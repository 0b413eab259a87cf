/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the files of the library know of each other. */
#ifndef WSIG_GUEST_INTERNAL_H
#define WSIG_GUEST_INTERNAL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define WSIG_LAST 64
#define WSIG_BIT(signal) (UINT64_C(1) << ((signal) - 1))
/* Nobody blocks, ignores or handles these. */
#define WSIG_UNTOUCHABLE (WSIG_BIT(SIGKILL) | WSIG_BIT(SIGSTOP))

#define WSIG_HIDDEN __attribute__((visibility("hidden")))

/* What a function that tells errors by errno answers. */
static inline int wsig_answer(int error) {
  if (error == 0) return 0;
  errno = error;
  return -1;
}

/* ------------------------------------------------------- words (words.S) */

WSIG_HIDDEN uint32_t wsig_take_word(void);
WSIG_HIDDEN uint32_t wsig_see_word(void);
WSIG_HIDDEN bool wsig_host_knows_set(void);
WSIG_HIDDEN uint64_t wsig_take_set(void);

extern volatile uint32_t __instance_signal_attention;
extern volatile int32_t wsig_polls_left;

void __instance_signal_deliver(void);
void wsig_deliver(uint32_t word);

/* The same; answers the set of signals that were delivered. */
WSIG_HIDDEN uint64_t wsig_poll(uint32_t word);

/* ------------------------------------------- state and delivery (deliver.c) */

/* Where a signal that waits came from. */
struct wsig_origin {
  int code;
  union sigval value;
};

struct wsig_state {
  uint64_t pending;
  uint64_t blocked;
  struct sigaction actions[WSIG_LAST + 1];
  struct wsig_origin origins[WSIG_LAST + 1];
  uint32_t taken;   /* signals that ever came */
  uint32_t handled; /* handlers that were ever called */
  uint32_t ending;  /* of these, such as end a blocking call */
  bool is_held;     /* see deliver.c */
  bool has_set;     /* the host was seen to know the pending set */
  bool timers_run;  /* polls are to look at the clocks */
};

/* Volatile: it changes at polls, of which the compiler knows nothing. */
extern volatile struct wsig_state wsig WSIG_HIDDEN;

/* Everything between these two is left alone by polls. */
WSIG_HIDDEN void wsig_enter(void);
WSIG_HIDDEN void wsig_leave(void);

/* The rest of this part is for who has entered. */

/* Takes what the host has raised. */
WSIG_HIDDEN void wsig_take(void);

WSIG_HIDDEN void wsig_send(int signal, int code, union sigval value);

/* Runs the handlers of what is pending and not blocked. */
WSIG_HIDDEN void wsig_run(void);

/* The same, with what is due of the timers. */
WSIG_HIDDEN void wsig_look(void);

/* Takes the lowest of `wanted` that is pending; 0 if none is. */
WSIG_HIDDEN int wsig_accept(uint64_t wanted, siginfo_t *info);

WSIG_HIDDEN bool wsig_is_ignored(int signal);

/* The host has zeroed the words, so signals may come. */
WSIG_HIDDEN bool wsig_is_hosted(void);

/* ----------------------------------------- <wasmsig/guest.h> (guest.c) */

/* What wasmsig_on has set; SIG_DFL: nothing. */
WSIG_HIDDEN void (*wsig_guest_handler(int signal))(int);

/* A word that no host has zeroed, or a signal, was taken. */
WSIG_HIDDEN void wsig_guest_saw(bool is_unhosted);

/* --------------------------------------------------------- timers (timer.c) */

#define WSIG_NEVER UINT64_MAX
/* Engines add it to the time of day: eleven days. */
#define WSIG_LONGEST_NS UINT64_C(1000000000000000)

/* Weak: a program that sets no timers is linked without these. */

/* Sends the signals of the timers that have expired. */
__attribute__((weak)) WSIG_HIDDEN void wsig_timers_look(void);

/* When ITIMER_REAL expires, on the monotonic clock; or WSIG_NEVER. */
__attribute__((weak)) WSIG_HIDDEN uint64_t wsig_timers_deadline_ns(void);

/* ---------------------------------------------------------- clock (clock.c) */

WSIG_HIDDEN uint64_t wsig_now_ns(void);
WSIG_HIDDEN uint64_t wsig_cpu_ns(void);
WSIG_HIDDEN bool wsig_clock_ns(uint32_t clock, uint64_t *ns);

/* Around a call that waits: that is no CPU time. */
WSIG_HIDDEN uint64_t wsig_wait_begins(void);
WSIG_HIDDEN void wsig_wait_is_over(uint64_t begin_ns);

/* ----------------------------------------------------------- waits (wait.c) */

/* Waits until `deadline_ns` (WSIG_NEVER), a signal, or a bit earlier; not at
 * all if one of `wanted` is pending, or one that is not blocked. For who has
 * entered. */
WSIG_HIDDEN void wsig_wait(uint64_t deadline_ns, uint64_t wanted);

/* For who waits otherwise: until when at most, and that it is over, if nothing
 * but that time or a signal can have ended it. */
WSIG_HIDDEN uint64_t wsig_wait_limit_ns(uint64_t deadline_ns);
WSIG_HIDDEN void wsig_waited(uint64_t limit_ns);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Budgets, and the threads that spend them: what the owner of a section
 * (spend.c), the code that looks at it (section.c), the timers (firing.c) and
 * the watchdog share.
 */
#ifndef WSIG_BUDGET_H
#define WSIG_BUDGET_H

#include "budgets/cpu_clock.h"
#include "os/os.h"
#include "wasmsig/host.h"

/* What lies in a wasmsig_budget. */
struct wsig_budget {
  struct wsig_thread *thread; /* who is in it; atomic, NULL: nobody */

  /* Of its section, under the thread's lock. */
  struct wsig_budget *outer; /* the section around this one */
  uint64_t start_ns;         /* the thread's CPU clock when it began */
  uint32_t depth;            /* how often it is entered */
  bool soft_done;            /* the limit was passed; until a reset */
  bool told;              /* its signal was raised, and not taken back since */
  bool unheard;           /* it was taken back, and no guest had taken it */
  bool hard_done;         /* the hard limit was acted on; until a reset */
  bool kill_due;          /* the host's kill is to be called */
  bool kill_begun;        /* it was called, and is not undone */
  uint64_t kill_again_ns; /* used: when it is to be called again */

  uint32_t withdrawals; /* of its signal in the registry when it was raised */
  uint64_t reached;     /* how many instances got it */
  uint32_t suspended;   /* how many of its enters are in suspensions; atomic */

  uint64_t used_ns; /* of ended sections; atomic */
  uint32_t state;   /* a wasmsig_budget_state; atomic */

  int signal;
  uint64_t soft_ns, hard_ns;
  wasmsig_registry *registry;
  const wasmsig_instance *instances;
  size_t count;
  void (*kill)(void *context);
  void (*undo)(void *context);
  void *context;
  bool kill_is_signal_safe;
};

static inline struct wsig_budget *wsig_budget_of(wasmsig_budget *budget) {
  return (struct wsig_budget *)(void *)budget;
}
static inline const struct wsig_budget *wsig_budget_of_const(
    const wasmsig_budget *budget) {
  return (const struct wsig_budget *)(const void *)budget;
}

#define WSIG_USUAL_LEVELS 16u

/* A thread that has been in a section: known from its first one until it
 * ends. */
struct wsig_thread {
  /* Both atomic; see section.c. */
  uint32_t lock;     /* 1: somebody changes or looks at the sections */
  uint32_t look_due; /* not 0: whoever has the lock is to look at them after it,
                        because of WSIG_FIRED, WSIG_ASKED or both */

  /* Atomic, set under the lock. 1: the watchdog is in a kill of one of the
   * sections; 2: and the thread waits for its end. */
  uint32_t killing;

  /* Under the lock. */
  bool undoing; /* the thread is in an undo: no kill begins meanwhile */
  struct wsig_budget *innermost; /* running sections, from here outwards */
  struct wsig_timer timer;
  uint64_t timer_at; /* when its signal is sent; WSIG_NEVER: none will be */
  bool deaf;         /* the timer's signal does not reach it */
  bool blocks;       /* it blocked that signal when it was last asked, then: */
  uint64_t asked_ns;
  bool asleep; /* the timer is not set again before it has run */
  uint64_t seen_cpu_ns, seen_ns; /* its clocks at the last look */
  uint64_t switches; /* how often it had gone to sleep by then, or UNKNOWN */
  bool sleeps;       /* as far as the watchdog can tell */
  uint64_t ran_ns;   /* when it was last seen to have run */

  /* The thread's own. */
  uint32_t inside; /* it is in a call about budgets; its handlers read it too */
  uint32_t timer_due; /* in the child of a fork: it is given one when it enters;
                         atomic */
  struct wsig_budget *touching; /* that call's, whose holder it may become or
                                   just have been; atomic */
  int farewells;                /* rounds of destructors, as it ends */
  clockid_t clock;              /* of its CPU time */
  pid_t tid;
  struct wsig_meter meter;
  struct wsig_budget **entered; /* what was entered, in order */
  size_t level, room;           /* how many, and how many could be */
  struct wsig_budget *usually_entered[WSIG_USUAL_LEVELS];
  struct wsig_suspension *moving; /* being filled or emptied; under the lock */

  /* The watchdog's. */
  uint64_t watch_at; /* when it will look; written under its lock; atomic */
  uint64_t needed_ns, distance_ns; /* when it was last needed, how far ahead */
  size_t place;                    /* in its heap */
  uint32_t wanted; /* 1: a kill or a look is wanted, and it was told; atomic */
  struct wsig_thread *next_wanted;
  struct wsig_thread *next, *previous;
};

/* Never: no running section has a limit ahead. */
#define WSIG_NEVER UINT64_MAX

/* Where the timer fires, the watchdog stands this far behind. */
#define WSIG_NET_NS UINT64_C(2000000)

/* ------------------------------------------------------------- section.c */

/* All of it may run in a signal handler. */

bool wsig_thread_try_lock(struct wsig_thread *thread);
void wsig_thread_unlock(struct wsig_thread *thread);

/* Notes: bits. */
#define WSIG_FIRED 1u /* the timer's signal has come */
#define WSIG_ASKED 2u /* somebody else wants them looked at */

/* A limit may have been reached: looks at the sections now, or has the one look
 * who holds the lock. The first is for the timer's handler. */
void wsig_thread_fire(struct wsig_thread *thread);
void wsig_thread_have_looked(struct wsig_thread *thread);

/* Under the lock: acts on every limit that the thread's sections have passed at
 * CPU time `cpu_ns`, but for kills, which become due. */
struct wsig_look {
  uint64_t left_ns; /* CPU time to the nearest limit ahead, or WSIG_NEVER */
  bool acted;       /* a limit had been passed */
  bool kill_due;
};
struct wsig_look wsig_section_look(struct wsig_thread *thread, uint64_t cpu_ns);

/* Under the lock: one budget's part of it. */
uint64_t wsig_section_left(const struct wsig_budget *budget, uint64_t used_ns);
void wsig_section_signal(struct wsig_budget *budget);
void wsig_section_tell(struct wsig_budget *budget);
void wsig_section_reach_hard_limit(struct wsig_budget *budget);
void wsig_section_begin_kill(struct wsig_budget *budget, uint64_t used_ns);

/* What the section has used with those before it. */
uint64_t wsig_section_used(const struct wsig_budget *budget, uint64_t cpu_ns);

#define WSIG_UNKNOWN UINT64_MAX

/* Under the lock: what has passed since the last look, and how much of it the
 * thread has used; this look becomes the last. */
struct wsig_progress {
  uint64_t passed_ns, used_ns;
};
struct wsig_progress wsig_section_progress(struct wsig_thread *thread,
                                           uint64_t now_ns, uint64_t cpu_ns);

/* Under the lock: whether the timer's signal is to fire for this thread; and
 * sets it going, if need be, for `left_ns` from now. */
static inline bool wsig_thread_is_timed(const struct wsig_thread *thread) {
  return thread->timer.made && !thread->deaf && !thread->blocks;
}
void wsig_thread_arm(struct wsig_thread *thread, uint64_t at_ns);

/* Wakes the watchdog; the second for the thread's kills, or as it sleeps. */
void wsig_watchdog_wake(void);
void wsig_watchdog_want(struct wsig_thread *thread);

/* Threads that want it, the last one first, and a word that changes with each;
 * atomic. */
extern struct wsig_thread *wsig_wanted;
extern uint32_t wsig_watchdog_word;

/* ------------------------------------------------------------- threads.c */

/* In reach of handlers. glibc makes the thread-local data of a library that was
 * loaded later when it is first used, by malloc, unless it lies with what is
 * there from the start. musl loads no library that asks for that, and makes all
 * such data before a thread can use it. */
#if defined(__GLIBC__)
#define WSIG_FOR_HANDLERS __attribute__((tls_model("initial-exec")))
#else
#define WSIG_FOR_HANDLERS
#endif

/* The calling thread's record; NULL before its first section. */
extern _Thread_local struct wsig_thread *wsig_here WSIG_FOR_HANDLERS;

/* Begins and ends a call of ours that takes locks, in the thread itself. False:
 * a handler has interrupted one of them, and must not begin another. */
static inline bool wsig_thread_go_inside(struct wsig_thread *thread) {
  if (wsig_load_relaxed(&thread->inside)) return false;
  wsig_store_relaxed(&thread->inside, 1);
  wsig_handler_fence();
  return true;
}
static inline void wsig_thread_go_outside(struct wsig_thread *thread) {
  wsig_handler_fence();
  wsig_store_relaxed(&thread->inside, 0);
}

/* Takes the thread's lock; in no handler. */
void wsig_thread_lock(struct wsig_thread *thread);

/* The same, made if need be; NULL and an error if that fails. */
struct wsig_thread *wsig_thread_self(int *error);

/* All threads there are, under wsig_threads_lock. */
extern struct wsig_thread *wsig_threads;
extern size_t wsig_threads_count;
extern pthread_mutex_t wsig_threads_lock;

/* Takes and gives back the locks of all of them, under wsig_threads_lock. */
void wsig_threads_lock_each(void);
void wsig_threads_unlock_each(void);

/* ------------------------------------------------------------ withdraw.c */

/* Under the thread's lock: takes back what a budget has raised whose section
 * has just ended. True: sections of other threads may have to raise it again,
 * by the second, under no lock. */
bool wsig_section_withdraw(struct wsig_thread *thread,
                           struct wsig_budget *budget);
void wsig_withdrawn_tell_again(const struct wsig_budget *budget);

/* The same for a budget that nobody is in, in no section's lock. */
void wsig_budget_withdraw(struct wsig_budget *budget);

/* --------------------------------------------------------------- spend.c */

/* In the thread itself, within a call about budgets. Enters, where `resumes`
 * also a budget that is spent: its kill is due then. Ends what was entered
 * last; a wasmsig_outcome. */
int wsig_section_put_on(struct wsig_thread *thread, struct wsig_budget *budget,
                        bool resumes);
int wsig_section_take_off(struct wsig_thread *thread);

/* The thread's own unlock. */
void wsig_thread_unlock_own(struct wsig_thread *thread);

/* The section `from`, or one around it, is being killed. */
bool wsig_section_is_dying(const struct wsig_budget *from);

/* The thread ends, in the middle of its sections: leaves them. With
 * `undo`, in the thread itself, what was killed is undone. */
void wsig_budget_abandon(struct wsig_thread *thread, bool undo);

/* ------------------------------------------------------------- suspend.c */

/* In the child of a fork: of a thread that is not there. Its sections have
 * ended. */
void wsig_suspension_forget(struct wsig_suspension *suspension);

/* -------------------------------------------------------------- firing.c */

/* Gives a new thread its timer, if timers are what fires. */
void wsig_firing_begin(struct wsig_thread *thread);
/* Gives it to one that is `timer_due`, in that thread. */
void wsig_firing_begin_late(struct wsig_thread *thread);
void wsig_firing_end(struct wsig_thread *thread);

/* What our timers' signals carry. */
extern char wsig_timer_tag;

/* ------------------------------------------------------------ watchdog.c */

/* Sees to it that the watchdog looks at the thread's sections no later than
 * `at_ns`. An error code if it cannot be started. */
int wsig_watchdog_by(struct wsig_thread *thread, uint64_t at_ns);

/* Looks at every thread, and kills what is due, now; answers in how many ns to
 * look again. For tests. */
uint64_t wsig_watchdog_look(void);

/* What the watchdog does when it wakes; answers when it would wake again. For
 * tests. */
uint64_t wsig_watchdog_turn(void);

/* Under wsig_threads_lock. */
bool wsig_watchdog_admit(void); /* a thread more; false: no memory */
void wsig_watchdog_forget(struct wsig_thread *thread);
void wsig_watchdog_begin_anew(void); /* in the child of a fork */
bool wsig_watchdog_start(void);      /* false: there is no thread to be had */

/* A fork has left sections that nobody watches: an enter is to say so. Atomic.
 */
extern uint32_t wsig_watchdog_anew;

/* The priority asked for, and the one that the watchdog has; atomic. */
extern int wsig_watchdog_priority, wsig_watchdog_granted;

#endif

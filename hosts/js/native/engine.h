/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How a section is killed in the engine (engine.c), and when (stack.c). */
#ifndef WASMSIG_ENGINE_H
#define WASMSIG_ENGINE_H

#include "wasmsig/host.h"

#include <node_api.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

/* What to do when the host's own functions are on the stack and the grace is
 * over; as in lib/limits.js. */
enum on_unsafe { ON_UNSAFE_WAIT, ON_UNSAFE_KILL, ON_UNSAFE_EXIT };

/* How the sections of one budget are killed: the `context` of its options. */
struct killing {
  struct engine *engine;
  const wasmsig_budget *budget;
  const wasmsig_budget_options *options;
  enum on_unsafe on_unsafe;
  uint64_t grace_ns;
  size_t depth;         /* how often it is entered */
  bool wanted;          /* by the core; under the engine's lock */
  uint64_t looks;       /* the engine's, at the last kill; under the lock */
  uint64_t since_ns;    /* the thread's CPU clock at the first with those */
  bool asked;           /* by SIGKILL in the words; under the engine's lock */
  bool waited, overdue; /* since it was entered */
};

/* A section: one call of JavaScript from C. On the stack of call_in_section. */
struct running {
  struct killing *killing;
  struct running *outer;
  bool ends_kill; /* of its budget, as its outermost that can */
  bool killable;  /* unwinding ends in C of ours */
  napi_value preserved_data;
  double async_id;
};

/* Somewhere in a script, and whether a function begins there (stack.c). */
#define PLACES 64
struct place {
  int script;
  uint64_t location;
  bool is_entry;
};

/* One environment's engine. All but `lock` and what it says it guards is the
 * environment's thread's. */
struct engine {
  pthread_mutex_t lock;
  void *isolate;     /* under `lock`; NULL: gone, or cannot be stopped */
  bool attached;     /* under `lock` */
  bool interrupted;  /* under `lock`: an interrupt is asked for, or runs */
  uint64_t looks;    /* under `lock`: interrupts that have run */
  uint64_t again_ns; /* under `lock`: when to ask for the next, if at all */
  uint32_t pause;    /* under `lock`: a random number */
  bool look_due;     /* under `lock`: the core has called kill */
  bool retries;      /* it is on the list of interrupt_spinner.c */
  struct engine *next_retrying; /* interrupt_spinner.c's */
  clockid_t clock;              /* CPU time of the environment's thread */
  napi_env env;
  struct running *innermost;
  struct running *victim; /* the section that is being unwound, or NULL */
  int section_script;     /* whose frames are sections */
  char section_name[512]; /* its name */
  napi_ref looker;        /* function(): the names of the frames' scripts */
  struct place places[PLACES];
  uint64_t waited, overdue;
};

struct engine *engine_create(napi_env env);
/* The environment ends: a kill finds nothing to stop any more. */
void engine_detach(struct engine *engine);
void engine_free(struct engine *engine);
/* Whether the engine itself can stop a running call. */
bool engine_can_kill(void);
/* For a budget's options. `context` is a `struct killing`. */
void engine_kill(void *context);
void engine_undo(void *context);

/* Around a section, in the environment's thread. */
void engine_enter(struct engine *engine, struct running *section,
                  struct killing *killing, bool killable);
/* Whether the engine was ending it; it no longer is. */
bool engine_leave(struct engine *engine, struct running *section);
/* What a kill may have left of the host is put right, but for Node's stack of
 * async ids: whether ids were left on it. */
bool engine_mend(struct engine *engine, const struct running *section);
/* Ends the section that runs as the host itself would: worker.terminate. */
void engine_terminate_again(struct engine *engine);

/* The monotonic clock. */
uint64_t engine_now_ns(void);

/* Any thread: asks for an interrupt, unless one is asked for, or the last one
 * was at `now_ns` not over for long enough. When that will be; UINT64_MAX: one
 * is asked for. */
uint64_t engine_ask_again(struct engine *engine, uint64_t now_ns);

/* From `begin` to `end` the engine is asked for interrupts, one as soon as
 * another is over (interrupt_spinner.c). In the environment's thread. At the
 * end of each interrupt `ready` sees to it that another thread can do that at
 * once, and `changed` is called when it may. */
void retry_begin(struct engine *engine);
void retry_end(struct engine *engine);
void retry_be_ready(void);
void retry_changed(void);

/* Around the unwinding of a section: where else it comes to (unwinding.c). */
void landing_begin(napi_env env, void *isolate);
void landing_end(void *isolate);

/* The stack above the sections, from its innermost frame on (stack.c). */
struct stack {
  struct engine *engine;
  napi_value trace;
  napi_value names; /* of the frames' scripts, in place of the trace; or NULL */
  int limit, count, at;
};
/* In the environment's thread, with a handle scope. */
void stack_look(struct stack *stack, struct engine *engine);
/* Whether the innermost function is one of the host's that may not be unwound.
 * Cheap; false if that cannot be told so. */
bool stack_is_hosts_on_top(struct engine *engine, void *isolate);
/* Goes on to the next section; whether only frames of users were above. */
bool stack_is_users_to_next_section(struct stack *stack);
/* How many sections are further out. */
int stack_sections_left(struct stack stack);
/* The innermost frame is of the script whose frames are sections. */
void stack_note_sections(struct engine *engine);
/* The script of the innermost frame; 0: there is none. */
int stack_innermost_script(void *isolate);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How a section is killed in the engine (engine.c, interrupts.c). */
#ifndef WASMSIG_ENGINE_H
#define WASMSIG_ENGINE_H

#include "frames.h"
#include "interrupt_spinner.h"
#include "killing.h"
#include "tracing.h"

#include <node_api.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

/* A section: one call of JavaScript from C, on that call's stack; or an
 * asynchronous one (sections.c). */
struct section {
  struct killing *killing;
  struct section *outer;
  bool ends_kill; /* of its budget: the outermost one that is killable */
  bool killable;  /* its unwinding ends in C of ours */
  napi_value preserved_data;
  double async_id;
};

/* The engine of one environment. Everything is for the environment's thread
 * alone, but `lock` and what it guards ("under lock"). */
struct engine {
  pthread_mutex_t lock;
  void *isolate;   /* under lock; NULL: it has ended, or cannot be stopped */
  bool attached;   /* under lock */
  clockid_t clock; /* CPU time of the environment's thread */
  napi_env env;
  struct section *innermost;
  struct section *victim; /* the section that is being unwound, or NULL */

  bool is_interrupt_pending;  /* under lock: requested, or running */
  uint64_t interrupts;        /* under lock: how many have run */
  uint64_t next_interrupt_ns; /* under lock: no request before that time */
  uint32_t random;            /* under lock */
  bool is_check_due;          /* under lock: by the next interrupt */
  struct spinner_client spinner;
  struct traced_guests traced; /* of this environment */

  struct frame_scripts scripts;
  uint64_t waited, overdue; /* what stats() shows as `unsafe` */
};

struct engine *engine_create(napi_env env);
/* The environment ends: a later kill finds nothing to stop. */
void engine_detach(struct engine *engine);
void engine_free(struct engine *engine);
/* Whether the engine itself can stop a running call. */
bool engine_can_kill(void);
/* For a budget's options. `context` is a `struct killing`. */
void engine_kill(void *context);
void engine_undo(void *context);

/* Around a section, in the environment's thread. */
void engine_enter(struct engine *engine, struct section *section,
                  struct killing *killing, bool killable);
/* Whether the engine was unwinding it; it no longer is. */
bool engine_leave(struct engine *engine, struct section *section);
/* After a kill: restores the host's state, but for Node's stack of async ids.
 * Answers whether ids were left on that. */
bool engine_repair(struct engine *engine, const struct section *section);
/* Ends the running section as the host itself would: worker.terminate. */
void engine_terminate_again(struct engine *engine);

#endif

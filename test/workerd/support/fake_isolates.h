/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Isolates without V8, for a storm: each notes that it is to stop, as V8 does,
 * and has instances whose memory shows a store that missed.
 */
#ifndef TEST_WORKERD_FAKE_ISOLATES_H
#define TEST_WORKERD_FAKE_ISOLATES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_INTERRUPTS 8u
#define FAKE_INSTANCES 4u

struct fake_entry;
typedef void fake_interrupt(void *isolate, void *data);

/* All but `is_terminating` and what `lock` is for: its thread's own. */
struct fake_isolate {
  char enforcer;           /* its address is that of the IsolateLimitEnforcer */
  uint32_t is_terminating; /* atomic */
  pthread_mutex_t lock;    /* of the interrupts */
  size_t interrupts;
  struct {
    fake_interrupt *callback;
    void *data;
  } asked[FAKE_INTERRUPTS];
  struct fake_entry *instances;
  size_t instance_count;
};

/* An IoContext. */
struct fake_context {
  char enforcer; /* its own LimitEnforcer, in newer runtimes */
  bool exists, is_actor, is_aborted;
  struct fake_isolate *isolate;
  uint64_t used_ns; /* CPU time of its turns, a little more than charged */
};

/* What happened, in the calling thread. */
struct fake_counts {
  uint64_t constructed, destroyed, thrown; /* exceptions */
  uint64_t aborted;
};
extern _Thread_local struct fake_counts fake_counts;
extern _Thread_local bool fake_is_unwinding;

/** Replaces the runtime. */
void fake_runtime_use(void);

/** The calling thread has this isolate's lock now. */
void fake_isolate_lock(struct fake_isolate *isolate);

void fake_isolate_begin(struct fake_isolate *isolate);
void fake_isolate_end(struct fake_isolate *isolate);

/** Whether it is to stop, after what it was asked to do. */
bool fake_isolate_check(struct fake_isolate *isolate);

/** Adds an instance, or removes one and frees its memory. */
void fake_instance_add(struct fake_isolate *isolate);
void fake_instance_remove(struct fake_isolate *isolate);

/** Whether an instance has been signalled and has not taken it. */
bool fake_instances_are_signalled(const struct fake_isolate *isolate);

/** NULL, or what is wrong with the memory of the isolate's instances. */
const char *fake_instances_problem(const struct fake_isolate *isolate);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A thread's clocks, read within tens of nanoseconds where possible. */
#ifndef WSIG_CPU_CLOCK_H
#define WSIG_CPU_CLOCK_H

#include "atomics.h"
#include "os/os.h"
#include "os/preemption_mark.h"

/* A thread's clocks at the last sync: the moment at which they were read
 * together with the ticks. */
struct wsig_cpu_clock {
  volatile uint64_t *mark; /* preemption_mark.h; NULL: the thread has none */
  uint64_t ticks;
  uint64_t monotonic_ns;
  uint64_t cpu_ns;
  uint64_t read_ticks; /* ticks at the last reading, which may be later */
};

struct wsig_reading {
  uint64_t monotonic_ns, cpu_ns;
};

/* How ticks become ns; all 0 until that is known, and always where ticks cannot
 * be used. */
struct wsig_tick_rate {
  uint64_t trusted; /* ticks from one reading to the next, at most */
  uint64_t synced;  /* ticks since the last sync, at most */
  uint64_t scale;   /* ns of a tick, times 2^32 */
};
extern struct wsig_tick_rate wsig_tick_rate;

/* For a program with many sections of 5 to 50 us, whose allocator uses the
 * field of the mark: the mark is in another field (preemption_mark.h), and the
 * counter is trusted for 50 us instead of 5. Call it before the first section.
 */
void wsig_cpu_clock_use_node_id(void);

/* For the calling thread. */
void wsig_cpu_clock_init(struct wsig_cpu_clock *clock);

/* In the child of a fork. */
void wsig_cpu_clock_after_fork(void);

/* Reads the clock `id` itself, by a system call, and the ticks with it. False
 * if it cannot be read. */
bool wsig_cpu_clock_sync(struct wsig_cpu_clock *clock, clockid_t id,
                         struct wsig_reading *reading);

/* Whether the last reading came from the clocks themselves. */
static inline bool wsig_cpu_clock_is_synced(
    const struct wsig_cpu_clock *clock) {
  return clock->read_ticks == clock->ticks;
}

/* Reads both clocks of the calling thread, whose CPU clock is `id`. */
static inline bool wsig_cpu_clock_read(struct wsig_cpu_clock *clock,
                                       clockid_t id,
                                       struct wsig_reading *reading) {
  if (!clock->mark) return wsig_cpu_clock_sync(clock, id, reading);
  uint64_t ticks = wsig_ticks();
  uint64_t since = ticks - clock->ticks;
  /* Acquire: a thread that reads `trusted` reads the others. */
  bool trusted =
      ticks - clock->read_ticks < wsig_load_acquire(&wsig_tick_rate.trusted) &&
      since < wsig_load_relaxed(&wsig_tick_rate.synced) &&
      wsig_preemption_mark_holds(clock->mark);
  if (!trusted) return wsig_cpu_clock_sync(clock, id, reading);
  clock->read_ticks = ticks;
  uint64_t ns = since * wsig_load_relaxed(&wsig_tick_rate.scale) >> 32;
  reading->monotonic_ns = clock->monotonic_ns + ns;
  reading->cpu_ns = clock->cpu_ns + ns;
  return true;
}

#endif

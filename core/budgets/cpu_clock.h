/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A thread's clocks, read in tens of nanoseconds where that is possible. */
#ifndef WSIG_METER_H
#define WSIG_METER_H

#include "atomics.h"
#include "os/os.h"
#include "os/preemption_mark.h"

/* A thread's clocks as they were put together last. */
struct wsig_meter {
  volatile uint64_t *witness; /* NULL: this thread has none */
  uint64_t ticks;             /* at that moment, */
  uint64_t monotonic_ns;      /* the monotonic clock, */
  uint64_t cpu_ns;            /* and the thread's CPU clock */
  uint64_t read;              /* ticks at the last reading */
};

struct wsig_reading {
  uint64_t monotonic_ns, cpu_ns;
};

/* How ticks are told in ns; all 0 until that is known, and for good where
 * ticks cannot be used. */
struct wsig_rate {
  uint64_t trusted; /* ticks from one reading to the next, at most */
  uint64_t synced;  /* ticks since the clocks were put together, at most */
  uint64_t scale;   /* ns of a tick, by 2^32 */
};
extern struct wsig_rate wsig_rate;

/* The clock in use; tests replace it while no section runs. */
extern const struct wsig_clock *wsig_clock;

/* For the calling thread. */
void wsig_meter_init(struct wsig_meter *meter);

/* In the child of a fork. */
void wsig_meter_begin_anew(void);

/* The same, by a system call: reads `clock` itself, and puts the ticks together
 * with it anew. False if it cannot be read. */
bool wsig_meter_sync(struct wsig_meter *meter, clockid_t clock,
                     struct wsig_reading *reading);

/* Whether a reading came from the clocks themselves. */
static inline bool wsig_meter_is_synced(const struct wsig_meter *meter) {
  return meter->read == meter->ticks;
}

/* Reads both clocks of the calling thread, whose CPU clock is `clock`. */
static inline bool wsig_meter_read(struct wsig_meter *meter, clockid_t clock,
                                   struct wsig_reading *reading) {
  if (!meter->witness) return wsig_meter_sync(meter, clock, reading);
  uint64_t ticks = wsig_ticks();
  uint64_t since = ticks - meter->ticks;
  /* Acquire: who sees `trusted` sees the others. */
  bool trusted = ticks - meter->read < wsig_load_acquire(&wsig_rate.trusted) &&
                 since < wsig_load_relaxed(&wsig_rate.synced) &&
                 wsig_witness_holds(meter->witness);
  if (!trusted) return wsig_meter_sync(meter, clock, reading);
  meter->read = ticks;
  uint64_t ns = since * wsig_load_relaxed(&wsig_rate.scale) >> 32;
  reading->monotonic_ns = meter->monotonic_ns + ns;
  reading->cpu_ns = meter->cpu_ns + ns;
  return true;
}

#endif

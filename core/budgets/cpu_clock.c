/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Meter: the CPU clock of the own thread for a few nanoseconds.
 *
 * The clock itself costs a system call. As long as the thread is not switched
 * out, though, its CPU time goes on as the processor's counter does; and
 * os/witness.h knows whether it was. So the clock is read once, the counter
 * beside it, and from then on the counter alone tells both, until
 *  1. the witness has gone: the thread was preempted, migrated or signalled
 *  2. 5 us have passed since the last reading: a hypervisor may have taken the
 *     processor, which the kernel does not charge and the witness does not see
 *  3. a ms has passed: the two clocks do not go at quite the same rate
 * and then the clock is read again. What an earlier reading was off by is not
 * added up: each is told from the last sync, and at the next one it ends.
 *
 * Why the counter and the witness belong together: the counter is read first.
 * If the witness still holds afterwards, the thread had not been switched out
 * when the counter was read. At a sync the witness is set first, and the
 * counter is read on both sides of the clock: if the thread is switched out in
 * between, the next reading finds the witness gone.
 *
 * The rate is measured, over some ms, again and again, and used when two
 * measurements in a row agree: a machine that was suspended in one of them, or
 * moved to another processor, does not mislead for long.
 */
#include "budgets/cpu_clock.h"

#include "signals/registry.h"

#define NS_PER_MS UINT64_C(1000000)
#define TRUSTED_NS UINT64_C(5000)
#define SYNCED_NS NS_PER_MS
#define WINDOW_NS (10 * NS_PER_MS) /* over which the rate is measured */
#define WINDOW_TICKS                                      \
  (UINT64_C(1) << 31) /* and at most: half a second or so \
                       */
#define MOST_TRIES 4

struct wsig_rate wsig_rate;

/* The thread that measures the rate, and what it had at the beginning of the
 * window. `measuring` is taken by exchange: who has it may touch the rest. */
static uint32_t measuring; /* atomic */
static uint64_t begin_ticks, begin_ns;
static uint64_t scale_before; /* of the window before; 0: there was none */

void wsig_meter_init(struct wsig_meter *meter) {
  *meter = (struct wsig_meter){0};
  if (wsig_clock->ticks && wsig_os_ticks_are_steady())
    meter->witness = wsig_os_witness();
}

void wsig_meter_begin_anew(void) { measuring = 0; }

static bool differ(uint64_t a, uint64_t b) {
  uint64_t difference = a > b ? a - b : b - a;
  return difference > a / 1024;
}

static void use_scale(uint64_t scale) {
  wsig_store_relaxed(&wsig_rate.scale, scale);
  wsig_store_relaxed(&wsig_rate.synced, (SYNCED_NS << 32) / scale);
  /* Release: who sees `trusted` sees the others. */
  wsig_store_release(&wsig_rate.trusted, (TRUSTED_NS << 32) / scale);
}

static void measure(uint64_t ticks, uint64_t ns) {
  uint64_t passed_ticks = ticks - begin_ticks, passed_ns = ns - begin_ns;
  if (begin_ns && passed_ns < WINDOW_NS) return;
  bool usable = begin_ns && passed_ticks < WINDOW_TICKS &&
                passed_ns < WINDOW_TICKS && passed_ticks > 0;
  uint64_t scale = usable ? (passed_ns << 32) / passed_ticks : 0;
  bool agreed = scale && scale_before && !differ(scale, scale_before);
  if (agreed && differ(scale, wsig_load_relaxed(&wsig_rate.scale)))
    use_scale(scale);
  scale_before = scale;
  begin_ticks = ticks;
  begin_ns = ns;
}

/* One look at the clocks, and how many ticks it took. */
static bool look(struct wsig_meter *meter, clockid_t clock, uint64_t *took) {
  uint64_t before = 0, after = 0;
  if (meter->witness) {
    wsig_witness_set(meter->witness);
    before = wsig_ticks();
  }
  if (!wsig_clock->cpu_ns(clock, &meter->cpu_ns)) return false;
  if (meter->witness) after = wsig_ticks();
  meter->monotonic_ns = wsig_clock->monotonic_ns();
  meter->ticks = meter->read = before + (after - before) / 2;
  *took = after - before;
  return true;
}

bool wsig_meter_sync(struct wsig_meter *meter, clockid_t clock,
                     struct wsig_reading *reading) {
  uint64_t took = 0, trusted = wsig_load_relaxed(&wsig_rate.trusted);
  wsig_add_relaxed(&wsig_statistics.clock_reads, 1);
  for (int tries = 0; tries < MOST_TRIES; tries++) {
    if (!look(meter, clock, &took)) return false;
    if (took < trusted || !trusted) break; /* nothing came in between */
  }
  if (meter->witness && wsig_exchange_acquire(&measuring, 1) == 0) {
    measure(meter->ticks, meter->monotonic_ns);
    wsig_store_release(&measuring, 0);
  }
  reading->monotonic_ns = meter->monotonic_ns;
  reading->cpu_ns = meter->cpu_ns;
  return true;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The CPU clock of the calling thread, for a few nanoseconds.
 *
 * A reading of the clock itself costs a system call. But as long as the thread
 * is not switched out, its CPU time runs like the processor's counter (ticks);
 * and os/preemption_mark.h shows whether it was. So the clock is read once,
 * with the counter. From then on the counter alone gives both, until
 *  1. the mark is gone: the thread was preempted, migrated or signalled
 *  2. 5 us have passed since the last reading (50 us in a program that asks for
 *     it): a hypervisor may have taken the processor, which the kernel does not
 *     charge and the mark does not show
 *  3. 1 ms has passed: the two clocks do not run at exactly the same rate
 * and then the clock is read again (a sync). Errors do not add up: each reading
 * is computed from the last sync, and the next sync removes its error.
 *
 * Why the counter and the mark belong together: the counter is read first. If
 * the mark is still there afterwards, the thread had not been switched out when
 * the counter was read. A sync sets the mark first, and reads the counter
 * before and after the clock: if the thread is switched out in between, the
 * next reading finds the mark gone.
 *
 * The rate is measured over some ms, again and again. It is used when two
 * measurements in a row agree: so a machine that was suspended during one of
 * them, or moved to another processor, gives no wrong rate for long.
 */
#include "budgets/cpu_clock.h"

#include "signals/registry.h"

#define NS_PER_MS UINT64_C(1000000)
#define TRUSTED_NS UINT64_C(5000)
#define LONG_TRUSTED_NS UINT64_C(50000)
#define SYNCED_NS NS_PER_MS
#define WINDOW_NS (10 * NS_PER_MS)       /* over which the rate is measured */
#define WINDOW_TICKS (UINT64_C(1) << 31) /* at most: about half a second */
#define MOST_TRIES 4

struct wsig_tick_rate wsig_tick_rate;

static uint64_t trusted_ns = TRUSTED_NS;

/* The clocks at the beginning of the window. `measuring` is taken by exchange:
 * only the thread that has it uses the rest. */
static uint32_t measuring; /* atomic */
static uint64_t begin_ticks, begin_ns;
static uint64_t last_scale; /* of the window before; 0: there was none */

void wsig_cpu_clock_init(struct wsig_cpu_clock *clock) {
  *clock = (struct wsig_cpu_clock){0};
  if (wsig_clock->ticks && wsig_os_ticks_are_steady())
    clock->mark = wsig_os_preemption_mark();
}

void wsig_cpu_clock_use_node_id(void) {
  trusted_ns = LONG_TRUSTED_NS;
  wsig_os_preemption_mark_use_node_id();
}

void wsig_cpu_clock_after_fork(void) { measuring = 0; }

static bool differ(uint64_t a, uint64_t b) {
  uint64_t difference = a > b ? a - b : b - a;
  return difference > a / 1024;
}

static void use_scale(uint64_t scale) {
  wsig_store_relaxed(&wsig_tick_rate.scale, scale);
  wsig_store_relaxed(&wsig_tick_rate.synced, (SYNCED_NS << 32) / scale);
  /* Release: a thread that reads `trusted` reads the others. */
  wsig_store_release(&wsig_tick_rate.trusted, (trusted_ns << 32) / scale);
}

static void measure(uint64_t ticks, uint64_t ns) {
  uint64_t passed_ticks = ticks - begin_ticks, passed_ns = ns - begin_ns;
  if (begin_ns && passed_ns < WINDOW_NS) return;
  bool usable = begin_ns && passed_ticks < WINDOW_TICKS &&
                passed_ns < WINDOW_TICKS && passed_ticks > 0;
  uint64_t scale = usable ? (passed_ns << 32) / passed_ticks : 0;
  bool agreed = scale && last_scale && !differ(scale, last_scale);
  if (agreed && differ(scale, wsig_load_relaxed(&wsig_tick_rate.scale)))
    use_scale(scale);
  last_scale = scale;
  begin_ticks = ticks;
  begin_ns = ns;
}

/* Reads the clocks, and how many ticks that took. */
static bool read_clocks(struct wsig_cpu_clock *clock, clockid_t id,
                        uint64_t *took) {
  uint64_t before = 0, after = 0;
  if (clock->mark) {
    wsig_preemption_mark_set(clock->mark);
    before = wsig_ticks();
  }
  if (!wsig_clock->cpu_ns(id, &clock->cpu_ns)) return false;
  if (clock->mark) after = wsig_ticks();
  clock->monotonic_ns = wsig_clock->monotonic_ns();
  clock->ticks = clock->read_ticks = before + (after - before) / 2;
  *took = after - before;
  return true;
}

bool wsig_cpu_clock_sync(struct wsig_cpu_clock *clock, clockid_t id,
                         struct wsig_reading *reading) {
  uint64_t took = 0, trusted = wsig_load_relaxed(&wsig_tick_rate.trusted);
  wsig_add_relaxed(&wsig_statistics.clock_reads, 1);
  for (int tries = 0; tries < MOST_TRIES; tries++) {
    if (!read_clocks(clock, id, &took)) return false;
    if (took < trusted || !trusted) break; /* nothing interrupted it */
  }
  if (clock->mark && wsig_exchange_acquire(&measuring, 1) == 0) {
    measure(clock->ticks, clock->monotonic_ns);
    wsig_store_release(&measuring, 0);
  }
  reading->monotonic_ns = clock->monotonic_ns;
  reading->cpu_ns = clock->cpu_ns;
  return true;
}

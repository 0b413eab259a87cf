/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Is a budget charged for the CPU time of its sections? Sections of 1 to 10 us,
 * on an idle machine and beside a hog on the same processor.
 *
 *     accounting [SAMPLES]   100 idle, 20 beside the hog by default
 *
 * A sample is a batch of SECTIONS sections: the difference between the sum that
 * wasmsig reports and the true CPU time, in per cent of the true time. The true
 * time is measured without wasmsig:
 *
 *     the CPU clock's difference over the whole batch
 *   - half of the gaps between the sections, by the monotonic clock
 *
 * A gap lasts from the guest's last reading of the clock to its first reading
 * in the next section: a leave, an enter, and the cost of one reading, which
 * belongs to the guest and is subtracted. One section ends at some moment of
 * the leave, and the next begins at some moment of the enter. These moments
 * cannot be observed, so half of the gap counts as outside. A gap in which the
 * thread was switched out counts as an average one; the CPU clock does not
 * count that time.
 *
 * The baseline charges by the monotonic clock, minus the same.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "common.h"
#include "hogs.h"

#include <math.h>
#include <stdlib.h>

#define SECTIONS 10000
#define SHORTEST_NS 1000
#define LONGEST_NS 10000
#define SWITCHED_NS (20 * US) /* a gap as long as this was not ours alone */
#define LOOKS 10000
#define WEIGHINGS 100
#define SAMPLES 100
#define HOG_SAMPLES 20
#define SOFT_NS (3600 * SECOND)
#define HARD_NS (7200 * SECOND)

/* What is known of a batch. */
struct batch {
  int64_t cpu_ns;  /* all of it, by the CPU clock */
  int64_t wall_ns; /* and by the monotonic clock */
  int64_t gaps_ns; /* those without a switch, */
  int64_t gaps;    /* and how many they are */
  int64_t used_ns; /* what wasmsig reports */
};

static wasmsig_budget budget;
static double look_ns; /* cost of reading the monotonic clock */

/* The smallest of several means: other programs may use the processor. */
static void weigh_look(void) {
  for (int turn = 0; turn < WEIGHINGS; turn++) {
    int64_t start = now_ns(CLOCK_MONOTONIC), end = start;
    for (long i = 0; i < LOOKS; i++) end = now_ns(CLOCK_MONOTONIC);
    double each_ns = (double)(end - start) / LOOKS;
    if (turn == 0 || each_ns < look_ns) look_ns = each_ns;
  }
}

/* Returns the last reading, `wanted_ns` after the first. */
static int64_t spin(int64_t first, int64_t wanted_ns) {
  int64_t now = first;
  while (now - first < wanted_ns) now = now_ns(CLOCK_MONOTONIC);
  return now;
}

static void run_section(struct batch *batch, int64_t *last) {
  int64_t wanted_ns = SHORTEST_NS + chance(LONGEST_NS - SHORTEST_NS);
  check(wasmsig_budget_enter(&budget), "wasmsig_budget_enter");
  int64_t first = now_ns(CLOCK_MONOTONIC);
  int64_t end = spin(first, wanted_ns);
  check(wasmsig_budget_leave(&budget), "wasmsig_budget_leave");

  int64_t gap_ns = first - *last;
  if (gap_ns < SWITCHED_NS) {
    batch->gaps_ns += gap_ns;
    batch->gaps++;
  }
  *last = end;
}

static struct batch run_batch(void) {
  struct batch batch = {0};
  uint64_t used_before = wasmsig_budget_used_ns(&budget);
  int64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
  int64_t first = now_ns(CLOCK_MONOTONIC), last = first;
  for (long i = 0; i < SECTIONS; i++) run_section(&batch, &last);
  batch.wall_ns = last - first;
  batch.cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - start;
  batch.used_ns = (int64_t)(wasmsig_budget_used_ns(&budget) - used_before);
  return batch;
}

/* Half of all gaps. */
static double between_ns(const struct batch *batch) {
  double gap_ns = (double)batch->gaps_ns / (double)batch->gaps - look_ns;
  return gap_ns / 2 * SECTIONS;
}

static void measure(const char *row, long samples) {
  run_batch(); /* warm */
  while (samples-- > 0) {
    struct batch batch = run_batch();
    double truth = (double)batch.cpu_ns - between_ns(&batch);
    double ours = (double)batch.used_ns;
    double theirs = (double)batch.wall_ns - between_ns(&batch);
    print_sample(row, "%", NULL, fabs(ours - truth) / truth * 100);
    print_sample(row, "%", "monotonic clock",
                 fabs(theirs - truth) / truth * 100);
  }
}

int main(int argc, char **argv) {
  long samples = parse_samples(argc, argv, 0);
  create_budget(&budget, SOFT_NS, HARD_NS);
  weigh_look();
  measure("used_error", samples > 0 ? samples : SAMPLES);
  stay_on(1);
  hogs_start(1);
  measure("used_error_hog", samples > 0 ? samples : HOG_SAMPLES);
  hogs_stop();
  check(wasmsig_budget_destroy(&budget), "wasmsig_budget_destroy");
  return EXIT_SUCCESS;
}

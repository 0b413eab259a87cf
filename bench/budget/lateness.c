/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How late is a budget's soft signal? In CPU time of the guest's own thread, on
 * an idle machine and beside hogs.
 *
 *     lateness [SAMPLES]     of each row; by default as many as time allows
 *
 * A sample is the CPU time at which the guest sees its signal (guest.h), minus
 * the time just before the limit was set, minus the limit. So the cost of enter
 * counts, and so does the cost of setting a baseline's timer.
 *
 * Why they are comparable:
 *  1. all signal the same loop, in words of one memory
 *  2. within a scene they take turns in a random order
 *  3. a random sleep precedes each turn. A turn of the kernel's CPU timer ends
 *     at a scheduler tick: without the sleep, the next turn would always begin
 *     at one
 *  4. each turn includes the wake of a thread that slept
 *
 * In the scene of naps, the guest sleeps for up to 5 ms within the last ms of
 * its budget; the baseline is wasmsig's own timer without that sleep.
 *
 * Two processors are used, so that four hogs mean the same on every machine.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "guest.h"
#include "hogs.h"
#include "kernel_timer.h"
#include "plain_watchdog.h"

#include <stdio.h>
#include <stdlib.h>

#define BUDGET_NS (20 * MS)
#define GIVE_UP_NS SECOND
#define PAUSE_NS (10 * MS)
#define NAP_NS (5 * MS)  /* at most, */
#define NAP_BEFORE_NS MS /* and at most so long before the limit */
#define PROCESSORS 2
#define WARM_UP 3

/* The guest, and what signals it. */
struct lab {
  struct guest guest;
  wasmsig_budget budget;
  wasmsig_firing firing; /* in force */
  timer_t kernel_timer;
  struct plain_watchdog plain;
};

static void enter(struct lab *lab) {
  check(wasmsig_budget_enter(&lab->budget), "wasmsig_budget_enter");
}

static int leave(struct lab *lab) {
  int outcome = wasmsig_budget_leave(&lab->budget);
  check(outcome, "wasmsig_budget_leave");
  return outcome;
}

static void reset(struct lab *lab) {
  check(wasmsig_budget_reset(&lab->budget, NULL), "wasmsig_budget_reset");
}

/* ------------------------------------------------------------------ turns */

/* A change of firing must not change a sample, and neither must the first
 * section after it. */
static void fire_by(struct lab *lab, wasmsig_firing firing) {
  if (lab->firing == firing) return;
  set_firing(firing);
  lab->firing = firing;
  for (int i = 0; i < WARM_UP; i++) {
    enter(lab);
    leave(lab);
  }
}

static int64_t late_by(int64_t start, int64_t seen, const char *who) {
  if (seen < 0) fail(who, "no signal within a second of CPU time");
  return seen - start - BUDGET_NS;
}

/* Works until shortly before the limit, then sleeps. */
static void nap(int64_t start) {
  int64_t end = start + BUDGET_NS - chance(NAP_BEFORE_NS);
  while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end) {
  }
  sleep_ns(chance(NAP_NS));
}

static int64_t run_budget(struct lab *lab, bool naps, const char *who) {
  reset(lab);
  int64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
  enter(lab);
  if (naps) nap(start);
  int64_t seen = guest_spin(lab->guest.signal, start + GIVE_UP_NS);
  if (leave(lab) != WASMSIG_LEFT_SIGNALLED)
    fprintf(stderr, "lateness: %s: leave reports no signal\n", who);
  int64_t late_ns = late_by(start, seen, who);
  if (late_ns < 0)
    fprintf(stderr, "lateness: %s: %.3f us EARLY\n", who,
            (double)-late_ns / (double)US);
  return late_ns;
}

static int64_t run_timer(struct lab *lab) {
  return run_budget(lab, false, "timer");
}

static int64_t run_nap(struct lab *lab) { return run_budget(lab, true, "nap"); }

static int64_t run_watchdog(struct lab *lab) {
  return run_budget(lab, false, "watchdog");
}

static int64_t run_kernel_timer(struct lab *lab) {
  int64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
  kernel_timer_arm(lab->kernel_timer, BUDGET_NS);
  int64_t seen = guest_spin(lab->guest.timer_word, start + GIVE_UP_NS);
  return late_by(start, seen, "kernel CPU timer");
}

static int64_t run_plain_watchdog(struct lab *lab) {
  int64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
  plain_watchdog_arm(&lab->plain, BUDGET_NS);
  int64_t seen = guest_spin(lab->guest.plain_word, start + GIVE_UP_NS);
  return late_by(start, seen, "plain watchdog");
}

struct turn {
  int64_t (*run)(struct lab *lab);
  wasmsig_firing firing; /* that it needs; DEFAULT: any */
  const char *what;      /* the baseline; NULL: wasmsig */
  const char *rows[2];   /* that it belongs to; the second may be NULL */
};

#define TIMER run_timer, WASMSIG_FIRING_TIMER, NULL
#define WATCHDOG run_watchdog, WASMSIG_FIRING_WATCHDOG, NULL
#define NAP run_nap, WASMSIG_FIRING_TIMER, NULL
#define NO_NAP run_timer, WASMSIG_FIRING_TIMER, "without a nap"
#define KERNEL_TIMER \
  run_kernel_timer, WASMSIG_FIRING_DEFAULT, "kernel CPU timer"
#define PLAIN run_plain_watchdog, WASMSIG_FIRING_DEFAULT, "plain watchdog"

/* ----------------------------------------------------------------- scenes */

static const struct turn idle[] = {
    {TIMER, {"soft_late_idle", NULL}},
    {KERNEL_TIMER, {"soft_late_idle", NULL}},
    {WATCHDOG, {"soft_late_idle_watchdog", NULL}},
    {PLAIN, {"soft_late_idle_watchdog", NULL}},
};
static const struct turn naps[] = {
    {NAP, {"soft_late_nap", NULL}},
    {NO_NAP, {"soft_late_nap", NULL}},
};
static const struct turn one_hog[] = {
    {TIMER, {"soft_late_1hog", NULL}},
    {PLAIN, {"soft_late_1hog", NULL}},
};
static const struct turn two_hogs[] = {
    {TIMER, {"soft_late_2hogs", NULL}},
    {PLAIN, {"soft_late_2hogs", NULL}},
};
static const struct turn four_hogs[] = {
    {TIMER, {"soft_late_4hogs", NULL}},
    {WATCHDOG, {"soft_late_4hogs_watchdog", NULL}},
    {PLAIN, {"soft_late_4hogs", "soft_late_4hogs_watchdog"}},
};

#define MOST_TURNS 4
#define TURNS(turns) sizeof(turns) / sizeof *(turns), turns

static const struct scene {
  int hogs, processors; /* for the hogs and the guest's thread */
  int64_t time_ns;      /* that it takes, without a number of samples */
  size_t count;
  const struct turn *turns;
} scenes[] = {
    {0, PROCESSORS, 8 * SECOND, TURNS(idle)},
    {0, PROCESSORS, 5 * SECOND, TURNS(naps)},
    {1, 1, 5 * SECOND / 2, TURNS(one_hog)},
    {2, PROCESSORS, 5 * SECOND / 2, TURNS(two_hogs)},
    {4, PROCESSORS, 10 * SECOND, TURNS(four_hogs)},
};

static void take_turn(struct lab *lab, const struct turn *turn) {
  if (turn->firing != WASMSIG_FIRING_DEFAULT) fire_by(lab, turn->firing);
  sleep_ns(chance(PAUSE_NS));
  double late_ms = (double)turn->run(lab) / (double)MS;
  for (int i = 0; i < 2 && turn->rows[i]; i++)
    print_sample(turn->rows[i], "ms", turn->what, late_ms);
}

/* `rounds`: 0, as many as time allows. */
static void play(struct lab *lab, const struct scene *scene, long rounds) {
  uint32_t order[MOST_TURNS] = {0, 1, 2, 3};
  stay_on(scene->processors);
  hogs_start(scene->hogs);
  int64_t end = now_ns(CLOCK_MONOTONIC) + scene->time_ns;
  for (long round = 0;
       rounds > 0 ? round < rounds : now_ns(CLOCK_MONOTONIC) < end; round++) {
    for (size_t i = 0; i < scene->count; i++)
      take_turn(lab, &scene->turns[order[i]]);
    shuffle(order, (uint32_t)scene->count);
  }
  hogs_stop();
}

static void open_lab(struct lab *lab) {
  guest_create(&lab->guest);
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = BUDGET_NS;
  limits.registry = lab->guest.registry;
  check(wasmsig_budget_init(&lab->budget, &limits), "wasmsig_budget_init");
  lab->firing = WASMSIG_FIRING_DEFAULT;
  lab->kernel_timer = kernel_timer_create(lab->guest.timer_word);
  plain_watchdog_start(&lab->plain, lab->guest.plain_word);
}

static void close_lab(struct lab *lab) {
  plain_watchdog_end(&lab->plain);
  timer_delete(lab->kernel_timer);
  check(wasmsig_budget_destroy(&lab->budget), "wasmsig_budget_destroy");
  guest_destroy(&lab->guest);
}

int main(int argc, char **argv) {
  long samples = parse_samples(argc, argv, 0);
  stay_on(PROCESSORS);
  struct lab lab;
  open_lab(&lab);
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
    play(&lab, &scenes[i], samples);
  close_lab(&lab);
  return EXIT_SUCCESS;
}

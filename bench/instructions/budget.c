/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Enter and leave, looks at sections, sections that move.
 *
 * Clocks stand still, timers are never sent and the watchdog is not started.
 * "ticks": the processor's counter tells the time, as it does between most
 * sections; the counter is read for real, but a tick is nearly nothing and the
 * preemption mark stays, so that no reading ever becomes a system call.
 * "clock": each reading is one of the thread's CPU clock, which a call of a
 * function stands for.
 */
#include "paths.h"

#include <stdint.h>

#include "budgets/thread_lock.h"
#include "signals/registry.h"

#define SECOND UINT64_C(1000000000)

static uint64_t stopped_wall(void) { return SECOND; }
static bool stopped_cpu(clockid_t id, uint64_t *ns) {
  (void)id;
  *ns = SECOND;
  return true;
}
static bool never_spawn(void *(*body)(void *)) {
  (void)body;
  return true;
}
static bool make_timer(struct wsig_timer *timer, pid_t tid, int signal,
                       void *tag) {
  (void)tid, (void)signal, (void)tag;
  timer->made = true;
  return true;
}
static bool set_timer(struct wsig_timer *timer, uint64_t at_ns) {
  (void)timer, (void)at_ns;
  return true;
}
static void drop_timer(struct wsig_timer *timer) { timer->made = false; }

static const struct wsig_clock stopped = {.monotonic_ns = stopped_wall,
                                          .cpu_ns = stopped_cpu,
                                          .spawn = never_spawn,
                                          .timer_make = make_timer,
                                          .timer_set = set_timer,
                                          .timer_drop = drop_timer};

static uint64_t mark_field;
static wasmsig_registry *registry;
static wasmsig_budget outer, inner;
static wasmsig_suspension suspension;

static void kill_nothing(void *context) { (void)context; }

static void init(wasmsig_budget *budget) {
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.soft_ns = SECOND;
  options.hard_ns = 2 * SECOND;
  options.registry = registry;
  options.kill = kill_nothing;
  check(wasmsig_budget_init(budget, &options), "init");
}

static void enter(wasmsig_budget *budget) {
  check(wasmsig_budget_enter(budget), "enter");
}
static void leave(wasmsig_budget *budget) {
  check(wasmsig_budget_leave(budget), "leave");
}

static void begin_clock(void) {
  wsig_clock = &stopped;
  check(wasmsig_registry_create(&registry), "create");
  init(&outer);
  init(&inner);
  enter(&outer); /* the thread has its record from here on */
  leave(&outer);
  wsig_here->cpu_clock.mark = NULL;
}

static void begin_ticks(void) {
  begin_clock();
  struct wsig_cpu_clock *clock = &wsig_here->cpu_clock;
  clock->mark = &mark_field;
  wsig_preemption_mark_set(clock->mark);
  clock->ticks = clock->read_ticks = wsig_ticks();
  wsig_tick_rate.trusted = wsig_tick_rate.synced = UINT64_MAX;
  wsig_tick_rate.scale = 1;
}

static void begin_inside(void) {
  begin_ticks();
  enter(&outer);
}

static void end(void) {
  check(wasmsig_budget_unwind(0), "unwind");
  check(wasmsig_budget_destroy(&inner), "destroy");
  check(wasmsig_budget_destroy(&outer), "destroy");
  check(wasmsig_registry_destroy(registry), "destroy");
}

static void enter_and_leave(void) {
  enter(&inner);
  leave(&inner);
}

static void enter_and_leave_again(void) {
  enter(&outer);
  leave(&outer);
}

static void look(void) { wsig_thread_fire(wsig_here); }

static void suspend_and_resume(void) {
  check(wasmsig_budget_suspend(0, &suspension), "suspend");
  check(wasmsig_budget_resume(&suspension), "resume");
}

static const struct path list[] = {
    {"enter and leave: ticks", begin_ticks, enter_and_leave, end, 1000},
    {"enter and leave: clock", begin_clock, enter_and_leave, end, 1000},
    {"enter and leave: in another's section", begin_inside, enter_and_leave,
     end, 1000},
    {"enter and leave: what is entered", begin_inside, enter_and_leave_again,
     end, 1000},
    {"suspend and resume", begin_inside, suspend_and_resume, end, 1000},
    {"timer's signal: no limit passed", begin_inside, look, end, 1000},
};

const struct paths budget_paths = {list, sizeof list / sizeof *list};

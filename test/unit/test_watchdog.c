/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The watchdog on the real clock. Guests are C loops that poll their words.
 * Nothing here asks how late a limit was acted on: only whether, and not early.
 */
#include "os/os.h"
#include "support.h"

#include <sys/resource.h>
#include <sys/syscall.h>

#define NONE WASMSIG_NO_LIMIT
#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

/* -------------------------------------- the real clock, its spawn observed */

static enum { SPAWN, SPAWN_IDLE, SPAWN_FAILS } spawning = SPAWN;
static unsigned spawned; /* atomic */
static pid_t watchdog;   /* its thread's id; atomic */
static void *(*real_body)(void *);

static void *observed_body(void *argument) {
  wsig_store_release(&watchdog, (pid_t)syscall(SYS_gettid));
  return real_body(argument);
}

static bool observed_spawn(void *(*body)(void *)) {
  if (spawning != SPAWN) return spawning == SPAWN_IDLE;
  real_body = body;
  wsig_add_relaxed(&spawned, 1);
  return wsig_os_clock.spawn(observed_body);
}

static struct wsig_clock observed_clock;

static uint64_t thread_cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

static void burn(uint64_t ns) {
  uint64_t end = thread_cpu_ns() + ns;
  while (thread_cpu_ns() < end) continue;
}

static void sleep_ns(uint64_t ns) {
  struct timespec time = {0, (long)ns};
  nanosleep(&time, NULL);
}

/* ----------------------------------------------------------- the scene */

static wasmsig_registry *registry;
static int kill_requested;    /* what an engine would end; atomic */
static unsigned kills, undos; /* atomic */

static void request_kill(void *unused) {
  (void)unused;
  wsig_add_relaxed(&kills, 1);
  wsig_store_release(&kill_requested, 1);
}

static void take_request_back(void *unused) {
  (void)unused;
  wsig_add_relaxed(&undos, 1);
  wsig_store_release(&kill_requested, 0);
}

/* Limits that concern one guest. */
static int make_for(struct guest *guest, wasmsig_budget *budget,
                    uint64_t soft_ns, uint64_t hard_ns) {
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.soft_ns = soft_ns;
  options.hard_ns = hard_ns;
  options.measure = true;
  options.registry = registry;
  options.instances = &guest->instance;
  options.count = 1;
  options.kill = request_kill;
  options.undo = take_request_back;
  return wasmsig_budget_init(budget, &options);
}

static void poll_until_signalled(const struct guest *guest) {
  while (!guest_signal(guest)) continue;
}

/* One section of a guest that runs until it is signalled; answers the CPU time
 * that it had by then, or 0 if anything went wrong. */
static uint64_t run_until_signalled(struct guest *guest,
                                    wasmsig_budget *budget) {
  uint64_t begin = thread_cpu_ns();
  if (wasmsig_budget_enter(budget) != WASMSIG_OK) return 0;
  poll_until_signalled(guest);
  uint64_t used = thread_cpu_ns() - begin;
  bool signalled = wasmsig_budget_leave(budget) == WASMSIG_LEFT_SIGNALLED;
  return signalled ? used : 0;
}

static int set_scene(void **unused_state) {
  (void)unused_state;
  kill_requested = 0;
  kills = undos = 0;
  return wasmsig_registry_create(&registry);
}

static int strike_scene(void **unused_state) {
  (void)unused_state;
  return wasmsig_registry_destroy(registry);
}

/* ------------------------------------------------------- limits, really */

TEST(a_polling_guest_is_signalled_at_its_limit_and_never_before) {
  struct guest guest;
  wasmsig_budget budget;
  guest_track(&guest, registry);
  for (uint64_t soft_ns = 200 * US; soft_ns <= 4000 * US; soft_ns += 200 * US) {
    assert_int_equal(make_for(&guest, &budget, soft_ns, NONE), WASMSIG_OK);
    assert_true(run_until_signalled(&guest, &budget) >= soft_ns);
    assert_true(wasmsig_budget_used_ns(&budget) >= soft_ns);
    assert_int_equal(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
    assert_int_equal(wasmsig_budget_destroy(&budget), WASMSIG_OK);
    assert_int_equal(guest_signal(&guest), 0);
  }
}

TEST(a_guest_that_does_not_poll_is_killed_and_the_kill_is_undone_once) {
  struct guest guest;
  wasmsig_budget budget;
  guest_track(&guest, registry);
  assert_int_equal(make_for(&guest, &budget, 1 * MS, 3 * MS), WASMSIG_OK);
  uint64_t begin = thread_cpu_ns();
  assert_int_equal(wasmsig_budget_enter(&budget), WASMSIG_OK);
  while (!wsig_load_acquire(&kill_requested)) continue;
  uint64_t used = thread_cpu_ns() - begin;
  uint32_t received = guest_signal(&guest);
  burn(3 * MS); /* unwinds slowly */
  int outcome = wasmsig_budget_leave(&budget);
  assert_int_equal(outcome, WASMSIG_LEFT_KILLED);
  assert_true(used >= 3 * MS);
  assert_int_equal(received, WASMSIG_SIGXCPU);
  assert_true(kills >= 1); /* again after each further ms */
  assert_int_equal(undos, 1);
  assert_int_equal(kill_requested, 0);
  assert_int_equal(guest.terminated, 0);
}

TEST(kills_that_race_with_leave_never_run_after_it) {
  struct guest guest;
  wasmsig_budget budget;
  guest_track(&guest, registry);
  assert_int_equal(make_for(&guest, &budget, NONE, 40 * US), WASMSIG_OK);
  unsigned landed = 0, ended = 0;
  for (unsigned section = 0; section < 2000; section++) {
    assert_int_equal(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
    assert_int_equal(wasmsig_budget_enter(&budget), WASMSIG_OK);
    burn((30 + section % 40) * US);
    ended += wasmsig_budget_leave(&budget) == WASMSIG_LEFT_KILLED;
    landed += (unsigned)wsig_load_acquire(&kill_requested);
    burn(section % 16 * US);
    landed += (unsigned)wsig_load_acquire(&kill_requested);
  }
  print_message("%u past the limit, %u killed while they ran\n", ended, kills);
  assert_int_equal(landed, 0);
  assert_int_equal(kills, undos);
  assert_true(kills <= ended);
}

TEST(a_section_that_sleeps_is_not_charged_and_not_signalled) {
  struct guest guest;
  wasmsig_budget budget;
  guest_track(&guest, registry);
  assert_int_equal(make_for(&guest, &budget, 20 * MS, NONE), WASMSIG_OK);
  assert_int_equal(wasmsig_budget_enter(&budget), WASMSIG_OK);
  sleep_ns(60 * MS);
  uint32_t received = guest_signal(&guest);
  assert_int_equal(wasmsig_budget_leave(&budget), WASMSIG_LEFT_READY);
  assert_int_equal(received, 0);
  assert_true(wasmsig_budget_used_ns(&budget) < 20 * MS);
}

/* -------------------------------------------------------------- threads */

#define THREADS 50

struct spender {
  pthread_t thread;
  struct guest guest;
  wasmsig_budget budget;
  uint64_t used_ns;
};

static void *spend(void *argument) {
  struct spender *spender = argument;
  spender->used_ns = run_until_signalled(&spender->guest, &spender->budget);
  return NULL;
}

TEST(fifty_threads_are_signalled_each_at_its_own_limit) {
  static struct spender spenders[THREADS];
  for (unsigned i = 0; i < THREADS; i++) {
    struct spender *s = &spenders[i];
    guest_track(&s->guest, registry);
    assert_int_equal(make_for(&s->guest, &s->budget, (1 + i % 5) * MS, NONE),
                     WASMSIG_OK);
    assert_int_equal(pthread_create(&s->thread, NULL, spend, s), 0);
  }
  for (unsigned i = 0; i < THREADS; i++) {
    pthread_join(spenders[i].thread, NULL);
    assert_true(spenders[i].used_ns >= (1 + i % 5) * MS);
    assert_int_equal(wasmsig_budget_destroy(&spenders[i].budget), WASMSIG_OK);
  }
}

static void *end_inside(void *argument) {
  struct spender *spender = argument;
  int error = wasmsig_budget_enter(&spender->budget);
  burn(50 * US);
  return (void *)(intptr_t)error;
}

TEST(a_thread_that_ends_inside_a_section_releases_the_budget) {
  static struct spender s;
  guest_track(&s.guest, registry);
  for (int i = 0; i < 200; i++) {
    void *error;
    assert_int_equal(make_for(&s.guest, &s.budget, 40 * US, 60 * US),
                     WASMSIG_OK);
    assert_int_equal(pthread_create(&s.thread, NULL, end_inside, &s), 0);
    pthread_join(s.thread, &error);
    assert_null(error);
    assert_true(wasmsig_budget_used_ns(&s.budget) >= 50 * US);
    assert_int_equal(wasmsig_budget_destroy(&s.budget), WASMSIG_OK);
  }
}

TEST(the_next_thread_may_enter_a_budget_that_an_ended_one_was_in) {
  static struct spender s;
  void *error;
  guest_track(&s.guest, registry);
  assert_int_equal(make_for(&s.guest, &s.budget, 2 * MS, NONE), WASMSIG_OK);
  assert_int_equal(pthread_create(&s.thread, NULL, end_inside, &s), 0);
  pthread_join(s.thread, &error);
  assert_null(error);
  assert_true(run_until_signalled(&s.guest, &s.budget) > 0);
  assert_true(wasmsig_budget_used_ns(&s.budget) >= 2 * MS);
}

/* ----------------------------------------------------------------- fork */

static struct guest forked_guest;
static wasmsig_budget forked;

static void be_told_in_the_child(void) {
  CHILD_ASSERT(run_until_signalled(&forked_guest, &forked) >= 2 * MS);
  CHILD_ASSERT(wasmsig_budget_destroy(&forked) == WASMSIG_OK);
}

TEST(the_child_of_a_fork_has_a_watchdog_of_its_own) {
  guest_track(&forked_guest, registry);
  assert_int_equal(make_for(&forked_guest, &forked, 2 * MS, NONE), WASMSIG_OK);
  assert_true(run_until_signalled(&forked_guest, &forked) >= 2 * MS);
  assert_int_equal(wasmsig_budget_reset(&forked, NULL), WASMSIG_OK);
  assert_child_is_well(be_told_in_the_child);
  assert_true(run_until_signalled(&forked_guest, &forked) >= 2 * MS);
}

static void go_on_in_the_child(void) {
  wasmsig_budget inner;
  CHILD_ASSERT(make_for(&forked_guest, &inner, 2 * MS, NONE) == WASMSIG_OK);
  CHILD_ASSERT(wasmsig_budget_enter(&inner) == WASMSIG_OK);
  poll_until_signalled(&forked_guest);
  CHILD_ASSERT(wasmsig_budget_used_ns(&inner) >= 2 * MS);
  CHILD_ASSERT(wasmsig_budget_leave(&inner) == WASMSIG_LEFT_SIGNALLED);
  CHILD_ASSERT(wasmsig_budget_leave(&forked) == WASMSIG_LEFT_READY);
  CHILD_ASSERT(wasmsig_budget_used_ns(&forked) >= 2 * MS);
  CHILD_ASSERT(wasmsig_budget_used_ns(&forked) < 1000 * MS);
}

TEST(a_fork_inside_a_section_leaves_both_processes_in_it) {
  guest_track(&forked_guest, registry);
  assert_int_equal(make_for(&forked_guest, &forked, 1000 * MS, NONE),
                   WASMSIG_OK);
  assert_int_equal(wasmsig_budget_enter(&forked), WASMSIG_OK);
  burn(5 * MS); /* the child's clock begins at 0: less than the section's */
  int status = in_a_child(go_on_in_the_child);
  assert_int_equal(wasmsig_budget_leave(&forked), WASMSIG_LEFT_READY);
  assert_int_equal(status, 0);
}

static int inside, leave_now; /* atomic */

static void *stay_inside(void *unused) {
  (void)unused;
  if (wasmsig_budget_enter(&forked) != WASMSIG_OK) return &forked;
  wsig_store_release(&inside, 1);
  while (!wsig_load_acquire(&leave_now)) sleep_ns(1 * MS);
  wasmsig_budget_leave(&forked);
  return NULL;
}

TEST(the_child_of_a_fork_may_enter_budgets_that_other_threads_were_in) {
  pthread_t thread;
  void *error;
  guest_track(&forked_guest, registry);
  assert_int_equal(make_for(&forked_guest, &forked, 20 * MS, NONE), WASMSIG_OK);
  assert_int_equal(pthread_create(&thread, NULL, stay_inside, NULL), 0);
  while (!wsig_load_acquire(&inside)) sleep_ns(1 * MS);
  int status = in_a_child(be_told_in_the_child);
  int busy = wasmsig_budget_enter(&forked);
  wsig_store_release(&leave_now, 1);
  pthread_join(thread, &error);
  assert_null(error);
  assert_int_equal(status, 0);
  assert_int_equal(busy, WASMSIG_EBUSY); /* the parent is as it was */
  assert_int_equal(wasmsig_budget_destroy(&forked), WASMSIG_OK);
}

/* ---------------------------------------------------- without a watchdog */

static void be_refused_in_the_child(void) {
  spawning = SPAWN_FAILS;
  CHILD_ASSERT(wasmsig_budget_enter(&forked) == WASMSIG_ETHREAD);
  CHILD_ASSERT(wasmsig_budget_get_state(&forked) == WASMSIG_BUDGET_READY);
  CHILD_ASSERT(wasmsig_budget_used_ns(&forked) == 0);
  CHILD_ASSERT(wasmsig_budget_leave(&forked) == WASMSIG_EORDER);
  spawning = SPAWN;
  CHILD_ASSERT(run_until_signalled(&forked_guest, &forked) >= 2 * MS);
}

TEST(without_a_watchdog_no_budget_is_entered) {
  guest_track(&forked_guest, registry);
  assert_int_equal(make_for(&forked_guest, &forked, 2 * MS, NONE), WASMSIG_OK);
  assert_child_is_well(be_refused_in_the_child);
}

static void be_refused_late(void) {
  spawning = SPAWN_FAILS;
  uint64_t used = wasmsig_budget_used_ns(&forked);
  CHILD_ASSERT(wasmsig_budget_enter(&forked) == WASMSIG_ETHREAD);
  CHILD_ASSERT(guest_signal(&forked_guest) == 0);
  CHILD_ASSERT(wasmsig_budget_get_state(&forked) == WASMSIG_BUDGET_READY);
  CHILD_ASSERT(wasmsig_budget_used_ns(&forked) == used);
  spawning = SPAWN;
  CHILD_ASSERT(wasmsig_budget_enter(&forked) == WASMSIG_OK);
  CHILD_ASSERT(guest_signal(&forked_guest) == WASMSIG_SIGXCPU);
  CHILD_ASSERT(wasmsig_budget_leave(&forked) == WASMSIG_LEFT_SIGNALLED);
}

static void pass_the_limit_unseen(void) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  options.firing = WASMSIG_FIRING_WATCHDOG;
  CHILD_ASSERT(wasmsig_set_firing(&options) == WASMSIG_OK);
  spawning = SPAWN_IDLE;
  CHILD_ASSERT(wasmsig_budget_enter(&forked) == WASMSIG_OK);
  burn(2 * MS);
  wasmsig_budget_leave(&forked);
  /* A child of its own, which has no watchdog again. */
  CHILD_ASSERT(in_a_child(be_refused_late) == 0);
}

TEST(a_refused_enter_does_not_signal_either) {
  guest_track(&forked_guest, registry);
  assert_int_equal(make_for(&forked_guest, &forked, 1 * MS, 900 * MS),
                   WASMSIG_OK);
  assert_child_is_well(pass_the_limit_unseen);
}

static void do_without(void) {
  spawning = SPAWN_FAILS;
  CHILD_ASSERT(wasmsig_budget_enter(&forked) == WASMSIG_OK);
  burn(1 * MS);
  CHILD_ASSERT(wasmsig_budget_leave(&forked) == WASMSIG_LEFT_READY);
  CHILD_ASSERT(wasmsig_budget_used_ns(&forked) >= 1 * MS);
}

TEST(budgets_without_limits_need_no_watchdog) {
  guest_track(&forked_guest, registry);
  assert_int_equal(make_for(&forked_guest, &forked, NONE, NONE), WASMSIG_OK);
  assert_child_is_well(do_without);
}

static void wake_up_unseen(void) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  options.firing = WASMSIG_FIRING_TIMER;
  CHILD_ASSERT(wasmsig_set_firing(&options) == WASMSIG_OK);
  spawning = SPAWN_IDLE;
  CHILD_ASSERT(wasmsig_budget_enter(&forked) == WASMSIG_OK);
  sleep_ns(20 * MS); /* the timer's signal comes, and finds a sleeper */
  uint64_t end = thread_cpu_ns() + 500 * MS;
  while (!guest_signal(&forked_guest) && thread_cpu_ns() < end) continue;
  CHILD_ASSERT(guest_signal(&forked_guest) == WASMSIG_SIGXCPU);
  CHILD_ASSERT(wasmsig_budget_leave(&forked) == WASMSIG_LEFT_SIGNALLED);
}

TEST(a_thread_that_has_slept_is_signalled_even_if_the_watchdog_never_runs) {
  guest_track(&forked_guest, registry);
  assert_int_equal(make_for(&forked_guest, &forked, 2 * MS, NONE), WASMSIG_OK);
  assert_child_is_well(wake_up_unseen);
}

/* ------------------------------------------------------ its coming, going */

static void need_it_sooner(void) {
  wasmsig_budget far;
  CHILD_ASSERT(make_for(&forked_guest, &far, 1000000 * MS, NONE) == WASMSIG_OK);
  CHILD_ASSERT(wasmsig_budget_enter(&far) == WASMSIG_OK);
  sleep_ns(50 * MS); /* by now it sleeps, most likely, for 1000 seconds */
  CHILD_ASSERT(run_until_signalled(&forked_guest, &forked) > 0);
  CHILD_ASSERT(wasmsig_budget_leave(&far) == WASMSIG_LEFT_READY);
}

TEST(a_sleeping_watchdog_is_woken_for_a_nearer_limit) {
  guest_track(&forked_guest, registry);
  assert_int_equal(make_for(&forked_guest, &forked, 2 * MS, NONE), WASMSIG_OK);
  assert_child_is_well(need_it_sooner);
}

static void watchdog_file(char *path, size_t size, const char *file) {
  snprintf(path, size, "/proc/self/task/%d/%s",
           (int)wsig_load_acquire(&watchdog), file);
}

TEST(the_watchdog_blocks_every_signal) {
  struct guest guest;
  wasmsig_budget budget;
  char path[64], line[256];
  unsigned long long blocked = 0;
  guest_track(&guest, registry);
  assert_int_equal(make_for(&guest, &budget, 1 * MS, NONE), WASMSIG_OK);
  assert_true(run_until_signalled(&guest, &budget) > 0);
  watchdog_file(path, sizeof path, "status");
  FILE *status = fopen(path, "r");
  assert_non_null(status);
  while (fgets(line, sizeof line, status))
    if (sscanf(line, "SigBlk: %llx", &blocked) == 1) break;
  fclose(status);
  for (int signal = 1; signal <= 31; signal++)
    if (signal != SIGKILL && signal != SIGSTOP)
      assert_true(blocked >> (signal - 1) & 1);
}

static void be_nice(void) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  options.firing = WASMSIG_FIRING_WATCHDOG;
  CHILD_ASSERT(wasmsig_set_firing(&options) == WASMSIG_OK);
  CHILD_ASSERT(setpriority(PRIO_PROCESS, 0, 7) == 0);
  CHILD_ASSERT(run_until_signalled(&forked_guest, &forked) > 0);
  id_t tid = (id_t)wsig_load_acquire(&watchdog);
  CHILD_ASSERT(getpriority(PRIO_PROCESS, tid) == 7);
}

TEST(the_watchdog_is_as_nice_as_its_process) {
  guest_track(&forked_guest, registry);
  assert_int_equal(make_for(&forked_guest, &forked, 2 * MS, NONE), WASMSIG_OK);
  assert_child_is_well(be_nice);
}

#if !defined(__SANITIZE_THREAD__)

/* The thread that starts it is less favoured than the first. */
static void *be_nicer(void *unused) {
  (void)unused;
  CHILD_ASSERT(setpriority(PRIO_PROCESS, 0, 15) == 0);
  CHILD_ASSERT(run_until_signalled(&forked_guest, &forked) > 0);
  id_t tid = (id_t)wsig_load_acquire(&watchdog);
  int nice = getpriority(PRIO_PROCESS, tid);
  CHILD_ASSERT(nice == 7 || nice == 15); /* 15 without the right to be less */
  CHILD_ASSERT(nice == 7 || setpriority(PRIO_PROCESS, 0, 7) != 0);
  return NULL;
}

static void be_nicer_in_a_thread(void) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  pthread_t thread;
  options.firing = WASMSIG_FIRING_WATCHDOG;
  CHILD_ASSERT(wasmsig_set_firing(&options) == WASMSIG_OK);
  CHILD_ASSERT(setpriority(PRIO_PROCESS, 0, 7) == 0);
  CHILD_ASSERT(pthread_create(&thread, NULL, be_nicer, NULL) == 0);
  pthread_join(thread, NULL);
}

TEST(the_watchdog_is_no_nicer_than_the_first_thread) {
  guest_track(&forked_guest, registry);
  assert_int_equal(make_for(&forked_guest, &forked, 2 * MS, NONE), WASMSIG_OK);
  assert_child_is_well(be_nicer_in_a_thread);
}

#endif

static uint64_t wakes(void) {
  wasmsig_statistics statistics;
  wasmsig_get_statistics(&statistics);
  return statistics.wakes;
}

TEST(an_idle_watchdog_sleeps) {
  struct guest guest;
  wasmsig_budget budget;
  guest_track(&guest, registry);
  assert_int_equal(make_for(&guest, &budget, 1 * MS, NONE), WASMSIG_OK);
  assert_true(run_until_signalled(&guest, &budget) > 0);
  sleep_ns(999 * MS); /* it lingers */
  sleep_ns(500 * MS);
  uint64_t before = wakes();
  sleep_ns(500 * MS);
  assert_int_equal(wakes(), before);
  assert_int_equal(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
  assert_true(run_until_signalled(&guest, &budget) >= 1 * MS);
}

#define IN_SCENE(sentence) \
  cmocka_unit_test_setup_teardown(sentence, set_scene, strike_scene)

int main(void) {
  observed_clock = wsig_os_clock;
  observed_clock.spawn = observed_spawn;
  wsig_clock = &observed_clock;
  const struct CMUnitTest tests[] = {
      IN_SCENE(budgets_without_limits_need_no_watchdog),
      IN_SCENE(a_polling_guest_is_signalled_at_its_limit_and_never_before),
      IN_SCENE(
          a_guest_that_does_not_poll_is_killed_and_the_kill_is_undone_once),
      IN_SCENE(kills_that_race_with_leave_never_run_after_it),
      IN_SCENE(a_section_that_sleeps_is_not_charged_and_not_signalled),
      IN_SCENE(fifty_threads_are_signalled_each_at_its_own_limit),
      IN_SCENE(a_thread_that_ends_inside_a_section_releases_the_budget),
      IN_SCENE(the_next_thread_may_enter_a_budget_that_an_ended_one_was_in),
      IN_SCENE(the_child_of_a_fork_has_a_watchdog_of_its_own),
      IN_SCENE(a_fork_inside_a_section_leaves_both_processes_in_it),
      IN_SCENE(
          the_child_of_a_fork_may_enter_budgets_that_other_threads_were_in),
      IN_SCENE(without_a_watchdog_no_budget_is_entered),
      IN_SCENE(a_refused_enter_does_not_signal_either),
      IN_SCENE(
          a_thread_that_has_slept_is_signalled_even_if_the_watchdog_never_runs),
      IN_SCENE(a_sleeping_watchdog_is_woken_for_a_nearer_limit),
      IN_SCENE(the_watchdog_blocks_every_signal),
      IN_SCENE(the_watchdog_is_as_nice_as_its_process),
#if !defined(__SANITIZE_THREAD__) /* loses count of threads behind a fork */
      IN_SCENE(the_watchdog_is_no_nicer_than_the_first_thread),
#endif
      IN_SCENE(an_idle_watchdog_sleeps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A fork inside sections: the child runs on in them with what they had used,
 * and is signalled and killed as its parent would have been once it has entered
 * again. Before that there is nothing of ours in it. The parent notices
 * nothing.
 */
#include "real_clock.h"

#include <sys/mman.h>

#define LIMIT (30 * MS)

static struct guest guest;
static struct engine engine;
static wasmsig_budget a, b;

/* The case goes on in a child of its own, and waits for it. */
static bool in_the_child(pid_t *child) {
  *child = wsig_test_fork();
  CHILD_ASSERT(*child >= 0);
  if (*child == 0) alarm(PATIENCE_S);
  return *child == 0;
}

static void wait_for_child(pid_t child) {
  int status;
  CHILD_EQUAL(waitpid(child, &status, 0), child);
  CHILD_EQUAL(status, 0);
}

/* The child has a timer and a watchdog when it has entered. */
static void be_looked_at(void) {
  wasmsig_budget other;
  make(&other, NULL, NULL, 1000 * MS, NONE);
  enter(&other);
  LEFT(&other, READY);
}

/* ------------------------------------------------------- what it has used */

CASE(the_child_has_what_its_parent_had_used) {
  uint64_t *after = mmap(NULL, sizeof *after, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHILD_ASSERT(after != MAP_FAILED);
  pid_t child;
  make(&a, NULL, NULL, 1000 * MS, NONE);
  make(&b, NULL, NULL, 2000 * MS, NONE);
  enter(&a);
  burn(10 * MS);
  enter(&b);
  burn(5 * MS);
  uint64_t used_a = wasmsig_budget_used_ns(&a);
  uint64_t used_b = wasmsig_budget_used_ns(&b);
  if (in_the_child(&child)) {
    uint64_t child_a = wasmsig_budget_used_ns(&a);
    uint64_t child_b = wasmsig_budget_used_ns(&b);
    uint64_t cpu = thread_cpu_ns(); /* since the fork */
    CHILD_AT_LEAST(child_a, used_a);
    CHILD_AT_LEAST(child_b, used_b);
    while (wsig_load_acquire(after) == 0) sleep_ns(100 * US);
    CHILD_AT_LEAST(*after + cpu + SLACK_NS, child_a);
    burn(20 * MS);
    CHILD_AT_LEAST(wasmsig_budget_used_ns(&b) + SLACK_NS, used_b + 20 * MS);
    LEFT(&b, READY);
    LEFT(&a, READY);
    CHILD_AT_LEAST(wasmsig_budget_used_ns(&a) + SLACK_NS, used_a + 20 * MS);
    CHILD_EQUAL(wasmsig_budget_destroy(&a), WASMSIG_OK);
    CHILD_EQUAL(wasmsig_budget_destroy(&b), WASMSIG_OK);
    _exit(0);
  }
  wsig_store_release(after, wasmsig_budget_used_ns(&a));
  wait_for_child(child); /* asleep: not charged */
  LEFT(&b, READY);
  LEFT(&a, READY);
  uint64_t cpu = thread_cpu_ns();
  CHILD_AT_LEAST(cpu + SLACK_NS, wasmsig_budget_used_ns(&a));
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&a), used_a);
}

/* ---------------------------------------------------- signalled and killed */

/* In parent and child: signalled at the limit, the parent's part included. */
static void be_told_inside(uint64_t used_before) {
  uint64_t begin = thread_cpu_ns();
  poll_until_told(&guest);
  CHILD_AT_LEAST(used_before + thread_cpu_ns() - begin + 1 * MS, LIMIT);
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&a), LIMIT);
}

/* It has a timer again, if timers are what fires. */
static void expect_fires(void) {
  uint64_t before = statistics().fires;
  be_signalled(&guest, 1 * MS);
  for (int i = 0; by_timer() && i < 50 && statistics().fires == before; i++)
    be_signalled(&guest, 1 * MS);
  if (by_timer()) CHILD_AT_LEAST(statistics().fires, before + 1);
}

CASE(after_a_fork_in_a_section_both_processes_are_signalled) {
  pid_t child;
  guest_track(&guest, registry);
  make(&a, &guest, NULL, LIMIT, NONE);
  for (int i = 0; i < 5; i++) {
    enter(&a);
    burn((uint64_t)i * LIMIT / 6);
    bool is_child = in_the_child(&child);
    if (is_child) be_looked_at();
    be_told_inside(wasmsig_budget_used_ns(&a));
    LEFT(&a, SIGNALLED);
    CHILD_EQUAL(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
    if (is_child) {
      expect_fires();
      _exit(0);
    }
    wait_for_child(child);
  }
}

CASE(a_child_that_sleeps_before_it_continues_is_signalled) {
  pid_t child;
  guest_track(&guest, registry);
  make(&a, &guest, NULL, LIMIT, NONE);
  enter(&a);
  burn(LIMIT / 3);
  if (in_the_child(&child)) {
    for (int i = 0; i < 3; i++) sleep_ns(2 * LIMIT);
    be_looked_at();
    be_told_inside(wasmsig_budget_used_ns(&a));
    LEFT(&a, SIGNALLED);
    _exit(0);
  }
  wait_for_child(child);
  be_told_inside(wasmsig_budget_used_ns(&a));
  LEFT(&a, SIGNALLED);
}

CASE(after_a_fork_in_nested_sections_both_processes_are_signalled) {
  pid_t child;
  guest_track(&guest, registry);
  make(&a, &guest, NULL, LIMIT, NONE);
  make(&b, NULL, NULL, 1000 * MS, NONE);
  enter(&a);
  enter(&b);
  enter(&a);
  burn(LIMIT / 2);
  bool is_child = in_the_child(&child);
  CHILD_EQUAL(wasmsig_budget_level(), 3);
  if (is_child) be_looked_at();
  be_told_inside(wasmsig_budget_used_ns(&a));
  LEFT(&a, SIGNALLED);
  LEFT(&b, READY);
  LEFT(&a, SIGNALLED);
  CHILD_EQUAL(wasmsig_budget_level(), 0);
  if (is_child) _exit(0);
  wait_for_child(child);
}

CASE(the_child_is_killed_once_it_has_entered_again) {
  pid_t child;
  make(&a, NULL, &engine, NONE, LIMIT);
  make(&b, NULL, NULL, 1000 * MS, NONE);
  for (int i = 0; i < 5; i++) {
    enter(&a);
    burn((uint64_t)i * LIMIT / 6);
    bool is_child = in_the_child(&child);
    if (is_child && i == 4) burn(LIMIT); /* past the limit before that */
    if (is_child) enter(&b);
    stand_until_killed(&engine);
    CHILD_AT_LEAST(wasmsig_budget_used_ns(&a), LIMIT);
    if (is_child) LEFT(&b, OUTER_KILLED);
    LEFT(&a, KILLED);
    CHILD_EQUAL(engine.requested, 0);
    CHILD_EQUAL(engine.undos, (unsigned)i + 1);
    CHILD_EQUAL(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
    if (is_child) {
      be_killed(&engine, 1 * MS);
      _exit(0);
    }
    wait_for_child(child);
  }
}

CASE(after_a_fork_in_a_killed_section_both_processes_undo_it) {
  pid_t child;
  make(&a, NULL, &engine, NONE, 2 * MS);
  enter(&a);
  stand_until_killed(&engine);
  bool is_child = in_the_child(&child);
  LEFT(&a, KILLED);
  CHILD_EQUAL(engine.requested, 0);
  CHILD_EQUAL(engine.undos, 1);
  CHILD_EQUAL(wasmsig_budget_enter(&a), WASMSIG_ESPENT);
  be_killed(&engine, 1 * MS);
  if (is_child) _exit(0);
  wait_for_child(child);
}

/* ------------------------------------------------------------- nothing of ours
 */

/* What a child does that is to become another program: as daemons do. */
static void put_signals_back_and_exec(void) {
  const struct sigaction by_default = {.sa_handler = SIG_DFL};
  for (int i = 1; i < NSIG; i++) sigaction(i, &by_default, NULL);
  for (int i = 0; i < 3; i++) burn(1 * MS);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execl("/bin/true", "true", (char *)NULL);
  _exit(127);
}

static void fork_and_exec(bool blocked) {
  pid_t child;
  sigset_t all, before;
  sigfillset(&all);
  CHILD_EQUAL(sigprocmask(blocked ? SIG_SETMASK : SIG_BLOCK,
                          blocked ? &all : NULL, &before),
              0);
  if (in_the_child(&child)) put_signals_back_and_exec();
  CHILD_EQUAL(sigprocmask(SIG_SETMASK, &before, NULL), 0);
  wait_for_child(child);
}

/* Inside a section whose limit passes in the child, and after it. */
CASE(a_child_that_execs_receives_no_signal_of_ours) {
  make(&a, NULL, NULL, LIMIT, NONE);
  for (int blocked = 0; blocked < 2; blocked++) {
    enter(&a);
    burn(LIMIT - 1 * MS);
    fork_and_exec(blocked);
    CHILD_EQUAL(wasmsig_budget_leave(&a) < 0, 0);
    fork_and_exec(blocked);
    CHILD_EQUAL(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
  }
}

/* ---------------------------------------------------- other threads' sections
 */

static int over; /* atomic */
static struct engine other_engine;
static wasmsig_budget others;
static unsigned killed_sections; /* atomic */

static void *be_killed_again_and_again(void *unused) {
  make(&others, NULL, &other_engine, NONE, 100 * US);
  while (!wsig_load_acquire(&over)) {
    enter(&others);
    stand_until_killed(&other_engine);
    LEFT(&others, KILLED);
    CHILD_EQUAL(wsig_load_acquire(&other_engine.requested), 0);
    wsig_add_release(&killed_sections, 1);
    CHILD_EQUAL(wasmsig_budget_reset(&others, NULL), WASMSIG_OK);
  }
  CHILD_EQUAL(wasmsig_budget_destroy(&others), WASMSIG_OK);
  return unused;
}

/* In the child the other thread's sections have ended. */
static void use_what_others_were_in(void) {
  int error = wasmsig_budget_reset(&others, NULL);
  CHILD_EQUAL(error, WASMSIG_OK);
  wsig_store_release(&other_engine.requested, 0);
  enter(&others);
  stand_until_killed(&other_engine);
  LEFT(&others, KILLED);
  CHILD_EQUAL(other_engine.requested, 0);
  CHILD_EQUAL(wasmsig_budget_destroy(&others), WASMSIG_OK);
}

/* Whatever the other thread was doing to its budget when it was forked: a
 * reset, too, so the child makes the budget anew. */
static void use_one_of_its_own(void) {
  make(&others, NULL, &other_engine, NONE, 100 * US);
  use_what_others_were_in();
}

CASE(forks_while_another_thread_is_killed) {
  pid_t child;
  make(&a, NULL, NULL, 60000 * MS, NONE);
  pthread_t thread = start_thread(be_killed_again_and_again, NULL);
  while (wsig_load_acquire(&killed_sections) < 3) sleep_ns(1 * MS);
  for (int i = 0; i < 50; i++) {
    unsigned before = wsig_load_acquire(&killed_sections);
    enter(&a);
    bool is_child = in_the_child(&child);
    LEFT(&a, READY);
    if (is_child) {
      use_one_of_its_own();
      _exit(0);
    }
    wait_for_child(child);
    while (wsig_load_acquire(&killed_sections) == before) sleep_ns(100 * US);
  }
  wsig_store_release(&over, 1);
  join(thread);
}

static void *stay_inside(void *inside) {
  enter(&others);
  wsig_store_release((int *)inside, 1);
  while (!wsig_load_acquire(&over)) sleep_ns(100 * US);
  LEFT(&others, READY);
  return NULL;
}

CASE(the_child_may_enter_a_budget_that_another_thread_was_in) {
  pid_t child;
  int inside = 0;
  make(&others, NULL, &other_engine, NONE, 100 * MS);
  pthread_t thread = start_thread(stay_inside, &inside);
  while (!wsig_load_acquire(&inside)) sleep_ns(1 * MS);
  CHILD_EQUAL(wasmsig_budget_enter(&others), WASMSIG_EBUSY);
  if (in_the_child(&child)) {
    use_what_others_were_in();
    _exit(0);
  }
  wait_for_child(child);
  CHILD_EQUAL(wasmsig_budget_enter(&others), WASMSIG_EBUSY);
  wsig_store_release(&over, 1);
  join(thread);
  CHILD_EQUAL(wasmsig_budget_destroy(&others), WASMSIG_OK);
}

/* Of a suspension that was being filled or emptied nothing is left. */
static wasmsig_suspension suspended;
static unsigned suspensions; /* atomic */

static void *suspend_again_and_again(void *unused) {
  while (!wsig_load_acquire(&over)) {
    enter(&others);
    enter(&b);
    CHILD_EQUAL(wasmsig_budget_suspend(0, &suspended), WASMSIG_LEFT_READY);
    CHILD_EQUAL(wasmsig_budget_resume(&suspended), WASMSIG_LEFT_READY);
    LEFT(&b, READY);
    LEFT(&others, READY);
    wsig_add_release(&suspensions, 1);
  }
  return unused;
}

static void use_what_others_had_suspended(void) {
  CHILD_EQUAL(wasmsig_budget_discard(&suspended), WASMSIG_OK);
  CHILD_EQUAL(wasmsig_budget_reset(&others, NULL), WASMSIG_OK);
  CHILD_EQUAL(wasmsig_budget_reset(&b, NULL), WASMSIG_OK);
  enter(&others);
  enter(&b);
  CHILD_EQUAL(wasmsig_budget_suspend(0, &suspended), WASMSIG_LEFT_READY);
  CHILD_EQUAL(wasmsig_budget_discard(&suspended), WASMSIG_OK);
  CHILD_EQUAL(wasmsig_budget_destroy(&others), WASMSIG_OK);
  CHILD_EQUAL(wasmsig_budget_destroy(&b), WASMSIG_OK);
}

CASE(forks_while_another_thread_suspends_and_resumes) {
  pid_t child;
  make(&others, NULL, NULL, 60000 * MS, NONE);
  make(&b, NULL, NULL, 60000 * MS, NONE);
  /* Not in the middle of the first section of all: ThreadSanitizer's
   * pthread_once() waits in a child for the thread that has begun it. */
  enter(&others);
  LEFT(&others, READY);
  pthread_t thread = start_thread(suspend_again_and_again, NULL);
  for (int i = 0; i < 100; i++) {
    unsigned before = wsig_load_acquire(&suspensions);
    if (in_the_child(&child)) {
      use_what_others_had_suspended();
      _exit(0);
    }
    wait_for_child(child);
    while (wsig_load_acquire(&suspensions) == before) sleep_ns(10 * US);
  }
  wsig_store_release(&over, 1);
  join(thread);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BY_BOTH(the_child_has_what_its_parent_had_used),
      BY_BOTH(after_a_fork_in_a_section_both_processes_are_signalled),
      BY_BOTH(a_child_that_sleeps_before_it_continues_is_signalled),
      BY_BOTH(after_a_fork_in_nested_sections_both_processes_are_signalled),
      BY_BOTH(the_child_is_killed_once_it_has_entered_again),
      BY_BOTH(after_a_fork_in_a_killed_section_both_processes_undo_it),
      BY_BOTH(a_child_that_execs_receives_no_signal_of_ours),
      BY_BOTH(forks_while_another_thread_is_killed),
      BY_BOTH(the_child_may_enter_a_budget_that_another_thread_was_in),
      BY_BOTH(forks_while_another_thread_suspends_and_resumes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

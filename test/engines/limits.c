/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CPU limits: who is told and stopped, when, and what is left after it. */
#include <stdio.h>
#include <time.h>

#include "guests.h"
#include "promises.h"

#define LIMIT (20 * MS)

static uint64_t cpu_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* -------------------------------------------------------------------- told */

PROMISE(told_in_its_loop) {
  struct guest *guest = open_guest(WORDS_GUEST);
  wasmsig_budget_options limits = limits_of(guest, LIMIT, WASMSIG_NO_LIMIT);
  struct limited call = call_limited(guest, &limits, "spin", 0);
  assert_int_equal(call.ending, RETURNED);
  assert_int_equal(call.result, WASMSIG_SIGXCPU);
  assert_int_equal(call.outcome, WASMSIG_LEFT_SIGNALLED);
  engine.close(guest);
}

PROMISE(never_told_early) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  wasmsig_budget_options limits = limits_of(guest, 5 * MS, WASMSIG_NO_LIMIT);
  for (int i = 0; i < 20; i++) {
    wasmsig_registry_clear(guest->registry, 0);
    uint64_t start = cpu_ns();
    struct limited call = call_limited(guest, &limits, "spin", 0);
    assert_true(cpu_ns() - start >= 5 * MS);
    assert_true(call.used_ns >= 5 * MS);
    assert_int_equal(call.result, WASMSIG_SIGXCPU);
  }
  engine.close(guest);
}

PROMISE(only_the_named) {
  wasmsig_registry *registry;
  assert_int_equal(wasmsig_registry_create(&registry), 0);
  struct guest *mine = engine.open(SIGNAL_GUEST, USUAL, registry, NULL);
  struct guest *other = engine.open(SIGNAL_GUEST, USUAL, registry, NULL);
  wasmsig_budget_options limits = limits_of(mine, LIMIT, WASMSIG_NO_LIMIT);
  limits.signal = 12;
  limits.instances = &mine->instance;
  limits.count = 1;
  struct limited call = call_limited(mine, &limits, "spin", 0);
  assert_int_equal(call.result, 12);
  assert_int_equal(word_at(other, SIGNAL_AT), 0);
  engine.close(mine);
  engine.close(other);
  wasmsig_registry_destroy(registry);
}

PROMISE(reset_takes_back) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  wasmsig_budget_options limits = limits_of(guest, LIMIT, WASMSIG_NO_LIMIT);
  wasmsig_budget budget;
  assert_int_equal(wasmsig_budget_init(&budget, &limits), 0);
  for (int request = 0; request < 2; request++) {
    int32_t signal = 0;
    assert_int_equal(wasmsig_budget_enter(&budget), 0);
    engine.call(guest, "spin", 0, &signal);
    assert_int_equal(wasmsig_budget_leave(&budget), WASMSIG_LEFT_SIGNALLED);
    assert_int_equal(signal, WASMSIG_SIGXCPU);
    assert_int_equal(wasmsig_budget_reset(&budget, NULL), 0);
    assert_int_equal(word_at(guest, SIGNAL_AT), 0);
  }
  wasmsig_budget_destroy(&budget);
  engine.close(guest);
}

static const struct CMUnitTest told[] = {
    KEEPS("a guest is told in its loop that its CPU time is nearly up",
          told_in_its_loop),
    KEEPS("no guest is told early, by the CPU clock of the host itself",
          never_told_early),
    KEEPS("only the instances that a limit names are told, by its signal",
          only_the_named),
    KEEPS("reset begins a new request, and takes the signal back",
          reset_takes_back),
};

/* ----------------------------------------------------------------- stopped */

static void assert_killed(struct limited call) {
  assert_int_equal(call.ending, LIMITED);
  assert_int_equal(call.outcome, WASMSIG_LEFT_KILLED);
}

PROMISE(endless_is_stopped) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, LIMIT);
  struct limited call = call_limited(guest, &limits, "forever", 0);
  assert_killed(call);
  assert_true(call.used_ns >= LIMIT);
  engine.close(guest);
}

PROMISE(wordless_is_stopped) {
  struct guest *guest = open_guest(PLAIN_GUEST);
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, LIMIT);
  assert_killed(call_limited(guest, &limits, "forever", 0));
  assert_works(guest);
  engine.close(guest);
}

/* A section around the call, which raises the same: what a guest was told stays
 * in its words until this one ends. */
static void enter_around(wasmsig_budget *around, struct guest *guest) {
  wasmsig_budget_options limits = limits_of(guest, MS, WASMSIG_NO_LIMIT);
  assert_int_equal(wasmsig_budget_init(around, &limits), 0);
  assert_int_equal(wasmsig_budget_enter(around), 0);
}

static void leave_around(wasmsig_budget *around, struct guest *guest) {
  assert_int_equal(wasmsig_budget_leave(around), WASMSIG_LEFT_SIGNALLED);
  assert_int_equal(word_at(guest, SIGNAL_AT), 0);
  assert_int_equal(wasmsig_budget_destroy(around), 0);
}

PROMISE(told_then_stopped) {
  struct guest *guest = open_guest(WORDS_GUEST);
  wasmsig_budget around;
  enter_around(&around, guest);
  wasmsig_budget_options limits = limits_of(guest, 5 * MS, LIMIT);
  assert_killed(call_limited(guest, &limits, "forever", 0));
  assert_int_equal(word_at(guest, SIGNAL_AT), WASMSIG_SIGXCPU);
  assert_int_equal(pending_of(guest), UINT64_C(1) << (WASMSIG_SIGXCPU - 1));
  assert_int_equal(word_at(guest, TERMINATED_AT), 0);
  leave_around(&around, guest);
  engine.close(guest);
}

static void kill_by_word(void *registry) {
  wasmsig_registry_raise(registry, WASMSIG_SIGKILL);
}

static void take_word_back(void *registry) {
  wasmsig_registry_clear(registry, WASMSIG_SIGKILL);
}

PROMISE(polling_is_stopped_by_word) {
  struct guest *guest = open_guest(WORDS_GUEST);
  wasmsig_budget around;
  enter_around(&around, guest);
  wasmsig_budget_options limits = limits_of(guest, 5 * MS, LIMIT);
  limits.kill = kill_by_word;
  limits.undo = take_word_back;
  limits.context = guest->registry;
  limits.kill_is_signal_safe = true;
  struct limited call = call_limited(guest, &limits, "obey", 0);
  assert_int_equal(call.ending, TRAPPED);
  assert_int_equal(call.outcome, WASMSIG_LEFT_KILLED);
  /* The soft limit's signal waits on. */
  assert_int_equal(word_at(guest, SIGNAL_AT), WASMSIG_SIGXCPU);
  leave_around(&around, guest);
  assert_works(guest);
  engine.close(guest);
}

PROMISE(own_trap_is_no_limit) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, LIMIT);
  struct limited call = call_limited(guest, &limits, "fail", 0);
  assert_int_equal(call.ending, TRAPPED);
  assert_int_equal(call.outcome, WASMSIG_LEFT_READY);
  engine.close(guest);
}

static const struct CMUnitTest stopped[] = {
    KEEPS("a guest that never polls is stopped", endless_is_stopped),
    KEEPS("a guest without words is stopped", wordless_is_stopped),
    KEEPS("a guest is told first and stopped then", told_then_stopped),
    KEEPS("a guest that polls is stopped by SIGKILL in its word",
          polling_is_stopped_by_word),
    KEEPS("a trap of the guest's own is not taken for a limit",
          own_trap_is_no_limit),
};

PROMISE(catch_all_sees_no_kill) {
  NEEDS(engine.has_exceptions, "the engine has no exceptions");
  struct guest *guest = open_guest(GUARDED_GUEST);
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, LIMIT);
  assert_killed(call_limited(guest, &limits, "guarded", 0));
  engine.close(guest);
}

static const struct CMUnitTest swallowed[] = {
    KEEPS("a guest's catch_all does not see the kill of one that never polls",
          catch_all_sees_no_kill),
};

/* --------------------------------------------------------------- lives on */

PROMISE(same_guest_goes_on) {
  struct guest *guest = open_guest(WORDS_GUEST);
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, LIMIT);
  for (int i = 0; i < 3; i++) {
    assert_killed(call_limited(guest, &limits, "forever", 0));
    assert_int_equal(word_at(guest, TERMINATED_AT), 0);
    assert_works(guest);
    int32_t signal = 0;
    assert_int_equal(wasmsig_registry_raise(guest->registry, 2), 1);
    assert_int_equal(engine.call(guest, "spin", 0, &signal), RETURNED);
    assert_int_equal(signal, 2);
    wasmsig_registry_clear(guest->registry, 0);
  }
  engine.close(guest);
}

PROMISE(a_hundred_kills) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  struct guest *witness = open_guest(SIGNAL_GUEST);
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, MS / 2);
  for (int i = 0; i < 100; i++) {
    assert_killed(call_limited(guest, &limits, "forever", 0));
    assert_works(witness);
  }
  assert_works(guest);
  engine.close(witness);
  engine.close(guest);
}

/* A number that follows from the one before (xorshift). */
static uint32_t next(uint32_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  *seed ^= *seed << 5;
  return *seed;
}

/* How many turns of $work take about `ns`. */
static uint64_t turns_in(struct guest *guest, uint64_t ns) {
  int32_t result;
  uint64_t start = cpu_ns();
  engine.call(guest, "work", 1000000, &result);
  uint64_t spent = cpu_ns() - start;
  return ns * 1000000 / (spent > 0 ? spent : 1);
}

static int races(void) {
  const char *wanted = getenv("WASMSIG_ENGINE_RACES");
  return wanted != NULL ? atoi(wanted) : 400;
}

/* The guest ends of itself about when it is killed, a little before or after.
 * Whatever came first: the section tells it, and nothing is left behind. */
PROMISE(late_kills_leave_no_trace) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  const uint64_t hard = MS / 10;
  const uint64_t turns = turns_in(guest, hard);
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, hard);
  uint32_t seed = 2463534242;
  int returned = 0, killed = 0, late = 0;
  for (int i = 0; i < races(); i++) {
    int32_t count = (int32_t)(turns * (700 + next(&seed) % 600) / 1000);
    struct limited call = call_limited(guest, &limits, "work", count);
    if (call.ending == LIMITED) {
      assert_int_equal(call.outcome, WASMSIG_LEFT_KILLED);
      killed++;
    } else {
      assert_int_equal(call.ending, RETURNED);
      assert_int_equal(call.result, 0);
      returned++;
      if (call.outcome == WASMSIG_LEFT_KILLED) late++;
    }
    assert_works(guest);
  }
  print_message("# %s: %d killed, %d ended before it, %d of them told so\n",
                engine.name, killed, returned, late);
  engine.close(guest);
}

static const struct CMUnitTest lives_on[] = {
    KEEPS("the guest that was killed can be called and told again",
          same_guest_goes_on),
    KEEPS("a hundred kills one after the other leave no trace, in no guest",
          a_hundred_kills),
    KEEPS("a kill that comes when the call ends does not hit the next one",
          late_kills_leave_no_trace),
};

/* ------------------------------------------------------------------- nested */

static struct guest *asked;
static wasmsig_budget_options inner_limits;
static struct limited inner;

static int32_t call_inside(int32_t argument) {
  inner = call_limited(asked, &inner_limits, "forever", argument);
  return 41;
}

static void prepare_inner(struct guest *guest, uint64_t hard_ns) {
  asked = guest;
  inner_limits = limits_of(guest, WASMSIG_NO_LIMIT, hard_ns);
  host_call = call_inside;
  memset(&inner, 0, sizeof inner);
}

PROMISE(inner_limit) {
  struct guest *guest = open_guest(ASKING_GUEST);
  prepare_inner(guest, LIMIT);
  wasmsig_budget_options limits =
      limits_of(guest, WASMSIG_NO_LIMIT, 10000 * MS);
  struct limited outer = call_limited(guest, &limits, "ask", 0);
  assert_killed(inner);
  assert_int_equal(outer.ending, RETURNED);
  assert_int_equal(outer.result, 42);
  assert_int_equal(outer.outcome, WASMSIG_LEFT_READY);
  assert_true(outer.used_ns >= inner.used_ns);
  assert_works(guest);
  engine.close(guest);
}

PROMISE(outer_limit) {
  struct guest *guest = open_guest(ASKING_GUEST);
  prepare_inner(guest, 10000 * MS);
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, LIMIT);
  struct limited outer = call_limited(guest, &limits, "ask", 0);
  assert_int_equal(inner.ending, LIMITED);
  assert_int_equal(inner.outcome, WASMSIG_LEFT_OUTER_KILLED);
  assert_int_equal(outer.outcome, WASMSIG_LEFT_KILLED);
  assert_works(guest);
  engine.close(guest);
}

static const struct CMUnitTest nested[] = {
    KEEPS("an inner limit stops the inner call only", inner_limit),
    KEEPS("an outer limit stops the calls inside as well", outer_limit),
};

const struct row rows_of_limits[] = {
    ROW("A guest is told at its soft limit, in its loop, never early", told),
    ROW("A call is stopped at its hard limit", stopped),
    ROW("A kill cannot be swallowed", swallowed),
    ROW("The host lives on after it", lives_on),
    ROW("Budgets nest", nested),
};
const size_t rows_of_limits_count =
    sizeof rows_of_limits / sizeof rows_of_limits[0];

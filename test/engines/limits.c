/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CPU limits: what is signalled and stopped, when, and the state afterwards. */
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

/* --------------------------------------------------------------- signalled */

PROMISE(signalled_in_its_loop) {
  struct guest *guest = open_guest(WORDS_GUEST);
  wasmsig_budget_options limits = limits_of(guest, LIMIT, WASMSIG_NO_LIMIT);
  struct limited call = call_limited(guest, &limits, "spin", 0);
  assert_int_equal(call.ending, RETURNED);
  assert_int_equal(call.result, WASMSIG_SIGXCPU);
  assert_int_equal(call.outcome, WASMSIG_LEFT_SIGNALLED);
  engine.close(guest);
}

PROMISE(never_signalled_early) {
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

PROMISE(only_its_instances) {
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

PROMISE(reset_withdraws) {
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

static const struct CMUnitTest signalled[] = {
    KEEPS("a guest receives SIGXCPU in its loop, at its soft limit",
          signalled_in_its_loop),
    KEEPS("no guest is signalled early, by a CPU clock of the host",
          never_signalled_early),
    KEEPS("a limit signals only its instances, with its signal",
          only_its_instances),
    KEEPS("reset starts a new request, and withdraws the signal",
          reset_withdraws),
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

/* An outer section that raises the same signal: the signal stays in the guest's
 * words until this section ends. */
static void enter_outer(wasmsig_budget *outer, struct guest *guest) {
  wasmsig_budget_options limits = limits_of(guest, MS, WASMSIG_NO_LIMIT);
  assert_int_equal(wasmsig_budget_init(outer, &limits), 0);
  assert_int_equal(wasmsig_budget_enter(outer), 0);
}

static void leave_outer(wasmsig_budget *outer, struct guest *guest) {
  assert_int_equal(wasmsig_budget_leave(outer), WASMSIG_LEFT_SIGNALLED);
  assert_int_equal(word_at(guest, SIGNAL_AT), 0);
  assert_int_equal(wasmsig_budget_destroy(outer), 0);
}

PROMISE(signalled_then_stopped) {
  struct guest *guest = open_guest(WORDS_GUEST);
  wasmsig_budget outer;
  enter_outer(&outer, guest);
  wasmsig_budget_options limits = limits_of(guest, 5 * MS, LIMIT);
  assert_killed(call_limited(guest, &limits, "forever", 0));
  assert_int_equal(word_at(guest, SIGNAL_AT), WASMSIG_SIGXCPU);
  assert_int_equal(pending_of(guest), UINT64_C(1) << (WASMSIG_SIGXCPU - 1));
  assert_int_equal(word_at(guest, TERMINATED_AT), 0);
  leave_outer(&outer, guest);
  engine.close(guest);
}

static void kill_by_word(void *registry) {
  wasmsig_registry_raise(registry, WASMSIG_SIGKILL);
}

static void clear_word(void *registry) {
  wasmsig_registry_clear(registry, WASMSIG_SIGKILL);
}

PROMISE(polling_is_stopped_by_word) {
  struct guest *guest = open_guest(WORDS_GUEST);
  wasmsig_budget outer;
  enter_outer(&outer, guest);
  wasmsig_budget_options limits = limits_of(guest, 5 * MS, LIMIT);
  limits.kill = kill_by_word;
  limits.undo = clear_word;
  limits.context = guest->registry;
  limits.kill_is_signal_safe = true;
  struct limited call = call_limited(guest, &limits, "obey", 0);
  assert_int_equal(call.ending, TRAPPED);
  assert_int_equal(call.outcome, WASMSIG_LEFT_KILLED);
  /* The signal of the soft limit is still pending. */
  assert_int_equal(word_at(guest, SIGNAL_AT), WASMSIG_SIGXCPU);
  leave_outer(&outer, guest);
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
    KEEPS("a guest is signalled first, and stopped later",
          signalled_then_stopped),
    KEEPS("a guest that polls is stopped by SIGKILL in its word",
          polling_is_stopped_by_word),
    KEEPS("a trap of the guest itself is not a limit", own_trap_is_no_limit),
};

PROMISE(catch_all_sees_no_kill) {
  NEEDS(engine.has_exceptions, "the engine does not support exceptions");
  struct guest *guest = open_guest(GUARDED_GUEST);
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, LIMIT);
  assert_killed(call_limited(guest, &limits, "guarded", 0));
  engine.close(guest);
}

static const struct CMUnitTest uncaught[] = {
    KEEPS("catch_all does not see the kill of a guest that never polls",
          catch_all_sees_no_kill),
};

/* ----------------------------------------------------------- after a kill */

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
  struct guest *other = open_guest(SIGNAL_GUEST);
  wasmsig_budget_options limits = limits_of(guest, WASMSIG_NO_LIMIT, MS / 2);
  for (int i = 0; i < 100; i++) {
    assert_killed(call_limited(guest, &limits, "forever", 0));
    assert_works(other);
  }
  assert_works(guest);
  engine.close(other);
  engine.close(guest);
}

/* A pseudo-random number (xorshift). */
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

/* The guest returns at about the time of the kill. Whichever comes first, the
 * section reports it, and no effect of the kill remains. */
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
  print_message("# %s: %d killed, %d returned, %d of them reported as killed\n",
                engine.name, killed, returned, late);
  engine.close(guest);
}

static const struct CMUnitTest after_kill[] = {
    KEEPS("a guest that was killed can be called and signalled again",
          same_guest_goes_on),
    KEEPS("a hundred kills in a row leave no trace, in no guest",
          a_hundred_kills),
    KEEPS("a kill at the end of a call does not hit the next call",
          late_kills_leave_no_trace),
};

/* ------------------------------------------------------------------- nested */

static struct guest *inner_guest;
static wasmsig_budget_options inner_limits;
static struct limited inner;

static int32_t call_inside(int32_t argument) {
  inner = call_limited(inner_guest, &inner_limits, "forever", argument);
  return 41;
}

static void prepare_inner(struct guest *guest, uint64_t hard_ns) {
  inner_guest = guest;
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
    ROW("A guest is signalled at its soft limit, in its loop, never early",
        signalled),
    ROW("A call is stopped at its hard limit", stopped),
    ROW("A kill cannot be caught", uncaught),
    ROW("The host works normally after a kill", after_kill),
    ROW("Budgets nest", nested),
};
const size_t rows_of_limits_count =
    sizeof rows_of_limits / sizeof rows_of_limits[0];

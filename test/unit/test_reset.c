/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Making a budget, making it new, ending it: what is refused, what that
 * leaves as it was; and which signals are taken back when a section ends.
 */
#include "hand_clock.h"

/* ----------------------------------------------------------------- reset */

TEST(a_reset_makes_a_spent_budget_new) {
  make(&a, 5 * MS, 10 * MS);
  enter(&a);
  use(10 * MS);
  assert_left(&a, KILLED);
  assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
  assert_state(&a, WASMSIG_BUDGET_READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 0);
  enter(&a);
  use(5 * MS);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_int_equal(engine.kills, 1);
  use(5 * MS);
  assert_int_equal(engine.kills, 2);
  assert_left(&a, KILLED);
}

TEST(a_reset_sets_new_limits_and_a_new_signal) {
  make(&a, 5 * MS, 10 * MS);
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.soft_ns = 1 * MS;
  options.hard_ns = 2 * MS;
  options.signal = 10;
  assert_int_equal(wasmsig_budget_reset(&a, &options), WASMSIG_OK);
  enter(&a);
  use(1 * MS);
  assert_int_equal(guest_signal(&guest), 10); /* registry and kill stay */
  use(1 * MS);
  assert_int_equal(engine.kills, 1);
  assert_left(&a, KILLED);
}

TEST(a_reset_can_remove_the_limits) {
  make(&a, 5 * MS, 10 * MS);
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.measure = true;
  assert_int_equal(wasmsig_budget_reset(&a, &options), WASMSIG_OK);
  enter(&a);
  assert_int_equal(use(1000 * MS), WSIG_NEVER);
  assert_left(&a, READY);
}

static void signal_by(wasmsig_budget *budget) {
  enter(budget);
  use(5 * MS);
  assert_left(budget, SIGNALLED);
}

/* ---------------------------------------------------- signals taken back */

TEST(the_end_of_a_section_withdraws_a_signal_that_no_guest_took) {
  make(&a, 5 * MS, NONE);
  signal_by(&a);
  assert_int_equal(guest_signal(&guest), 0);
  assert_int_equal(guest.pending, 0);
}

TEST(a_budget_inherits_no_signal_of_another) {
  make(&a, 5 * MS, NONE);
  make(&b, 5 * MS, NONE);
  signal_by(&a);
  enter(&b);
  use(4 * MS);
  assert_int_equal(guest_signal(&guest), 0);
  use(1 * MS);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_left(&b, SIGNALLED);
}

TEST(a_signal_that_no_guest_took_is_raised_again_at_the_next_enter) {
  make(&a, 5 * MS, NONE);
  signal_by(&a);
  for (int i = 0; i < 3; i++) { /* a guest that only reads */
    enter(&a);
    assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
    assert_left(&a, SIGNALLED);
    assert_int_equal(guest_signal(&guest), 0);
  }
  enter(&a);
  guest_acknowledge(&guest);
  assert_left(&a, SIGNALLED);
  enter(&a);
  assert_int_equal(guest_signal(&guest), 0); /* one of them has taken it */
  assert_int_equal(guest_signal(&bystander), 0);
  assert_left(&a, SIGNALLED);
}

TEST(a_nested_enter_of_the_same_budget_withdraws_nothing) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  enter(&a);
  use(5 * MS);
  assert_left(&a, SIGNALLED);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_left(&a, SIGNALLED);
  assert_int_equal(guest_signal(&guest), 0);
}

TEST(a_later_signal_that_waits_in_its_place_stays) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use(5 * MS);
  wasmsig_registry_raise(registry, WASMSIG_SIGINT);
  assert_left(&a, SIGNALLED);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGINT);
  assert_int_equal(guest.pending, UINT64_C(1) << (WASMSIG_SIGINT - 1));
}

TEST(a_signal_that_the_budget_did_not_raise_stays) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use(4 * MS);
  wasmsig_registry_raise(registry, WASMSIG_SIGXCPU);
  assert_left(&a, READY);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
}

static wasmsig_budget_options limits_for(const struct guest *one,
                                         uint64_t soft_ns) {
  wasmsig_budget_options options = limits(soft_ns, NONE);
  options.instances = &one->instance;
  options.count = 1;
  return options;
}

TEST(only_the_named_instances_lose_the_signal) {
  make_with(&a, limits_for(&guest, 5 * MS));
  wasmsig_instance_raise(registry, bystander.instance, WASMSIG_SIGXCPU);
  signal_by(&a);
  assert_int_equal(guest_signal(&guest), 0);
  assert_int_equal(guest_signal(&bystander), WASMSIG_SIGXCPU);
}

TEST(a_signal_that_a_section_around_it_raised_too_stays) {
  make(&a, 5 * MS, NONE);
  make(&b, 5 * MS, NONE);
  enter(&a);
  signal_by(&b);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_left(&a, SIGNALLED);
  assert_int_equal(guest_signal(&guest), 0);
}

TEST(a_signal_that_the_section_around_it_has_not_raised_is_withdrawn) {
  make(&a, 50 * MS, NONE);
  make(&b, 5 * MS, NONE);
  enter(&a);
  signal_by(&b);
  assert_int_equal(guest_signal(&guest), 0);
  assert_left(&a, READY);
}

TEST(a_section_around_it_keeps_the_signal_of_its_own_guest_only) {
  make_with(&a, limits_for(&bystander, 5 * MS));
  make_with(&b, limits_for(&guest, 5 * MS));
  make(&c, 5 * MS, NONE);
  enter(&a);
  signal_by(&b);
  assert_int_equal(guest_signal(&guest), 0);
  assert_int_equal(guest_signal(&bystander), WASMSIG_SIGXCPU);
  signal_by(&c);
  assert_int_equal(guest_signal(&guest), 0);
  assert_int_equal(guest_signal(&bystander), WASMSIG_SIGXCPU);
  assert_left(&a, SIGNALLED);
  assert_int_equal(guest_signal(&bystander), 0);
}

TEST(a_section_around_it_for_all_instances_keeps_every_signal) {
  make(&a, 5 * MS, NONE);
  make_with(&b, limits_for(&guest, 5 * MS));
  enter(&a);
  signal_by(&b);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_left(&a, SIGNALLED);
  enter(&b); /* which was not taken by then */
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_left(&b, SIGNALLED);
}

TEST(a_section_around_it_in_another_registry_keeps_no_signal) {
  wasmsig_registry *elsewhere;
  assert_int_equal(wasmsig_registry_create(&elsewhere), WASMSIG_OK);
  wasmsig_budget_options options = limits(5 * MS, NONE);
  options.registry = elsewhere;
  make_with(&a, options);
  make(&b, 5 * MS, NONE);
  enter(&a);
  signal_by(&b);
  assert_int_equal(guest_signal(&guest), 0);
  assert_left(&a, SIGNALLED);
  assert_int_equal(wasmsig_budget_destroy(&a), WASMSIG_OK);
  make(&a, NONE, NONE);
  assert_int_equal(wasmsig_registry_destroy(elsewhere), WASMSIG_OK);
}

static int signal_elsewhere(wasmsig_budget *budget) {
  signal_by(budget);
  return WASMSIG_OK;
}

TEST(a_section_of_another_thread_raises_it_again) {
  make(&a, 5 * MS, NONE);
  make(&b, 5 * MS, NONE);
  enter(&a);
  use(5 * MS);
  assert_int_equal(in_another_thread(signal_elsewhere, &b), WASMSIG_OK);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  guest_acknowledge(&guest);
  guest_acknowledge(&bystander);
  assert_left(&a, SIGNALLED);
}

static void sync_guest(struct guest *moving) {
  if (wasmsig_instance_sync(registry, moving->instance, moving,
                            offsetof(struct guest, instance)) < 0)
    fail();
}

TEST(a_signal_in_a_memory_that_may_move_is_raised_again) {
  struct guest moving = {0};
  wasmsig_words words = WASMSIG_WORDS_INIT; /* MOVABLE */
  guest_track_as(&moving, registry, words);
  make_with(&a, limits_for(&moving, 5 * MS));
  signal_by(&a);
  sync_guest(&moving);
  assert_int_equal(guest_signal(&moving), 0);
  enter(&a);
  sync_guest(&moving);
  assert_int_equal(guest_signal(&moving), WASMSIG_SIGXCPU);
  assert_left(&a, SIGNALLED);
  sync_guest(&moving);
  assert_int_equal(guest_signal(&moving), 0);
}

TEST(a_reset_budget_raises_no_signal_again) {
  make(&a, 5 * MS, NONE);
  signal_by(&a);
  assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_OK);
  enter(&a);
  assert_int_equal(guest_signal(&guest), 0);
  assert_left(&a, READY);
}

/* --------------------------------------------------------------- destroy */

TEST(an_entered_budget_is_neither_reset_nor_destroyed) {
  make(&a, 5 * MS, NONE);
  enter(&a);
  use(5 * MS);
  assert_int_equal(wasmsig_budget_reset(&a, NULL), WASMSIG_EBUSY);
  assert_int_equal(wasmsig_budget_destroy(&a), WASMSIG_EBUSY);
  assert_int_equal(guest_signal(&guest), WASMSIG_SIGXCPU);
  assert_state(&a, WASMSIG_BUDGET_SIGNALLED);
  assert_int_equal(wasmsig_budget_used_ns(&a), 5 * MS);
  assert_left(&a, SIGNALLED);
  assert_int_equal(wasmsig_budget_destroy(&a), WASMSIG_OK);
}

/* ----------------------------------------------------------- bad input */

static void nothing(void *context) { (void)context; }

struct bad_options {
  int error;
  wasmsig_budget_options options;
};

/* Each good but for one thing. All have a registry and a kill otherwise. */
static size_t all_bad_options(struct bad_options *bad) {
  size_t n = 0;
#define BAD(code, field, value)               \
  do {                                        \
    bad[n].error = WASMSIG_##code;            \
    bad[n].options = limits(5 * MS, 10 * MS); \
    bad[n].options.field = (value);           \
    n++;                                      \
  } while (0)
  BAD(EINVAL, size, 0);
  BAD(EINVAL, size, offsetof(wasmsig_budget_options, raise) - 1);
  BAD(ESIGNAL, signal, 0);
  BAD(ESIGNAL, signal, -1);
  BAD(ESIGNAL, signal, 65);
  BAD(ELIMITS, soft_ns, 0);
  BAD(ELIMITS, hard_ns, 0);
  BAD(ELIMITS, soft_ns, 10 * MS + 1);
  BAD(ELIMITS, hard_ns, (uint64_t)INT64_MAX + 1);
  BAD(ELIMITS, hard_ns, UINT64_MAX - 1);
  BAD(ELIMITS, soft_ns, UINT64_MAX - 1);
#undef BAD
  bad[n].error = WASMSIG_ELIMITS; /* too large where nothing lies above */
  bad[n++].options = limits((uint64_t)INT64_MAX + 1, NONE);
  bad[n].error = WASMSIG_ELIMITS; /* forgotten */
  bad[n].options = limits(NONE, NONE);
  bad[n++].options.measure = false;
  return n;
}

TEST(a_budget_without_limits_is_made_if_it_measures_only) {
  make(&a, NONE, NONE); /* which sets `measure` */
  enter(&a);
  use(7 * MS);
  assert_left(&a, READY);
  assert_int_equal(wasmsig_budget_used_ns(&a), 7 * MS);
  wasmsig_budget_options options = limits(NONE, 5 * MS);
  options.measure = false;
  assert_int_equal(wasmsig_budget_reset(&a, &options), WASMSIG_OK);
}

TEST(invalid_options_make_no_budget) {
  struct bad_options bad[16];
  size_t count = all_bad_options(bad);
  wasmsig_budget untouched;
  memset(&untouched, 0xa5, sizeof untouched);
  for (size_t i = 0; i < count; i++) {
    memset(&c, 0xa5, sizeof c);
    assert_int_equal(wasmsig_budget_init(&c, &bad[i].options), bad[i].error);
    assert_memory_equal(&c, &untouched, sizeof c);
  }
  memset(&c, 0, sizeof c);
}

TEST(a_hard_limit_needs_a_kill) {
  wasmsig_budget_options options = limits(5 * MS, 10 * MS);
  options.kill = NULL;
  assert_int_equal(wasmsig_budget_init(&a, &options), WASMSIG_ENOKILL);
  options.hard_ns = NONE;
  assert_int_equal(wasmsig_budget_init(&a, &options), WASMSIG_OK);
  options = limits(5 * MS, 10 * MS); /* the kill stays: there is none */
  assert_int_equal(wasmsig_budget_reset(&a, &options), WASMSIG_ENOKILL);
}

TEST(a_list_of_instances_needs_a_registry) {
  wasmsig_budget_options options = limits(5 * MS, NONE);
  options.instances = &guest.instance;
  options.count = 1;
  options.registry = NULL;
  assert_int_equal(wasmsig_budget_init(&a, &options), WASMSIG_EINVAL);
}

TEST(the_largest_limit_and_the_smallest_are_allowed) {
  make(&a, 1, INT64_MAX);
  enter(&a);
  assert_int_equal(use(1), INT64_MAX - 1);
  assert_left(&a, SIGNALLED);
}

TEST(a_refused_reset_changes_nothing) {
  struct bad_options bad[16];
  size_t count = all_bad_options(bad);
  make(&a, 5 * MS, 10 * MS);
  signal_by(&a);
  for (size_t i = 0; i < count; i++) {
    bad[i].options.kill = nothing;
    wasmsig_budget before = a;
    assert_int_equal(wasmsig_budget_reset(&a, &bad[i].options), bad[i].error);
    assert_memory_equal(&a, &before, sizeof a);
  }
  assert_state(&a, WASMSIG_BUDGET_SIGNALLED);
  assert_int_equal(wasmsig_budget_used_ns(&a), 5 * MS);
  enter(&a);
  use(5 * MS);
  assert_left(&a, KILLED);
}

TEST(a_missing_budget_or_missing_options_are_refused) {
  wasmsig_budget_options options = limits(5 * MS, NONE);
  assert_int_equal(wasmsig_budget_init(NULL, &options), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_budget_init(&a, NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_budget_enter(NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_budget_leave(NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_budget_reset(NULL, NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_budget_destroy(NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_budget_used_ns(NULL), 0);
  assert_state(NULL, WASMSIG_BUDGET_READY);
  wasmsig_get_statistics(NULL);
}

TEST(a_thread_whose_clock_cannot_be_read_cannot_enter) {
  make(&a, 5 * MS, NONE);
  hand_clock_stands = true;
  assert_int_equal(wasmsig_budget_enter(&a), WASMSIG_ECLOCK);
  assert_state(&a, WASMSIG_BUDGET_READY);
  assert_int_equal(wasmsig_budget_leave(&a), WASMSIG_EORDER);
  hand_clock_stands = false;
  signal_by(&a);
}

TEST(a_section_whose_end_cannot_be_timed_ends_uncharged) {
  make(&a, 5 * MS, 10 * MS);
  enter(&a);
  use_unseen(50 * MS);
  hand_clock_stands = true;
  assert_left(&a, READY);
  hand_clock_stands = false;
  assert_int_equal(wasmsig_budget_used_ns(&a), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_SCENE(a_reset_makes_a_spent_budget_new),
      IN_SCENE(a_reset_sets_new_limits_and_a_new_signal),
      IN_SCENE(a_reset_can_remove_the_limits),
      IN_SCENE(the_end_of_a_section_withdraws_a_signal_that_no_guest_took),
      IN_SCENE(a_budget_inherits_no_signal_of_another),
      IN_SCENE(a_signal_that_no_guest_took_is_raised_again_at_the_next_enter),
      IN_SCENE(a_nested_enter_of_the_same_budget_withdraws_nothing),
      IN_SCENE(a_later_signal_that_waits_in_its_place_stays),
      IN_SCENE(a_signal_that_the_budget_did_not_raise_stays),
      IN_SCENE(only_the_named_instances_lose_the_signal),
      IN_SCENE(a_signal_that_a_section_around_it_raised_too_stays),
      IN_SCENE(a_signal_that_the_section_around_it_has_not_raised_is_withdrawn),
      IN_SCENE(a_section_around_it_keeps_the_signal_of_its_own_guest_only),
      IN_SCENE(a_section_around_it_for_all_instances_keeps_every_signal),
      IN_SCENE(a_section_around_it_in_another_registry_keeps_no_signal),
      IN_SCENE(a_section_of_another_thread_raises_it_again),
      IN_SCENE(a_signal_in_a_memory_that_may_move_is_raised_again),
      IN_SCENE(a_reset_budget_raises_no_signal_again),
      IN_SCENE(an_entered_budget_is_neither_reset_nor_destroyed),
      IN_SCENE(a_budget_without_limits_is_made_if_it_measures_only),
      IN_SCENE(invalid_options_make_no_budget),
      IN_SCENE(a_hard_limit_needs_a_kill),
      IN_SCENE(a_list_of_instances_needs_a_registry),
      IN_SCENE(the_largest_limit_and_the_smallest_are_allowed),
      IN_SCENE(a_refused_reset_changes_nothing),
      IN_SCENE(a_missing_budget_or_missing_options_are_refused),
      IN_SCENE(a_thread_whose_clock_cannot_be_read_cannot_enter),
      IN_SCENE(a_section_whose_end_cannot_be_timed_ends_uncharged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

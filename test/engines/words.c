/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a host writes at instantiation, and what it must not write. */
#include "guests.h"
#include "promises.h"

/* ------------------------------------------------------------------ zeroed */

PROMISE(zeroes_the_signal_word) {
  struct guest *guest = open_guest(SIGNAL_GUEST);
  assert_int_equal(guest->verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(word_at(guest, SIGNAL_AT), 0);
  engine.close(guest);
}

PROMISE(zeroes_the_pending_set) {
  struct guest *guest = open_guest(WORDS_GUEST);
  assert_int_equal(guest->verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(word_at(guest, SIGNAL_AT), 0);
  assert_int_equal(pending_of(guest), 0);
  engine.close(guest);
}

PROMISE(keeps_the_terminated_word) {
  struct guest *guest = open_guest(DEAD_GUEST);
  assert_int_equal(guest->verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(word_at(guest, TERMINATED_AT), 7);
  engine.close(guest);
}

static const struct CMUnitTest zeroed[] = {
    KEEPS("instantiation writes 0 to the signal word", zeroes_the_signal_word),
    KEEPS("instantiation writes 0 to the pending set", zeroes_the_pending_set),
    KEEPS("instantiation does not change the terminated word",
          keeps_the_terminated_word),
};

/* --------------------------------------------------------------- addresses */

/* A module with bad words runs, and its words are not changed. */
static void assert_runs_untouched(const char *text, int verdict) {
  struct guest *guest = open_guest(text);
  assert_int_equal(guest->verdict, verdict);
  assert_int_equal(word_at(guest, SIGNAL_AT), STARTED);
  assert_int_equal(wasmsig_registry_count(guest->registry), 0);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 2), 0);
  assert_int_equal(word_at(guest, SIGNAL_AT), STARTED);
  assert_int_equal(engine.sync(guest), 0);
  assert_works(guest);
  engine.close(guest);
}

PROMISE(misaligned) {
  assert_runs_untouched(MISALIGNED_GUEST, WASMSIG_VERDICT_MISALIGNED);
}

PROMISE(outside) {
  assert_runs_untouched(OUTSIDE_GUEST, WASMSIG_VERDICT_OUT_OF_RANGE);
}

PROMISE(negative) {
  assert_runs_untouched(NEGATIVE_GUEST, WASMSIG_VERDICT_OUT_OF_RANGE);
}

PROMISE(overlapping) {
  assert_runs_untouched(OVERLAPPING_GUEST, WASMSIG_VERDICT_OVERLAP);
}

PROMISE(half_bad) {
  assert_runs_untouched(HALF_BAD_GUEST, WASMSIG_VERDICT_MISALIGNED);
}

PROMISE(no_address) {
  assert_runs_untouched(FUNCTION_GUEST, WASMSIG_VERDICT_NOT_AN_ADDRESS);
  assert_runs_untouched(MUTABLE_GUEST, WASMSIG_VERDICT_NOT_AN_ADDRESS);
  assert_runs_untouched(TOO_WIDE_GUEST, WASMSIG_VERDICT_NOT_AN_ADDRESS);
}

PROMISE(no_words) {
  assert_runs_untouched(PLAIN_GUEST, WASMSIG_VERDICT_NO_WORDS);
}

PROMISE(high) {
  struct guest *guest = open_guest(HIGH_GUEST);
  assert_int_equal(guest->verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(word_at(guest, HIGH_AT), 0);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 2), 1);
  assert_int_equal(word_at(guest, HIGH_AT), 2);
  engine.close(guest);
}

static const struct CMUnitTest addresses[] = {
    KEEPS("a module whose word is misaligned is not written", misaligned),
    KEEPS("a module whose word is outside its memory runs", outside),
    KEEPS("a negative address is a high address, not a missing word", negative),
    KEEPS("a word above 2 GiB is found", high),
    KEEPS("a module whose words overlap is not written", overlapping),
    KEEPS("no word is written if one of them is bad", half_bad),
    KEEPS("an export that is no address is not a word", no_address),
    KEEPS("a module without words runs untracked", no_words),
};

/* ---------------------------------------------------------------- memory 0 */

static void assert_has_words_in_memory_zero(const char *text) {
  struct guest *guest = open_guest(text);
  assert_int_equal(guest->verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(word_at(guest, SIGNAL_AT), 0);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 2), 1);
  assert_int_equal(word_at(guest, SIGNAL_AT), 2);
  int32_t signal = 0;
  assert_int_equal(engine.call(guest, "spin", 0, &signal), RETURNED);
  assert_int_equal(signal, 2);
  engine.close(guest);
}

PROMISE(imported) { assert_has_words_in_memory_zero(IMPORTED_GUEST); }

PROMISE(renamed) { assert_has_words_in_memory_zero(RENAMED_GUEST); }

PROMISE(first_of_two) {
  NEEDS(engine.has_several_memories,
        "the engine does not support two memories");
  assert_has_words_in_memory_zero(TWO_GUEST);
}

PROMISE(wide) {
  NEEDS(engine.has_64_bit_memories,
        "the engine does not support 64-bit memories");
  struct guest *guest = open_guest(WIDE_GUEST);
  assert_int_equal(guest->verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 2), 1);
  engine.sync(guest);
  int32_t signal = 0;
  assert_int_equal(engine.call(guest, "spin", 0, &signal), RETURNED);
  assert_int_equal(signal, 2);
  engine.close(guest);
}

static const struct CMUnitTest memory_zero[] = {
    KEEPS("the words are in the memory that the module imports", imported),
    KEEPS("memory 0 may be exported under any name", renamed),
    KEEPS("of two memories the first has the words", first_of_two),
    KEEPS("a module with a 64-bit memory is tracked", wide),
};

/* ------------------------------------------- a memory of the words' own */

static void assert_has_own_memory(struct guest *guest) {
  assert_int_equal(guest->verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(guest->memory_class, WASMSIG_MEMORY_FIXED);
  assert_int_equal(wasmsig_registry_raise(guest->registry, 2), 1);
  int32_t signal = 0, pending = 0;
  assert_int_equal(engine.call(guest, "spin", 0, &signal), RETURNED);
  assert_int_equal(signal, 2);
  assert_int_equal(engine.call(guest, "pending", 0, &pending), RETURNED);
  assert_int_equal(pending, 1 << (2 - 1));
  assert_int_equal(wasmsig_registry_raise(guest->registry, WASMSIG_SIGKILL), 1);
  assert_int_equal(engine.call(guest, "obey", 0, &signal), TRAPPED);
}

PROMISE(own_beside_memory_zero) {
  NEEDS(engine.has_several_memories,
        "the engine does not support two memories");
  struct guest *guest = open_guest(BESIDE_GUEST);
  assert_has_own_memory(guest);
  assert_int_equal(word_at(guest, 0), STARTED);
  engine.close(guest);
}

PROMISE(own_beside_imported) {
  NEEDS(engine.has_several_memories,
        "the engine does not support two memories");
  struct guest *guest = open_guest(BESIDE_IMPORTED_GUEST);
  assert_has_own_memory(guest);
  assert_int_equal(word_at(guest, 0), STARTED);
  engine.close(guest);
}

static int32_t spin(struct guest *guest) {
  int32_t signal = 0;
  assert_int_equal(engine.call(guest, "spin", 0, &signal), RETURNED);
  return signal;
}

PROMISE(own_of_two) {
  struct guest *first = open_guest(ALONE_GUEST);
  struct guest *second = engine.open(ALONE_GUEST, USUAL, first->registry, NULL);
  assert_int_equal(second->verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(wasmsig_registry_raise(first->registry, 2), 2);
  assert_int_equal(
      wasmsig_instance_raise(first->registry, second->instance, 15), 1);
  assert_int_equal(spin(first), 2);
  assert_int_equal(spin(second), 15);
  engine.close(second);
  engine.close(first);
}

PROMISE(own_of_the_next) {
  struct guest *guest = open_guest(ALONE_GUEST);
  assert_int_equal(wasmsig_registry_raise(guest->registry, WASMSIG_SIGKILL), 1);
  engine.close(guest);
  struct guest *next = open_guest(ALONE_GUEST);
  assert_int_equal(wasmsig_registry_raise(next->registry, 2), 1);
  assert_int_equal(spin(next), 2);
  engine.close(next);
}

PROMISE(own_alone) {
  struct guest *guest = open_guest(ALONE_GUEST);
  assert_has_own_memory(guest);
  engine.close(guest);
}

PROMISE(own_of_another_size) {
  static const char *const texts[] = {LARGER_GUEST, CAN_GROW_GUEST};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct guest *guest = open_guest(texts[i]);
    assert_int_equal(guest->verdict, WASMSIG_VERDICT_NO_WORDS);
    engine.close(guest);
  }
}

PROMISE(own_and_exported_words) {
  NEEDS(engine.has_several_memories,
        "the engine does not support two memories");
  assert_has_words_in_memory_zero(BOTH_GUEST);
}

static const struct CMUnitTest own_memory[] = {
    KEEPS("the words are in a memory beside memory 0", own_beside_memory_zero),
    KEEPS("the words are in a memory beside one that is imported",
          own_beside_imported),
    KEEPS("the words have the only memory", own_alone),
    KEEPS("two instances have two memories of the words", own_of_two),
    KEEPS("a next instance receives no signal of the last one",
          own_of_the_next),
    KEEPS("a memory of another size has no words", own_of_another_size),
    KEEPS("words that are exported are in memory 0", own_and_exported_words),
};

const struct row rows_of_words[] = {
    ROW("The words are zeroed when a module is instantiated", zeroed),
    ROW("Addresses are checked; a module with a bad one runs untracked",
        addresses),
    ROW("The words are in memory 0, and in no other", memory_zero),
    ROW("Words may have a memory of their own", own_memory),
};
const size_t rows_of_words_count =
    sizeof rows_of_words / sizeof rows_of_words[0];

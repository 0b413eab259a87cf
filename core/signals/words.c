/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Words: what is checked before an instance is tracked. */
#include "signals/words.h"

#include "atomics.h"
#include "os/handler.h"

#include <stddef.h>
#include <string.h>

int wsig_words_copy(wasmsig_words *words, const wasmsig_words *given) {
  if (!given || given->size < offsetof(wasmsig_words, handled))
    return WASMSIG_EINVAL;
  bool is_old = given->size < sizeof *words;
  *words = (wasmsig_words)WASMSIG_WORDS_INIT;
  memcpy(words, given,
         is_old ? offsetof(wasmsig_words, handled) : sizeof *words);
  words->size = sizeof *words;
  return WASMSIG_OK;
}

static int check_word(const wasmsig_words *words, uint64_t address,
                      uint64_t size) {
  if (address == WASMSIG_NO_WORD) return WASMSIG_OK;
  if (size > words->length || address > words->length - size)
    return WASMSIG_ERANGE;
  return address % size == 0 ? WASMSIG_OK : WASMSIG_EALIGN;
}

/* Both ranges were checked, so the sums do not overflow. */
static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) {
  if (a == WASMSIG_NO_WORD || b == WASMSIG_NO_WORD) return false;
  return a < b + b_size && b < a + a_size;
}

static bool do_overlap(const wasmsig_words *words) {
  const uint64_t at[] = {words->signal, words->terminated, words->pending,
                         words->handled};
  const uint64_t size[] = {4, 4, 8, 8};
  for (int b = 1; b < 4; b++)
    for (int a = 0; a < b; a++)
      if (overlap(at[a], size[a], at[b], size[b])) return true;
  return false;
}

int wsig_words_check(const wasmsig_words *words) {
  if (!words->memory) return WASMSIG_EINVAL;
  if (words->signal == WASMSIG_NO_WORD &&
      words->terminated == WASMSIG_NO_WORD && words->pending == WASMSIG_NO_WORD)
    return WASMSIG_EINVAL;
  if ((unsigned)words->memory_class > WASMSIG_MEMORY_GUARDED)
    return WASMSIG_EINVAL;
  uintptr_t base = (uintptr_t)words->memory;
  if (words->length > UINTPTR_MAX - base) return WASMSIG_ERANGE;
  int error = check_word(words, words->signal, 4);
  if (!error) error = check_word(words, words->terminated, 4);
  if (!error) error = check_word(words, words->pending, 8);
  if (!error) error = check_word(words, words->handled, 8);
  if (!error && base % 8 != 0) error = WASMSIG_EALIGN;
  if (!error && do_overlap(words)) error = WASMSIG_EOVERLAP;
  return error;
}

static void *place(const wasmsig_words *words, uint64_t address) {
  if (address == WASMSIG_NO_WORD) return NULL;
  return (char *)words->memory + address;
}

struct wsig_placed wsig_words_place(const wasmsig_words *words) {
  return (struct wsig_placed){.signal = place(words, words->signal),
                              .terminated = place(words, words->terminated),
                              .pending = place(words, words->pending),
                              .handled = place(words, words->handled)};
}

/* -------------------------------------------- words of the same memory */

static bool overlap_at(const void *a, uint64_t a_size, const void *b,
                       uint64_t b_size) {
  if (!a || !b) return false;
  return overlap((uintptr_t)a, a_size, (uintptr_t)b, b_size);
}

int wsig_words_check_against(const struct wsig_placed *mine,
                             const struct wsig_placed *other,
                             struct wsig_owned *owned) {
  /* Words of one role have one size and are aligned to it: they overlap only if
   * they are the same. The handled set is never written: it may lie anywhere.
   */
  bool crossed = overlap_at(mine->signal, 4, other->terminated, 4) ||
                 overlap_at(mine->signal, 4, other->pending, 8) ||
                 overlap_at(mine->terminated, 4, other->signal, 4) ||
                 overlap_at(mine->terminated, 4, other->pending, 8) ||
                 overlap_at(mine->pending, 8, other->signal, 4) ||
                 overlap_at(mine->pending, 8, other->terminated, 4);
  if (crossed) return WASMSIG_EOVERLAP;
  if (mine->signal && mine->signal == other->signal) owned->signal = true;
  if (mine->pending && mine->pending == other->pending) owned->pending = true;
  return WASMSIG_OK;
}

bool wsig_words_zero(const struct wsig_placed *placed,
                     const struct wsig_owned *owned,
                     wasmsig_memory_class memory_class) {
  const uint32_t zero = 0;
  uint32_t *signal = owned->signal ? NULL : placed->signal;
  uint64_t *pending = owned->pending ? NULL : placed->pending;
  if (memory_class == WASMSIG_MEMORY_GUARDED)
    return !signal || wsig_os_poke(signal, zero);
  if (signal) wsig_store_relaxed(signal, zero);
  if (pending) wsig_store_relaxed(pending, zero);
  return true;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memories that move when they grow (movable_memories.c). */
#ifndef WASMSIG_MOVABLE_MEMORIES_H
#define WASMSIG_MOVABLE_MEMORIES_H

#include "wasmsig/host.h"

#include <node_api.h>
#include <stdbool.h>

struct realm;

/* Writes what waits for instances in MOVABLE memories into their words,
 * wherever these are now. Called at each call boundary, while no guest of the
 * environment runs. Runs no code of the program. May leave an exception pending
 * (the stack is full, or a kill), and then skips memories that have grown. What
 * it cannot write goes on waiting. */
void movable_memories_sync(napi_env env, struct realm *realm);

/* Sets memory and length of `words` to those of an ArrayBuffer, or of a
 * Uint8Array over a SharedArrayBuffer. */
bool memory_of_buffer(napi_env env, napi_value value, wasmsig_words *words,
                      bool *shared);

/* A MOVABLE memory's words that another instance of the same memory has already
 * are not zeroed by a further one, as what waits there would be lost. The core
 * cannot know: it knows such a memory only as that of this instance. (Nor can
 * we, if the memory has grown since the last call boundary.) */
struct known_words {
  uint32_t *signal; /* NULL: no other instance has it */
  uint64_t *pending;
  uint32_t signal_was;
  uint64_t pending_was;
};

/* Before the core zeroes the words, and after. */
struct known_words known_words_save(napi_env env, const struct realm *realm,
                                    napi_value memory,
                                    const wasmsig_words *words);
void known_words_restore(const struct known_words *known);

#endif

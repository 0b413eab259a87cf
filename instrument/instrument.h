/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Instrument: puts polls of the signal word into a finished module, and the
 * words themselves where it has none.
 *
 *     struct wsig_instrumented made;
 *     struct wsig_instrument_options options = {.every = 0};
 *     int error = wsig_instrument(&made, bytes, length, &options);
 *     if (error == 0) write(made.bytes.data, made.bytes.length);
 *     wsig_instrumented_release(&made);
 *
 * A poll stands behind the head of each loop, and where a run might else not
 * come to one for long: at heads of functions and behind calls (graph.c). It is
 * an atomic load of the signal word; where the module exports a function
 * __instance_signal_deliver, that is called when the word is not 0, and without
 * one the module traps when it is 9, SIGKILL. All else stays as it was, byte
 * for byte: functions, types, globals and memories keep their numbers, as new
 * ones are appended.
 */
#ifndef WSIG_INSTRUMENT_INSTRUMENT_H
#define WSIG_INSTRUMENT_INSTRUMENT_H

#include "rewrite/bytes.h"

#include "wasmsig/module.h"

#define WSIG_EVERY_MOST 1000000

/** Where the words are. */
enum wsig_room_kind {
  WSIG_ROOM_NONE,   /* the module has its own signal word */
  WSIG_ROOM_MEMORY, /* in a memory that is added */
  WSIG_ROOM_PAGE,   /* in a page that memory 0 gets more */
  WSIG_ROOM_STACK,  /* above a stack that begins lower */
};

struct wsig_instrument_options {
  uint32_t every; /* turns of a loop, up to WSIG_EVERY_MOST; 0: see pace.c */
  bool calls;     /* polls at the heads of functions, too */
  /* A page more for memory 0 though its host could tell the program of it: the
   * caller knows that it does not. See room.c. */
  bool add_page;
};

/** A custom section that was left out, and why. */
struct wsig_left_out {
  const char *name; /* in the module's bytes, not terminated */
  size_t name_length;
  const char *why;
};

#define WSIG_LEFT_OUT_MOST 16

struct wsig_instrumented {
  struct wsig_bytes bytes; /* the module */
  /** Why there is none, or NULL: never freed, and it may lie in `why_text`. If
   * `report` is of a module that cannot be read, that says it better. `word`:
   * which one it is about, or -1. */
  const char *why;
  char why_text[80];
  int word;
  bool can_add_page; /* there is none for lack of room that add_page gives */
  wasmsig_module_report report; /* of the module that came in */
  enum wsig_room_kind room;
  uint64_t loops, polls;
  struct wsig_left_out left_out[WSIG_LEFT_OUT_MOST];
  size_t left_out_count;
  size_t left_out_more; /* beyond WSIG_LEFT_OUT_MOST */
};

/**
 * made:      filled in any case, to be released
 *
 * Errors:    ENOMEM; 1: it cannot be instrumented, made->why says why.
 * Ownership: `made` refers to the bytes.
 */
int wsig_instrument(struct wsig_instrumented *made, const uint8_t *bytes,
                    size_t length,
                    const struct wsig_instrument_options *options);
void wsig_instrumented_release(struct wsig_instrumented *made);

#endif

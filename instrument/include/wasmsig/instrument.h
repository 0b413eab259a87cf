/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig's instrumenter: puts polls of the signal word into a finished
 * WebAssembly module, and the words themselves into a module that has none.
 *
 *     wasmsig_instrument_options options = WASMSIG_INSTRUMENT_OPTIONS_INIT;
 *     wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
 *     int error = wasmsig_instrument(bytes, length, &options, &made);
 *     if (error == 0)
 *       fwrite(made.bytes, 1, made.length, file);
 *     else if (error == WASMSIG_INSTRUMENT_REFUSED)
 *       puts(made.why);
 *     wasmsig_instrumented_release(&made);
 *
 * A poll follows the head of each loop that repeats. Polls are also at heads of
 * functions and after calls where a run could otherwise be long without one
 * (analysis/call_graph.c has the proof). A poll loads the signal word, by a
 * plain load only where an engine must repeat it (analysis/poll_interval.c). If
 * the module exports a function __instance_signal_deliver, a poll calls it when
 * the word is not 0. Otherwise a poll traps when the word is 9, SIGKILL.
 *
 * A module without code to poll in stays as it is, without words; only the
 * maxima of its memories are written, if requested. Otherwise, everything else
 * stays the same, byte for byte. Functions, types, globals and
 * memories keep their numbers, because new ones are appended.
 *
 * Calls may overlap with each other, each on a result of its own. The library
 * needs no engine, keeps no state, and uses nothing of wasmsig/host.h.
 */
#ifndef WASMSIG_INSTRUMENT_H
#define WASMSIG_INSTRUMENT_H

#include "wasmsig/base.h"
#include "wasmsig/module.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Not an error: the module cannot be instrumented, and `why` gives the
 * reason. */
#define WASMSIG_INSTRUMENT_REFUSED 1

/** The largest `every`. */
#define WASMSIG_INSTRUMENT_EVERY_MAX 1000000

/** Where the words are, in the order in which places are tried. */
typedef enum wasmsig_word_placement {
  WASMSIG_WORDS_OWN = 0, /**< the module has words of its own */
  /** At low addresses of memory 0 that the module's toolchain does not use. */
  WASMSIG_WORDS_NULL_AREA = 1,
  /** In a page that was added to memory 0; only on request. */
  WASMSIG_WORDS_PAGE = 2,
  /** In a memory that was added. It is memory 0 only if there was none. */
  WASMSIG_WORDS_MEMORY = 3,
  WASMSIG_WORDS_COUNT = 4, /**< how many there are */
} wasmsig_word_placement;

/** A set of places: WASMSIG_WORDS_IN(WASMSIG_WORDS_PAGE) | ... */
#define WASMSIG_WORDS_IN(place) (UINT32_C(1) << (place))

/** All places that no program can notice. */
#define WASMSIG_WORDS_DEFAULT                  \
  (WASMSIG_WORDS_IN(WASMSIG_WORDS_NULL_AREA) | \
   WASMSIG_WORDS_IN(WASMSIG_WORDS_MEMORY))

/** How to instrument a module. */
typedef struct wasmsig_instrument_options {
  size_t size; /**< of this struct, for later versions to tell */
  /**
   * Turns of a loop without calls from one poll to the next, up to
   * WASMSIG_INSTRUMENT_EVERY_MAX; all polls are atomic loads. 1 costs least in
   * V8 and Wasmtime. 0: what suits each loop in all of today's engines
   * (analysis/poll_interval.c).
   */
  uint32_t every;
  /** Polls at the head of each function too. */
  bool calls;
  /**
   * Where the words may be if the module has none of its own: a set of
   * WASMSIG_WORDS_IN(), or 0 for WASMSIG_WORDS_DEFAULT. The first place in the
   * order of the enum that suits the module is taken. The program can notice
   * WASMSIG_WORDS_PAGE, because it makes memory 0 a page larger: include it
   * only if you know that the program does not read the size.
   */
  uint32_t words;
  /**
   * The largest size of each memory of the module, in bytes, rounded down to
   * pages of 64 KiB: it is written as the memory's maximum, unless that is
   * smaller. Of an imported memory it is what the import accepts. 0: none. The
   * memory and the page of the words (`words`) do not count. A module whose
   * memory is larger from the start is refused.
   */
  uint64_t most_memory;
} wasmsig_instrument_options;

#define WASMSIG_INSTRUMENT_OPTIONS_INIT \
  {sizeof(wasmsig_instrument_options), 0, false, 0, 0}

/** The longest reason, with its NUL. */
#define WASMSIG_REASON_MAX 256

/** A custom section that is not in the new module, and why. */
typedef struct wasmsig_left_out {
  const char *name;   /**< in the old module's bytes, not terminated */
  size_t name_length; /**< in bytes */
  const char *why;    /**< never freed */
} wasmsig_left_out;

/** How many sections are listed that were left out. */
#define WASMSIG_LEFT_OUT_MAX 16

/** The new module, or why there is none. */
typedef struct wasmsig_instrumented {
  size_t size; /**< of this struct, for later versions to tell */
  /** The new module. NULL: there is none, and all that is said about one below
   * is 0 or empty. */
  uint8_t *bytes;
  size_t length; /**< of the new module, in bytes */
  /**
   * Why there is no new module, or NULL. It may point into `text`. If the
   * module cannot be read, `report` says more.
   */
  const char *why;
  char text[112];                   /**< storage for `why` */
  int word;                         /**< the word that `why` is about, or -1 */
  wasmsig_module_report report;     /**< of the old module */
  wasmsig_word_placement placement; /**< where the words are */
  /**
   * For each place: why the words are there, or why they cannot be there. Empty
   * for a place that was not tried.
   */
  char reasons[WASMSIG_WORDS_COUNT][WASMSIG_REASON_MAX];
  /**
   * If there is no new module, because no permitted place suits: the places
   * that would suit it, a set of WASMSIG_WORDS_IN().
   */
  uint32_t other_places;
  uint64_t loops; /**< of the module */
  uint64_t polls; /**< put in; 0: the new module is a copy of the old one, but
                       for its maxima if `memories_limited` is not 0 */
  /** Polls call the module's __instance_signal_deliver, which runs handlers.
   * If not, only SIGKILL has an effect at a poll. */
  bool delivers;
  wasmsig_left_out left_out[WASMSIG_LEFT_OUT_MAX]; /**< custom sections */
  size_t left_out_count; /**< how many of these are filled in */
  size_t left_out_more;  /**< left out beyond WASMSIG_LEFT_OUT_MAX */
  /** Memories whose maximum is now the one of `most_memory`. */
  uint32_t memories_limited;
} wasmsig_instrumented;

#define WASMSIG_INSTRUMENTED_INIT \
  {sizeof(wasmsig_instrumented),  \
   NULL,                          \
   0,                             \
   NULL,                          \
   {0},                           \
   -1,                            \
   WASMSIG_MODULE_REPORT_INIT,    \
   WASMSIG_WORDS_OWN,             \
   {{0}},                         \
   0,                             \
   0,                             \
   0,                             \
   false,                         \
   {{0}},                         \
   0,                             \
   0,                             \
   0}

/**
 * Makes a module with polls out of a module in memory.
 *
 * options:   NULL for the defaults
 * made:      initialised, and empty or released
 *
 * Returns:   0, or WASMSIG_INSTRUMENT_REFUSED: made->why is the reason.
 * Errors:    EINVAL: a size is that of an older library, `bytes` is NULL,
 *            `every` is too large, or `words` contains an unknown place; `made`
 *            is as it was. ENOMEM: `made` is empty.
 * Ownership: wasmsig_instrumented_release() frees the new module. The names in
 *            made->left_out are in the old module's bytes.
 * Threads:   any. Signal handlers: no.
 * Source:    WebAssembly Core Specification 3.0, chapter 5.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_instrument(const void *bytes, size_t length,
                                   const wasmsig_instrument_options *options,
                                   wasmsig_instrumented *made);

/** Frees the new module and the report, and empties `made`. NULL: no effect. */
WASMSIG_API void wasmsig_instrumented_release(wasmsig_instrumented *made);

#ifdef __cplusplus
}
#endif

#endif

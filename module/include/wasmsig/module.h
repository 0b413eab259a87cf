/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig's module reader: finds out without an engine whether signals can
 * reach the instances of a WebAssembly module, and where its words are. Its
 * library is libwasmsig-module, which needs nothing of libwasmsig.
 *
 *     wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
 *     int error = wasmsig_module_inspect(bytes, length, NULL, &report);
 *     if (error == 0 && report.verdict == WASMSIG_VERDICT_TRACKED)
 *       printf("signal word at %" PRIu64 "\n", report.words[0].address);
 *     else
 *       puts(wasmsig_verdict_text(report.verdict));
 *     wasmsig_module_report_release(&report);
 *
 * It reads core modules of WebAssembly 3.0. It skips the code unless polls are
 * requested. It checks what it reads, but it is not a validator: its verdict
 * can be TRACKED for a module that an engine rejects.
 *
 * WebAssembly 3.0 leaves some numbers of sections, instructions, types, kinds
 * and flags unused, and later versions may use them. The reader cannot skip
 * these, because it does not know their length. It stops at the first one with
 * the verdict NEWER. Everything else that breaks a rule is MALFORMED: sizes and
 * counts that disagree, numbers that are too long, names that are not UTF-8,
 * indices out of range, known parts in the wrong place. A damaged file can look
 * like a newer one.
 *
 * All calls may overlap, each on a report of its own. An error is a
 * wasmsig_error (base.h): reading itself failed. What is wrong with the module
 * is a verdict.
 */
#ifndef WASMSIG_MODULE_H
#define WASMSIG_MODULE_H

#include "wasmsig/base.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The result for a module: X(name, number, code for people and programs to
 * search for, meaning).
 */
#define WASMSIG_VERDICTS(X)                                                  \
  X(TRACKED, 0, "tracked", "its instances can be tracked")                   \
  X(NO_WORDS, 1, "no-words", "it exports none of the words of the protocol") \
  X(NO_MEMORY, 2, "no-memory", "it has words, but no memory")                \
  X(HIDDEN_MEMORY, 3, "hidden-memory",                                       \
    "it has words, but neither imports nor exports its memory 0")            \
  X(NOT_AN_ADDRESS, 4, "not-an-address",                                     \
    "a word is not an immutable global of the memory's address type")        \
  X(OUT_OF_RANGE, 5, "out-of-range",                                         \
    "a word lies outside the memory's initial size")                         \
  X(MISALIGNED, 6, "misaligned", "a word is not aligned to its size")        \
  X(OVERLAP, 7, "overlap", "two words overlap")                              \
  X(COMPONENT, 8, "component", "it is a component, not a core module")       \
  X(NOT_WASM, 9, "not-wasm", "it is not a WebAssembly binary")               \
  X(VERSION, 10, "version", "its version of the binary format is unknown")   \
  X(TRUNCATED, 11, "truncated", "it ends too early")                         \
  X(MALFORMED, 12, "malformed", "it breaks the rules of the binary format")  \
  X(NEWER, 13, "newer", "it uses something newer than wasmsig")

/** The result for a module. */
typedef enum wasmsig_verdict {
#define WASMSIG_VERDICT_ENUM(name, number, code, text) \
  WASMSIG_VERDICT_##name = (number),
  WASMSIG_VERDICTS(WASMSIG_VERDICT_ENUM)
#undef WASMSIG_VERDICT_ENUM
} wasmsig_verdict;

/**
 * The code ("no-words") and the sentence of a verdict.
 *
 * Returns:   strings that are never freed; "unknown" for other numbers.
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API const char *wasmsig_verdict_code(wasmsig_verdict verdict);
WASMSIG_API const char *wasmsig_verdict_text(wasmsig_verdict verdict);

/** Whether the reader could read the binary: true for verdicts up to OVERLAP.
 */
static inline bool wasmsig_verdict_is_readable(wasmsig_verdict verdict) {
  return verdict < WASMSIG_VERDICT_COMPONENT;
}

/** Kinds of imports and exports: WebAssembly 3.0, 5.5.10 (externidx). */
typedef enum wasmsig_extern_kind {
  WASMSIG_EXTERN_FUNCTION = 0,
  WASMSIG_EXTERN_TABLE = 1,
  WASMSIG_EXTERN_MEMORY = 2,
  WASMSIG_EXTERN_GLOBAL = 3,
  WASMSIG_EXTERN_TAG = 4,
} wasmsig_extern_kind;

/** Where a global's value comes from. */
typedef enum wasmsig_value_source {
  /** A constant expression of constants: `address` is it. */
  WASMSIG_VALUE_CONSTANT = 0,
  /** The global itself is imported, from `import_module`, `import_name`. */
  WASMSIG_VALUE_IMPORTED = 1,
  /**
   * Its expression reads imported globals, so that the value is known only at
   * instantiation; or the value is not an integer.
   */
  WASMSIG_VALUE_COMPUTED = 2,
} wasmsig_value_source;

/**
 * A name in the module: UTF-8, with a NUL behind it. It can contain NULs.
 * `bytes` is NULL if there is no such name. Releasing the report frees it.
 */
typedef struct wasmsig_module_name {
  char *bytes;   /* or NULL */
  size_t length; /* without the NUL behind it */
} wasmsig_module_name;

/** One of the four words. */
typedef struct wasmsig_module_word {
  /** The module exports it. If not, the other members have no meaning. */
  bool is_exported;
  wasmsig_extern_kind kind; /* of what is exported */
  /** Of a global: its type in the binary; 0x7f is i32, 0x7e is i64. */
  uint8_t type;
  bool is_mutable;             /* of a global */
  wasmsig_value_source source; /* of a global */
  /** Byte address, unsigned; WASMSIG_NO_WORD if the binary does not say. */
  uint64_t address;
  /** Index of what is exported, in the index space of its kind. */
  uint32_t index;
  wasmsig_module_name import_module; /* of an imported global */
  wasmsig_module_name import_name;   /* of an imported global */
} wasmsig_module_word;

/** The memory has no maximum: it can grow as far as its addresses reach. */
#define WASMSIG_NO_MAXIMUM UINT64_MAX

/** Memory 0. The words lie in it, unless they have a memory of their own. */
typedef struct wasmsig_module_memory {
  uint32_t count;         /* of the module; 0: the rest has no meaning */
  bool is_imported;       /* it has the names of an import */
  bool is_exported;       /* it has the name of an export */
  bool is_shared;         /* several threads can use it */
  bool is_64_bit;         /* addresses are i64 */
  uint64_t minimum_pages; /* of 64 KiB */
  uint64_t maximum_pages; /* or WASMSIG_NO_MAXIMUM */
  wasmsig_module_name export_name;   /* the first, if it has several */
  wasmsig_module_name import_module; /* if it is imported */
  wasmsig_module_name import_name;   /* if it is imported */
} wasmsig_module_memory;

/** The export that is a memory of the words' own, in a module that exports none
 * of the four words. docs/explanation/protocol.md defines it. */
#define WASMSIG_OWN_MEMORY "__wasmsig_memory"

/** A memory of the words' own. */
typedef struct wasmsig_module_own_memory {
  /** The module exports it, and its words are there. */
  bool is_exported;
  uint32_t index; /* of the memory */
} wasmsig_module_own_memory;

/** How many functions with plain reads of the signal word are named. */
#define WASMSIG_PLAIN_POLLS_NAMED 8

/**
 * How the code reads the signal word. The reader sees an instruction whose
 * address is a constant plus its own offset. The constant can come from an
 * immutable global, or from a local that certainly holds it. The reader does
 * not see an address that goes through memory (guests compiled with -O0).
 */
typedef struct wasmsig_module_polls {
  /** i32.atomic.load and read-modify-writes, and i64.atomic.load, which reads
   * the next word too. */
  uint64_t atomic;
  /** i32.load, narrower ones, and i64.load: an engine may move them out of a
   * loop. */
  uint64_t plain;
  /** Functions that have loops, and plain reads only outside of them: a
   * compiler may have moved the read out of a loop, which then never sees a
   * signal. */
  uint64_t lifted;
  uint32_t lifted_function; /* the index of the first one */
  /** The first functions with plain reads, and their names if known. */
  uint32_t functions_count;
  uint32_t functions[WASMSIG_PLAIN_POLLS_NAMED];        /* their indices */
  wasmsig_module_name names[WASMSIG_PLAIN_POLLS_NAMED]; /* or empty */
} wasmsig_module_polls;

/** Which word is which in a report. */
enum {
  WASMSIG_WORD_SIGNAL = 0,     /* __instance_signal */
  WASMSIG_WORD_TERMINATED = 1, /* __instance_terminated */
  WASMSIG_WORD_PENDING = 2,    /* __instance_signal_pending */
  WASMSIG_WORD_HANDLED = 3,    /* __instance_signal_handled */
  WASMSIG_WORD_COUNT = 4,      /* how many there are */
};

/** The name under which a word is exported: 0..3; NULL for other numbers. */
WASMSIG_API const char *wasmsig_word_name(int word);

/**
 * The address of a word in a memory of the words' own: 0..3; WASMSIG_NO_WORD
 * for other numbers.
 *
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API uint64_t wasmsig_own_memory_address(int word);

/** All that the reader found. */
typedef struct wasmsig_module_report {
  size_t size;             /* of this struct, for later versions to tell */
  wasmsig_verdict verdict; /* the result */
  /**
   * If the binary cannot be read: the byte at which reading stopped, and what
   * was expected there. A truncated file ends at that byte. If it is not
   * WebAssembly: what it is, if that is known ("the text format: compile it
   * first").
   */
  uint64_t offset;
  const char *detail; /* never freed; NULL if the verdict is enough */
  /** Which word the verdict is about; -1: none in particular. */
  int word;
  wasmsig_module_word words[WASMSIG_WORD_COUNT]; /* one for each name */
  wasmsig_module_memory memory;                  /* memory 0 */
  wasmsig_module_polls polls;           /* only if options.polls was set */
  wasmsig_module_own_memory own_memory; /* if it is exported: no word is */
  /** By `wasmsig instrument`. Its plain polls are where an engine repeats them
   * (docs/explanation/poll-costs.md). */
  bool is_instrumented;
} wasmsig_module_report;

#define WASMSIG_MODULE_REPORT_INIT \
  {sizeof(wasmsig_module_report),  \
   WASMSIG_VERDICT_NOT_WASM,       \
   0,                              \
   0,                              \
   -1,                             \
   {{0}},                          \
   {0},                            \
   {0},                            \
   {0},                            \
   false}

/** What to read besides words and memory. */
typedef struct wasmsig_module_options {
  size_t size; /* of this struct, for later versions to tell */
  /** Find polls: reads all of the code. */
  bool polls;
} wasmsig_module_options;

#define WASMSIG_MODULE_OPTIONS_INIT {sizeof(wasmsig_module_options), false}

/**
 * Reads a module in memory.
 *
 * options:   NULL for none
 * report:    initialised, and empty or released. Whatever the verdict is, it
 *            is filled with what was read before the verdict was known
 *
 * Errors:    EINVAL, ENOMEM. The report is as it was.
 * Ownership: wasmsig_module_report_release() frees the names in the report. The
 *            report does not refer to the bytes afterwards.
 * Threads:   any. Signal handlers: no.
 * Source:    WebAssembly Core Specification 3.0, chapter 5.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_module_inspect(const void *bytes, size_t length,
                                       const wasmsig_module_options *options,
                                       wasmsig_module_report *report);

/**
 * Where the bytes of a module come from, in order. Reading takes about 64 KiB
 * of memory, and what the module's types, globals and names need. It does not
 * grow with code and data. Finding polls takes one byte for each nested block.
 */
typedef struct wasmsig_module_source {
  void *context; /* the first argument of both functions */
  /** Reads up to `capacity` bytes. Returns their number, 0 at the end, -1 on an
   * error. */
  ptrdiff_t (*read)(void *context, void *buffer, size_t capacity);
  /**
   * Skips bytes. Returns their number, which is smaller than `count` only at
   * the end; -1 on an error. NULL: the bytes are read and dropped.
   */
  int64_t (*skip)(void *context, uint64_t count);
} wasmsig_module_source;

/** As wasmsig_module_inspect(); also EREAD, if the source returns -1. */
WASMSIG_API int wasmsig_module_inspect_source(
    const wasmsig_module_source *source, const wasmsig_module_options *options,
    wasmsig_module_report *report);

/**
 * As wasmsig_module_inspect(), of a file, pipe or socket from its current
 * offset.
 *
 * Errors:    also EREAD, with the system's error in errno.
 */
WASMSIG_API int wasmsig_module_inspect_file(
    int descriptor, const wasmsig_module_options *options,
    wasmsig_module_report *report);

/** Frees the names in a report, and empties it. NULL: no effect. */
WASMSIG_API void wasmsig_module_report_release(wasmsig_module_report *report);

#ifdef __cplusplus
}
#endif

#endif

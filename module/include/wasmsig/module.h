/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig's module reader: what a WebAssembly binary says of signals, found
 * without an engine.
 *
 *     wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
 *     int error = wasmsig_module_inspect(bytes, length, NULL, &report);
 *     if (error == 0 && report.verdict == WASMSIG_VERDICT_TRACKED)
 *       printf("signal word at %" PRIu64 "\n", report.words[0].address);
 *     else
 *       puts(wasmsig_verdict_text(report.verdict));
 *     wasmsig_module_report_release(&report);
 *
 * It reads core modules of WebAssembly 3.0 up to what it needs to know, and
 * skips the code unless it is asked to look for polls. It checks what it reads
 * but does not validate: of a module that an engine refuses it may well say
 * that it is tracked.
 *
 * What WebAssembly 3.0 leaves unused may get a meaning: sections, instructions,
 * codes of types, kinds and flags whose number nobody uses yet. The reader
 * cannot pass over them, as it does not know how long they are. It stops at the
 * first with the verdict NEWER. All else that breaks a rule is MALFORMED: sizes
 * and counts that do not agree, numbers that are too long, names that are not
 * UTF-8, indices of nothing, what is known and stands in the wrong place. A
 * damaged file may happen to look like a newer one.
 *
 * Each call may overlap with every other, on another report. Errors are
 * wasmsig_error (base.h): how reading itself failed. What is wrong with the
 * module is a verdict.
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
 * What becomes of a module: its number, the code that people and programs
 * search for, and what it means.
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

/** What becomes of a module. */
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

/** Whether the binary could be read at all: verdicts up to OVERLAP. */
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
   * Its expression reads imported globals, so it is known at instantiation
   * only; or it is no integer.
   */
  WASMSIG_VALUE_COMPUTED = 2,
} wasmsig_value_source;

/**
 * A name of the module: UTF-8, NUL behind it, perhaps NULs in it. `bytes` is
 * NULL where there is no such name, and a release of the report frees it.
 */
typedef struct wasmsig_module_name {
  char *bytes;   /* or NULL */
  size_t length; /* without the NUL behind it */
} wasmsig_module_name;

/** One of the four words. */
typedef struct wasmsig_module_word {
  /** There is an export of its name; if not, the rest says nothing. */
  bool is_exported;
  wasmsig_extern_kind kind; /* of what is exported */
  /** Of a global: the binary's code of its type, 0x7f is i32, 0x7e is i64. */
  uint8_t type;
  bool is_mutable;             /* of a global */
  wasmsig_value_source source; /* of a global */
  /** Byte address, unsigned; WASMSIG_NO_WORD where it is not known here. */
  uint64_t address;
  /** Index of what is exported, in the index space of its kind. */
  uint32_t index;
  wasmsig_module_name import_module; /* of an imported global */
  wasmsig_module_name import_name;   /* of an imported global */
} wasmsig_module_word;

/** Stands for "the memory may grow as far as its addresses reach". */
#define WASMSIG_NO_MAXIMUM UINT64_MAX

/** Memory 0, in which the words lie. */
typedef struct wasmsig_module_memory {
  uint32_t count;         /* memories of the module; 0: the rest says nothing */
  bool is_imported;       /* it has the names of an import */
  bool is_exported;       /* it has the name of an export */
  bool is_shared;         /* it may be used by several threads */
  bool is_64_bit;         /* addresses are i64 */
  uint64_t minimum_pages; /* of 64 KiB */
  uint64_t maximum_pages; /* or WASMSIG_NO_MAXIMUM */
  wasmsig_module_name export_name;   /* the first, if it has several */
  wasmsig_module_name import_module; /* if it is imported */
  wasmsig_module_name import_name;   /* if it is imported */
} wasmsig_module_memory;

/** How many functions are named that read the signal word plainly. */
#define WASMSIG_PLAIN_POLLS_NAMED 8

/**
 * How the code reads the signal word, where that can be seen: an instruction
 * whose address is a constant plus its own offset. The constant may come from
 * an immutable global, or by way of a local that is sure to hold it; what goes
 * through memory is not seen (guests compiled with -O0).
 */
typedef struct wasmsig_module_polls {
  /** i32.atomic.load and read-modify-writes; i64.atomic.load, which looks at
   * the word behind it as well. */
  uint64_t atomic;
  /** i32.load and the narrower ones: an engine may lift them out of a loop. */
  uint64_t plain;
  /** The first functions that have plain ones, and their names if told. */
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

/** The name of the export that is a word: 0..3; NULL for other numbers. */
WASMSIG_API const char *wasmsig_word_name(int word);

/** All that the reader found. */
typedef struct wasmsig_module_report {
  size_t size;             /* of this struct, for later versions to tell */
  wasmsig_verdict verdict; /* what becomes of the module */
  /**
   * Of unreadable ones: at which byte, and what was expected there. What is
   * truncated ends at that byte. Of what is not WebAssembly: what it is, where
   * that can be seen ("the text format: compile it first").
   */
  uint64_t offset;
  const char *detail; /* never freed; NULL if the verdict says it all */
  /** Which word the verdict is about; -1: none in particular. */
  int word;
  wasmsig_module_word words[WASMSIG_WORD_COUNT]; /* one for each name */
  wasmsig_module_memory memory;                  /* memory 0 */
  wasmsig_module_polls polls; /* only if they were asked for */
} wasmsig_module_report;

#define WASMSIG_MODULE_REPORT_INIT \
  {sizeof(wasmsig_module_report),  \
   WASMSIG_VERDICT_NOT_WASM,       \
   0,                              \
   0,                              \
   -1,                             \
   {{0}},                          \
   {0},                            \
   {0}}

/** What is read besides words and memory. */
typedef struct wasmsig_module_options {
  size_t size; /* of this struct, for later versions to tell */
  /** Look for polls in the code: reads all of it. */
  bool polls;
} wasmsig_module_options;

#define WASMSIG_MODULE_OPTIONS_INIT {sizeof(wasmsig_module_options), false}

/**
 * Reads a module in memory.
 *
 * options:   NULL for none
 * report:    initialised, and empty or released; filled in whatever the
 *            verdict is, with as much as was read before it was known
 *
 * Errors:    EINVAL, ENOMEM. The report is as it was.
 * Ownership: wasmsig_module_report_release() frees what the report names. The
 *            bytes are not referred to afterwards.
 * Threads:   any. Signal handlers: no.
 * Source:    WebAssembly Core Specification 3.0, chapter 5.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_module_inspect(const void *bytes, size_t length,
                                       const wasmsig_module_options *options,
                                       wasmsig_module_report *report);

/**
 * Where the bytes of a module come from, in order. Reading takes some 64 KiB
 * of memory and what the module's types, globals and names need; it does not
 * grow with code and data. Looking for polls takes a byte for each block that
 * is open.
 */
typedef struct wasmsig_module_source {
  void *context; /* what both functions are given */
  /** Up to `capacity` bytes; how many, 0 at the end, -1 on an error. */
  ptrdiff_t (*read)(void *context, void *buffer, size_t capacity);
  /**
   * Passes over bytes that are not needed: how many, fewer only at the end; -1
   * on an error. NULL: they are read and dropped.
   */
  int64_t (*skip)(void *context, uint64_t count);
} wasmsig_module_source;

/** As wasmsig_module_inspect(); and EREAD, if the source says so. */
WASMSIG_API int wasmsig_module_inspect_source(
    const wasmsig_module_source *source, const wasmsig_module_options *options,
    wasmsig_module_report *report);

/**
 * Reads a file, pipe or socket from where it stands.
 *
 * Errors:    and EREAD, with the system's reason in errno.
 */
WASMSIG_API int wasmsig_module_inspect_file(
    int descriptor, const wasmsig_module_options *options,
    wasmsig_module_report *report);

/** Frees what a report names, and empties it. NULL is nothing to free. */
WASMSIG_API void wasmsig_module_report_release(wasmsig_module_report *report);

#ifdef __cplusplus
}
#endif

#endif

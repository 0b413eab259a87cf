/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Scan: where the parts of a module stand that are written anew.
 *
 * The module reader says first whether the bytes are a module at all, down to
 * each instruction. So what is read here is well-formed; it is read through a
 * cursor all the same, and what is not stops with a fault.
 */
#ifndef WSIG_INSTRUMENT_SCAN_H
#define WSIG_INSTRUMENT_SCAN_H

#include "module/reader.h"
#include "module/wasm_section.h"

#include <stddef.h>

/** Bytes [start, end) of the file: its number, its size, its payload. */
struct wsig_wasm_section {
  uint8_t number;
  size_t start, payload, end;
  const char *name; /* of a custom one, not terminated; else NULL */
  size_t name_length;
  size_t contents; /* behind the name */
};

/** Of a type that is no function's all is 0. */
struct wsig_signature {
  uint32_t parameters;
  bool is_plain;       /* a function without parameters and results */
  bool has_references; /* among parameters and results */
  /** A function's type that another equals exactly if its bytes are the same:
   * it has no supertype, none is declared for it, and its parameters and
   * results are each one byte. NULL: it may be another's equal or supertype. */
  const uint8_t *bytes;
  size_t length;
};

struct wsig_scan {
  const uint8_t *bytes;
  size_t length;
  struct wsig_module module; /* globals and exports; exports sorted by name */
  wasmsig_module_report report;

  struct wsig_wasm_section *sections;
  size_t section_count, section_capacity;
  const struct wsig_wasm_section
      *known[WSIG_WASM_SECTION_COUNT]; /* by number, or NULL */

  struct wsig_signature *signatures;
  size_t signature_count, signature_capacity;
  uint32_t *functions; /* the type of each, imported ones first */
  size_t function_count, function_capacity;
  uint64_t imported_globals;
  bool imports_references; /* a table, a tag, or a global that holds one */
};

/** Reads it all. The report is filled in any case. Errors: ENOMEM; 1: it cannot
 * be taken, and `*why` says what is wrong with it. */
int wsig_scan(struct wsig_scan *scan, const uint8_t *bytes, size_t length,
              const char **why);
void wsig_scan_release(struct wsig_scan *scan);

/** Says why a module cannot be taken; answers 1. */
static inline int wsig_refuse(const char **why, const char *reason) {
  *why = reason;
  return 1;
}

/** A cursor over bytes [start, end); offsets in it begin at `start`. */
struct wsig_cursor wsig_scan_cursor(const struct wsig_scan *scan, size_t start,
                                    size_t end);

/** The export of this name; NULL: there is none. */
const struct wsig_export *wsig_scan_export(const struct wsig_scan *scan,
                                           const char *name);
/** Whether a value type that begins with this byte is a reference's. */
bool wsig_type_is_reference(uint8_t code);
bool wsig_wasm_section_is_named(const struct wsig_wasm_section *section,
                                const char *name);

#endif

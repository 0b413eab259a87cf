/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Scan: finds the parts of a module that the instrumenter changes.
 *
 * The module reader first checks that the bytes are a module, down to each
 * instruction. So the scan reads well-formed bytes. It still reads them through
 * a cursor: malformed bytes would end in a fault.
 */
#ifndef WSIG_INSTRUMENT_SCAN_H
#define WSIG_INSTRUMENT_SCAN_H

#include "module/reader.h"
#include "module/wasm_section.h"

#include <stddef.h>

/** A section: bytes [start, end) of the file, from its number to its end. */
struct wsig_wasm_section {
  uint8_t number;
  size_t start, payload, end;
  const char *name; /* of a custom section, without NUL; else NULL */
  size_t name_length;
  size_t contents; /* after the name */
};

/** All zeros for a type that is no function type. */
struct wsig_signature {
  uint32_t parameters;
  bool is_plain;       /* a function without parameters and results */
  bool has_references; /* among parameters and results */
  /** The bytes of a function type that equals another type exactly if the bytes
   * are equal: it is declared without `sub`, so it has neither supertypes nor
   * subtypes, and each parameter and result is one byte. NULL: it may be
   * another type's equal or supertype. */
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
      *known[WSIG_WASM_SECTION_COUNT]; /* by section number, or NULL */

  struct wsig_signature *signatures;
  size_t signature_count, signature_capacity;
  uint32_t *functions; /* type of each function, imported ones first */
  size_t function_count, function_capacity;
  uint64_t imported_globals;
  bool imports_references; /* a table, tag or global with references */
};

/** Scans the module. Fills the report even after an error. Errors: ENOMEM; 1:
 * the module cannot be instrumented, and `*why` is the reason. */
int wsig_scan(struct wsig_scan *scan, const uint8_t *bytes, size_t length,
              const char **why);
void wsig_scan_release(struct wsig_scan *scan);

/** Sets the reason why a module cannot be instrumented; returns 1. */
static inline int wsig_refuse(const char **why, const char *reason) {
  *why = reason;
  return 1;
}

/** A cursor for the bytes [start, end); its offsets are relative to `start`. */
struct wsig_cursor wsig_scan_cursor(const struct wsig_scan *scan, size_t start,
                                    size_t end);

/** The export with this name; NULL: there is none. */
const struct wsig_export *wsig_scan_export(const struct wsig_scan *scan,
                                           const char *name);
/** Whether a value type with this first byte is a reference type. */
bool wsig_type_is_reference(uint8_t code);
bool wsig_wasm_section_is_named(const struct wsig_wasm_section *section,
                                const char *name);

#endif

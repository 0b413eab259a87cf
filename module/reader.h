/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The reader's knowledge of a module while it reads. Its size grows with the
 * number of types and globals and with the names of imports and exports, and,
 * if it reads the code, with the number of functions. It does not grow with
 * code or data, except by a byte for each block around an instruction.
 */
#ifndef WSIG_MODULE_READER_H
#define WSIG_MODULE_READER_H

#include "cursor.h"
#include "text.h"
#include "type.h"

/** A part of wsig_module.names. */
struct wsig_span {
  size_t start, length;
};

struct wsig_global {
  uint64_t value; /* if it is a constant */
  uint32_t import_number;
  uint8_t type; /* the first byte of its code */
  bool is_mutable;
  uint8_t source; /* wasmsig_value_source */
};

struct wsig_import {
  struct wsig_span module, name;
};

struct wsig_export {
  struct wsig_span name;
  uint64_t offset; /* where it starts in the file */
  uint32_t index;
  uint8_t kind;
};

struct wsig_composite_type {
  uint8_t code;        /* its first byte */
  uint32_t parameters; /* of a function */
};

struct wsig_module {
  struct wsig_cursor cursor;
  wasmsig_module_report *report;
  bool wants_polls;

  struct wsig_composite_type *types;
  size_t type_count, type_capacity;
  bool in_types;         /* a type may refer to later ones of its group */
  uint64_t type_highest; /* highest index that was referred to, + 1 */
  uint64_t type_highest_offset;

  uint64_t function_count, table_count, tag_count;
  uint64_t imported_functions;
  uint32_t *functions; /* types of those with a body, if it wants polls */
  size_t function_capacity;

  bool *memories; /* whether each is of the kind of WASMSIG_OWN_MEMORY */
  size_t memory_count, memory_capacity;

  struct wsig_global *globals;
  size_t global_count, global_capacity;
  struct wsig_import *imports; /* imported globals */
  size_t import_count, import_capacity;
  struct wsig_export *exports;
  size_t export_count, export_capacity;
  struct wsig_text names; /* of imports and exports */

  unsigned rank; /* of the last section, see sections.c */
  bool has_code, has_data, has_data_count;
  uint32_t data_count;

  uint8_t *blocks; /* open blocks of a function, see code.c */
  size_t block_count, block_capacity;
};

/** Reads all sections after the header. */
void wsig_read_sections(struct wsig_module *module);

/* The readers of sections. Each section ends at the cursor's limit. */
void wsig_read_types(struct wsig_module *module);
void wsig_read_imports(struct wsig_module *module);
void wsig_read_functions(struct wsig_module *module);
void wsig_read_tables(struct wsig_module *module);
void wsig_read_memories(struct wsig_module *module);
void wsig_read_tags(struct wsig_module *module);
void wsig_read_globals(struct wsig_module *module);
void wsig_read_exports(struct wsig_module *module);
void wsig_read_start(struct wsig_module *module);
void wsig_read_elements(struct wsig_module *module);
void wsig_read_data_count(struct wsig_module *module);
void wsig_read_code(struct wsig_module *module);
void wsig_read_data(struct wsig_module *module);

/** The section "name": names of functions with plain polls. */
void wsig_read_function_names(struct wsig_module *module);
/** For those that have no name there, names from the exports. */
void wsig_name_functions_by_exports(struct wsig_module *module);

/** Fails if two exports have the same name. Sorts the exports. */
void wsig_check_export_names(struct wsig_module *module);

/** Fails if the type has an index that the module does not have. */
void wsig_check_type(struct wsig_module *module, const struct wsig_type *type);
/** Reads an index below `count`, or fails with `detail`. */
uint32_t wsig_read_index(struct wsig_module *module, uint64_t count,
                         const char *detail);
/** Reads the index of a function type. */
uint32_t wsig_read_function_type_index(struct wsig_module *module);

/** The result of a constant expression. */
struct wsig_value {
  uint64_t value;
  uint8_t source; /* wasmsig_value_source */
};

/** Reads a constant expression with its `end`. `type` is the first byte of the
 * expected type's code. The value is known only for i32 and i64. */
struct wsig_value wsig_read_expression(struct wsig_module *module,
                                       uint8_t type);
/** Skips a constant expression of any type. */
void wsig_pass_expression(struct wsig_module *module);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The binary form of types of WebAssembly 3.0 (5.3 Types). */
#ifndef WSIG_MODULE_TYPE_H
#define WSIG_MODULE_TYPE_H

#include "cursor.h"

enum {
  WSIG_TYPE_I32 = 0x7f,
  WSIG_TYPE_I64 = 0x7e,
  WSIG_TYPE_REF = 0x64,
  WSIG_TYPE_REF_NULL = 0x63,
};

/** A value type, reference type or heap type. */
struct wsig_type {
  uint8_t code;    /* its first byte; 0 for an indexed heap type */
  bool is_indexed; /* it refers to the type at `index` */
  uint32_t index;
  uint64_t offset; /* where it begins */
};

/** Fails at a code that is not allowed: NEWER if it is still unused. */
void wsig_type_refuse(struct wsig_cursor *cursor, uint8_t code, uint64_t offset,
                      const char *detail);

struct wsig_type wsig_read_heap_type(struct wsig_cursor *cursor);
struct wsig_type wsig_read_reference_type(struct wsig_cursor *cursor);
struct wsig_type wsig_read_value_type(struct wsig_cursor *cursor);
/** Value types, and the packed types i8 and i16 of fields. */
struct wsig_type wsig_read_storage_type(struct wsig_cursor *cursor);
/** The mutability of a global or a field. */
bool wsig_read_mutability(struct wsig_cursor *cursor);

struct wsig_limits {
  bool is_shared, is_64_bit;
  uint64_t minimum, maximum; /* WASMSIG_NO_MAXIMUM: none */
};

struct wsig_limits wsig_read_memory_limits(struct wsig_cursor *cursor);
struct wsig_limits wsig_read_table_limits(struct wsig_cursor *cursor);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reads the binary form of types. Callers that know the module check that an
 * index refers to a type of the module. */
#include "type.h"

static bool is_number_or_vector(uint8_t code) {
  return code >= 0x7b && code <= 0x7f; /* v128 ... i32 */
}

static bool is_abstract_heap(uint8_t code) {
  return code >= 0x69 && code <= 0x74; /* exn ... noexn */
}

/* All type codes are negative numbers of one byte, 0x40 to 0x7f. */
static bool is_unused(uint8_t code) {
  switch (code) {
    case 0x40: /* no value */
    case 0x4e: /* a group */
    case 0x4f: /* composite types: functions, arrays, structures */
    case 0x50:
    case 0x5e:
    case 0x5f:
    case 0x60:
    case WSIG_TYPE_REF_NULL:
    case WSIG_TYPE_REF:
    case 0x77: /* i16, i8 */
    case 0x78: return false;
    default:
      return (code & 0xc0) == 0x40 && !is_abstract_heap(code) &&
             !is_number_or_vector(code);
  }
}

void wsig_type_refuse(struct wsig_cursor *cursor, uint8_t code, uint64_t offset,
                      const char *detail) {
  if (is_unused(code))
    wsig_cursor_newer(cursor, offset, detail);
  else
    wsig_cursor_fail(cursor, offset, detail);
}

static struct wsig_type wrong(struct wsig_cursor *cursor,
                              const struct wsig_type *type,
                              const char *detail) {
  wsig_type_refuse(cursor, type->code, type->offset, detail);
  return *type;
}

struct wsig_type wsig_read_heap_type(struct wsig_cursor *cursor) {
  uint8_t first = wsig_peek_byte(cursor);
  struct wsig_type type = {.offset = wsig_cursor_offset(cursor), .code = first};
  if (is_abstract_heap(first)) {
    wsig_read_byte(cursor);
    return type;
  }
  int64_t index = wsig_read_s33(cursor);
  if (index < 0) return wrong(cursor, &type, "a heap type");
  type.code = 0;
  type.is_indexed = true;
  type.index = (uint32_t)index;
  return type;
}

struct wsig_type wsig_read_reference_type(struct wsig_cursor *cursor) {
  struct wsig_type type = {.offset = wsig_cursor_offset(cursor)};
  type.code = wsig_read_byte(cursor);
  if (type.code == WSIG_TYPE_REF || type.code == WSIG_TYPE_REF_NULL) {
    struct wsig_type heap = wsig_read_heap_type(cursor);
    type.is_indexed = heap.is_indexed;
    type.index = heap.index;
  } else if (!is_abstract_heap(type.code)) {
    return wrong(cursor, &type, "a reference type");
  }
  return type;
}

struct wsig_type wsig_read_value_type(struct wsig_cursor *cursor) {
  uint8_t first = wsig_peek_byte(cursor);
  struct wsig_type type = {.offset = wsig_cursor_offset(cursor), .code = first};
  if (is_number_or_vector(first)) {
    wsig_read_byte(cursor);
    return type;
  }
  if (first == WSIG_TYPE_REF || first == WSIG_TYPE_REF_NULL ||
      is_abstract_heap(first))
    return wsig_read_reference_type(cursor);
  wsig_read_byte(cursor); /* fails if the input ends here */
  return wrong(cursor, &type, "a value type");
}

struct wsig_type wsig_read_storage_type(struct wsig_cursor *cursor) {
  uint8_t first = wsig_peek_byte(cursor);
  if (first != 0x78 && first != 0x77) return wsig_read_value_type(cursor);
  struct wsig_type type = {.offset = wsig_cursor_offset(cursor), .code = first};
  wsig_read_byte(cursor);
  return type;
}

bool wsig_read_mutability(struct wsig_cursor *cursor) {
  uint64_t offset = wsig_cursor_offset(cursor);
  uint8_t byte = wsig_read_byte(cursor);
  if (byte > 1) wsig_cursor_newer(cursor, offset, "a mutability, 0 or 1");
  return byte == 1;
}

/* ----------------------------------------------------------------- limits */

enum { HAS_MAXIMUM = 1, IS_SHARED = 2, IS_64_BIT = 4 };

static struct wsig_limits read_limits(struct wsig_cursor *cursor,
                                      uint8_t flags) {
  struct wsig_limits limits = {
      .is_shared = flags & IS_SHARED,
      .is_64_bit = flags & IS_64_BIT,
      .maximum = WASMSIG_NO_MAXIMUM,
  };
  limits.minimum = wsig_read_u64(cursor);
  if (flags & HAS_MAXIMUM) limits.maximum = wsig_read_u64(cursor);
  return limits;
}

/* `most_...`: the maximum that the address type allows. */
static struct wsig_limits read_checked(struct wsig_cursor *cursor,
                                       uint8_t known_flags, uint64_t most_32,
                                       uint64_t most_64, const char *too_many) {
  uint64_t start = wsig_cursor_offset(cursor);
  uint8_t flags = wsig_read_byte(cursor);
  if (flags & ~known_flags) wsig_cursor_newer(cursor, start, "flags of limits");
  if ((flags & (IS_SHARED | HAS_MAXIMUM)) == IS_SHARED)
    wsig_cursor_fail(cursor, start, "a maximum: the memory is shared");
  uint64_t at = wsig_cursor_offset(cursor);
  struct wsig_limits limits = read_limits(cursor, flags);
  uint64_t most = limits.is_64_bit ? most_64 : most_32;
  if (limits.minimum > limits.maximum)
    wsig_cursor_fail(cursor, at, "a minimum that is not above the maximum");
  if (limits.minimum > most || (flags & HAS_MAXIMUM && limits.maximum > most))
    wsig_cursor_fail(cursor, at, too_many);
  return limits;
}

struct wsig_limits wsig_read_memory_limits(struct wsig_cursor *cursor) {
  return read_checked(cursor, HAS_MAXIMUM | IS_SHARED | IS_64_BIT,
                      UINT64_C(1) << 16, UINT64_C(1) << 48,
                      "no more pages than the address type can reach");
}

struct wsig_limits wsig_read_table_limits(struct wsig_cursor *cursor) {
  return read_checked(cursor, HAS_MAXIMUM | IS_64_BIT, UINT32_MAX, UINT64_MAX,
                      "no more elements than the address type can reach");
}

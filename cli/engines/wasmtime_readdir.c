/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Wasmtime's fd_readdir reads the whole folder at each call, with the status of
 * each file, and hands out as much as the guest's buffer takes: a C program
 * asks for 4 KiB at a time, so a long folder takes the square of its length.
 * Here it is read into a large buffer once, and handed out of that.
 *
 * The buffer is the memory of an instance of our own, as Wasmtime's function
 * writes into the memory of whoever calls it.
 *
 * A guest sees what it may see of a folder that changes: cookie 0 reads it
 * anew; of what comes and goes after that, readdir(3) promises nothing.
 */
#include "engines/wasmtime_readdir.h"

#include "engines/wasmtime_trampoline.h"
#include "module/text.h"

#include <stdlib.h>
#include <string.h>

/* wasi_snapshot_preview1.witx, dirent: the next one's cookie u64 at 0, the
 * length of the name u32 at 16, the name behind it. */
enum { LENGTH_AT = 16, ENTRY_SIZE = 24 };

enum { USED_AT = 0, LIST_AT = 16 };
#define PAGE ((size_t)65536)
#define MOST_PAGES ((size_t)1024)
#define MOST_BYTES ((size_t)128 << 20)

/* What a descriptor's folder held, behind `cookie`. A part of a list is one
 * entry or more; the last may be cut off. */
struct list {
  uint8_t *bytes;
  size_t length;
  bool is_complete;
  uint32_t descriptor;
  uint64_t cookie;
  uint64_t last_cookie; /* that was asked for, and where it was */
  size_t last_at;
};

/* Of folders that the guest is reading. The one that was filled first goes when
 * all have more than MOST_BYTES. */
static struct list *lists;
static size_t count, capacity, total;

static wasmtime_memory_t memory;
static wasmtime_func_t reader;
static enum { UNKNOWN, MADE, FAILED } state;

/* --------------------------------------------------------------- the lists */

static struct list *find(uint32_t descriptor) {
  for (size_t i = 0; i < count; i++)
    if (lists[i].descriptor == descriptor) return &lists[i];
  return NULL;
}

/* Those behind it move. */
static void drop(struct list *list) {
  total -= list->length;
  free(list->bytes);
  count--;
  memmove(list, list + 1, (size_t)(lists + count - list) * sizeof *list);
}

void cli_folders_forget(uint32_t descriptor) {
  struct list *list = find(descriptor);
  if (list) drop(list);
}

/* With room for so many bytes; NULL: there is no memory. */
static struct list *add(uint32_t descriptor, size_t length) {
  cli_folders_forget(descriptor);
  while (count > 0 && total + length > MOST_BYTES) drop(lists);
  struct list *grown = wsig_array_grow(lists, count, &capacity, sizeof *lists);
  uint8_t *bytes = malloc(length > 0 ? length : 1);
  if (grown) lists = grown;
  if (!grown || !bytes) {
    free(bytes);
    return NULL;
  }
  total += length;
  lists[count] =
      (struct list){.bytes = bytes, .length = length, .descriptor = descriptor};
  return &lists[count++];
}

/* Whether `at` is where an entry stands that is there as a whole: then what is
 * behind it, and the cookie of that. */
static bool step(const struct list *list, size_t *at, uint64_t *cookie) {
  uint32_t length;
  const uint8_t *entry = list->bytes + *at;
  if (list->length - *at < ENTRY_SIZE) return false;
  memcpy(&length, entry + LENGTH_AT, sizeof length);
  if (list->length - *at - ENTRY_SIZE < length) return false;
  memcpy(cookie, entry, sizeof *cookie);
  *at += ENTRY_SIZE + length;
  return true;
}

/* Where what is behind the cookie begins; false: not in this list. A guest asks
 * for what is behind the part that it got last, mostly. */
static bool seek(struct list *list, uint64_t cookie) {
  for (int from_start = 0; from_start < 2; from_start++) {
    size_t at = from_start ? 0 : list->last_at;
    uint64_t here = from_start ? list->cookie : list->last_cookie;
    while (here != cookie && step(list, &at, &here)) continue;
    if (here != cookie) continue;
    list->last_cookie = cookie;
    list->last_at = at;
    return true;
  }
  return false;
}

/* Whether all of `room` bytes, or up to the folder's end, are in the list. */
static bool has(struct list *list, uint64_t cookie, size_t room) {
  return seek(list, cookie) &&
         (list->is_complete || list->length - list->last_at >= room);
}

/* -------------------------------------------------------------- the reader */

static bool make_reader(wasmtime_context_t *context) {
  static const char text[] =
      "(module (import \"\" \"\" (func $0"
      " (param i32 i32 i32 i64 i32) (result i32)))"
      " (memory (export \"memory\") 4 1025)"
      " (func (export \"read\") (param i32 i32 i32 i64 i32) (result i32)"
      " local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 call $0))";
  wasmtime_extern_t own = cli_between_own(cli_shadowed_named("fd_readdir"));
  wasmtime_instance_t instance;
  wasmtime_error_t *error = cli_between_add(context, text, &own, 1, &instance);
  if (error) {
    wasmtime_error_delete(error);
    return false;
  }
  memory = cli_between_export(context, &instance, "memory").of.memory;
  reader = cli_between_export(context, &instance, "read").of.func;
  return true;
}

/* Answers a WASI errno; `*used` bytes are in the memory then. CLI_WASI_PASS: it
 * did not go. */
static int32_t read_once(wasmtime_context_t *context, uint32_t descriptor,
                         uint64_t cookie, size_t room, uint32_t *used) {
  wasm_trap_t *trap = NULL;
  wasmtime_val_raw_t values[5] = {{.i32 = (int32_t)descriptor},
                                  {.i32 = LIST_AT},
                                  {.i32 = (int32_t)room},
                                  {.i64 = (int64_t)cookie},
                                  {.i32 = USED_AT}};
  wasmtime_error_t *error =
      wasmtime_func_call_unchecked(context, &reader, values, 5, &trap);
  if (error) wasmtime_error_delete(error);
  if (trap) wasm_trap_delete(trap);
  if (error || trap) return CLI_WASI_PASS;
  memcpy(used, wasmtime_memory_data(context, &memory) + USED_AT, sizeof *used);
  return values[0].i32;
}

static bool grow(wasmtime_context_t *context, size_t pages) {
  uint64_t before;
  wasmtime_error_t *error =
      wasmtime_memory_grow(context, &memory, pages, &before);
  if (error) wasmtime_error_delete(error);
  return !error;
}

/* With as large a buffer as it takes, or may have. */
static int32_t read_all(wasmtime_context_t *context, uint32_t descriptor,
                        uint64_t cookie, uint32_t *used, bool *is_complete) {
  for (;;) {
    size_t size = wasmtime_memory_data_size(context, &memory);
    size_t room = size - LIST_AT;
    int32_t error = read_once(context, descriptor, cookie, room, used);
    if (error) return error;
    *is_complete = *used < room;
    size_t pages = size / PAGE;
    if (*is_complete || pages * 4 > MOST_PAGES) return 0;
    if (!grow(context, pages * 3)) return 0;
  }
}

static int32_t fill(wasmtime_context_t *context, uint32_t descriptor,
                    uint64_t cookie, struct list **filled) {
  uint32_t used;
  bool is_complete;
  int32_t error = read_all(context, descriptor, cookie, &used, &is_complete);
  if (error) return error;
  struct list *list = add(descriptor, used);
  if (!list) return CLI_WASI_PASS;
  memcpy(list->bytes, wasmtime_memory_data(context, &memory) + LIST_AT, used);
  list->is_complete = is_complete;
  list->cookie = list->last_cookie = cookie;
  *filled = list;
  return 0;
}

/* -------------------------------------------------------------------- all */

static bool is_inside(const struct cli_memory *of, uint32_t at, uint64_t size) {
  return size <= of->length && at <= of->length - size;
}

int32_t cli_folders_read(wasmtime_context_t *context,
                         const struct cli_memory *of,
                         const wasmtime_val_raw_t *parameters) {
  uint32_t descriptor = (uint32_t)parameters[0].i32;
  uint32_t buffer = (uint32_t)parameters[1].i32;
  uint32_t room = (uint32_t)parameters[2].i32;
  uint64_t cookie = (uint64_t)parameters[3].i64;
  uint32_t used_at = (uint32_t)parameters[4].i32;
  struct list *list = cookie == 0 ? NULL : find(descriptor);
  if (!is_inside(of, buffer, room) || !is_inside(of, used_at, 4))
    return CLI_WASI_PASS;
  if (state == UNKNOWN) state = make_reader(context) ? MADE : FAILED;
  if (state == FAILED) return CLI_WASI_PASS;
  if (!list || !has(list, cookie, room)) {
    int32_t error = fill(context, descriptor, cookie, &list);
    if (error) return error;
    if (!has(list, cookie, room)) return CLI_WASI_PASS;
  }
  size_t left = list->length - list->last_at;
  uint32_t used = left < room ? (uint32_t)left : room;
  memcpy(of->base + buffer, list->bytes + list->last_at, used);
  memcpy(of->base + used_at, &used, sizeof used);
  if (used < room) drop(list); /* the guest has all */
  return 0;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Wasmtime's fd_readdir reads the whole folder at each call, with the status of
 * each file, and returns as much as the guest's buffer holds. A C program asks
 * for 4 KiB at a time, so the time grows with the square of a folder's length.
 * This file reads the folder into a large buffer once, and answers from it.
 *
 * The buffer is the memory of an instance of our own, because Wasmtime's
 * function writes into the memory of the calling instance.
 *
 * A folder may change while the guest reads it. Cookie 0 reads it again. For
 * changes after that, readdir(3) promises nothing.
 */
#include "engines/wasmtime_readdir.h"

#include "engines/wasmtime_trampoline.h"

#include <stdlib.h>
#include <string.h>

/* wasi_snapshot_preview1.witx, dirent: the next entry's cookie u64 at 0, the
 * length of the name u32 at 16, then the name. */
enum { LENGTH_AT = 16, ENTRY_SIZE = 24 };

/* The layout of the reader's memory: how many bytes were read, and the bytes.
 */
enum { USED_AT = 0, LIST_AT = 16 };
#define PAGE ((size_t)65536)
#define MOST_PAGES ((size_t)1024)
#define MOST_BYTES ((size_t)128 << 20)

/* The entries of a descriptor's folder after `cookie`. The last one may be cut
 * off. */
struct list {
  uint8_t *bytes;
  size_t length;
  bool is_complete;
  uint32_t descriptor;
  uint64_t cookie;
  uint64_t last_cookie; /* the last one that the guest asked for */
  size_t last_at;       /* its place in `bytes` */
};

/* Of the folders that the guest is reading. When all together exceed
 * MOST_BYTES, the oldest is dropped. */
static struct list *lists;
static size_t count, total_bytes;

static wasmtime_memory_t memory;
static wasmtime_func_t reader;
static enum { NOT_CREATED, CREATED, FAILED } state;

/* --------------------------------------------------------------- the lists */

static struct list *find(uint32_t descriptor) {
  for (size_t i = 0; i < count; i++)
    if (lists[i].descriptor == descriptor) return &lists[i];
  return NULL;
}

/* The lists after it move. */
static void drop(struct list *list) {
  total_bytes -= list->length;
  free(list->bytes);
  count--;
  memmove(list, list + 1, (size_t)(lists + count - list) * sizeof *list);
}

void cli_readdir_forget(uint32_t descriptor) {
  struct list *list = find(descriptor);
  if (list) drop(list);
}

/* A list with space for `length` bytes; NULL: out of memory. */
static struct list *add(uint32_t descriptor, size_t length) {
  cli_readdir_forget(descriptor);
  while (count > 0 && total_bytes + length > MOST_BYTES) drop(lists);
  struct list *grown = reallocarray(lists, count + 1, sizeof *lists);
  uint8_t *bytes = malloc(length > 0 ? length : 1);
  if (grown) lists = grown;
  if (!grown || !bytes) {
    free(bytes);
    return NULL;
  }
  total_bytes += length;
  lists[count] =
      (struct list){.bytes = bytes, .length = length, .descriptor = descriptor};
  return &lists[count++];
}

/* Moves `at` and `cookie` to the next entry; false: there is no complete entry
 * at `at`. */
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

/* Sets `last_at` to the first entry after the cookie; false: it is not in this
 * list. Mostly a guest asks for the entries after those that it read last. */
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

/* Whether the list has `size` bytes after the cookie, or all until the end of
 * the folder. */
static bool has(struct list *list, uint64_t cookie, size_t size) {
  return seek(list, cookie) &&
         (list->is_complete || list->length - list->last_at >= size);
}

/* -------------------------------------------------------------- the reader */

static bool create_reader(wasmtime_context_t *context) {
  static const char text[] =
      "(module (import \"\" \"\" (func $0"
      " (param i32 i32 i32 i64 i32) (result i32)))"
      " (memory (export \"memory\") 4 1025)"
      " (func (export \"read\") (param i32 i32 i32 i64 i32) (result i32)"
      " local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 call $0))";
  wasmtime_extern_t target =
      cli_trampoline_target(cli_shadowed_index("fd_readdir"));
  wasmtime_instance_t instance;
  wasmtime_error_t *error = cli_store_add(context, text, &target, 1, &instance);
  if (error) {
    wasmtime_error_delete(error);
    return false;
  }
  memory = cli_store_export(context, &instance, "memory").of.memory;
  reader = cli_store_export(context, &instance, "read").of.func;
  return true;
}

/* Returns a WASI errno; after success `*used` bytes are in the memory.
 * CLI_WASI_PASS: the call failed. */
static int32_t read_once(wasmtime_context_t *context, uint32_t descriptor,
                         uint64_t cookie, size_t size, uint32_t *used) {
  wasm_trap_t *trap = NULL;
  wasmtime_val_raw_t values[5] = {{.i32 = (int32_t)descriptor},
                                  {.i32 = LIST_AT},
                                  {.i32 = (int32_t)size},
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

/* Enlarges the buffer until the folder fits, or the buffer is at its maximum.
 */
static int32_t read_all(wasmtime_context_t *context, uint32_t descriptor,
                        uint64_t cookie, uint32_t *used, bool *is_complete) {
  for (;;) {
    size_t size = wasmtime_memory_data_size(context, &memory);
    size_t space = size - LIST_AT;
    int32_t error = read_once(context, descriptor, cookie, space, used);
    if (error) return error;
    *is_complete = *used < space;
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

int32_t cli_readdir(wasmtime_context_t *context, const struct cli_memory *guest,
                    const wasmtime_val_raw_t *parameters) {
  uint32_t descriptor = (uint32_t)parameters[0].i32;
  uint32_t size = (uint32_t)parameters[2].i32;
  uint64_t cookie = (uint64_t)parameters[3].i64;
  uint8_t *buffer = cli_memory_at(guest, (uint32_t)parameters[1].i32, size);
  uint8_t *used_at = cli_memory_at(guest, (uint32_t)parameters[4].i32, 4);
  struct list *list = cookie == 0 ? NULL : find(descriptor);
  if (!buffer || !used_at) return CLI_WASI_PASS;
  if (state == NOT_CREATED) state = create_reader(context) ? CREATED : FAILED;
  if (state == FAILED) return CLI_WASI_PASS;
  if (!list || !has(list, cookie, size)) {
    int32_t error = fill(context, descriptor, cookie, &list);
    if (error) return error;
    if (!has(list, cookie, size)) return CLI_WASI_PASS;
  }
  size_t left = list->length - list->last_at;
  uint32_t used = left < size ? (uint32_t)left : size;
  memcpy(buffer, list->bytes + list->last_at, used);
  memcpy(used_at, &used, sizeof used);
  if (used < size) drop(list); /* the guest has read all of it */
  return 0;
}

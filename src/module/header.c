/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The first eight bytes: whether it is a core module, and what it is if not.
 * Whoever gives us another file mostly wonders why, so common ones are named.
 */
#include "header.h"

#include <string.h>

static const struct {
  const char *start;
  size_t length;
  const char *detail;
} others[] = {
    {"\x1f\x8b", 2, "a binary: it is gzip-compressed"},
    {"\x28\xb5\x2f\xfd", 4, "a binary: it is zstd-compressed"},
    {"PK\x03\x04", 4, "a binary: it is a zip archive"},
    {"!<arch>", 7, "a binary: it is a static library, link it first"},
    {"\x7f"
     "ELF",
     4, "a WebAssembly binary: it is an ELF file"},
    {"BC\xc0\xde", 4, "a WebAssembly binary: it is LLVM bitcode"},
    {"#!", 2, "a binary: it is a script"},
    {"(module", 7, "a binary: it is the text format, compile it (wat2wasm)"},
    {"(component", 10, "a binary: it is the text format of a component"},
    {"(;", 2, "a binary: it is the text format, compile it (wat2wasm)"},
    {";;", 2, "a binary: it is the text format, compile it (wat2wasm)"},
    {"//", 2, "a binary: it is source code"},
    {"/*", 2, "a binary: it is source code"},
    {"import ", 7, "a binary: it is JavaScript, give the .wasm file"},
    {"export ", 7, "a binary: it is JavaScript, give the .wasm file"},
    {"const ", 6, "a binary: it is JavaScript, give the .wasm file"},
    {"var ", 4, "a binary: it is JavaScript, give the .wasm file"},
    {"\"use strict\"", 12, "a binary: it is JavaScript, give the .wasm file"},
    {"'use strict'", 12, "a binary: it is JavaScript, give the .wasm file"},
};

static bool is_blank(uint8_t byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static const char *what_else(const uint8_t *bytes, size_t length) {
  if (length == 0) return "a WebAssembly binary: it is empty";
  while (length > 0 && is_blank(*bytes)) bytes++, length--;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (length >= others[i].length &&
        memcmp(bytes, others[i].start, others[i].length) == 0)
      return others[i].detail;
  return "the four bytes 00 61 73 6d";
}

static bool stop(struct wsig_cursor *cursor, wasmsig_verdict verdict,
                 uint64_t offset, const char *detail) {
  wsig_cursor_fail(cursor, offset, detail);
  cursor->verdict = verdict;
  return false;
}

bool wsig_read_header(struct wsig_cursor *cursor) {
  size_t length = wsig_cursor_peek(cursor, 64);
  if (cursor->failed) return false;
  const uint8_t *bytes = cursor->at;
  if (length < 4 || memcmp(bytes, "\0asm", 4) != 0)
    return stop(cursor, WASMSIG_VERDICT_NOT_WASM, 0, what_else(bytes, length));
  if (length < 8) {
    wsig_cursor_skip(cursor, 8); /* fails: it ends too early */
    return false;
  }
  if (bytes[6] == 1 && bytes[7] == 0)
    return stop(cursor, WASMSIG_VERDICT_COMPONENT, 4, NULL);
  if (memcmp(bytes + 4, "\1\0\0\0", 4) != 0)
    return stop(cursor, WASMSIG_VERDICT_VERSION, 4, "version 1");
  wsig_cursor_skip(cursor, 8);
  return true;
}

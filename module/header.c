/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The first eight bytes: whether the file is a core module, and otherwise what
 * it is. Common kinds of files have a message of their own, because users who
 * pass the wrong file need to know why it is wrong.
 */
#include "header.h"

#include <string.h>

static const struct {
  const char *start;
  size_t length;
  const char *detail;
} others[] = {
    {"\x1f\x8b", 2, "a gzip archive: unpack it first"},
    {"\x28\xb5\x2f\xfd", 4, "a zstd archive: unpack it first"},
    {"PK\x03\x04", 4, "a zip archive"},
    {"!<arch>", 7, "a static library: link it first"},
    {"\x7f"
     "ELF",
     4, "an ELF file"},
    {"BC\xc0\xde", 4, "LLVM bitcode"},
    {"#!", 2, "a script"},
    {"(module", 7, "the text format: compile it first (wat2wasm)"},
    {"(component", 10, "the text format of a component"},
    {"(;", 2, "the text format: compile it first (wat2wasm)"},
    {";;", 2, "the text format: compile it first (wat2wasm)"},
    {"//", 2, "source code"},
    {"/*", 2, "source code"},
    {"import ", 7, "JavaScript: give the .wasm file"},
    {"export ", 7, "JavaScript: give the .wasm file"},
    {"const ", 6, "JavaScript: give the .wasm file"},
    {"var ", 4, "JavaScript: give the .wasm file"},
    {"\"use strict\"", 12, "JavaScript: give the .wasm file"},
    {"'use strict'", 12, "JavaScript: give the .wasm file"},
    {"version https://git-lfs", 23, "a pointer of Git LFS: git lfs pull"},
    {"<", 1, "HTML or XML: an error page, perhaps"},
    {"(", 1, "text, perhaps of WebAssembly: compile it first (wat2wasm)"},
};

static bool is_blank(uint8_t byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_text(const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    if ((bytes[i] < ' ' && !is_blank(bytes[i])) || bytes[i] == 0x7f)
      return false;
  return true;
}

static const char *other_kind(const uint8_t *bytes, size_t length) {
  static const char mark[] = "\xef\xbb\xbf"; /* the byte order mark of UTF-8 */
  if (length == 0) return "an empty file";
  if (length >= 3 && memcmp(bytes, mark, 3) == 0) bytes += 3, length -= 3;
  while (length > 0 && is_blank(*bytes)) bytes++, length--;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (length >= others[i].length &&
        memcmp(bytes, others[i].start, others[i].length) == 0)
      return others[i].detail;
  return is_text(bytes, length)
             ? "text"
             : "another file: it does not begin with 00 61 73 6d";
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
  if (length == 0 || memcmp(bytes, "\0asm", length < 4 ? length : 4) != 0)
    return stop(cursor, WASMSIG_VERDICT_NOT_WASM, 0, other_kind(bytes, length));
  if (length < 8) {
    wsig_cursor_skip(cursor, 8); /* fails: the file ends too early */
    return false;
  }
  if (bytes[6] == 1 && bytes[7] == 0)
    return stop(cursor, WASMSIG_VERDICT_COMPONENT, 4, NULL);
  if (memcmp(bytes + 4, "\1\0\0\0", 4) != 0)
    return stop(cursor, WASMSIG_VERDICT_VERSION, 4, "version 1");
  wsig_cursor_skip(cursor, 8);
  return true;
}

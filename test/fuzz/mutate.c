/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mutate.h"

#include <stdbool.h>
#include <string.h>

enum { HEADER = 8, SECTIONS_MOST = 64, CODE = 10 };

/* ----------------------------------------------------------------- chance */

static uint32_t state = 1;

void mutate_seed(uint32_t seed) { state = seed * 2654435761u + 1; }

/* A random number below `bound`, which is not 0. */
static size_t draw(size_t bound) {
  state = state * 1664525 + 1013904223;
  return (size_t)(((uint64_t)(state >> 1) * bound) >> 31);
}

/* ---------------------------------------------------------------- buffers */

struct buffer {
  uint8_t *bytes;
  size_t length, most;
};

/* Replaces the bytes in [at, at + old) by `bytes`. False: they do not fit. */
static bool replace(struct buffer *buffer, size_t at, size_t old,
                    const uint8_t *bytes, size_t length) {
  if (buffer->length - old + length > buffer->most) return false;
  memmove(buffer->bytes + at + length, buffer->bytes + at + old,
          buffer->length - at - old);
  if (length > 0) memcpy(buffer->bytes + at, bytes, length);
  buffer->length += length - old;
  return true;
}

/* Reads a number in LEB128. Returns how many bytes it has; 0: it is none. */
static size_t read_number(const uint8_t *bytes, size_t length,
                          uint64_t *number) {
  *number = 0;
  for (size_t i = 0; i < length && i < 5; i++) {
    *number |= (uint64_t)(bytes[i] & 0x7f) << 7 * i;
    if (bytes[i] < 0x80) return i + 1;
  }
  return 0;
}

static size_t write_number(uint8_t *bytes, size_t number) {
  size_t length = 0;
  do {
    bytes[length++] = (uint8_t)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>= 7;
  } while (number > 0);
  return length;
}

/* --------------------------------------------------------------- sections */

/* Something with its size before it: a section, a function. */
struct part {
  uint8_t number;
  size_t start, size, content, end; /* `start` of all, `size` of its size */
};

static size_t find_sections(const uint8_t *bytes, size_t length,
                            struct part *parts) {
  size_t count = 0, at = HEADER;
  while (count < SECTIONS_MOST && at + 2 <= length) {
    uint64_t size;
    size_t width = read_number(bytes + at + 1, length - at - 1, &size);
    size_t content = at + 1 + width;
    if (width == 0 || size > length - content) break;
    parts[count++] =
        (struct part){bytes[at], at, at + 1, content, content + (size_t)size};
    at = content + (size_t)size;
  }
  return count;
}

/* Replaces the content of a part, and the length before it. */
static bool fill(struct buffer *buffer, const struct part *part,
                 const uint8_t *content, size_t length) {
  uint8_t size[10];
  size_t width = write_number(size, length);
  if (buffer->length + width + length > buffer->most) return false;
  return replace(buffer, part->content, part->end - part->content, content,
                 length) &&
         replace(buffer, part->size, part->content - part->size, size, width);
}

static bool find_function(const uint8_t *bytes, const struct part *code,
                          struct part *function) {
  uint64_t count, size;
  size_t at = code->content;
  at += read_number(bytes + at, code->end - at, &count);
  if (count == 0 || count > 1000) return false;
  for (size_t left = draw((size_t)count) + 1; left > 0; left--) {
    size_t width = read_number(bytes + at, code->end - at, &size);
    if (width == 0 || size > code->end - at - width) return false;
    *function = (struct part){0, at, at, at + width, at + width + (size_t)size};
    at = function->end;
  }
  return true;
}

/* ---------------------------------------------------------------- changes */

static void change_bytes(struct buffer *buffer, mutate_bytes *mutate) {
  size_t length = mutate(buffer->bytes, buffer->length, buffer->most);
  buffer->length = length;
}

/* A changed copy of the content of a part. */
static size_t changed(const struct buffer *buffer, const struct part *part,
                      uint8_t *content, mutate_bytes *mutate) {
  size_t length = part->end - part->content;
  memcpy(content, buffer->bytes + part->content, length);
  if (length == 0) content[length++] = 0;
  return mutate(content, length, buffer->most);
}

static void change_section(struct buffer *buffer, const struct part *section,
                           mutate_bytes *mutate) {
  static uint8_t content[MUTATE_MOST];
  fill(buffer, section, content, changed(buffer, section, content, mutate));
}

static void change_function(struct buffer *buffer, const struct part *code,
                            mutate_bytes *mutate) {
  static uint8_t content[MUTATE_MOST], body[MUTATE_MOST];
  struct part function;
  if (!find_function(buffer->bytes, code, &function)) return;
  size_t length = changed(buffer, &function, body, mutate);
  struct buffer inner = {content, code->end - code->content, buffer->most};
  memcpy(content, buffer->bytes + code->content, inner.length);
  function.size -= code->content;
  function.content -= code->content;
  function.end -= code->content;
  if (fill(&inner, &function, body, length))
    fill(buffer, code, inner.bytes, inner.length);
}

/* Adds a byte to a number of one byte, or to a byte that may be one. */
static void lengthen_number(struct buffer *buffer, const struct part *section) {
  static uint8_t content[MUTATE_MOST];
  struct buffer inner = {content, section->end - section->content,
                         sizeof content};
  if (inner.length == 0) return;
  memcpy(content, buffer->bytes + section->content, inner.length);
  size_t at = draw(inner.length);
  if (content[at] >= 0x80) return;
  uint8_t longer[2] = {content[at] | 0x80,
                       content[at] & 0x40 && draw(2) ? 0x7f : 0};
  if (replace(&inner, at, 1, longer, sizeof longer))
    fill(buffer, section, inner.bytes, inner.length);
}

static void change_size(struct buffer *buffer, const struct part *section) {
  uint8_t size[16];
  size_t length = section->end - section->content;
  size_t width = write_number(
      size, draw(3) ? length + draw(5) - (length < 2 ? 0 : 2) : length << 7);
  for (size_t more = draw(5); more > 0; more--) {
    size[width - 1] |= 0x80;
    size[width++] = 0;
  }
  replace(buffer, section->size, section->content - section->size, size, width);
}

static void copy_section(struct buffer *buffer, const uint8_t *from,
                         const struct part *section, size_t at, size_t old) {
  static uint8_t content[MUTATE_MOST];
  size_t length = section->end - section->start;
  if (length > sizeof content) return;
  memcpy(content, from + section->start, length);
  replace(buffer, at, old, content, length);
}

static void swap_sections(struct buffer *buffer, const struct part *a,
                          const struct part *b) {
  static uint8_t content[MUTATE_MOST];
  if (a->start > b->start) {
    swap_sections(buffer, b, a);
    return;
  }
  if (a == b) return;
  size_t length = b->end - b->start;
  memcpy(content, buffer->bytes + b->start, length);
  replace(buffer, b->start, length, NULL, 0);
  replace(buffer, a->start, 0, content, length);
}

/* Inserts a section of the other module, or replaces one of the same kind. */
static void cross(struct buffer *buffer, const struct part *sections,
                  size_t count, const uint8_t *other, size_t other_length) {
  struct part others[SECTIONS_MOST];
  size_t other_count = find_sections(other, other_length, others);
  if (other_count == 0) return;
  const struct part *taken = &others[draw(other_count)];
  size_t i = 0;
  while (i < count && sections[i].number != taken->number) i++;
  if (i < count)
    copy_section(buffer, other, taken, sections[i].start,
                 sections[i].end - sections[i].start);
  else
    copy_section(buffer, other, taken, sections[draw(count)].end, 0);
}

static const struct part *find_code(const struct part *sections, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (sections[i].number == CODE) return &sections[i];
  return NULL;
}

static void change(struct buffer *buffer, const uint8_t *other,
                   size_t other_length, mutate_bytes *mutate) {
  struct part sections[SECTIONS_MOST];
  size_t count = find_sections(buffer->bytes, buffer->length, sections);
  if (count == 0) {
    change_bytes(buffer, mutate);
    return;
  }
  const struct part *one = &sections[draw(count)],
                    *code = find_code(sections, count);
  switch (draw(16)) {
    case 0: change_bytes(buffer, mutate); break;
    case 1: change_size(buffer, one); break;
    case 2: lengthen_number(buffer, one); break;
    case 3: swap_sections(buffer, one, &sections[draw(count)]); break;
    case 4:
      copy_section(buffer, buffer->bytes, one, sections[draw(count)].end, 0);
      break;
    case 5: replace(buffer, one->start, one->end - one->start, NULL, 0); break;
    case 6: buffer->length = draw(buffer->length + 1); break;
    case 7:
    case 8:
      if (other) cross(buffer, sections, count, other, other_length);
      break;
    case 9:
    case 10:
    case 11:
    case 12:
      if (code) {
        change_function(buffer, code, mutate);
        break;
      } /* fall through */
    default: change_section(buffer, one, mutate);
  }
}

size_t mutate_module(uint8_t *bytes, size_t length, size_t most,
                     const uint8_t *other, size_t other_length, uint32_t seed,
                     mutate_bytes *mutate) {
  struct buffer buffer = {bytes, length,
                          most < MUTATE_MOST ? most : MUTATE_MOST};
  mutate_seed(seed);
  if (length <= buffer.most) change(&buffer, other, other_length, mutate);
  return buffer.length;
}

/* ------------------------------------------------------------------ bytes */

static uint8_t likely_byte(void) {
  static const uint8_t bytes[] = {
      0x00, 0x01, 0x02, 0x03, 0x04, 0x0b, 0x10, 0x20, 0x21, 0x22, 0x23,
      0x28, 0x2d, 0x40, 0x41, 0x42, 0x4e, 0x4f, 0x50, 0x5e, 0x5f, 0x60,
      0x63, 0x64, 0x69, 0x6a, 0x6e, 0x70, 0x7b, 0x7c, 0x7e, 0x7f, 0x80,
      0xc4, 0xd0, 0xd2, 0xf0, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};
  return draw(2) ? bytes[draw(sizeof bytes)] : (uint8_t)draw(256);
}

size_t mutate_plainly(uint8_t *bytes, size_t length, size_t most) {
  static uint8_t copy[64];
  struct buffer buffer = {bytes, length, most};
  for (size_t times = 1 + draw(3); times > 0 && buffer.length > 0; times--) {
    size_t at = draw(buffer.length), from = draw(buffer.length);
    size_t count = 1 + draw(draw(4) ? 2 : 16);
    if (count > buffer.length - at) count = buffer.length - at;
    if (count > buffer.length - from) count = buffer.length - from;
    switch (draw(6)) {
      case 0: bytes[at] ^= (uint8_t)(1u << draw(8)); break;
      case 1: bytes[at] = likely_byte(); break;
      case 2: bytes[at] = (uint8_t)(bytes[at] + draw(5) - 2); break;
      case 3: replace(&buffer, at, count, NULL, 0); break;
      case 4:
        copy[0] = likely_byte();
        replace(&buffer, at, 0, copy, 1);
        break;
      default:
        memcpy(copy, bytes + from, count);
        replace(&buffer, at, draw(2) ? count : 0, copy, count);
    }
  }
  return buffer.length;
}

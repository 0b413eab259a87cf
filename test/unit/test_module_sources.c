/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The module reader on every kind of source, and on modules that were cut off
 * or changed. It always has a result, and the same result whether the bytes are
 * in memory or arrive in pieces.
 */
#include "module_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

/* ---------------------------------------------------------------- sources */

struct pieces {
  const uint8_t *bytes;
  size_t length, at;
  size_t most; /* bytes a piece; 0: a random number */
  uint32_t random;
  bool can_skip;
  size_t fail_at; /* a read there fails */
  size_t largest; /* capacity that was requested */
};

static size_t piece(struct pieces *pieces, size_t wanted) {
  size_t most = pieces->most;
  if (most == 0) {
    pieces->random = pieces->random * 1664525 + 1013904223;
    most = 1 + (pieces->random >> 24) % 40;
  }
  size_t left = pieces->length - pieces->at;
  if (wanted > most) wanted = most;
  return wanted < left ? wanted : left;
}

static ptrdiff_t read_piece(void *context, void *buffer, size_t capacity) {
  struct pieces *pieces = context;
  if (pieces->at >= pieces->fail_at) return -1;
  if (capacity > pieces->largest) pieces->largest = capacity;
  size_t count = piece(pieces, capacity);
  memcpy(buffer, pieces->bytes + pieces->at, count);
  pieces->at += count;
  return (ptrdiff_t)count;
}

static int64_t skip_piece(void *context, uint64_t count) {
  struct pieces *pieces = context;
  size_t left = pieces->length - pieces->at;
  if (count > left) count = left;
  pieces->at += (size_t)count;
  return (int64_t)count;
}

static wasmsig_module_source source_of(struct pieces *pieces) {
  return (wasmsig_module_source){pieces, read_piece,
                                 pieces->can_skip ? skip_piece : NULL};
}

/* ------------------------------------------------------------- comparisons */

static void assert_same_name(const wasmsig_module_name *a,
                             const wasmsig_module_name *b) {
  assert_int_equal(a->length, b->length);
  assert_int_equal(a->bytes == NULL, b->bytes == NULL);
  if (a->bytes) assert_memory_equal(a->bytes, b->bytes, a->length + 1);
}

/* A report without its pointers, and its names. */
static void assert_same(const wasmsig_module_report *a,
                        const wasmsig_module_report *b) {
  assert_int_equal(a->verdict, b->verdict);
  assert_int_equal(a->offset, b->offset);
  assert_ptr_equal(a->detail, b->detail);
  assert_int_equal(a->word, b->word);
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
    const wasmsig_module_word *one = &a->words[i], *other = &b->words[i];
    assert_int_equal(one->is_exported, other->is_exported);
    assert_int_equal(one->kind, other->kind);
    assert_int_equal(one->type, other->type);
    assert_int_equal(one->is_mutable, other->is_mutable);
    assert_int_equal(one->source, other->source);
    assert_int_equal(one->address, other->address);
    assert_int_equal(one->index, other->index);
    assert_same_name(&one->import_module, &other->import_module);
    assert_same_name(&one->import_name, &other->import_name);
  }
  assert_int_equal(a->memory.count, b->memory.count);
  assert_int_equal(a->memory.minimum_pages, b->memory.minimum_pages);
  assert_int_equal(a->memory.maximum_pages, b->memory.maximum_pages);
  assert_same_name(&a->memory.export_name, &b->memory.export_name);
  assert_same_name(&a->memory.import_name, &b->memory.import_name);
  assert_int_equal(a->polls.atomic, b->polls.atomic);
  assert_int_equal(a->polls.plain, b->polls.plain);
  assert_int_equal(a->polls.functions_count, b->polls.functions_count);
  for (uint32_t i = 0; i < a->polls.functions_count; i++) {
    assert_int_equal(a->polls.functions[i], b->polls.functions[i]);
    assert_same_name(&a->polls.names[i], &b->polls.names[i]);
  }
}

/* `report` already contains the report on the bytes in memory. */
static void assert_same_in_pieces(const uint8_t *bytes, size_t length,
                                  size_t most, bool can_skip, bool polls) {
  wasmsig_module_report other = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  struct pieces pieces = {.bytes = bytes,
                          .length = length,
                          .most = most,
                          .random = (uint32_t)length,
                          .can_skip = can_skip,
                          .fail_at = SIZE_MAX};
  wasmsig_module_source source = source_of(&pieces);
  options.polls = polls;
  assert_int_equal(wasmsig_module_inspect_source(&source, &options, &other),
                   WASMSIG_OK);
  assert_same(&report, &other);
  wasmsig_module_report_release(&other);
}

static void assert_same_everywhere(const uint8_t *bytes, size_t length) {
  for (int polls = 0; polls < 2; polls++) {
    inspect_bytes(bytes, length, polls);
    assert_true(report.offset <= length);
    assert_int_equal(report.detail != NULL,
                     !wasmsig_verdict_is_readable(report.verdict) &&
                         report.verdict != WASMSIG_VERDICT_COMPONENT);
    assert_same_in_pieces(bytes, length, 1, true, polls);
    assert_same_in_pieces(bytes, length, 0, false, polls);
    assert_same_in_pieces(bytes, length, 0, true, polls);
    assert_same_in_pieces(bytes, length, SIZE_MAX, true, polls);
  }
}

/* -------------------------------------------------------------- robustness */

typedef struct module *module_maker(void);
static module_maker *const makers[] = {tracked_module, rich_module};
#define MAKERS (sizeof makers / sizeof *makers)

/* Where a module may end: before each section. */
static bool is_between_sections(const struct module *module, size_t at) {
  size_t next = 8;
  while (next < at)
    next +=
        2u + module->bytes[next + 1] % 0x80u +
        (module->bytes[next + 1] >= 0x80 ? module->bytes[next + 2] * 0x80u + 1u
                                         : 0u);
  return next == at;
}

TEST(a_module_cut_off_anywhere_ends_too_early) {
  for (size_t maker = 0; maker < MAKERS; maker++) {
    const struct module *module = makers[maker]();
    for (size_t length = 0; length < module->length; length++) {
      assert_same_everywhere(module->bytes, length);
      if (length == 0)
        assert_int_equal(report.verdict, WASMSIG_VERDICT_NOT_WASM);
      else if (!is_between_sections(module, length))
        assert_int_equal(report.verdict, WASMSIG_VERDICT_TRUNCATED);
      if (report.verdict == WASMSIG_VERDICT_TRUNCATED)
        assert_int_equal(report.offset, length);
    }
  }
}

TEST(a_module_with_one_byte_changed_is_read_the_same_everywhere) {
  for (size_t maker = 0; maker < MAKERS; maker++) {
    struct module *module = makers[maker]();
    for (size_t at = 0; at < module->length; at++) {
      const uint8_t before = module->bytes[at];
      for (unsigned bit = 0; bit < 8; bit++) {
        module->bytes[at] = (uint8_t)(before ^ 1u << bit);
        assert_same_everywhere(module->bytes, module->length);
      }
      module->bytes[at] = before;
    }
  }
}

TEST(a_module_with_any_byte_changed_to_any_other_has_a_verdict) {
  for (size_t maker = 0; maker < MAKERS; maker++) {
    struct module *module = makers[maker]();
    for (size_t at = 0; at < module->length; at++) {
      const uint8_t before = module->bytes[at];
      for (unsigned byte = 0; byte < 256; byte++) {
        module->bytes[at] = (uint8_t)byte;
        inspect_polls(module);
        assert_true((unsigned)report.verdict <= WASMSIG_VERDICT_NEWER);
        assert_true(report.offset <= module->length);
      }
      module->bytes[at] = before;
    }
  }
}

/* A body larger than any buffer: a poll at its start, one at its end. */
static uint8_t *large_module(size_t *length) {
  static const char head[] = "\3\x40\x41\0\x28\2\x80\x08\x1a\x0b";
  static const char names[] = "\0\x0e\4name\1\7\1\0\4spin";
  const size_t nops = 300000;
  struct module *module = module_begin();
  section(module, TYPES, "\1\x60\0\0");
  section(module, FUNCTIONS, "\1\0");
  section(module, MEMORIES, "\1\0\2");
  section(module, GLOBALS, "\1\x7f\0\x41\x80\x08\x0b");
  section(module, EXPORTS,
          "\2\6memory\2\0"
          "\x11__instance_signal\3\0");
  size_t body = 1 + 2 * (sizeof head - 1) + nops + 1;
  put(module, "\x0a");
  put_u32(module, (uint32_t)(1 + 3 + body));
  put(module, "\1");
  put_u32(module, (uint32_t)body);
  put(module, "\0");
  put(module, "\3\x40\x41\0\x28\2\x80\x08\x1a\x0b");
  uint8_t *bytes = malloc(module->length + body + 64);
  if (!bytes) abort();
  memcpy(bytes, module->bytes, module->length);
  uint8_t *at = bytes + module->length;
  memset(at, 1, nops);
  at += nops;
  memcpy(at, head, sizeof head - 1);
  at += sizeof head - 1;
  *at++ = 0x0b;
  memcpy(at, names, sizeof names - 1);
  *length = (size_t)(at - bytes) + sizeof names - 1;
  return bytes;
}

TEST(a_function_may_be_larger_than_the_buffer) {
  size_t length;
  uint8_t *bytes = large_module(&length);
  assert_same_everywhere(bytes, length);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(report.polls.plain, 2);
  assert_string_equal(report.polls.names[0].bytes, "spin");
  for (size_t cut = 150000; cut < 150003; cut++)
    assert_same_everywhere(bytes, cut);
  free(bytes);
}

/* ------------------------------------------------------------ other sources */

TEST(at_most_64_kib_are_requested_from_a_source_at_a_time) {
  size_t length;
  uint8_t *bytes = large_module(&length);
  struct pieces pieces = {
      .bytes = bytes, .length = length, .most = SIZE_MAX, .fail_at = SIZE_MAX};
  wasmsig_module_source source = source_of(&pieces);
  release_report(NULL);
  assert_int_equal(wasmsig_module_inspect_source(&source, NULL, &report),
                   WASMSIG_OK);
  assert_int_equal(pieces.largest, 65536);
  free(bytes);
}

TEST(a_source_that_fails_leaves_the_report_as_it_was) {
  const struct module *module = rich_module();
  for (size_t fail_at = 0; fail_at < module->length; fail_at++) {
    struct pieces pieces = {.bytes = module->bytes,
                            .length = module->length,
                            .most = 1,
                            .fail_at = fail_at};
    wasmsig_module_source source = source_of(&pieces);
    wasmsig_module_report before = WASMSIG_MODULE_REPORT_INIT, after = before;
    assert_int_equal(wasmsig_module_inspect_source(&source, NULL, &after),
                     WASMSIG_EREAD);
    assert_memory_equal(&after, &before, sizeof after);
  }
}

static ptrdiff_t read_too_much(void *context, void *buffer, size_t capacity) {
  (void)context;
  (void)buffer;
  return (ptrdiff_t)capacity + 1;
}

TEST(a_source_that_tells_of_more_than_was_asked_for_has_failed) {
  wasmsig_module_source source = {NULL, read_too_much, NULL};
  wasmsig_module_report other = WASMSIG_MODULE_REPORT_INIT;
  assert_int_equal(wasmsig_module_inspect_source(&source, NULL, &other),
                   WASMSIG_EREAD);
}

/* A file in memory that holds the bytes, at its end. */
static int file_of(const uint8_t *bytes, size_t length) {
  int file = memfd_create("module", MFD_CLOEXEC);
  if (file < 0 || write(file, bytes, length) != (ssize_t)length) abort();
  return file;
}

TEST(a_file_is_read_from_where_it_stands) {
  size_t length;
  uint8_t *bytes = large_module(&length);
  int file = file_of(bytes, length);
  for (int polls = 0; polls < 2; polls++) {
    wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
    wasmsig_module_report other = WASMSIG_MODULE_REPORT_INIT;
    options.polls = polls;
    inspect_bytes(bytes, length, polls);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    assert_int_equal(wasmsig_module_inspect_file(file, &options, &other),
                     WASMSIG_OK);
    assert_same(&report, &other);
    wasmsig_module_report_release(&other);
  }
  assert_int_equal(lseek(file, 8, SEEK_SET), 8);
  release_report(NULL);
  assert_int_equal(wasmsig_module_inspect_file(file, NULL, &report),
                   WASMSIG_OK);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_NOT_WASM);
  close(file);
  free(bytes);
}

TEST(a_file_cut_off_in_its_code_ends_too_early) {
  size_t length;
  uint8_t *bytes = large_module(&length);
  int file = file_of(bytes, 200000);
  assert_int_equal(lseek(file, 0, SEEK_SET), 0);
  release_report(NULL);
  assert_int_equal(wasmsig_module_inspect_file(file, NULL, &report),
                   WASMSIG_OK);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_TRUNCATED);
  assert_int_equal(report.offset, 200000);
  close(file);
  free(bytes);
}

static int pipe_end;
static const uint8_t *pipe_bytes;
static size_t pipe_left;

static void *write_all(void *unused) {
  while (pipe_left > 0) {
    ssize_t count = write(pipe_end, pipe_bytes, pipe_left);
    if (count <= 0) abort();
    pipe_bytes += count;
    pipe_left -= (size_t)count;
  }
  close(pipe_end);
  return unused;
}

TEST(a_pipe_is_read_to_its_end) {
  size_t length;
  uint8_t *bytes = large_module(&length);
  int ends[2];
  pthread_t writer;
  assert_int_equal(pipe(ends), 0);
  pipe_end = ends[1];
  pipe_bytes = bytes;
  pipe_left = length;
  assert_int_equal(pthread_create(&writer, NULL, write_all, NULL), 0);
  wasmsig_module_report other = WASMSIG_MODULE_REPORT_INIT;
  assert_int_equal(wasmsig_module_inspect_file(ends[0], NULL, &other),
                   WASMSIG_OK);
  pthread_join(writer, NULL);
  inspect_bytes(bytes, length, false);
  assert_same(&report, &other);
  wasmsig_module_report_release(&other);
  close(ends[0]);
  free(bytes);
}

TEST(a_descriptor_that_cannot_be_read_says_why_in_errno) {
  wasmsig_module_report other = WASMSIG_MODULE_REPORT_INIT;
  errno = 0;
  assert_int_equal(wasmsig_module_inspect_file(-1, NULL, &other),
                   WASMSIG_EREAD);
  assert_int_equal(errno, EBADF);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_module_cut_off_anywhere_ends_too_early),
      cmocka_unit_test(
          a_module_with_one_byte_changed_is_read_the_same_everywhere),
      cmocka_unit_test(
          a_module_with_any_byte_changed_to_any_other_has_a_verdict),
      cmocka_unit_test(a_function_may_be_larger_than_the_buffer),
      cmocka_unit_test(at_most_64_kib_are_requested_from_a_source_at_a_time),
      cmocka_unit_test(a_source_that_fails_leaves_the_report_as_it_was),
      cmocka_unit_test(
          a_source_that_tells_of_more_than_was_asked_for_has_failed),
      cmocka_unit_test(a_file_is_read_from_where_it_stands),
      cmocka_unit_test(a_file_cut_off_in_its_code_ends_too_early),
      cmocka_unit_test(a_pipe_is_read_to_its_end),
      cmocka_unit_test(a_descriptor_that_cannot_be_read_says_why_in_errno),
  };
  return cmocka_run_group_tests(tests, NULL, release_report);
}

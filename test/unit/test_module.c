/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verdicts of the module reader on modules that follow the rules. */
#include "module_bytes.h"

#define WORD(name) (&report.words[WASMSIG_WORD_##name])

/* A memory of two pages, with the test's globals and exports. */
static struct module *module_with(const char *globals, size_t globals_length,
                                  const char *exports, size_t exports_length) {
  struct module *module = module_begin();
  section(module, MEMORIES, "\1\0\2");
  section_bytes(module, GLOBALS, globals, globals_length);
  section_bytes(module, EXPORTS, exports, exports_length);
  return module;
}

#define with(globals, exports) \
  module_with(globals, sizeof(globals) - 1, exports, sizeof(exports) - 1)

/* Exports of global 0 as the signal word, and of the memory. */
#define SIGNAL_EXPORTED \
  "\2\6memory\2\0"      \
  "\x11__instance_signal\3\0"

/* ------------------------------------------------------------------ words */

TEST(a_module_with_a_signal_word_is_tracked) {
  assert_verdict(tracked_module(), WASMSIG_VERDICT_TRACKED);
  assert_true(WORD(SIGNAL)->is_exported);
  assert_false(WORD(TERMINATED)->is_exported);
  assert_false(WORD(PENDING)->is_exported);
  assert_int_equal(WORD(SIGNAL)->kind, WASMSIG_EXTERN_GLOBAL);
  assert_int_equal(WORD(SIGNAL)->type, 0x7f);
  assert_false(WORD(SIGNAL)->is_mutable);
  assert_int_equal(WORD(SIGNAL)->source, WASMSIG_VALUE_CONSTANT);
  assert_int_equal(WORD(SIGNAL)->address, 1024);
  assert_int_equal(WORD(SIGNAL)->index, 0);
  assert_true(WORD(TERMINATED)->address == WASMSIG_NO_WORD);
  assert_int_equal(report.word, -1);
}

TEST(a_module_with_everything_is_tracked) {
  assert_verdict(rich_module(), WASMSIG_VERDICT_TRACKED);
  assert_int_equal(WORD(SIGNAL)->address, 1024);
  assert_int_equal(WORD(TERMINATED)->address, 1028);
  assert_int_equal(WORD(PENDING)->address, 3080);
  assert_int_equal(WORD(PENDING)->index, 3);
}

TEST(a_module_without_words_has_no_words) {
  assert_verdict(module_begin(), WASMSIG_VERDICT_NO_WORDS);
  assert_int_equal(report.memory.count, 0);
}

TEST(an_address_is_unsigned) {
  assert_verdict(with("\1\x7f\0\x41\x70\x0b", SIGNAL_EXPORTED),
                 WASMSIG_VERDICT_OUT_OF_RANGE);
  assert_true(WORD(SIGNAL)->address == 0xfffffff0u);
}

TEST(sums_differences_and_products_wrap_at_their_type) {
  assert_verdict(with("\1\x7f\0\x41\x78\x41\x0c\x6a\x0b", SIGNAL_EXPORTED),
                 WASMSIG_VERDICT_TRACKED); /* -8 + 12 */
  assert_int_equal(WORD(SIGNAL)->address, 4);
  assert_verdict(with("\1\x7f\0\x41\4\x41\x08\x6b\x0b", SIGNAL_EXPORTED),
                 WASMSIG_VERDICT_OUT_OF_RANGE); /* 4 - 8 */
  assert_true(WORD(SIGNAL)->address == 0xfffffffcu);
  assert_verdict(with("\1\x7f\0\x41\x7c\x41\x7e\x6c\x0b", SIGNAL_EXPORTED),
                 WASMSIG_VERDICT_TRACKED); /* -4 * -2 */
  assert_int_equal(WORD(SIGNAL)->address, 8);
}

TEST(a_word_that_is_not_a_global_is_not_an_address) {
  assert_verdict(with("\0",
                      "\2\6memory\2\0"
                      "\x11__instance_signal\2\0"),
                 WASMSIG_VERDICT_NOT_AN_ADDRESS);
  assert_int_equal(WORD(SIGNAL)->kind, WASMSIG_EXTERN_MEMORY);
  assert_int_equal(report.word, WASMSIG_WORD_SIGNAL);
}

TEST(a_mutable_word_is_not_an_address) {
  assert_verdict(with("\1\x7f\1\x41\x80\x08\x0b", SIGNAL_EXPORTED),
                 WASMSIG_VERDICT_NOT_AN_ADDRESS);
  assert_true(WORD(SIGNAL)->is_mutable);
}

TEST(a_word_of_another_type_is_not_an_address) {
  assert_verdict(with("\1\x7e\0\x42\x80\x08\x0b", SIGNAL_EXPORTED),
                 WASMSIG_VERDICT_NOT_AN_ADDRESS);
  assert_int_equal(WORD(SIGNAL)->type, 0x7e);
  assert_verdict(with("\1\x7d\0\x43\0\0\0\0\x0b", SIGNAL_EXPORTED),
                 WASMSIG_VERDICT_NOT_AN_ADDRESS);
  assert_true(WORD(SIGNAL)->address == WASMSIG_NO_WORD);
}

TEST(a_word_must_be_in_the_memory) {
  assert_verdict(with("\1\x7f\0\x41\xfc\xff\x07\x0b", SIGNAL_EXPORTED),
                 WASMSIG_VERDICT_TRACKED); /* 131068 */
  assert_verdict(with("\1\x7f\0\x41\x80\x80\x08\x0b", SIGNAL_EXPORTED),
                 WASMSIG_VERDICT_OUT_OF_RANGE); /* 131072 */
  assert_verdict(with("\1\x7f\0\x41\xfd\xff\x07\x0b", SIGNAL_EXPORTED),
                 WASMSIG_VERDICT_OUT_OF_RANGE); /* 131069, not aligned either */
}

TEST(a_word_must_be_aligned_to_its_size) {
#define GLOBAL_1028 "\1\x7f\0\x41\x84\x08\x0b"
  assert_verdict(with(GLOBAL_1028,
                      "\2\6memory\2\0"
                      "\x15__instance_terminated\3\0"),
                 WASMSIG_VERDICT_TRACKED);
  assert_verdict(with(GLOBAL_1028,
                      "\2\6memory\2\0"
                      "\x19__instance_signal_pending\3\0"),
                 WASMSIG_VERDICT_MISALIGNED);
  assert_int_equal(report.word, WASMSIG_WORD_PENDING);
}

TEST(words_must_not_overlap) {
  struct module *module = with(
      "\2\x7f\0\x41\x84\x08\x0b"
      "\x7f\0\x41\x80\x08\x0b",
      "\3\6memory\2\0"
      "\x11__instance_signal\3\0"
      "\x19__instance_signal_pending\3\1");
  assert_verdict(module, WASMSIG_VERDICT_OVERLAP);
  assert_int_equal(report.word, WASMSIG_WORD_PENDING);
}

TEST(the_handled_set_is_a_word_of_eight_bytes) {
#define HANDLED_EXPORTED      \
  "\3\6memory\2\0"            \
  "\x11__instance_signal\3\0" \
  "\x19__instance_signal_handled\3\1"
  assert_verdict(with("\2\x7f\0\x41\x80\x08\x0b"
                      "\x7f\0\x41\x88\x08\x0b",
                      HANDLED_EXPORTED),
                 WASMSIG_VERDICT_TRACKED);
  assert_int_equal(WORD(HANDLED)->address, 1032);
  assert_verdict(with("\2\x7f\0\x41\x80\x08\x0b"
                      "\x7f\0\x41\x84\x08\x0b",
                      HANDLED_EXPORTED),
                 WASMSIG_VERDICT_MISALIGNED);
  assert_int_equal(report.word, WASMSIG_WORD_HANDLED);
}

TEST(the_handled_set_alone_tracks_nothing) {
  assert_verdict(with("\1\x7f\0\x41\x80\x08\x0b",
                      "\2\6memory\2\0"
                      "\x19__instance_signal_handled\3\0"),
                 WASMSIG_VERDICT_NO_WORDS);
}

TEST(one_global_cannot_be_two_words) {
  struct module *module = module_begin();
  section(module, IMPORTS, "\1\3env\1g\3\x7f\0");
  section(module, MEMORIES, "\1\0\2");
  section(module, EXPORTS,
          "\3\6memory\2\0"
          "\x11__instance_signal\3\0"
          "\x15__instance_terminated\3\0");
  assert_verdict(module, WASMSIG_VERDICT_OVERLAP);
}

TEST(an_imported_word_is_known_by_its_import) {
  struct module *module = module_begin();
  section(module, IMPORTS, "\2\3env\4base\3\x7f\0\3GOT\6signal\3\x7f\0");
  section(module, MEMORIES, "\1\0\2");
  section(module, EXPORTS,
          "\2\6memory\2\0"
          "\x11__instance_signal\3\1");
  assert_verdict(module, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(WORD(SIGNAL)->source, WASMSIG_VALUE_IMPORTED);
  assert_true(WORD(SIGNAL)->address == WASMSIG_NO_WORD);
  assert_string_equal(WORD(SIGNAL)->import_module.bytes, "GOT");
  assert_string_equal(WORD(SIGNAL)->import_name.bytes, "signal");
}

TEST(a_word_made_of_an_imported_global_is_computed) {
  struct module *module = module_begin();
  section(module, IMPORTS, "\1\3env\4base\3\x7f\0");
  section(module, MEMORIES, "\1\0\2");
  section(module, GLOBALS, "\1\x7f\0\x23\0\x41\x80\x08\x6a\x0b");
  section(module, EXPORTS,
          "\2\6memory\2\0"
          "\x11__instance_signal\3\1");
  assert_verdict(module, WASMSIG_VERDICT_TRACKED);
  assert_int_equal(WORD(SIGNAL)->source, WASMSIG_VALUE_COMPUTED);
  assert_true(WORD(SIGNAL)->address == WASMSIG_NO_WORD);
  assert_null(WORD(SIGNAL)->import_name.bytes);
}

/* ----------------------------------------------------------------- memory */

#define SIGNAL_ONLY "\1\x11__instance_signal\3\0"

TEST(words_without_a_memory_are_not_tracked) {
  struct module *module = module_begin();
  section(module, GLOBALS, "\1\x7f\0\x41\x80\x08\x0b");
  section(module, EXPORTS, SIGNAL_ONLY);
  assert_verdict(module, WASMSIG_VERDICT_NO_MEMORY);
}

TEST(words_in_a_memory_that_is_not_exported_are_not_tracked) {
  assert_verdict(with("\1\x7f\0\x41\x80\x08\x0b", SIGNAL_ONLY),
                 WASMSIG_VERDICT_HIDDEN_MEMORY);
  assert_false(report.memory.is_exported);
}

TEST(an_export_of_memory_1_does_not_export_memory_0) {
  struct module *module = module_begin();
  section(module, MEMORIES, "\2\0\2\0\2");
  section(module, GLOBALS, "\1\x7f\0\x41\x80\x08\x0b");
  section(module, EXPORTS,
          "\2\6memory\2\1"
          "\x11__instance_signal\3\0");
  assert_verdict(module, WASMSIG_VERDICT_HIDDEN_MEMORY);
  assert_int_equal(report.memory.count, 2);
}

TEST(an_imported_memory_need_not_be_exported_nor_large_enough) {
  struct module *module = module_begin();
  section(module, IMPORTS, "\1\3env\6memory\2\3\0\x10");
  section(module, GLOBALS, "\1\x7f\0\x41\x80\x08\x0b");
  section(module, EXPORTS, SIGNAL_ONLY);
  assert_verdict(module, WASMSIG_VERDICT_TRACKED);
  assert_true(report.memory.is_imported);
  assert_true(report.memory.is_shared);
  assert_int_equal(report.memory.minimum_pages, 0);
  assert_int_equal(report.memory.maximum_pages, 16);
  assert_string_equal(report.memory.import_module.bytes, "env");
  assert_string_equal(report.memory.import_name.bytes, "memory");
}

TEST(the_first_imported_memory_is_memory_0) {
  struct module *module = module_begin();
  section(module, IMPORTS, "\2\1a\1b\2\0\7\1a\1c\2\0\x08");
  section(module, MEMORIES, "\1\0\x09");
  assert_verdict(module, WASMSIG_VERDICT_NO_WORDS);
  assert_int_equal(report.memory.count, 3);
  assert_int_equal(report.memory.minimum_pages, 7);
  assert_true(report.memory.maximum_pages == WASMSIG_NO_MAXIMUM);
  assert_string_equal(report.memory.import_name.bytes, "b");
}

TEST(a_64_bit_memory_has_words_of_64_bits) {
  struct module *module = module_begin();
  section(module, MEMORIES, "\1\4\2");
  section(module, GLOBALS, "\1\x7e\0\x42\x80\x08\x0b");
  section(module, EXPORTS, SIGNAL_EXPORTED);
  assert_verdict(module, WASMSIG_VERDICT_TRACKED);
  assert_true(report.memory.is_64_bit);
  assert_int_equal(WORD(SIGNAL)->address, 1024);
}

TEST(a_64_bit_memory_of_all_pages_holds_every_address_but_the_last) {
  struct module *module = module_begin();
  section(module, MEMORIES, "\1\4\x80\x80\x80\x80\x80\x80\x40"); /* 2^48 */
  section(module, GLOBALS, "\1\x7e\0\x42\x78\x0b");              /* -8 */
  section(module, EXPORTS, SIGNAL_EXPORTED);
  assert_verdict(module, WASMSIG_VERDICT_TRACKED);
  assert_true(WORD(SIGNAL)->address == UINT64_MAX - 7);
}

TEST(the_first_of_several_exports_of_a_memory_names_it) {
  struct module *module = module_begin();
  section(module, MEMORIES, "\1\0\2");
  section(module, EXPORTS, "\2\2m\0\2\0\1n\2\0");
  assert_verdict(module, WASMSIG_VERDICT_NO_WORDS);
  assert_int_equal(report.memory.export_name.length, 2);
  assert_memory_equal(report.memory.export_name.bytes, "m\0", 3);
}

/* ------------------------------------------- a memory of the words' own */

#define OWN_MEMORY_EXPORTED(index) "\1\x10__wasmsig_memory\2" index

static struct module *with_own_memory(const char *memories, size_t length) {
  struct module *module = module_begin();
  section_bytes(module, MEMORIES, memories, length);
  section(module, EXPORTS, OWN_MEMORY_EXPORTED("\1"));
  return module;
}

#define with_memories(memories) with_own_memory(memories, sizeof(memories) - 1)

TEST(words_can_have_a_memory_of_their_own) {
  assert_verdict(with_memories("\2\4\2\1\1\1"), WASMSIG_VERDICT_TRACKED);
  assert_true(report.own_memory.is_exported);
  assert_int_equal(report.own_memory.index, 1);
  assert_int_equal(report.memory.count, 2);
  assert_false(report.memory.is_exported);
  assert_false(WORD(SIGNAL)->is_exported);
  static const uint64_t addresses[] = {0, 4, 8, 16};
  for (int word = 0; word < WASMSIG_WORD_COUNT; word++)
    assert_int_equal(wasmsig_own_memory_address(word), addresses[word]);
  assert_true(wasmsig_own_memory_address(-1) == WASMSIG_NO_WORD);
  assert_true(wasmsig_own_memory_address(4) == WASMSIG_NO_WORD);
}

TEST(the_only_memory_can_be_the_one_of_the_words) {
  struct module *module = module_begin();
  section(module, IMPORTS, "\1\3env\1m\2\1\1\1");
  section(module, EXPORTS, OWN_MEMORY_EXPORTED("\0"));
  assert_verdict(module, WASMSIG_VERDICT_TRACKED);
  assert_true(report.own_memory.is_exported);
  assert_int_equal(report.own_memory.index, 0);
}

TEST(a_memory_of_another_kind_is_not_the_one_of_the_words) {
  assert_verdict(with_memories("\2\0\1\0\1"), WASMSIG_VERDICT_NO_WORDS);
  assert_false(report.own_memory.is_exported);
  assert_int_equal(report.own_memory.index, 0);
  assert_verdict(with_memories("\2\0\1\1\1\2"), WASMSIG_VERDICT_NO_WORDS);
  assert_verdict(with_memories("\2\0\1\1\0\1"), WASMSIG_VERDICT_NO_WORDS);
  assert_verdict(with_memories("\2\0\1\3\1\1"), WASMSIG_VERDICT_NO_WORDS);
  assert_verdict(with_memories("\2\0\1\5\1\1"), WASMSIG_VERDICT_NO_WORDS);
  assert_verdict(with("\1\x7f\0\x41\0\x0b", "\1\x10__wasmsig_memory\3\0"),
                 WASMSIG_VERDICT_NO_WORDS);
}

TEST(exported_words_are_in_memory_0) {
  struct module *module = module_begin();
  section(module, MEMORIES, "\2\0\2\1\1\1");
  section(module, GLOBALS, "\1\x7f\0\x41\x80\x08\x0b");
  section(module, EXPORTS,
          "\2\x10__wasmsig_memory\2\1"
          "\x15__instance_terminated\3\0");
  assert_verdict(module, WASMSIG_VERDICT_HIDDEN_MEMORY);
  assert_false(report.own_memory.is_exported);
}

/* ------------------------------------------------------------- other files */

TEST(a_component_is_reported_as_one) {
  static const uint8_t bytes[] = "\0asm\x0d\0\1\0\0\0";
  inspect_bytes(bytes, sizeof bytes - 1, false);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_COMPONENT);
  assert_int_equal(report.offset, 4);
}

TEST(another_version_is_reported) {
  static const uint8_t bytes[] = "\0asm\2\0\0\0";
  inspect_bytes(bytes, sizeof bytes - 1, false);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_VERSION);
  assert_int_equal(report.offset, 4);
}

TEST(other_files_are_not_wasm_and_common_kinds_are_named) {
  static const struct {
    const char *bytes, *word;
  } files[] = {{"", "empty"},
               {"\x1f\x8b\x08", "gzip"},
               {"\x7f"
                "ELF",
                "ELF"},
               {" \n(module)", "text"},
               {"import x", "JavaScript"},
               {"\xef\xbb\xbf(module)", "text format"},
               {"(func)", "wat2wasm"},
               {"<html>", "HTML"},
               {"hello", "text"},
               {"\1asm", "00 61 73 6d"}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    inspect_bytes((const uint8_t *)files[i].bytes, strlen(files[i].bytes),
                  false);
    assert_int_equal(report.verdict, WASMSIG_VERDICT_NOT_WASM);
    assert_non_null(strstr(report.detail, files[i].word));
  }
}

/* -------------------------------------------------------- the API around it */

TEST(verdicts_have_codes_and_texts) {
  assert_string_equal(wasmsig_verdict_code(WASMSIG_VERDICT_HIDDEN_MEMORY),
                      "hidden-memory");
  assert_string_equal(wasmsig_verdict_text(WASMSIG_VERDICT_TRUNCATED),
                      "it ends too early");
  assert_string_equal(wasmsig_verdict_code((wasmsig_verdict)99), "unknown");
  assert_string_equal(wasmsig_verdict_text((wasmsig_verdict)99), "unknown");
  assert_true(wasmsig_verdict_is_readable(WASMSIG_VERDICT_OVERLAP));
  assert_false(wasmsig_verdict_is_readable(WASMSIG_VERDICT_COMPONENT));
  assert_string_equal(wasmsig_word_name(1), "__instance_terminated");
  assert_null(wasmsig_word_name(WASMSIG_WORD_COUNT));
  assert_null(wasmsig_word_name(-1));
}

TEST(missing_arguments_are_refused) {
  wasmsig_module_report other = WASMSIG_MODULE_REPORT_INIT;
  wasmsig_module_options options = WASMSIG_MODULE_OPTIONS_INIT;
  wasmsig_module_source source = {NULL, NULL, NULL};
  assert_int_equal(wasmsig_module_inspect(NULL, 1, NULL, &other),
                   WASMSIG_EINVAL);
  assert_int_equal(wasmsig_module_inspect("", 0, NULL, NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_module_inspect_source(&source, NULL, &other),
                   WASMSIG_EINVAL);
  assert_int_equal(wasmsig_module_inspect_source(NULL, NULL, &other),
                   WASMSIG_EINVAL);
  options.size = 0;
  assert_int_equal(wasmsig_module_inspect("", 0, &options, &other),
                   WASMSIG_EINVAL);
  other.size = 1;
  assert_int_equal(wasmsig_module_inspect("", 0, NULL, &other), WASMSIG_EINVAL);
}

TEST(a_released_report_is_empty_and_can_be_filled_again) {
  assert_verdict(tracked_module(), WASMSIG_VERDICT_TRACKED);
  wasmsig_module_report_release(&report);
  assert_null(report.memory.export_name.bytes);
  assert_int_equal(report.verdict, WASMSIG_VERDICT_NOT_WASM);
  wasmsig_module_report_release(&report);
  wasmsig_module_report_release(NULL);
  assert_verdict(tracked_module(), WASMSIG_VERDICT_TRACKED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_module_with_a_signal_word_is_tracked),
      cmocka_unit_test(a_module_with_everything_is_tracked),
      cmocka_unit_test(a_module_without_words_has_no_words),
      cmocka_unit_test(an_address_is_unsigned),
      cmocka_unit_test(sums_differences_and_products_wrap_at_their_type),
      cmocka_unit_test(a_word_that_is_not_a_global_is_not_an_address),
      cmocka_unit_test(a_mutable_word_is_not_an_address),
      cmocka_unit_test(a_word_of_another_type_is_not_an_address),
      cmocka_unit_test(a_word_must_be_in_the_memory),
      cmocka_unit_test(a_word_must_be_aligned_to_its_size),
      cmocka_unit_test(words_must_not_overlap),
      cmocka_unit_test(the_handled_set_is_a_word_of_eight_bytes),
      cmocka_unit_test(the_handled_set_alone_tracks_nothing),
      cmocka_unit_test(one_global_cannot_be_two_words),
      cmocka_unit_test(an_imported_word_is_known_by_its_import),
      cmocka_unit_test(a_word_made_of_an_imported_global_is_computed),
      cmocka_unit_test(words_without_a_memory_are_not_tracked),
      cmocka_unit_test(words_in_a_memory_that_is_not_exported_are_not_tracked),
      cmocka_unit_test(an_export_of_memory_1_does_not_export_memory_0),
      cmocka_unit_test(
          an_imported_memory_need_not_be_exported_nor_large_enough),
      cmocka_unit_test(the_first_imported_memory_is_memory_0),
      cmocka_unit_test(a_64_bit_memory_has_words_of_64_bits),
      cmocka_unit_test(
          a_64_bit_memory_of_all_pages_holds_every_address_but_the_last),
      cmocka_unit_test(the_first_of_several_exports_of_a_memory_names_it),
      cmocka_unit_test(words_can_have_a_memory_of_their_own),
      cmocka_unit_test(the_only_memory_can_be_the_one_of_the_words),
      cmocka_unit_test(a_memory_of_another_kind_is_not_the_one_of_the_words),
      cmocka_unit_test(exported_words_are_in_memory_0),
      cmocka_unit_test(a_component_is_reported_as_one),
      cmocka_unit_test(another_version_is_reported),
      cmocka_unit_test(other_files_are_not_wasm_and_common_kinds_are_named),
      cmocka_unit_test(verdicts_have_codes_and_texts),
      cmocka_unit_test(missing_arguments_are_refused),
      cmocka_unit_test(a_released_report_is_empty_and_can_be_filled_again),
  };
  return cmocka_run_group_tests(tests, NULL, release_report);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every error code has a name and a sentence of its own. */
#include "support.h"

struct error {
  int code;
  int number;
  const char *name;
};

static const struct error errors[] = {
#define ROW(name, number, text) {WASMSIG_##name, (number), "WASMSIG_" #name},
    WASMSIG_ERRORS(ROW)
#undef ROW
};
#define ERRORS (sizeof errors / sizeof errors[0])

TEST(every_code_is_its_number_in_the_list) {
  for (size_t i = 0; i < ERRORS; i++)
    assert_int_equal(errors[i].code, errors[i].number);
}

TEST(every_code_has_its_name) {
  for (size_t i = 0; i < ERRORS; i++)
    assert_string_equal(wasmsig_error_name(errors[i].code), errors[i].name);
}

TEST(every_code_has_a_text) {
  for (size_t i = 0; i < ERRORS; i++) {
    const char *text = wasmsig_error_text(errors[i].code);
    assert_true(strlen(text) > 10);
    assert_true(text[0] >= 'a' && text[0] <= 'z');
  }
}

TEST(codes_are_negative_and_distinct) {
  for (size_t i = 0; i < ERRORS; i++) {
    assert_true(errors[i].code < 0);
    for (size_t j = 0; j < i; j++)
      assert_int_not_equal(errors[i].code, errors[j].code);
  }
}

TEST(no_two_codes_share_a_text) {
  for (size_t i = 0; i < ERRORS; i++)
    for (size_t j = 0; j < i; j++)
      assert_string_not_equal(wasmsig_error_text(errors[i].code),
                              wasmsig_error_text(errors[j].code));
}

TEST(zero_and_positive_numbers_are_no_error) {
  const int counts[] = {0, 1, 1000, INT32_MAX};
  for (size_t i = 0; i < 4; i++) {
    assert_string_equal(wasmsig_error_name(counts[i]), "WASMSIG_OK");
    assert_string_equal(wasmsig_error_text(counts[i]), "no error");
  }
}

TEST(an_unknown_code_has_a_name_and_a_text_too) {
  const int unknown[] = {-1 - (int)ERRORS, -1000, INT32_MIN};
  for (size_t i = 0; i < 3; i++) {
    assert_string_equal(wasmsig_error_name(unknown[i]), "WASMSIG_E?");
    assert_non_null(wasmsig_error_text(unknown[i]));
    for (size_t j = 0; j < ERRORS; j++)
      assert_string_not_equal(wasmsig_error_text(unknown[i]),
                              wasmsig_error_text(errors[j].code));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_is_its_number_in_the_list),
      cmocka_unit_test(every_code_has_its_name),
      cmocka_unit_test(every_code_has_a_text),
      cmocka_unit_test(codes_are_negative_and_distinct),
      cmocka_unit_test(no_two_codes_share_a_text),
      cmocka_unit_test(zero_and_positive_numbers_are_no_error),
      cmocka_unit_test(an_unknown_code_has_a_name_and_a_text_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

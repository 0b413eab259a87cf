/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "values.h"

#include "wasmsig/host.h"

void define(napi_env env, napi_value exports, const char *name,
            napi_callback function) {
  napi_value value;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL,
                           &value) == napi_ok)
    napi_set_named_property(env, exports, name, value);
}

size_t arguments(napi_env env, napi_callback_info info, napi_value *values,
                 size_t room) {
  size_t count = room;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok)
    return 0;
  return count;
}

double number_of(napi_env env, napi_value value) {
  double number = 0;
  napi_get_value_double(env, value, &number);
  return number;
}

bool bool_of(napi_env env, napi_value value) {
  bool result = false;
  napi_get_value_bool(env, value, &result);
  return result;
}

void text_of(napi_env env, napi_value value, char *text, size_t size) {
  size_t length = 0;
  if (!value ||
      napi_get_value_string_utf8(env, value, text, size, &length) != napi_ok)
    length = 0;
  text[length] = 0;
}

napi_value make_number(napi_env env, double number) {
  napi_value value = NULL;
  napi_create_double(env, number, &value);
  return value;
}

napi_value make_bool(napi_env env, bool value) {
  napi_value result = NULL;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value value_of(napi_env env, napi_ref reference) {
  napi_value value = NULL;
  napi_get_reference_value(env, reference, &value);
  return value;
}

napi_value throw_code(napi_env env, int error) {
  /* WASMSIG_EBUSY becomes ERR_WASMSIG_BUSY. */
  char code[64] = "ERR_WASMSIG_";
  const char *name = wasmsig_error_name(error) + sizeof "WASMSIG_E" - 1;
  for (size_t at = sizeof "ERR_WASMSIG_" - 1; *name && at < sizeof code - 1;)
    code[at++] = *name++;
  napi_throw_error(env, code, wasmsig_error_text(error));
  return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Names and texts of error codes, generated from the one list in base.h. */
#include "wasmsig/base.h"

const char *wasmsig_error_name(int code) {
  if (code >= 0) return "WASMSIG_OK";
  switch (code) {
#define NAME_CASE(name, number, text) \
  case (number): return "WASMSIG_" #name;
    WASMSIG_ERRORS(NAME_CASE)
#undef NAME_CASE
    default: return "WASMSIG_E?";
  }
}

const char *wasmsig_error_text(int code) {
  if (code >= 0) return "no error";
  switch (code) {
#define TEXT_CASE(name, number, text) \
  case (number): return (text);
    WASMSIG_ERRORS(TEXT_CASE)
#undef TEXT_CASE
    default: return "an error code that this version does not know";
  }
}

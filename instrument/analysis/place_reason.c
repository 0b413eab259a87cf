/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "analysis/place_reason.h"

#include "wasmsig/instrument.h"

#include <stdarg.h>
#include <stdio.h>

static void write_reason(char *reason, const char *format, va_list arguments) {
  vsnprintf(reason, WASMSIG_REASON_MAX, format, arguments);
}

int wsig_place_suits(char *reason, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_reason(reason, format, arguments);
  va_end(arguments);
  return WASMSIG_OK;
}

int wsig_place_does_not(char *reason, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_reason(reason, format, arguments);
  va_end(arguments);
  return 1;
}

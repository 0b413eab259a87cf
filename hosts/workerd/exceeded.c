/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "exceeded.h"

#include "binary/runtime.h"

/* CPU_LIMIT_DETAIL_ID of src/workerd/util/exception.h: the outcome of what
 * fails with such a detail is exceededCpu. */
#define CPU_LIMIT_DETAIL UINT64_C(0xfdcb787ba4240576)

/* kj::Exception::Type. Overloaded: an HTTP status of 503, no retry. */
enum { OVERLOADED = 1 };

/* The prefix makes it an Error of JavaScript, whose message is the rest. */
#define REQUEST_TEXT "jsg.Error: Worker exceeded CPU time limit."
#define STARTUP_TEXT "jsg.Error: Script startup exceeded CPU time limit."

static void make(void *exception, const char *text, size_t size) {
  struct wkd_array description = wkd_static_array(text, size);
  wkd_runtime.exception_construct(exception, OVERLOADED, "wasmsig", 0,
                                  &description);
  struct wkd_array detail = wkd_static_array("", 0);
  wkd_runtime.exception_set_detail(exception, CPU_LIMIT_DETAIL, &detail);
}

void wkd_exceeded_request(wkd_exception *exception) {
  make(exception, REQUEST_TEXT, sizeof REQUEST_TEXT);
}

void wkd_exceeded_startup(void *exception) {
  make(exception, STARTUP_TEXT, sizeof STARTUP_TEXT);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "exceeded.h"

#include "answers.h"
#include "binary/runtime.h"

#include <string.h>

/* CPU_LIMIT_DETAIL_ID of src/workerd/util/exception.h: the outcome of what
 * fails with such a detail is exceededCpu. */
#define CPU_LIMIT_DETAIL UINT64_C(0xfdcb787ba4240576)

/* A detail of our own: its id is a random number, and its bytes are compared
 * too. No exception of the runtime has it, and one that passed through
 * JavaScript has lost it. */
#define STOPPED_DETAIL UINT64_C(0x9b1e6f0c52d7a834)
#define STOPPED_BYTES "wasmsig: a request was stopped"
#define STOPPED_SIZE (sizeof STOPPED_BYTES - 1)

/* kj::Exception::Type. Overloaded: an HTTP status of 503, no retry. */
enum { OVERLOADED = 1 };

/* The prefix makes it an Error of JavaScript, whose message is the rest. */
#define REQUEST_TEXT "jsg.Error: Worker exceeded CPU time limit."
#define STARTUP_TEXT "jsg.Error: Script startup exceeded CPU time limit."

static void make(void *exception, const char *text, size_t size) {
  struct wkd_array description = wkd_static_array(text, size);
  wkd_runtime.exception_construct(exception, OVERLOADED, "wasmsig", 0,
                                  &description);
}

static void mark_as_exceeded(void *exception) {
  struct wkd_array detail = wkd_static_array("", 0);
  wkd_runtime.exception_set_detail(exception, CPU_LIMIT_DETAIL, &detail);
}

void wkd_exceeded_request(wkd_exception *exception) {
  make(exception, REQUEST_TEXT, sizeof REQUEST_TEXT);
  mark_as_exceeded(exception);
  struct wkd_array detail = wkd_static_array(STOPPED_BYTES, STOPPED_SIZE);
  wkd_runtime.exception_set_detail(exception, STOPPED_DETAIL, &detail);
}

void wkd_exceeded_answer(wkd_exception *exception) {
  make(exception, WKD_ANSWER_TEXT, sizeof WKD_ANSWER_TEXT);
}

bool wkd_is_exceeded_request(const void *exception) {
  struct wkd_maybe_bytes detail = wkd_abi_detail(
      wkd_runtime.exception_get_detail, exception, STOPPED_DETAIL);
  return detail.is_set && detail.size == STOPPED_SIZE &&
         memcmp(detail.bytes, STOPPED_BYTES, STOPPED_SIZE) == 0;
}

void wkd_exceeded_startup(void *exception) {
  make(exception, STARTUP_TEXT, sizeof STARTUP_TEXT);
  mark_as_exceeded(exception);
}

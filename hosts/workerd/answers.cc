/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The answer over HTTP, where HTTP is served by C++ (until 2026-10).
 *
 * The HTTP server asks its handler of errors what to answer when the promise of
 * a request is rejected. workerd's handler answers 500 to every exception. Its
 * base class answers by the type of the exception: 503 to OVERLOADED. So an
 * exception of ours goes to the base class' method, every other one to
 * workerd's.
 *
 * Why no other request gets this answer: the exception is the one that has
 * rejected this request, and it has a detail that only exceeded.c adds. A
 * request that fails because it called one that was stopped is rejected with an
 * exception made from an error of JavaScript, which has no such detail.
 */
#include "answers.h"

#include "binary/runtime.h"
#include "exceeded.h"

/* The exception is a temporary of the caller's, who ends it; the callee may
 * move from it. The response is only handed on. */
using Handle = wkd_promise (*)(void *handler, void *exception, void *response);

namespace {

struct Answer {
  wkd_exception exception;
  Answer() { wkd_exceeded_answer(&exception); }
  ~Answer() { wkd_runtime.exception_destroy(&exception); }
};

}  // namespace

extern "C" wkd_promise wkd_slot_handle_application_error(void *handler,
                                                         void *exception,
                                                         void *response) {
  if (!wkd_is_exceeded_request(exception))
    return reinterpret_cast<Handle>(wkd_runtime.answer_error)(
        handler, exception, response);
  Answer answer;
  return reinterpret_cast<Handle>(wkd_runtime.answer_error_by_type)(
      handler, &answer.exception, response);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Methods that return classes of the runtime: classes of our own that are laid
 * out and returned as those are. They have a destructor, so that the compiler
 * returns them through the hidden pointer. Exceptions of the runtime that pass
 * through here meet no cleanup.
 */
#include "binary/runtime.h"
#include "requests.h"
#include "startup.h"

namespace {

/* kj::Own<void>: the disposer's first virtual function ends it. */
struct Own {
  const void *disposer;
  void *pointer;

  Own(const void *whose, void *what) : disposer(whose), pointer(what) {}
  Own(const Own &) = delete;
  ~Own() {}
};

/* kj::Maybe<EventOutcome>. */
struct MaybeOutcome {
  bool is_set;
  uint16_t value;

  explicit MaybeOutcome(int outcome)
      : is_set(outcome != WKD_OUTCOME_NONE),
        value(static_cast<uint16_t>(outcome)) {}
  MaybeOutcome(const MaybeOutcome &) = delete;
  ~MaybeOutcome() {}
};

/* kj::Promise<void>. Only the runtime writes it: the compiler passes the hidden
 * pointer on. */
struct Promise {
  void *node;
  Promise(const Promise &) = delete;
  ~Promise() {}
};

using Leave = void (*)(const void *disposer, void *pointer);

struct Disposer {
  const Leave *vtable;
};

void leave_request(const void *, void *entered) { wkd_request_leave(entered); }
void leave_startup(const void *, void *entered) { wkd_startup_leave(entered); }

const Leave request_vtable[] = {leave_request};
const Leave startup_vtable[] = {leave_startup};
const Disposer request_disposer = {request_vtable};
const Disposer startup_disposer = {startup_vtable};

Own enter_startup(wkd_exception_or_duration *result, wkd_startup kind) {
  return Own(&startup_disposer, wkd_startup_enter(result, kind));
}

}  // namespace

extern "C" {

Own wkd_slot_enter_js(void *enforcer, void *lock, void *context) {
  (void)lock;
  return Own(&request_disposer, wkd_request_enter(enforcer, context));
}

Own wkd_slot_enter_startup_js(const void *, void *,
                              wkd_exception_or_duration *result) {
  return enter_startup(result, WKD_STARTUP_JS);
}

Own wkd_slot_enter_startup_python(const void *, void *,
                                  wkd_exception_or_duration *result) {
  return enter_startup(result, WKD_STARTUP_PYTHON);
}

Own wkd_slot_enter_dynamic_import_js(const void *, void *,
                                     wkd_exception_or_duration *result) {
  return enter_startup(result, WKD_DYNAMIC_IMPORT);
}

Promise wkd_slot_on_limits_exceeded(void *enforcer) {
  using OnLimitsExceeded = Promise (*)(void *);
  wkd_request_context_made(enforcer);
  return reinterpret_cast<OnLimitsExceeded>(wkd_runtime.on_limits_exceeded)(
      enforcer);
}

MaybeOutcome wkd_slot_get_limits_exceeded(void *enforcer) {
  return MaybeOutcome(wkd_request_outcome(enforcer));
}

}  // extern "C"

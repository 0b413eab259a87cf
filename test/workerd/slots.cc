/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How C++ calls the slots: through virtual tables, with classes that are
 * returned through a hidden pointer and passed by reference to a temporary. The
 * classes here are laid out as the runtime's, and the compiler decides how they
 * are passed; abi.cc and slots.cc must have decided the same.
 *
 *     workerd_slots
 *
 * Prints what was wrong; its exit status is 1 then.
 */
extern "C" {
#include "slots.h"
#include "binary/runtime.h"
#include "no_runtime.h"
}
#include "exceeded.h"
#include "requests.h"
#include "startup.h"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <ctime>

/* ------------------------------------------------- the runtime's classes */

/* Not in an unnamed namespace, where the compiler would know that nothing
 * implements them. */
namespace runtime {

/* kj::Disposer */
struct Disposer {
  virtual void dispose(void *pointer) const = 0;
};

/* kj::Own<void> */
class Own {
  const Disposer *disposer;
  void *pointer;

 public:
  Own(Own &&other) : disposer(other.disposer), pointer(other.pointer) {
    other.pointer = nullptr;
  }
  ~Own() {
    if (pointer) disposer->dispose(pointer);
  }
  bool holds_something() const { return disposer && pointer; }
};

/* kj::Maybe<T>, of what is no reference */
template <typename T>
struct Maybe {
  bool is_set;
  T value;
  Maybe() : is_set(false), value() {}
  explicit Maybe(T from) : is_set(true), value(from) {}
  Maybe(Maybe &&other) : is_set(other.is_set), value(other.value) {}
  ~Maybe() {}
};

/* kj::Array<T>, kj::String */
template <typename T>
struct Array {
  const T *elements;
  size_t size;
  const void *disposer;
  Array(Array &&);
  ~Array() {}
};

/* kj::Promise<void> */
struct Promise {
  void *node;
  explicit Promise(void *held) : node(held) {}
  Promise(Promise &&);
  ~Promise() {}
};

struct LimitEnforcer {
  virtual Own enterJs(void *lock, void *context) = 0;
  virtual Maybe<uint16_t> getLimitsExceeded() = 0;
  virtual Promise onLimitsExceeded() = 0;
};

using Result = wkd_exception_or_duration;

struct IsolateLimitEnforcer {
  virtual Own enterStartupJs(void *lock, Result &result) const = 0;
  virtual Own enterStartupPython(void *lock, Result &result) const = 0;
  virtual Own enterDynamicImportJs(void *lock, Result &result) const = 0;
};

}  // namespace runtime

namespace {

using namespace runtime;

constexpr uint64_t ms = 1000000;

int failures;

void expect(bool is_so, const char *what) {
  if (is_so) return;
  std::printf("not so: %s\n", what);
  failures++;
}

/* ----------------------------------------------------------- their tables */

wkd_code *const request_table[] = {wkd_slot_enter_js,
                                   wkd_slot_get_limits_exceeded,
                                   wkd_slot_on_limits_exceeded};
wkd_code *const start_table[] = {wkd_slot_enter_startup_js,
                                 wkd_slot_enter_startup_python,
                                 wkd_slot_enter_dynamic_import_js};

/* An object with that virtual table; the compiler does not know which. */
template <typename Interface>
Interface &with(wkd_code *const *table) {
  static wkd_code *const *volatile object;
  static volatile void *volatile address = &object;
  object = table;
  return *static_cast<Interface *>(const_cast<void *>(address));
}

/* -------------------------------------------------------------- requests */

std::atomic<bool> was_terminated; /* by the watchdog */
int contexts_aborted;
bool text_arrived, detail_arrived;

void terminate(void *) { was_terminated = true; }
void abort_context(void *, void *) { contexts_aborted++; }
void no_exception(void *) {}

void construct(void *, int type, const char *file, int line, Array<char> text) {
  static const char expected[] = "jsg.Error: Worker exceeded CPU time limit.";
  text_arrived = type == 1 && std::strcmp(file, "wasmsig") == 0 && line == 0 &&
                 text.size == sizeof expected &&
                 std::strcmp(text.elements, expected) == 0;
}

/* kj::ArrayPtr<const byte> */
struct Bytes {
  const uint8_t *elements;
  size_t size;
};

Bytes own_detail;
uint64_t own_id;

void set_detail(void *, uint64_t id, Array<uint8_t> value) {
  if (id == 0xfdcb787ba4240576) {
    detail_arrived = value.size == 0;
    return;
  }
  own_id = id;
  own_detail = {value.elements, value.size};
}

Maybe<Bytes> get_detail(const void *, uint64_t id) {
  return id == own_id ? Maybe<Bytes>(own_detail) : Maybe<Bytes>();
}

template <typename To, typename From>
To as(From *function) {
  return reinterpret_cast<To>(reinterpret_cast<wkd_code *>(function));
}

Promise on_limits_exceeded(void *enforcer) { return Promise(enforcer); }

void use_runtime() {
  no_runtime_use(5 * ms, 10 * ms);
  wkd_runtime.isolate_terminate = terminate;
  wkd_runtime.context_abort = abort_context;
  wkd_runtime.exception_construct =
      as<decltype(wkd_runtime.exception_construct)>(construct);
  wkd_runtime.exception_set_detail =
      as<decltype(wkd_runtime.exception_set_detail)>(set_detail);
  wkd_runtime.exception_get_detail = as<wkd_code *>(get_detail);
  wkd_runtime.exception_destroy = no_exception;
  wkd_runtime.on_limits_exceeded = as<wkd_code *>(on_limits_exceeded);
}

void check_requests() {
  LimitEnforcer &enforcer = with<LimitEnforcer>(request_table);
  char lock, context;
  expect(enforcer.onLimitsExceeded().node == &enforcer,
         "onLimitsExceeded() returns the runtime's promise");
  {
    Own turn = enforcer.enterJs(&lock, &context);
    expect(turn.holds_something(), "enterJs() returns what is left later");
  }
  expect(!enforcer.getLimitsExceeded().is_set, "a request is within its limit");
  {
    Own turn = enforcer.enterJs(&lock, &context);
    for (time_t end = time(nullptr) + 60; !was_terminated;)
      if (time(nullptr) > end) break;
  }
  expect(was_terminated, "a request that exceeds its limit is stopped");
  expect(contexts_aborted == 1, "the end of its turn aborts it");
  expect(text_arrived, "its exception has type, place and text");
  expect(detail_arrived, "its exception has the detail of exceededCpu");
  expect(wkd_is_exceeded_request(&context), "it is known by its own detail");
  own_id = 0;
  expect(!wkd_is_exceeded_request(&context), "another one is not");
  Maybe<uint16_t> outcome = enforcer.getLimitsExceeded();
  expect(outcome.is_set && outcome.value == WKD_OUTCOME_EXCEEDED_CPU,
         "getLimitsExceeded() returns exceededCpu");
  wkd_request_context_delete(&context);
}

/* ---------------------------------------------------------------- starts */

void check_start(Own (IsolateLimitEnforcer::*enter)(void *, Result &) const,
                 const char *what) {
  IsolateLimitEnforcer &enforcer = with<IsolateLimitEnforcer>(start_table);
  Result result = {WKD_TAG_DURATION, {0}};
  char lock;
  {
    Own section = (enforcer.*enter)(&lock, result);
    expect(section.holds_something(), what);
    expect(result.value.nanoseconds == 0, "nothing is reported at first");
  }
  expect(result.tag == WKD_TAG_DURATION && result.value.nanoseconds > 0,
         "the end of a start reports its CPU time");
}

void check_starts() {
  check_start(&IsolateLimitEnforcer::enterStartupJs, "enterStartupJs()");
  check_start(&IsolateLimitEnforcer::enterStartupPython,
              "enterStartupPython()");
  check_start(&IsolateLimitEnforcer::enterDynamicImportJs,
              "enterDynamicImportJs()");
}

/* -------------------------------------------------------------- instances */

/* kj::Maybe<TrackedWasmInstance &> */
struct MaybeInstance {
  void *pointer;
  explicit MaybeInstance(void *to) : pointer(to) {}
  MaybeInstance(MaybeInstance &&);
  ~MaybeInstance() {}
};

struct {
  void *list;
  const uint8_t *memory;
  size_t size;
  bool has_signal;
  uint32_t signal, terminated;
} registered;

void note(void *list, Array<uint8_t> &memory, Maybe<uint32_t> &signal,
          uint32_t terminated) {
  registered = {list,          memory.elements, memory.size,
                signal.is_set, signal.value,    terminated};
}

void register_required(void *list, void *, Array<uint8_t> memory,
                       Maybe<uint32_t> signal, uint32_t terminated) {
  note(list, memory, signal, terminated);
}

MaybeInstance register_optional(void *list, void *, Array<uint8_t> memory,
                                Maybe<uint32_t> signal,
                                Maybe<uint32_t> terminated) {
  note(list, memory, signal, terminated.is_set ? terminated.value : 0);
  return MaybeInstance(list);
}

void check_register(wkd_code *function, bool is_optional) {
  static uint8_t memory[64];
  char list;
  uint32_t at = 12;
  wkd_array bytes = wkd_static_array(memory, sizeof memory);
  const uint32_t *const signals[] = {&at, nullptr};
  for (const uint32_t *signal : signals) {
    registered = {};
    wkd_abi_register(function, is_optional, &list, &bytes, signal, 20);
    expect(registered.list == &list && registered.memory == memory &&
               registered.size == sizeof memory,
           "the list and the memory arrive");
    expect(registered.has_signal == (signal != nullptr) &&
               (!signal || registered.signal == at) &&
               registered.terminated == 20,
           "the words' addresses arrive");
  }
}

/* ----------------------------------------------------------------- strings */

/* kj::StringPtr, before it had a copy constructor, and since. */
struct PlainString {
  const char *text;
  size_t size;
};
struct ClassString {
  const char *text;
  size_t size;
  ClassString(ClassString &&);
  ~ClassString() {}
};

template <typename String>
Maybe<uint32_t> parse_method(String name) {
  bool is_post = name.size == 5 && std::memcmp(name.text, "POST", 5) == 0;
  return is_post ? Maybe<uint32_t>(2) : Maybe<uint32_t>();
}

void check_strings() {
  expect(wkd_abi_passes_strings_by_pointer(
             as<wkd_code *>(parse_method<ClassString>)),
         "a string that is a class is passed by pointer");
  expect(!wkd_abi_passes_strings_by_pointer(
             as<wkd_code *>(parse_method<PlainString>)),
         "a plain string is passed in registers");
}

}  // namespace

int main() {
  use_runtime();
  check_requests();
  check_starts();
  check_register(as<wkd_code *>(register_required), false);
  check_register(as<wkd_code *>(register_optional), true);
  check_strings();
  return failures ? 1 : 0;
}

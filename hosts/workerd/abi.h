/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * C++'s calling conventions, as far as the runtime's interfaces need them.
 *
 * The Itanium C++ ABI passes `this` as the first argument, and returns a class
 * that is not trivially copyable through a hidden pointer (System V x86-64: the
 * first argument; AAPCS64: x8, which C cannot name). abi.cc and slots.cc
 * declare such classes of our own; everything else is C.
 */
#ifndef WSIG_WORKERD_ABI_H
#define WSIG_WORKERD_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** kj::Array, kj::String: elements, how many, and who frees them. Passed as a
 * pointer to a temporary, from which the callee may move. */
struct wkd_array {
  const void *elements;
  size_t size;
  const void *disposer;
};

/** kj::OneOf<kj::Exception, kj::Duration>: where a start-up's limit is
 * reported. */
struct wkd_exception_or_duration {
  uint32_t tag;
  union {
    int64_t nanoseconds;
    void *exception[2];
  } value;
};
enum { WKD_TAG_EXCEPTION = 1, WKD_TAG_DURATION = 2 };

/** kj::Own<kj::Function<void()>::Iface>. */
struct wkd_function {
  const void *disposer;
  void *callable;
};

/** Calls a kj::Function<void()>. */
static inline void wkd_call(void *callable) {
  void (***object)(void *) = (void (***)(void *))callable;
  (*object)[0](callable);
}

/** workerd::EventOutcome, src/workerd/io/outcome.capnp. */
enum { WKD_OUTCOME_NONE = -1, WKD_OUTCOME_EXCEEDED_CPU = 3 };

/** A kj::Array of `size` bytes that are never freed. */
struct wkd_array wkd_static_array(const void *bytes, size_t size);

/** kj::Maybe<kj::ArrayPtr<const kj::byte>>. */
struct wkd_maybe_bytes {
  bool is_set;
  const void *bytes;
  size_t size;
};

/** A detail of an exception; `function` is kj::Exception::getDetail(). */
struct wkd_maybe_bytes wkd_abi_detail(void (*function)(void),
                                      const void *exception, uint64_t id);

/**
 * Whether a kj::StringPtr is passed as a pointer to a temporary: it is since
 * 2026-09, when it ceased to be trivially copyable. Before that it was passed
 * in two registers. `function` is kj::tryParseHttpMethod(kj::StringPtr).
 */
bool wkd_abi_passes_strings_by_pointer(void (*function)(void));

/** Registers an instance with the list; both functions know one layout. */
void wkd_abi_register(void (*function)(void), bool terminated_is_optional,
                      void *list, struct wkd_array *memory,
                      const uint32_t *signal, uint32_t terminated);

#ifdef __cplusplus
}
#endif

#endif

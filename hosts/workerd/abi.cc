/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Classes of our own that are laid out, passed and returned as the runtime's
 * are. They have a destructor, so that the compiler returns them through the
 * hidden pointer. No C++ library is linked: exceptions of the runtime that pass
 * through here meet no cleanup.
 */
#include "abi.h"

namespace {

/* kj::Maybe<uint32_t>, as an argument: a pointer to a temporary. */
struct MaybeOffset {
  bool is_set;
  uint32_t value;
};

/* kj::Maybe<TrackedWasmInstance &>. */
struct MaybeReference {
  void *pointer;
  MaybeReference(const MaybeReference &) = delete;
  ~MaybeReference() {}
};

/* kj::StringPtr; `size` counts the 0 at the end. */
struct String {
  const char *text;
  size_t size;
};

/* kj::Maybe<kj::HttpMethod>. */
struct MaybeMethod {
  bool is_set;
  uint32_t value;
  MaybeMethod(const MaybeMethod &) = delete;
  ~MaybeMethod() {}
};

/* wkd_maybe_bytes, as it is returned. */
struct MaybeBytes {
  bool is_set;
  const void *bytes;
  size_t size;
  MaybeBytes(const MaybeBytes &) = delete;
  ~MaybeBytes() {}
};

/* kj::ArrayDisposer::disposeImpl(), of what is never freed. */
using DisposeArray = void (*)(const void *, void *, size_t, size_t, size_t,
                              void (*)(void *));
void keep(const void *, void *, size_t, size_t, size_t, void (*)(void *)) {}

const DisposeArray keeping_vtable[] = {keep};
const struct {
  const DisposeArray *vtable;
} keeping_disposer = {keeping_vtable};

}  // namespace

extern "C" {

wkd_array wkd_static_array(const void *bytes, size_t size) {
  return {bytes, size, &keeping_disposer};
}

wkd_maybe_bytes wkd_abi_detail(void (*function)(void), const void *exception,
                               uint64_t id) {
  using GetDetail = MaybeBytes (*)(const void *, uint64_t);
  MaybeBytes detail = reinterpret_cast<GetDetail>(function)(exception, id);
  if (!detail.is_set) return {false, nullptr, 0};
  return {true, detail.bytes, detail.size};
}

bool wkd_abi_passes_strings_by_pointer(void (*function)(void)) {
  /* Where strings are passed in registers, the bytes of `post` itself are the
   * text, which is no method. */
  const String post = {"POST", sizeof "POST"};
  using Parse = MaybeMethod (*)(const String *, size_t);
  return reinterpret_cast<Parse>(function)(&post, post.size).is_set;
}

void wkd_abi_register(void (*function)(void), bool terminated_is_optional,
                      void *list, wkd_array *memory, const uint32_t *signal,
                      uint32_t terminated) {
  /* The lock only proves to the compiler that it is held; it is not used. */
  void *lock = nullptr;
  MaybeOffset at = {signal != nullptr, signal ? *signal : 0};
  if (terminated_is_optional) {
    MaybeOffset dead = {true, terminated};
    using Register = MaybeReference (*)(void *, void *, wkd_array *,
                                        MaybeOffset *, MaybeOffset *);
    reinterpret_cast<Register>(function)(list, &lock, memory, &at, &dead);
  } else {
    using Register =
        void (*)(void *, void *, wkd_array *, MaybeOffset *, uint32_t);
    reinterpret_cast<Register>(function)(list, &lock, memory, &at, terminated);
  }
}

}  // extern "C"

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The bytes of a compiled module, whoever compiled it, and from what; and the
 * first of them, up to its exports: these tell which memory is memory 0.
 *
 * V8 keeps a module's bytes and hands them out in C++ (v8-wasm.h): a
 * CompiledWasmModule is a std::shared_ptr of the native module and the
 * std::string of its URL. It is read here in C, in the layout of libstdc++,
 * which its ABI has frozen. What tells that the host is built so: the names of
 * the functions, which name std::shared_ptr and std::string. lib/ tries it on
 * a module that it knows before it trusts it.
 *
 * Why letting go of the shared_ptr takes no more than a decrement: the module
 * holds another one, and the caller holds the module.
 */
#include "addon.h"
#include "v8.h"

#include <string.h>

struct counts { /* std::_Sp_counted_base */
  void **methods;
  int uses;
  int weak_uses;
};

struct compiled { /* v8::CompiledWasmModule */
  void *native_module;
  struct counts *counts;
  char url[32];  /* std::string */
  char room[64]; /* for what a later V8 may add */
};

struct span { /* v8::MemorySpan<const uint8_t> */
  const uint8_t *data;
  size_t size;
};

/* A class with a destructor is returned where a hidden first argument points,
 * as C would do it on x86-64. Elsewhere that is no ordinary argument. */
extern void v8_module_get_compiled(struct compiled *result, napi_value module)
    V8_NAMED("_ZN2v816WasmModuleObject17GetCompiledModuleEv");
extern struct span v8_compiled_get_bytes(struct compiled *compiled)
    V8_NAMED("_ZN2v818CompiledWasmModule15GetWireBytesRefEv");
extern void std_string_destroy(void *string)
    V8_NAMED("_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEED1Ev");
/* Never called: CompiledWasmModule's constructors, up to V8 13 and since. */
extern char v8_compiled_of_pointer[] V8_NAMED(
    "_ZN2v818CompiledWasmModuleC1ESt10shared_ptrINS_8internal4wasm"
    "12NativeModuleEEPKcm");
extern char v8_compiled_of_string[] V8_NAMED(
    "_ZN2v818CompiledWasmModuleC1ESt10shared_ptrINS_8internal4wasm"
    "12NativeModuleEENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");

static bool can_read(void) {
#if defined(__x86_64__)
  return v8_module_get_compiled && v8_compiled_get_bytes &&
         std_string_destroy &&
         (v8_compiled_of_pointer || v8_compiled_of_string);
#else
  return false;
#endif
}

static void let_go(struct compiled *compiled) {
  __atomic_sub_fetch(&compiled->counts->uses, 1, __ATOMIC_ACQ_REL);
  std_string_destroy(compiled->url);
}

void module_bytes(napi_value module,
                  void (*use)(void *context, const uint8_t *bytes,
                              size_t length),
                  void *context) {
  if (!can_read()) return;
  struct compiled compiled;
  v8_module_get_compiled(&compiled, module);
  struct span bytes = v8_compiled_get_bytes(&compiled);
  use(context, bytes.data, bytes.size);
  let_go(&compiled);
}

/* -------------------------------------------------- where its exports end */

enum { EXPORTS = 7, START = 8, DATA_COUNT = 12 };

static bool read_u32(struct span bytes, size_t *at, uint32_t *value) {
  uint64_t sum = 0;
  for (int shift = 0; shift < 35 && *at < bytes.size; shift += 7) {
    uint8_t byte = bytes.data[(*at)++];
    sum |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) {
      *value = (uint32_t)sum;
      return sum <= UINT32_MAX;
    }
  }
  return false;
}

/* How many bytes there are up to the end of the exports; 0: it has none. */
static size_t head_length(struct span bytes) {
  size_t at = 8; /* magic and version */
  while (at < bytes.size) {
    uint32_t length;
    uint8_t section = bytes.data[at++];
    if (section >= START && section <= DATA_COUNT) return 0;
    if (!read_u32(bytes, &at, &length) || length > bytes.size - at) return 0;
    at += length;
    if (section == EXPORTS) return at;
  }
  return 0;
}

struct head {
  napi_env env;
  napi_value value;
};

static void copy_head(void *context, const uint8_t *bytes, size_t size) {
  struct head *head = context;
  void *room = NULL;
  size_t length = head_length((struct span){bytes, size});
  if (length > 0 && napi_create_arraybuffer(head->env, length, &room,
                                            &head->value) == napi_ok)
    memcpy(room, bytes, length);
}

/* moduleHead(module): an ArrayBuffer; undefined if it exports nothing or the
 * host does not tell. The caller has made sure that it is a module. */
static napi_value module_head(napi_env env, napi_callback_info info) {
  struct head head = {env, NULL};
  napi_value module;
  arguments(env, info, &module, 1);
  module_bytes(module, copy_head, &head);
  return head.value;
}

void define_module_head(napi_env env, napi_value exports) {
  define(env, exports, "moduleHead", module_head);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The bytes of a compiled module, whichever code compiled it, and from what.
 *
 * V8 keeps a module's bytes and shows them to C++ (v8-wasm.h): a
 * CompiledWasmModule is a std::shared_ptr of the native module and the
 * std::string of its URL. It is read here in C, in the layout of libstdc++,
 * which its ABI has frozen. The names of the functions, which contain
 * std::shared_ptr and std::string, prove that the host is built so. lib/ tries
 * it on a module that it knows before it trusts it.
 *
 * Why a decrement is enough to release the shared_ptr: the module holds another
 * one, and the caller holds the module.
 */
#include "module_bytes.h"

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

static void release(struct compiled *compiled) {
  __atomic_sub_fetch(&compiled->counts->uses, 1, __ATOMIC_ACQ_REL);
  std_string_destroy(compiled->url);
}

void module_bytes(napi_value module, use_bytes *use, void *context) {
  if (!can_read()) return;
  struct compiled compiled;
  v8_module_get_compiled(&compiled, module);
  struct span bytes = v8_compiled_get_bytes(&compiled);
  use(context, bytes.data, bytes.size);
  release(&compiled);
}

/* ------------------------------------------------------------------ a part */

struct part {
  napi_env env;
  size_t offset, length;
  napi_value value;
};

static void copy_part(void *context, const uint8_t *bytes, size_t size) {
  struct part *part = context;
  void *room = NULL;
  if (part->offset >= size) return;
  size_t length = size - part->offset;
  if (length > part->length) length = part->length;
  if (napi_create_arraybuffer(part->env, length, &room, &part->value) ==
      napi_ok)
    memcpy(room, bytes + part->offset, length);
}

/* moduleBytes(module, offset, length): an ArrayBuffer, shorter where the module
 * ends; undefined beyond its end, or if the host does not show bytes. The
 * caller has made sure that it is a module. */
static napi_value copy_bytes(napi_env env, napi_callback_info info) {
  napi_value given[3];
  arguments(env, info, given, 3);
  struct part part = {.env = env,
                      .offset = (size_t)number_of(env, given[1]),
                      .length = (size_t)number_of(env, given[2])};
  module_bytes(given[0], copy_part, &part);
  return part.value;
}

void define_module_bytes(napi_env env, napi_value exports) {
  define(env, exports, "moduleBytes", copy_bytes);
}

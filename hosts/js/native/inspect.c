/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The report that inspect() returns of a module's bytes (types/index.d.ts:
 * ModuleReport).
 *
 * The engine has accepted the bytes already. Where the reader cannot read them,
 * they use something newer than it knows. Then there is no report, and lib/
 * makes one from what the JavaScript API shows.
 *
 * Where a value cannot be made, an exception is pending or a field is missing:
 * no code here depends on it.
 */
#include "addon.h"
#include "module_bytes.h"

#include "wasmsig/module.h"

#include <stdio.h>
#include <string.h>

/* --------------------------------------------------------------- values */

static void put(napi_env env, napi_value object, const char *name,
                napi_value value) {
  napi_property_descriptor field = {
      .utf8name = name, .value = value, .attributes = napi_default_jsproperty};
  if (value) napi_define_properties(env, object, 1, &field);
}

static void put_bool(napi_env env, napi_value object, const char *name,
                     bool value) {
  put(env, object, name, make_bool(env, value));
}

static napi_value make_text(napi_env env, const char *bytes, size_t length) {
  napi_value text = NULL;
  napi_create_string_utf8(env, bytes, length, &text);
  return text;
}

static void put_text(napi_env env, napi_value object, const char *name,
                     const char *text) {
  put(env, object, name, make_text(env, text, strlen(text)));
}

static void put_name(napi_env env, napi_value object, const char *name,
                     const wasmsig_module_name *value) {
  put(env, object, name, make_text(env, value->bytes, value->length));
}

/* A number if that is exact, or else a bigint. */
static napi_value make_integer(napi_env env, uint64_t integer) {
  if (integer <= UINT64_C(1) << 53) return make_number(env, (double)integer);
  napi_value value = NULL;
  napi_create_bigint_uint64(env, integer, &value);
  return value;
}

/* ---------------------------------------------------------------- the words */

static napi_value make_words(napi_env env,
                             const wasmsig_module_report *report) {
  napi_value words = NULL;
  napi_create_array(env, &words);
  uint32_t count = 0;
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
    const char *name = wasmsig_word_name(i);
    if (report->words[i].is_exported || report->own_memory.is_exported)
      napi_set_element(env, words, count++, make_text(env, name, strlen(name)));
  }
  return words;
}

/* WASMSIG_NO_WORD if it is not known. */
static uint64_t address_of(const wasmsig_module_report *report, int number) {
  const wasmsig_module_word *word = &report->words[number];
  if (report->own_memory.is_exported) return wasmsig_own_memory_address(number);
  return word->is_exported && !word->is_mutable ? word->address
                                                : WASMSIG_NO_WORD;
}

static napi_value make_addresses(napi_env env,
                                 const wasmsig_module_report *report) {
  napi_value addresses = NULL;
  napi_create_object(env, &addresses);
  for (int i = 0; i < WASMSIG_WORD_COUNT; i++) {
    uint64_t address = address_of(report, i);
    if (address != WASMSIG_NO_WORD)
      put(env, addresses, wasmsig_word_name(i), make_integer(env, address));
  }
  return addresses;
}

/* ------------------------------------------------------------- the memory */

/* NULL if it is neither imported nor exported. */
static napi_value make_memory(napi_env env,
                              const wasmsig_module_memory *memory) {
  napi_value object = NULL;
  if (!memory->is_imported && !memory->is_exported) return NULL;
  napi_create_object(env, &object);
  put_text(env, object, "from", memory->is_imported ? "import" : "export");
  if (memory->is_imported)
    put_name(env, object, "module", &memory->import_module);
  put_name(env, object, "name",
           memory->is_imported ? &memory->import_name : &memory->export_name);
  put_bool(env, object, "shared", memory->is_shared);
  put_text(env, object, "addressType", memory->is_64_bit ? "i64" : "i32");
  put(env, object, "minimum", make_number(env, (double)memory->minimum_pages));
  if (memory->maximum_pages != WASMSIG_NO_MAXIMUM)
    put(env, object, "maximum",
        make_number(env, (double)memory->maximum_pages));
  return object;
}

static napi_value make_own_memory(napi_env env) {
  napi_value object = NULL;
  napi_create_object(env, &object);
  put_text(env, object, "from", "export");
  put_text(env, object, "name", WASMSIG_OWN_MEMORY);
  put_bool(env, object, "shared", false);
  put_text(env, object, "addressType", "i32");
  put(env, object, "minimum", make_number(env, 1));
  put(env, object, "maximum", make_number(env, 1));
  return object;
}

/* --------------------------------------------------------------- the report */

/* A memory that is not exported is none to JavaScript, as in stats(). */
static const char *reason_of(wasmsig_verdict verdict) {
  return wasmsig_verdict_code(verdict == WASMSIG_VERDICT_HIDDEN_MEMORY
                                  ? WASMSIG_VERDICT_NO_MEMORY
                                  : verdict);
}

static napi_value make_report(napi_env env,
                              const wasmsig_module_report *report) {
  napi_value object = NULL;
  bool is_tracked = report->verdict == WASMSIG_VERDICT_TRACKED;
  napi_create_object(env, &object);
  put_bool(env, object, "tracked", is_tracked);
  if (!is_tracked) put_text(env, object, "reason", reason_of(report->verdict));
  put_text(env, object, "text", wasmsig_verdict_text(report->verdict));
  if (report->word >= 0)
    put_text(env, object, "word", wasmsig_word_name(report->word));
  put(env, object, "words", make_words(env, report));
  put(env, object, "addresses", make_addresses(env, report));
  put(env, object, "memory",
      report->own_memory.is_exported ? make_own_memory(env)
                                     : make_memory(env, &report->memory));
  return object;
}

/* --------------------------------------------------------------- functions */

/* The context of read_bytes(). */
struct answer {
  napi_env env;
  napi_value value;
};

static void read_bytes(void *context, const uint8_t *bytes, size_t length) {
  struct answer *answer = context;
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  int error = wasmsig_module_inspect(bytes, length, NULL, &report);
  if (error)
    throw_code(answer->env, error);
  else if (wasmsig_verdict_is_readable(report.verdict))
    answer->value = make_report(answer->env, &report);
  wasmsig_module_report_release(&report);
}

/* inspectBytes(bytes: Uint8Array): a report, or undefined. The bytes must not
 * change meanwhile. */
static napi_value inspect_bytes(napi_env env, napi_callback_info info) {
  struct answer answer = {env, NULL};
  napi_value given;
  void *bytes = NULL;
  size_t length = 0;
  arguments(env, info, &given, 1);
  if (napi_get_typedarray_info(env, given, NULL, &length, &bytes, NULL, NULL) ==
      napi_ok)
    read_bytes(&answer, bytes, length);
  return answer.value;
}

static const char *between(wasmsig_verdict verdict) {
  return verdict == WASMSIG_VERDICT_NOT_WASM ? ", but " : ": expected ";
}

static napi_value why_unreadable(napi_env env,
                                 const wasmsig_module_report *report) {
  char text[160];
  if (report->verdict == WASMSIG_VERDICT_MALFORMED) return NULL;
  snprintf(text, sizeof text, "%s%s%s", wasmsig_verdict_text(report->verdict),
           report->detail ? between(report->verdict) : "",
           report->detail ? report->detail : "");
  return make_text(env, text, strlen(text));
}

static napi_value why_several(napi_env env,
                              const wasmsig_module_report *report) {
  static const char text[] =
      "it has several memories, which Node supports from 22 on";
  static const char own[] =
      "its signal words have a memory of their own, beside memory 0: Node "
      "supports several memories from 22 on";
  return report->own_memory.is_exported ? make_text(env, own, sizeof own - 1)
                                        : make_text(env, text, sizeof text - 1);
}

/* whyRefused(bytes: Uint8Array, severalMemories: boolean): the reader's
 * sentence about bytes that the engine has refused, if it is more exact than
 * "malformed"; or undefined. `severalMemories`: the engine supports them. */
static napi_value why_refused(napi_env env, napi_callback_info info) {
  wasmsig_module_report report = WASMSIG_MODULE_REPORT_INIT;
  napi_value given[2], why = NULL;
  void *bytes = NULL;
  size_t length = 0;
  arguments(env, info, given, 2);
  if (napi_get_typedarray_info(env, given[0], NULL, &length, &bytes, NULL,
                               NULL) != napi_ok ||
      wasmsig_module_inspect(bytes, length, NULL, &report) != WASMSIG_OK)
    return NULL;
  if (!wasmsig_verdict_is_readable(report.verdict))
    why = why_unreadable(env, &report);
  else if (report.memory.count > 1 && !bool_of(env, given[1]))
    why = why_several(env, &report);
  wasmsig_module_report_release(&report);
  return why;
}

/* inspectModule(module): a report; undefined also if the host does not show its
 * bytes. The caller has made sure that it is a module. */
static napi_value inspect_module(napi_env env, napi_callback_info info) {
  struct answer answer = {env, NULL};
  napi_value module;
  arguments(env, info, &module, 1);
  module_bytes(module, read_bytes, &answer);
  return answer.value;
}

void define_inspect(napi_env env, napi_value exports) {
  define(env, exports, "inspectBytes", inspect_bytes);
  define(env, exports, "inspectModule", inspect_module);
  define(env, exports, "whyRefused", why_refused);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the instrumenter makes of a module's bytes, for lib/instrumenter.js.
 *
 * A module that has a signal word, and polls it in its loops, stays as it is:
 * it receives signals already.
 */
#include "addon.h"

#include "wasmsig/instrument.h"

#include <string.h>

static void put(napi_env env, napi_value object, const char *name,
                napi_value value) {
  if (value) napi_set_named_property(env, object, name, value);
}

static void put_text(napi_env env, napi_value object, const char *name,
                     const char *text) {
  napi_value value = NULL;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  put(env, object, name, value);
}

static napi_value copy_of(napi_env env, const wasmsig_instrumented *made) {
  napi_value buffer = NULL;
  void *room = NULL;
  if (napi_create_arraybuffer(env, made->length, &room, &buffer) == napi_ok)
    memcpy(room, made->bytes, made->length);
  return buffer;
}

static bool receives_already(const wasmsig_module_report *report) {
  const wasmsig_module_polls *polls = &report->polls;
  return report->words[WASMSIG_WORD_SIGNAL].is_exported &&
         (polls->atomic > 0 || polls->plain > 0) && polls->lifted == 0;
}

static const char *outcome_of(const wasmsig_instrumented *made) {
  if (!wasmsig_verdict_is_readable(made->report.verdict)) return "unreadable";
  if (receives_already(&made->report)) return "receives";
  if (!made->bytes) return "refused";
  return made->polls > 0 ? "made" : "unchanged";
}

/* An engine with one memory refuses the new module. */
static bool has_second_memory(const wasmsig_instrumented *made) {
  return made->placement == WASMSIG_WORDS_MEMORY &&
         made->report.memory.count > 0;
}

static napi_value describe(napi_env env, const wasmsig_instrumented *made) {
  napi_value result = NULL;
  const char *outcome = outcome_of(made);
  napi_create_object(env, &result);
  put_text(env, result, "outcome", outcome);
  if (made->why) put_text(env, result, "why", made->why);
  if (made->why && made->word >= 0)
    put_text(env, result, "word", wasmsig_word_name(made->word));
  if (strcmp(outcome, "made") != 0) return result;
  if (made->report.polls.lifted > 0 && !made->delivers)
    put(env, result, "lifted",
        make_number(env, (double)made->report.polls.lifted_function));
  put(env, result, "secondMemory", make_bool(env, has_second_memory(made)));
  put(env, result, "bytes", copy_of(env, made));
  return result;
}

/*
 * instrument(bytes: Uint8Array, every): { outcome, why?, word?, secondMemory?,
 * lifted?, bytes?: ArrayBuffer }. The outcome is 'made' (there are bytes),
 * 'unchanged' (no code to poll in), 'receives' (it polls already), 'refused' or
 * 'unreadable' (why). lifted: a function that polls before its loops and never
 * in them. The bytes must not change meanwhile.
 */
static napi_value instrument(napi_env env, napi_callback_info info) {
  wasmsig_instrument_options options = WASMSIG_INSTRUMENT_OPTIONS_INIT;
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  napi_value given[2], result = NULL;
  void *bytes = NULL;
  size_t length = 0;
  arguments(env, info, given, 2);
  if (napi_get_typedarray_info(env, given[0], NULL, &length, &bytes, NULL,
                               NULL) != napi_ok)
    return NULL;
  options.every = (uint32_t)number_of(env, given[1]);
  int error = wasmsig_instrument(bytes, length, &options, &made);
  if (error < 0)
    throw_code(env, error);
  else
    result = describe(env, &made);
  wasmsig_instrumented_release(&made);
  return result;
}

void define_instrument(napi_env env, napi_value exports) {
  define(env, exports, "instrument", instrument);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Calls a module in Wasmtime as a script says:
 *
 *     replay MODULE.wasm SCRIPT [kill | turns [epochs | fuel]]
 *
 * Lines of a script:
 *
 *     NAME = call EXPORT [ARGUMENT...]   calls a function, keeps its result
 *     NAME = global EXPORT               keeps the value of a global
 *     NAME = text TEXT                   keeps the length of the text
 *     poke ADDRESS NAME                  writes it; its \n and \0 are one byte
 *     fill ADDRESS LENGTH                writes bytes that repeat
 *     peek ADDRESS LENGTH                includes these bytes in the digest
 *     expect NAME VALUE                  ends the program if they differ
 *     job                                what follows is the job
 *
 * ARGUMENT, ADDRESS and LENGTH are numbers or names of results; `*NAME` is the
 * 32-bit number at that address. WASI is there, without files. Other imports
 * trap. The job is done three times, and a digest of each is printed. With
 * `kill` it is repeated until SIGKILL, which another thread stores into the
 * signal word, makes it trap. With `turns` it is measured: for each number that
 * is read, the job is done so many times, and the milliseconds of CPU time are
 * printed, in an engine that checks epochs, counts fuel, or does neither.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasi.h>
#include <wasmsig/wasmtime.h>

#include "checks.h"

#define ENOUGH (UINT64_C(1) << 60) /* epochs, fuel: never used up */

enum { MAX_LINES = 64, MAX_WORDS = 16, SIGKILL_NUMBER = 9 };

struct line {
  char *words[MAX_WORDS];
  size_t count;
  const char *rest; /* of the line, after the third word */
};

static struct line lines[MAX_LINES];
static size_t line_count, job_start;

static struct {
  const char *name;
  uint64_t value;
} results[MAX_LINES];
static size_t result_count;

static wasmtime_context_t *context;
static wasmtime_instance_t instance;
static uint64_t digest;

/* ------------------------------------------------------------------- script */

static void read_line(char *text, struct line *line) {
  char *copy = strdup(text), *after = NULL;
  char *word = strtok_r(copy, " ", &after);
  for (; word != NULL && line->count < MAX_WORDS;
       word = strtok_r(NULL, " ", &after))
    line->words[line->count++] = word;
  line->rest = text;
  for (int i = 0; i < 3; i++) {
    const char *space = strchr(line->rest, ' ');
    line->rest = space != NULL ? space + 1 : "";
  }
}

static void read_script(char *text) {
  char *after = NULL;
  for (char *line = strtok_r(text, "\n", &after); line != NULL;
       line = strtok_r(NULL, "\n", &after)) {
    if (line[0] == '#') continue;
    check(line_count < MAX_LINES, "the script has too many lines");
    read_line(line, &lines[line_count++]);
    if (strcmp(line, "job") == 0) job_start = line_count;
  }
}

/* ------------------------------------------------------------------- memory */

static uint8_t *bytes_at(uint64_t address, uint64_t length) {
  static const char *const names[] = {"memory", "mem"};
  wasmtime_extern_t item;
  for (size_t i = 0; i < 2; i++) {
    if (!wasmtime_instance_export_get(context, &instance, names[i],
                                      strlen(names[i]), &item))
      continue;
    size_t size = wasmtime_memory_data_size(context, &item.of.memory);
    check(address <= size && length <= size - address, "an address is outside");
    return wasmtime_memory_data(context, &item.of.memory) + address;
  }
  check(false, "the memory is not exported");
  return NULL;
}

static uint64_t value_of(const char *word) {
  bool is_loaded = word[0] == '*';
  const char *name = word + is_loaded;
  uint64_t value = strtoull(name, NULL, 0);
  for (size_t i = 0; i < result_count; i++)
    if (strcmp(results[i].name, name) == 0) value = results[i].value;
  if (!is_loaded) return value;
  uint32_t loaded;
  memcpy(&loaded, bytes_at(value, sizeof loaded), sizeof loaded);
  return loaded;
}

static void keep(const char *name, uint64_t value) {
  size_t at = 0;
  while (at < result_count && strcmp(results[at].name, name) != 0) at++;
  if (at == result_count) result_count++;
  check(at < MAX_LINES, "the script has too many results");
  results[at].name = name;
  results[at].value = value;
}

static void include(const void *bytes, size_t length) {
  digest = digest_with(digest, bytes, length);
}

static void fill(uint8_t *bytes, uint64_t length) {
  uint32_t state = 1;
  for (uint64_t i = 0; i < length; i++) {
    state = state * 1103515245 + 12345;
    bytes[i] = (uint8_t)('a' + (state >> 16) % 7);
  }
}

/* -------------------------------------------------------------------- calls */

static void set_argument(const wasm_valtype_t *type, const char *word,
                         wasmtime_val_t *to) {
  uint64_t value = value_of(word);
  to->kind = wasm_valtype_kind(type);
  if (to->kind == WASMTIME_I32)
    to->of.i32 = (int32_t)value;
  else
    to->of.i64 = (int64_t)value;
}

/* NAME = call EXPORT ARGUMENT... ; returns the trap. */
static wasm_trap_t *call(const struct line *line) {
  const char *name = line->words[3];
  wasmtime_extern_t item;
  if (!wasmtime_instance_export_get(context, &instance, name, strlen(name),
                                    &item)) {
    fprintf(stderr, "Error: no export %s\n", name);
    exit(1);
  }
  wasm_functype_t *type = wasmtime_func_type(context, &item.of.func);
  const wasm_valtype_vec_t *parameters = wasm_functype_params(type);
  size_t count = wasm_functype_results(type)->size;
  check(parameters->size == line->count - 4 && count <= 1,
        "a call has other arguments than its function");
  wasmtime_val_t arguments[MAX_WORDS], result = {0};
  for (size_t i = 0; i < parameters->size; i++)
    set_argument(parameters->data[i], line->words[4 + i], &arguments[i]);
  wasm_functype_delete(type);
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_func_call(context, &item.of.func, arguments,
                                 line->count - 4, &result, count, &trap));
  uint64_t value = result.kind == WASMTIME_I32 ? (uint32_t)result.of.i32
                                               : (uint64_t)result.of.i64;
  keep(line->words[0], count > 0 ? value : 0);
  return trap;
}

static void keep_global(const char *name, const char *export) {
  wasmtime_extern_t item;
  wasmtime_val_t value;
  check(wasmtime_instance_export_get(context, &instance, export, strlen(export),
                                     &item) &&
            item.kind == WASMTIME_EXTERN_GLOBAL,
        "a global is not exported");
  wasmtime_global_get(context, &item.of.global, &value);
  keep(name, (uint32_t)value.of.i32);
}

/* Texts are kept with their escapes, whose lengths they do not have. */
static size_t unescape(const char *text, uint8_t *into) {
  size_t length = 0;
  for (; *text != '\0'; text++, length++) {
    bool is_escaped = text[0] == '\\' && (text[1] == 'n' || text[1] == '0');
    if (is_escaped) text++;
    uint8_t byte = (uint8_t)*text;
    if (is_escaped) byte = *text == 'n' ? '\n' : '\0';
    if (into != NULL) into[length] = byte;
  }
  return length;
}

static void poke(uint64_t address, const char *name) {
  for (size_t i = 0; i < line_count; i++) {
    const struct line *line = &lines[i];
    if (line->count < 3 || strcmp(line->words[2], "text") != 0) continue;
    if (strcmp(line->words[0], name) != 0) continue;
    size_t length = unescape(line->rest, NULL);
    unescape(line->rest, bytes_at(address, length));
  }
}

static wasm_trap_t *follow(const struct line *line) {
  const char *first = line->words[0];
  if (line->count > 3 && strcmp(line->words[2], "call") == 0) return call(line);
  if (line->count > 3 && strcmp(line->words[2], "global") == 0) {
    keep_global(first, line->words[3]);
  } else if (line->count > 3 && strcmp(line->words[2], "text") == 0) {
    keep(first, unescape(line->rest, NULL));
  } else if (strcmp(first, "poke") == 0) {
    poke(value_of(line->words[1]), line->words[2]);
  } else if (strcmp(first, "fill") == 0) {
    uint64_t length = value_of(line->words[2]);
    fill(bytes_at(value_of(line->words[1]), length), length);
  } else if (strcmp(first, "peek") == 0) {
    uint64_t length = value_of(line->words[2]);
    include(bytes_at(value_of(line->words[1]), length), length);
  } else if (strcmp(first, "expect") == 0) {
    check(value_of(line->words[1]) == value_of(line->words[2]),
          "a result is not the expected one");
  } else {
    check(strcmp(first, "job") == 0, "the script has an unknown word");
  }
  return NULL;
}

/* Follows lines until one traps. */
static wasm_trap_t *follow_all(size_t from, size_t end) {
  wasm_trap_t *trap = NULL;
  for (size_t i = from; i < end && trap == NULL; i++) trap = follow(&lines[i]);
  return trap;
}

/* ------------------------------------------------------------- the job */

static void check_trap(wasm_trap_t *trap) {
  wasm_message_t message;
  if (trap == NULL) return;
  wasm_trap_message(trap, &message);
  fprintf(stderr, "Error: %s\n", message.data);
  exit(1);
}

static void do_three_times(void) {
  printf("{\"digests\":[");
  for (int i = 0; i < 3; i++) {
    digest = DIGEST_OF_NOTHING;
    check_trap(follow_all(job_start, line_count));
    for (size_t j = 0; j < result_count; j++)
      if (strcmp(results[j].name, "digest") == 0)
        include(&results[j].value, sizeof results[j].value);
    printf("%s\"%016" PRIx64 "\"", i > 0 ? "," : "", digest);
  }
  printf("]}\n");
}

static void *raise_again_and_again(void *argument) {
  (void)argument;
  for (;;) {
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    wasmsig_process_raise(SIGKILL_NUMBER);
  }
  return NULL;
}

static void repeat_until_killed(void) {
  pthread_t thread;
  check(pthread_create(&thread, NULL, raise_again_and_again, NULL) == 0,
        "no thread");
  wasm_trap_t *trap = NULL;
  unsigned long turns = 0;
  while (trap == NULL) {
    trap = follow_all(job_start, line_count);
    turns++;
  }
  printf("{\"turns\":%lu,\"isStopped\":%s}\n", turns,
         is_of_a_poll(trap) ? "true" : "false");
}

static double spent_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double do_times(unsigned long count) {
  double begin = spent_ms();
  for (unsigned long i = 0; i < count; i++)
    check_trap(follow_all(job_start, line_count));
  return spent_ms() - begin;
}

static void measure_turns(void) {
  unsigned long count;
  do_times(1);
  printf("@{}\n");
  while (fflush(stdout) == 0 && scanf("%lu", &count) == 1)
    printf("@{\"ms\":%.6f}\n", do_times(count));
}

static wasm_engine_t *make_engine(bool has_epochs, bool has_fuel) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, has_epochs);
  wasmtime_config_consume_fuel_set(config, has_fuel);
  wasmtime_config_wasm_multi_memory_set(config, true);
  wasmtime_config_wasm_exceptions_set(config, true);
  wasmtime_config_cranelift_opt_level_set(config, WASMTIME_OPT_LEVEL_SPEED);
  return wasm_engine_new_with_config(config);
}

static void instantiate(wasm_engine_t *engine, const char *bytes,
                        size_t length) {
  wasmtime_module_t *module;
  wasm_trap_t *trap = NULL;
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  check_error(
      wasmtime_module_new(engine, (const uint8_t *)bytes, length, &module));
  check_error(wasmtime_linker_define_wasi(linker));
  check_error(wasmtime_context_set_wasi(context, wasi_config_new()));
  check_error(wasmtime_linker_define_unknown_imports_as_traps(linker, module));
  check_error(
      wasmtime_linker_instantiate(linker, context, module, &instance, &trap));
  check_trap(trap);
}

int main(int count, char **arguments) {
  check(count >= 3, "usage: replay MODULE.wasm SCRIPT [kill | turns]");
  const char *mode = count > 3 ? arguments[3] : "";
  const char *checks = count > 4 ? arguments[4] : "";
  bool has_epochs = strcmp(checks, "epochs") == 0;
  bool has_fuel = strcmp(checks, "fuel") == 0;
  size_t length, script_length;
  char *bytes = read_file(arguments[1], &length);
  read_script(read_file(arguments[2], &script_length));

  wasm_engine_t *engine = make_engine(has_epochs, has_fuel);
  wasmsig_registry *registry;
  check(wasmsig_registry_create(&registry) == 0, "no registry");
  context = wasmtime_store_context(
      wasmtime_store_new(engine, registry, wasmsig_wasmtime_finalizer));
  if (has_epochs) wasmtime_context_set_epoch_deadline(context, ENOUGH);
  if (has_fuel) check_error(wasmtime_context_set_fuel(context, ENOUGH));
  instantiate(engine, bytes, length);

  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  options.wasm = bytes;
  options.wasm_length = length;
  int verdict =
      wasmsig_wasmtime_track(registry, context, &instance, &options, NULL);
  check(verdict >= 0, wasmsig_error_text(verdict));
  check_trap(follow_all(0, job_start));
  if (strcmp(mode, "kill") == 0) {
    check(verdict == WASMSIG_VERDICT_TRACKED,
          wasmsig_verdict_text((wasmsig_verdict)verdict));
    repeat_until_killed();
  } else if (strcmp(mode, "turns") == 0) {
    measure_turns();
  } else {
    do_three_times();
  }
  return 0;
}

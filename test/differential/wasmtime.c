/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Compares the two modules of each pair of standard input (see pairs.c) in
 * Wasmtime, and prints counts as JSON. Exit status 1 if they differ. It does
 * what node.mjs does.
 */
#include "guest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUEL "differential:fuel"
#define SIGNAL "__instance_signal"
#define OWN_MEMORY "__wasmsig_memory"

enum { SIGKILL_NUMBER = 9, SHOWN = 10, MAX_CALLS = 64, ARGUMENT = 17 };

static void fail(const char *what) {
  fprintf(stderr, "differential: %s\n", what);
  exit(2);
}

/* -------------------------------------------------------------------- input */

struct bytes {
  uint8_t *start;
  uint32_t length;
};

struct call {
  uint32_t export, fuel;
  size_t results, count;
  wasmtime_val_t arguments[MAX_VALUES];
};

struct pair {
  uint32_t number, way, placement;
  struct bytes bare, made;
  struct call calls[MAX_CALLS];
  size_t call_count;
};

static uint32_t number_at(const uint8_t *bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
         (uint32_t)bytes[3] << 24;
}

static bool take_number(uint32_t *number) {
  uint8_t bytes[4];
  if (fread(bytes, 1, sizeof bytes, stdin) != sizeof bytes) return false;
  *number = number_at(bytes);
  return true;
}

static uint32_t must_take_number(void) {
  uint32_t number;
  if (!take_number(&number)) fail("the input ends within a pair");
  return number;
}

static struct bytes take_bytes(void) {
  struct bytes bytes = {NULL, must_take_number()};
  bytes.start = malloc(bytes.length > 0 ? bytes.length : 1);
  if (!bytes.start ||
      fread(bytes.start, 1, bytes.length, stdin) != bytes.length)
    fail("the input ends within a pair");
  return bytes;
}

static void read_argument(const uint8_t *bytes, wasmtime_val_t *value) {
  memset(value, 0, sizeof *value);
  value->kind = bytes[0];
  if (value->kind <= WASMTIME_V128) memcpy(&value->of, bytes + 1, 16);
}

static const uint8_t *read_call(const uint8_t *at, struct call *call) {
  call->export = number_at(at);
  call->fuel = number_at(at + 4);
  call->results = at[9];
  call->count = at[10];
  if (call->results > MAX_VALUES || call->count > MAX_VALUES)
    fail("a function has too many values");
  at += 11;
  for (size_t i = 0; i < call->count; i++, at += ARGUMENT)
    read_argument(at, &call->arguments[i]);
  return at;
}

static bool take_pair(struct pair *pair) {
  if (!take_number(&pair->number)) return false;
  pair->bare = take_bytes();
  struct bytes calls = take_bytes();
  const uint8_t *at = calls.start, *end = at + calls.length;
  for (pair->call_count = 0; at < end; pair->call_count++) {
    if (pair->call_count == MAX_CALLS) fail("there are too many calls");
    at = read_call(at, &pair->calls[pair->call_count]);
  }
  free(calls.start);
  pair->way = must_take_number();
  pair->placement = must_take_number();
  must_take_number(); /* of polls, the low half */
  must_take_number();
  pair->made = take_bytes();
  return true;
}

/* ------------------------------------------------------------------- counts */

enum { MAX_KINDS = 200, MAX_NAME = 200 };

struct table {
  const char *title;
  struct {
    char name[MAX_NAME];
    uint64_t times;
  } rows[MAX_KINDS];
  size_t count;
};

static struct table totals = {.title = "totals"};
static struct table outcomes = {.title = "outcomes"};
static struct table ways = {.title = "ways"};
static struct table placements = {.title = "placements"};

static void add(struct table *table, const char *name, uint64_t times) {
  size_t i = 0;
  while (i < table->count && strcmp(table->rows[i].name, name) != 0) i++;
  if (i == MAX_KINDS) fail("there are too many kinds of outcomes");
  if (i == table->count) {
    table->count++;
    for (size_t at = 0; name[at] && at + 1 < MAX_NAME; at++)
      table->rows[i].name[at] = strchr("\"\\", name[at]) ? '\'' : name[at];
  }
  table->rows[i].times += times;
}

static void print(const struct table *table, char before) {
  printf("%c\"%s\":{", before, table->title);
  for (size_t i = 0; i < table->count; i++)
    printf("%s\"%s\":%" PRIu64, i > 0 ? "," : "", table->rows[i].name,
           table->rows[i].times);
  putchar('}');
}

/* --------------------------------------------------------------------- calls
 */

/* What is known of a pair, and where the drivers are. */
struct comparison {
  wasm_engine_t *engine;
  const struct pair *pair;
  wasmtime_module_t *bare_module, *made_module;
  struct guest bare, made;
  struct outcome before[MAX_CALLS]; /* of the bare module */
  uint32_t fuel[MAX_CALLS];
  size_t done;    /* calls */
  char what[200]; /* differs */
};

static void set_fuel(struct guest *guest, uint32_t fuel) {
  const wasmtime_extern_t *item = guest_export(guest, FUEL);
  wasmtime_val_t value = {.kind = WASMTIME_I32};
  value.of.i32 = (int32_t)fuel;
  if (!item || wasmtime_global_set(guest->context, &item->of.global, &value))
    fail("a module has no fuel");
}

static uint32_t fuel_of(struct guest *guest) {
  wasmtime_val_t value;
  wasmtime_global_get(guest->context, &guest_export(guest, FUEL)->of.global,
                      &value);
  return (uint32_t)value.of.i32;
}

static void make_call(struct guest *guest, const struct call *call,
                      struct outcome *outcome) {
  const wasmtime_extern_t *item = &guest->exports[call->export].item;
  if (item->kind != WASMTIME_EXTERN_FUNC) fail("a call of something else");
  set_fuel(guest, call->fuel);
  outcome->count = call->results;
  guest_call(guest, &item->of.func, call->arguments, call->count, outcome);
}

/* The bytes of the signal word. */
static uint8_t *word_of(struct guest *guest) {
  const wasmtime_extern_t *memory = guest_export(guest, OWN_MEMORY);
  const wasmtime_extern_t *word = guest_export(guest, SIGNAL);
  uint64_t address = 0;
  for (size_t i = 0; !memory && i < guest->export_count; i++)
    if (guest->exports[i].item.kind == WASMTIME_EXTERN_MEMORY ||
        guest->exports[i].item.kind == WASMTIME_EXTERN_SHAREDMEMORY)
      memory = &guest->exports[i].item;
  if (word) {
    wasmtime_val_t value;
    wasmtime_global_get(guest->context, &word->of.global, &value);
    address = value.kind == WASMTIME_I64 ? (uint64_t)value.of.i64
                                         : (uint32_t)value.of.i32;
  }
  size_t length;
  uint8_t *bytes = memory_bytes(guest, memory, &length);
  if (address + 4 > length) fail("the signal word is outside of the memory");
  return bytes + address;
}

/* The program has stored to a word of its own: a poll may do anything then. */
static bool wrote_word(struct guest *bare) {
  uint32_t value;
  if (!guest_export(bare, SIGNAL)) return false;
  memcpy(&value, word_of(bare), sizeof value);
  return value != 0;
}

/* -------------------------------------------------------------- differences */

/* Returns whether the instances look the same to programs. */
static bool look_same(struct comparison *it) {
  for (size_t i = 0; i < it->bare.export_count; i++) {
    const struct export *export = &it->bare.exports[i];
    if (items_are_equal(&it->bare, &export->item, &it->made,
                        &it->made.exports[i].item))
      continue;
    snprintf(it->what, sizeof it->what, "export %zu", i);
    return false;
  }
  for (size_t i = 0; i < it->bare.import_count; i++) {
    if (items_are_equal(&it->bare, &it->bare.imports[i], &it->made,
                        &it->made.imports[i]))
      continue;
    snprintf(it->what, sizeof it->what, "import %zu", i);
    return false;
  }
  if (it->bare.digest == it->made.digest) return true;
  snprintf(it->what, sizeof it->what, "calls of the host");
  return false;
}

static bool have_same_exports(struct comparison *it) {
  if (it->made.export_count < it->bare.export_count) return false;
  for (size_t i = 0; i < it->bare.export_count; i++) {
    const struct export *one = &it->bare.exports[i],
                        *other = &it->made.exports[i];
    if (one->item.kind != other->item.kind || one->length != other->length ||
        memcmp(one->name, other->name, one->length) != 0)
      return false;
  }
  return it->made.import_count == it->bare.import_count;
}

static bool is_deep(const struct outcome *outcome) {
  return outcome->how == TRAPPED &&
         outcome->code == WASMTIME_TRAP_CODE_STACK_OVERFLOW;
}

/* Returns whether the next call may follow. */
static bool compare_call(struct comparison *it) {
  const struct call *call = &it->pair->calls[it->done];
  struct outcome *one = &it->before[it->done], other;
  make_call(&it->bare, call, one);
  make_call(&it->made, call, &other);
  it->fuel[it->done++] = fuel_of(&it->bare);
  bool may_follow = false;
  if (is_deep(one) || is_deep(&other)) {
    add(&totals, "modules: too deep", 1);
  } else if (wrote_word(&it->bare)) {
    add(&totals, "modules: wrote to their own signal word", 1);
  } else if (!outcomes_are_equal(one, &other)) {
    char text[100];
    snprintf(text, sizeof text, "%s", outcome_text(one));
    snprintf(it->what, sizeof it->what, "call %zu: %s / %s", it->done - 1, text,
             outcome_text(&other));
  } else {
    add(&totals, "calls", 1);
    add(&outcomes, outcome_text(one), 1);
    may_follow = look_same(it);
  }
  if (!may_follow) it->done--, outcome_release(one);
  outcome_release(&other);
  return may_follow;
}

/* Repeats the calls with SIGKILL in the word. Returns whether one changes. */
static bool is_killed(struct comparison *it) {
  static struct guest killed;
  guest_open(&killed, it->engine, it->made_module);
  *word_of(&killed) = SIGKILL_NUMBER;
  bool has_changed = false;
  for (size_t i = 0; i < it->done && !has_changed; i++) {
    struct outcome now;
    make_call(&killed, &it->pair->calls[i], &now);
    has_changed = !outcomes_are_equal(&now, &it->before[i]) ||
                  fuel_of(&killed) != it->fuel[i];
    outcome_release(&now);
  }
  guest_close(&killed);
  return has_changed;
}

/* -------------------------------------------------------------------- pairs */

static void compare_calls(struct comparison *it) {
  bool has_trapped = false;
  while (it->done < it->pair->call_count && compare_call(it)) {
  }
  for (size_t i = 0; i < it->done; i++)
    if (it->before[i].how != RETURNED) has_trapped = true;
  if (has_trapped) add(&totals, "modules: with a call that trapped", 1);
  if (!it->what[0] && is_killed(it))
    add(&totals, "modules: with an executed poll", 1);
  for (size_t i = 0; i < it->done; i++) outcome_release(&it->before[i]);
}

static void compare_started(struct comparison *it) {
  if (!have_same_exports(it)) {
    snprintf(it->what, sizeof it->what, "the exports");
    return;
  }
  add(&totals, "modules: compared", 1);
  if (wrote_word(&it->bare))
    add(&totals, "modules: wrote to their own signal word", 1);
  else if (look_same(it))
    compare_calls(it);
}

static void compare_instances(struct comparison *it) {
  guest_open(&it->bare, it->engine, it->bare_module);
  guest_open(&it->made, it->engine, it->made_module);
  const struct outcome *one = &it->bare.start, *other = &it->made.start;
  if (is_deep(one) || is_deep(other))
    add(&totals, "modules: too deep", 1);
  else if (!outcomes_are_equal(one, other))
    snprintf(it->what, sizeof it->what, "at the start");
  else if (one->how != RETURNED)
    add(&totals, "modules: the start trapped or a segment did not fit", 1);
  else
    compare_started(it);
  guest_close(&it->bare);
  guest_close(&it->made);
}

static wasmtime_error_t *compile(wasm_engine_t *engine,
                                 const struct bytes *bytes,
                                 wasmtime_module_t **module) {
  return wasmtime_module_new(engine, bytes->start, bytes->length, module);
}

static void compare_modules(struct comparison *it) {
  static const char *const way_names[] = {"default",
                                          "--every 1",
                                          "--calls",
                                          "--every 1 --calls --words memory",
                                          "--every 7",
                                          "--words memory"},
                           *const place_names[] = {"own words", "null area",
                                                   "added page",
                                                   "added memory"};
  wasmtime_error_t *error =
      compile(it->engine, &it->pair->bare, &it->bare_module);
  if (error) {
    add(&totals, "modules: not for this engine", 1);
    wasmtime_error_delete(error);
    return;
  }
  error = compile(it->engine, &it->pair->made, &it->made_module);
  if (error) {
    snprintf(it->what, sizeof it->what, "does not compile");
    wasmtime_error_delete(error);
  } else {
    add(&ways, way_names[it->pair->way], 1);
    add(&placements, place_names[it->pair->placement], 1);
    compare_instances(it);
    wasmtime_module_delete(it->made_module);
  }
  wasmtime_module_delete(it->bare_module);
}

/* Returns whether they differ. */
static bool compare_pair(wasm_engine_t *engine, const struct pair *pair) {
  static struct comparison it;
  memset(&it, 0, sizeof it);
  it.engine = engine;
  it.pair = pair;
  if (pair->bare.length == 0) {
    add(&totals, "no module", 1);
    return false;
  }
  add(&totals, "modules", 1);
  if (pair->made.length == 0)
    add(&totals, "modules: unchanged or refused", 1);
  else
    compare_modules(&it);
  if (it.what[0])
    fprintf(stderr, "module %" PRIu32 ", way %" PRIu32 ": %s\n", pair->number,
            pair->way, it.what);
  return it.what[0] != '\0';
}

static wasm_engine_t *make_engine(void) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_wasm_memory64_set(config, true);
  wasmtime_config_wasm_multi_memory_set(config, true);
  wasmtime_config_wasm_threads_set(config, true);
  wasmtime_config_shared_memory_set(config, true);
  wasmtime_config_wasm_tail_call_set(config, true);
  wasmtime_config_wasm_function_references_set(config, true);
  wasmtime_config_wasm_gc_set(config, true);
  wasmtime_config_wasm_exceptions_set(config, true);
  return wasm_engine_new_with_config(config);
}

int main(void) {
  static struct pair pair;
  wasm_engine_t *engine = make_engine();
  uint64_t wrong = 0;
  while (take_pair(&pair)) {
    if (compare_pair(engine, &pair) && ++wrong == SHOWN) break;
    free(pair.bare.start);
    free(pair.made.start);
  }
  add(&totals, "differences", wrong);
  print(&totals, '{');
  print(&outcomes, ',');
  print(&ways, ',');
  print(&placements, ',');
  puts("}");
  wasm_engine_delete(engine);
  return wrong > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

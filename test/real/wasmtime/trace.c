/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Runs a module in Wasmtime as a trace says that its host ran it in Node:
 *
 *     trace MODULE.wasm FILE [kill]
 *
 * The program does what the host did: it calls the same exports, answers the
 * calls of imports, and makes the same changes of memory, tables and globals.
 * The guest must do what it did: call the same imports with the same arguments,
 * return the same results, and throw where it threw. A digest of the memory at
 * the end is printed.
 *
 * With `kill`, all of it is then repeated, and another thread stores SIGKILL
 * into the signal words as soon as the job begins. A call must end with a trap.
 */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasmsig/wasmtime.h>

#include "checks.h"
#include "tape.h"

enum {
  MAX_VALUES = 1000,
  MAX_HOST_FUNCTIONS = 1000,
  HOST_FUNCTIONS_BEGIN = 1000000, /* their numbers, after those of imports */
  TURNS_WITHOUT_WAITING = 10,
  MAX_TURNS = 100,
  SIGKILL_NUMBER = 9
};

static struct tape tape;
static wasmtime_context_t *context;
static wasmtime_module_t *module;
static wasmtime_instance_t instance;
static wasm_importtype_vec_t import_types;
static wasmtime_extern_t *imports;
/* A function of the host: what it is for the trace, and for the guest. */
struct served {
  uint64_t number;
  wasm_functype_t *type;
};

static wasmtime_func_t host_functions[MAX_HOST_FUNCTIONS];
static size_t host_function_count;
static wasmtime_memory_t memory;
static bool has_memory;
static wasmsig_registry *registry;
static const char *module_bytes;
static size_t module_length;
static const char *trace_bytes;
static size_t trace_length;
static int verdict;

/* The other thread raises while the guest does the job. */
static atomic_bool is_in_job;
static sem_t job_has_begun;
static atomic_uint raises;
static unsigned turns;
static bool is_killing, is_killed;

static enum op do_what_the_host_did(void);

/* ----------------------------------------------------------------- failures */

static void differs(const char *what) {
  fprintf(stderr, "Error: event %zu: %s\n", tape.events, what);
  exit(1);
}

/* What the guest sees of an exception of the host. */
static wasm_trap_t *stop(void) {
  return wasmtime_trap_new_code(WASMTIME_TRAP_CODE_INTERRUPT);
}

/* ------------------------------------------------------ imports and exports */

/* "eNAME" is an export, "iNUMBER" an import. */
static wasmtime_extern_t item_named(struct text name,
                                    wasmtime_extern_kind_t kind) {
  wasmtime_extern_t item = {0};
  check(name.length > 1, "a name is empty");
  if (name.bytes[0] == 'i') {
    size_t number = 0;
    for (size_t i = 1; i < name.length; i++)
      number = number * 10 + (size_t)(name.bytes[i] - '0');
    check(number < import_types.size, "an import is missing");
    item = imports[number];
  } else {
    check(wasmtime_instance_export_get(context, &instance, name.bytes + 1,
                                       name.length - 1, &item),
          "an export is missing");
  }
  check(item.kind == kind, "an import or export is of another kind");
  return item;
}

/* ------------------------------------------------------------------- values */

static wasmtime_valkind_t kind_of(const wasm_valtype_t *type) {
  wasm_valkind_t kind = wasm_valtype_kind(type);
  if (kind == WASM_EXTERNREF) return WASMTIME_EXTERNREF;
  return kind == WASM_FUNCREF ? WASMTIME_FUNCREF : (wasmtime_valkind_t)kind;
}

/* As JavaScript does: missing values are undefined, others are left out. */
static void read_values(const wasm_valtype_vec_t *types, wasmtime_val_t *into) {
  size_t count = tape_number(&tape);
  for (size_t i = 0; i < count || i < types->size; i++) {
    struct value value = {.tag = 'u'};
    if (i < count) value = tape_value(&tape);
    if (i < types->size)
      into[i] = value_to(context, value, kind_of(types->data[i]));
  }
}

static void expect_values(const wasmtime_val_t *actual, size_t count,
                          const char *what) {
  if (tape_number(&tape) != count) differs("a number of values differs");
  for (size_t i = 0; i < count; i++)
    if (!value_is(context, tape_value(&tape), &actual[i])) differs(what);
}

static void unroot(wasmtime_val_t *values, size_t count) {
  for (size_t i = 0; i < count; i++) wasmtime_val_unroot(&values[i]);
}

/* -------------------------------------------------------------------- calls */

/* The guest calls an import, or a function that the host put into a table. */
static wasm_trap_t *serve(void *env, wasmtime_caller_t *caller,
                          const wasmtime_val_t *arguments, size_t count,
                          wasmtime_val_t *results, size_t result_count) {
  const struct served *served = env;
  (void)caller;
  (void)result_count;
  if (is_killed) return stop();
  if (tape_op(&tape) != OP_IMPORT) differs("the guest calls an import");
  if (tape_number(&tape) != served->number) differs("it calls another import");
  expect_values(arguments, count, "an argument of an import differs");
  enum op end = do_what_the_host_did();
  if (is_killed || end == OP_IMPORT_THROW) return stop();
  if (end != OP_IMPORT_RETURN) differs("an import has not returned");
  read_values(wasm_functype_results(served->type), results);
  return NULL;
}

static wasmtime_func_t host_function(uint64_t number, wasm_functype_t *type) {
  struct served *served = malloc(sizeof *served);
  check(served != NULL, "out of memory");
  *served = (struct served){number, type};
  wasmtime_func_t made;
  wasmtime_func_new(context, type, serve, served, NULL, &made);
  return made;
}

/* What the guest does ends in the way that is recorded, or by SIGKILL. */
static void expect_end(wasm_trap_t *trap, const wasmtime_val_t *results,
                       size_t count) {
  if (is_killed) return;
  if (trap != NULL && is_killing && is_of_a_poll(trap)) {
    is_killed = true;
    return;
  }
  enum op expected = tape_op(&tape);
  if (trap == NULL && expected != OP_RETURN) differs("a call returns");
  if (trap == NULL) {
    expect_values(results, count, "a result differs");
    return;
  }
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  if (expected != OP_THROW) differs(message.data);
  wasm_byte_vec_delete(&message);
}

static void call(const wasmtime_func_t *function) {
  wasm_functype_t *type = wasmtime_func_type(context, function);
  const wasm_valtype_vec_t *parameters = wasm_functype_params(type);
  size_t count = parameters->size;
  size_t result_count = wasm_functype_results(type)->size;
  wasmtime_val_t arguments[MAX_VALUES], results[MAX_VALUES];
  check(count <= MAX_VALUES && result_count <= MAX_VALUES, "too many values");
  read_values(parameters, arguments);
  wasm_functype_delete(type);
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_func_call(context, function, arguments, count, results,
                                 result_count, &trap));
  expect_end(trap, results, trap == NULL ? result_count : 0);
  unroot(arguments, count);
  if (trap == NULL) unroot(results, result_count);
  if (trap != NULL) wasm_trap_delete(trap);
}

static void call_element(void) {
  struct text name = tape_text(&tape);
  uint64_t index = tape_number(&tape);
  wasmtime_extern_t table = item_named(name, WASMTIME_EXTERN_TABLE);
  wasmtime_val_t element;
  check(wasmtime_table_get(context, &table.of.table, index, &element) &&
            element.kind == WASMTIME_FUNCREF &&
            !wasmtime_funcref_is_null(&element.of.funcref),
        "an element of a table is no function");
  call(&element.of.funcref);
}

/* --------------------------------------------------- what the host has done */

static void write_bytes(void) {
  uint64_t address = tape_number(&tape);
  struct text bytes = tape_text(&tape);
  size_t size = wasmtime_memory_data_size(context, &memory);
  check(has_memory && address <= size && bytes.length <= size - address,
        "the host writes outside of the memory");
  memcpy(wasmtime_memory_data(context, &memory) + address, bytes.bytes,
         bytes.length);
}

static void grow_memory(void) {
  uint64_t before;
  check_error(
      wasmtime_memory_grow(context, &memory, tape_number(&tape), &before));
}

static void set_element(void) {
  wasmtime_extern_t table = item_named(tape_text(&tape), WASMTIME_EXTERN_TABLE);
  uint64_t index = tape_number(&tape);
  wasm_tabletype_t *type = wasmtime_table_type(context, &table.of.table);
  wasmtime_valkind_t kind = kind_of(wasm_tabletype_element(type));
  wasm_tabletype_delete(type);
  struct value value = tape_value(&tape);
  wasmtime_val_t element = {.kind = WASMTIME_FUNCREF};
  if (value.tag == 'h')
    element.of.funcref = host_functions[value.whole - 1];
  else
    element = value_to(context, value, kind);
  check_error(wasmtime_table_set(context, &table.of.table, index, &element));
  wasmtime_val_unroot(&element);
}

static void grow_table(void) {
  wasmtime_extern_t table = item_named(tape_text(&tape), WASMTIME_EXTERN_TABLE);
  uint64_t count = tape_number(&tape), before;
  wasm_tabletype_t *type = wasmtime_table_type(context, &table.of.table);
  struct value null = {.tag = 'n'};
  if (kind_of(wasm_tabletype_element(type)) == WASMTIME_EXTERNREF)
    null.tag = 'u';
  wasmtime_val_t element =
      value_to(context, null, kind_of(wasm_tabletype_element(type)));
  wasm_tabletype_delete(type);
  check_error(
      wasmtime_table_grow(context, &table.of.table, count, &element, &before));
  wasmtime_val_unroot(&element);
}

static void set_global(void) {
  wasmtime_extern_t global =
      item_named(tape_text(&tape), WASMTIME_EXTERN_GLOBAL);
  wasm_globaltype_t *type = wasmtime_global_type(context, &global.of.global);
  wasmtime_val_t value = value_to(context, tape_value(&tape),
                                  kind_of(wasm_globaltype_content(type)));
  wasm_globaltype_delete(type);
  check_error(wasmtime_global_set(context, &global.of.global, &value));
  wasmtime_val_unroot(&value);
}

static void types_from(wasm_valtype_vec_t *types, const char *letters,
                       size_t count) {
  static const char known[] = "ijfde";
  static const wasm_valkind_t kinds[] = {WASM_I32, WASM_I64, WASM_F32, WASM_F64,
                                         WASM_EXTERNREF};
  wasm_valtype_vec_new_uninitialized(types, count);
  for (size_t i = 0; i < count; i++) {
    const char *found = strchr(known, letters[i]);
    check(found != NULL, "a type is unknown");
    types->data[i] = wasm_valtype_new(kinds[found - known]);
  }
}

/* "ii:i": the host makes a function for a table. */
static void make_host_function(void) {
  struct text text = tape_text(&tape);
  const char *colon = memchr(text.bytes, ':', text.length);
  check(colon != NULL && host_function_count < MAX_HOST_FUNCTIONS,
        "a function of the host cannot be made");
  wasm_valtype_vec_t parameters, results;
  size_t count = (size_t)(colon - text.bytes);
  types_from(&parameters, text.bytes, count);
  types_from(&results, colon + 1, text.length - count - 1);
  wasm_functype_t *type = wasm_functype_new(&parameters, &results);
  size_t number = ++host_function_count;
  host_functions[number - 1] =
      host_function(HOST_FUNCTIONS_BEGIN + number, type);
}

static void find_memory(void) {
  struct text name = tape_text(&tape);
  memory = item_named(name, WASMTIME_EXTERN_MEMORY).of.memory;
  has_memory = true;
}

/* ------------------------------------------------------------ instantiation */

static void track(void) {
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  wasmtime_extern_t item = {.kind = WASMTIME_EXTERN_MEMORY};
  item.of.memory = memory;
  options.wasm = module_bytes;
  options.wasm_length = module_length;
  if (has_memory) options.memory = &item; /* that of an import */
  verdict =
      wasmsig_wasmtime_track(registry, context, &instance, &options, NULL);
  check(verdict >= 0, wasmsig_error_text(verdict));
}

/* The guest may end before the other thread is awake; then it waits for that
 * one. The first raise that it sees may have begun before. */
static void wait_for_raise(void) {
  unsigned seen = atomic_load(&raises);
  if (!is_killing || turns < TURNS_WITHOUT_WAITING) return;
  while (atomic_load(&raises) - seen < 2) sched_yield();
}

static void instantiate(void) {
  wasm_trap_t *trap = NULL;
  check_error(wasmtime_instance_new(context, module, imports, import_types.size,
                                    &instance, &trap));
  expect_end(trap, NULL, 0);
  track(); /* sets its words to 0 */
  if (atomic_load(&is_in_job)) wait_for_raise();
}

static void import_memory(const wasm_externtype_t *type,
                          wasmtime_extern_t *made) {
  const wasm_memorytype_t *declared = wasm_externtype_as_memorytype_const(type);
  uint64_t max = 0;
  bool has_max = wasmtime_memorytype_maximum(declared, &max);
  wasm_memorytype_t *wanted;
  check_error(wasmtime_memorytype_new(tape_number(&tape), has_max, max,
                                      wasmtime_memorytype_is64(declared), false,
                                      16, &wanted));
  made->kind = WASMTIME_EXTERN_MEMORY;
  check_error(wasmtime_memory_new(context, wanted, &made->of.memory));
  wasm_memorytype_delete(wanted);
  memory = made->of.memory;
  has_memory = true;
}

static void import_table(const wasm_externtype_t *type,
                         wasmtime_extern_t *made) {
  const wasm_tabletype_t *declared = wasm_externtype_as_tabletype_const(type);
  wasm_limits_t limits = *wasm_tabletype_limits(declared);
  limits.min = (uint32_t)tape_number(&tape);
  wasm_tabletype_t *wanted = wasm_tabletype_new(
      wasm_valtype_copy(wasm_tabletype_element(declared)), &limits);
  struct value null = {.tag = 'n'};
  wasmtime_val_t element =
      value_to(context, null, kind_of(wasm_tabletype_element(declared)));
  made->kind = WASMTIME_EXTERN_TABLE;
  check_error(wasmtime_table_new(context, wanted, &element, &made->of.table));
  wasm_tabletype_delete(wanted);
}

static void import_global(const wasm_externtype_t *type,
                          wasmtime_extern_t *made) {
  const wasm_globaltype_t *declared = wasm_externtype_as_globaltype_const(type);
  wasmtime_val_t value = value_to(context, tape_value(&tape),
                                  kind_of(wasm_globaltype_content(declared)));
  made->kind = WASMTIME_EXTERN_GLOBAL;
  check_error(wasmtime_global_new(context, declared, &value, &made->of.global));
}

static void make_import(size_t number) {
  const wasm_externtype_t *type =
      wasm_importtype_type(import_types.data[number]);
  wasmtime_extern_t *made = &imports[number];
  switch (wasm_externtype_kind(type)) {
    case WASM_EXTERN_FUNC:
      made->kind = WASMTIME_EXTERN_FUNC;
      made->of.func = host_function(
          number, wasm_functype_copy(wasm_externtype_as_functype_const(type)));
      return;
    case WASM_EXTERN_MEMORY: import_memory(type, made); return;
    case WASM_EXTERN_TABLE: import_table(type, made); return;
    case WASM_EXTERN_GLOBAL: import_global(type, made); return;
    default: check(false, "an import is of an unknown kind");
  }
}

static void make_imports(void) {
  wasmtime_module_imports(module, &import_types);
  check(tape_number(&tape) == import_types.size,
        "the module has other imports than that of the trace");
  imports = calloc(import_types.size + 1, sizeof *imports);
  check(imports != NULL, "out of memory");
  for (size_t i = 0; i < import_types.size; i++) make_import(i);
}

/* ------------------------------------------------------------------ the tape
 */

static void call_export(void) {
  struct text name = tape_text(&tape);
  wasmtime_extern_t item;
  check(wasmtime_instance_export_get(context, &instance, name.bytes,
                                     name.length, &item) &&
            item.kind == WASMTIME_EXTERN_FUNC,
        "a function is not exported");
  call(&item.of.func);
}

/* Until the host returns to the guest; returns by which event. */
static enum op do_what_the_host_did(void) {
  while (!is_killed) {
    enum op op = tape_op(&tape);
    switch (op) {
      case OP_INSTANTIATE: instantiate(); break;
      case OP_CALL: call_export(); break;
      case OP_CALL_ELEMENT: call_element(); break;
      case OP_WRITE: write_bytes(); break;
      case OP_GROW: grow_memory(); break;
      case OP_TABLE_SET: set_element(); break;
      case OP_TABLE_GROW: grow_table(); break;
      case OP_GLOBAL_SET: set_global(); break;
      case OP_HOST_FUNCTION: make_host_function(); break;
      case OP_MEMORY: find_memory(); break;
      case OP_JOB:
        atomic_store(&is_in_job, true);
        if (is_killing) sem_post(&job_has_begun);
        wait_for_raise();
        break;
      case OP_END:
      case OP_IMPORT_RETURN:
      case OP_IMPORT_THROW: return op;
      default: differs("the guest has returned or called before it did so");
    }
  }
  return OP_END;
}

/* ------------------------------------------------------------------- the job
 */

static uint64_t digest_of_memory(void) {
  if (!has_memory) return DIGEST_OF_NOTHING;
  const uint8_t *bytes = wasmtime_memory_data(context, &memory);
  size_t size = wasmtime_memory_data_size(context, &memory);
  return digest_with(DIGEST_OF_NOTHING, bytes, size) ^ size;
}

/* At once when a job begins, and again and again after that. */
static void *raise_in_the_job(void *argument) {
  (void)argument;
  for (;;) {
    sem_wait(&job_has_begun);
    while (atomic_load(&is_in_job)) {
      wasmsig_process_raise(SIGKILL_NUMBER);
      atomic_fetch_add(&raises, 1);
      nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
  }
  return NULL;
}

static wasm_engine_t *make_engine(void) {
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_wasm_multi_memory_set(config, true);
  wasmtime_config_wasm_exceptions_set(config, true);
  wasmtime_config_wasm_tail_call_set(config, true);
  wasmtime_config_wasm_memory64_set(config, true);
  /* Recursions of real guests are deep. */
  wasmtime_config_async_stack_size_set(config, 64 << 20);
  wasmtime_config_max_wasm_stack_set(config, 32 << 20);
  /* Compiling large modules takes most of the time. */
  wasmtime_config_cranelift_opt_level_set(config, WASMTIME_OPT_LEVEL_NONE);
  wasmtime_config_cranelift_regalloc_algorithm_set(
      config, WASMTIME_REGALLOC_SINGLE_PASS);
  return wasm_engine_new_with_config(config);
}

/* From the module's instantiation to the end of the trace, or to SIGKILL. */
static void follow(wasm_engine_t *engine) {
  const uint8_t *bytes = (const uint8_t *)trace_bytes;
  tape = (struct tape){bytes, bytes + trace_length, 0};
  has_memory = false;
  host_function_count = 0;
  check(wasmsig_registry_create(&registry) == 0, "no registry");
  wasmtime_store_t *store =
      wasmtime_store_new(engine, registry, wasmsig_wasmtime_finalizer);
  context = wasmtime_store_context(store);
  make_imports();
  if (do_what_the_host_did() != OP_END) differs("the host returns too often");
  atomic_store(&is_in_job, false);
  if (!is_killing)
    printf("{\"digests\":[\"%016" PRIx64 "\"],\"events\":%zu",
           digest_of_memory(), tape.events);
  wasmtime_store_delete(store);
}

static void follow_until_killed(wasm_engine_t *engine) {
  pthread_t thread;
  check(verdict == WASMSIG_VERDICT_TRACKED,
        wasmsig_verdict_text((wasmsig_verdict)verdict));
  sem_init(&job_has_begun, 0, 0);
  check(pthread_create(&thread, NULL, raise_in_the_job, NULL) == 0,
        "no thread");
  is_killing = true;
  for (; !is_killed && turns < MAX_TURNS; turns++) follow(engine);
  printf(",\"turns\":%u,\"isStopped\":%s", turns, is_killed ? "true" : "false");
}

static void *run(void *order) {
  wasm_engine_t *engine = make_engine();
  check_error(wasmtime_module_new(engine, (const uint8_t *)module_bytes,
                                  module_length, &module));
  follow(engine);
  if (order != NULL) follow_until_killed(engine);
  printf("}\n");
  return NULL;
}

int main(int count, char **arguments) {
  check(count >= 3, "usage: trace MODULE.wasm FILE [kill]");
  module_bytes = read_file(arguments[1], &module_length);
  trace_bytes = read_file(arguments[2], &trace_length);
  pthread_attr_t attributes; /* recursions of real guests are deep */
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 128 << 20);
  check(pthread_create(&thread, &attributes, run, arguments[3]) == 0,
        "no thread");
  pthread_join(thread, NULL);
  fflush(stdout);
  _Exit(0);
}

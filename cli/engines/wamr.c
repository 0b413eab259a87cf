/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * `wasmsig run` in WAMR: its fast interpreter with its own WASI, except for the
 * calls of wasi/wasi.h.
 *
 * WAMR searches the lists of native functions from the last registered to the
 * first (core/iwasm/common/wasm_native.c, register_natives). Ours are
 * registered after its own and so shadow them. Its own are in a table that its
 * WASI registers, and that no public header declares.
 */
#include "engines/engine.h"

#include "engines/module_sections.h"
#include "engines/wamr_invoke.h"
#include "module/type.h"

#include "process/fault_signals.h"
#include "wasi/wasi.h"
#include "wasmsig/wamr.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The engine's stack for the guest's calls; it is not in the guest's memory. */
enum { STACK_BYTES = 1024 * 1024 };

static wasm_module_t module;
static wasm_module_inst_t instance;
static wasm_exec_env_t exec_env;
static wasmsig_wamr_tracked tracked;
static uint8_t
    *bytes; /* WAMR changes the module's bytes and keeps using them */

/* ------------------------------------------------------------------ errors */

static bool out_of_memory(struct cli_result *result) {
  return cli_result_refuse(result, "out of memory");
}

/* Rewrites "error while pre-opening mapped directory NAME: 24". */
static bool set_folder_error(struct cli_result *result, const char *message) {
  static const char prefix[] = "error while pre-opening mapped directory ";
  const char *name = strstr(message, prefix);
  const char *colon = name ? strrchr(name, ':') : NULL;
  int error = colon ? atoi(colon + 1) : 0;
  if (error <= 0) return false;
  name += sizeof prefix - 1;
  result->outcome = CLI_REFUSED;
  snprintf(result->message, sizeof result->message, "--dir: %.*s: %s",
           (int)(colon - name), name, strerror(error));
  return true;
}

/* After a trap WAMR's message contains "Exception: ", also for a start function
 * and for proc_exit. Any other message says why WAMR refused the module. */
static void set_outcome(struct cli_result *result, const char *message) {
  static const char prefix[] = "Exception: ";
  const char *found = strstr(message, prefix);
  if (cli_wasi_has_exited(&result->status))
    result->outcome = CLI_EXITED;
  else if (found)
    cli_result_set(result, CLI_TRAP, found + sizeof prefix - 1,
                   strlen(found + sizeof prefix - 1));
  else if (!set_folder_error(result, message))
    cli_result_refuse(result, message);
}

/* -------------------------------------------------------------------- WASI */

uint32_t get_libc_wasi_export_apis(NativeSymbol **symbols);

static NativeSymbol wamr_symbols[CLI_WASI_CALLS];
static NativeSymbol our_symbols[CLI_WASI_CALLS + 1]; /* and proc_exit */

/* Translates a parameter that WAMR's own function receives as a native address:
 * '*' in its signature. False: it is outside the memory. */
static bool translate(wasm_module_inst_t caller, const char *signature,
                      uint32_t which, uint32_t argument, void **native) {
  if (signature[1 + which] != '*') return true;
  if (!wasm_runtime_validate_app_addr(caller, argument, 1)) return false;
  *native = wasm_runtime_addr_app_to_native(caller, argument);
  return true;
}

typedef int32_t (*one)(wasm_exec_env_t, uint32_t);
typedef int32_t (*two)(wasm_exec_env_t, uint32_t, uint32_t);
typedef int32_t (*read_or_write)(wasm_exec_env_t, uint32_t, void *, uint32_t,
                                 void *);
typedef int32_t (*poll_oneoff)(wasm_exec_env_t, void *, void *, uint32_t,
                               void *);

static int32_t call_wamr(wasm_exec_env_t env, const NativeSymbol *symbol,
                         uint32_t arity, const uint32_t *arguments) {
  void *natives[4] = {NULL};
  void *function = symbol->func_ptr;
  wasm_module_inst_t caller = wasm_runtime_get_module_inst(env);
  for (uint32_t i = 0; i < arity; i++) {
    if (!translate(caller, symbol->signature, i, arguments[i], &natives[i])) {
      wasm_runtime_set_exception(caller, "out of bounds memory access");
      return 0;
    }
  }
  if (arity == 1) return ((one)(uintptr_t)function)(env, arguments[0]);
  if (arity == 2)
    return ((two)(uintptr_t)function)(env, arguments[0], arguments[1]);
  if (natives[0])
    return ((poll_oneoff)(uintptr_t)function)(env, natives[0], natives[1],
                                              arguments[2], natives[3]);
  return ((read_or_write)(uintptr_t)function)(env, arguments[0], natives[1],
                                              arguments[2], natives[3]);
}

static struct cli_memory memory_of(wasm_module_inst_t of) {
  wasm_memory_inst_t memory = wasm_runtime_get_default_memory(of);
  if (!memory) return (struct cli_memory){NULL, 0};
  return (struct cli_memory){wasm_memory_get_base_address(memory),
                             wasm_memory_get_cur_page_count(memory) *
                                 wasm_memory_get_bytes_per_page(memory)};
}

/* By WAMR's convention for raw functions the arguments are in cells of 64 bits,
 * and the result belongs in the first. */
static void serve(wasm_exec_env_t env, uint64_t *cells) {
  const struct cli_wasi_call *call = wasm_runtime_get_function_attachment(env);
  /* While a start function runs, `instance` is not set yet. */
  struct cli_memory memory = memory_of(wasm_runtime_get_module_inst(env));
  uint32_t arguments[4] = {0};
  for (uint32_t i = 0; i < call->arity; i++) arguments[i] = (uint32_t)cells[i];
  int32_t error = call->serve(&memory, arguments);
  if (error == CLI_WASI_PASS) {
    error = call_wamr(env, &wamr_symbols[call - cli_wasi_calls], call->arity,
                      arguments);
    if (error == 0 && call->after) call->after(arguments);
  }
  memcpy(cells, &error, sizeof error);
  if (tracked.instance) wasmsig_wamr_sync(&tracked);
}

/* proc_exit(status): ends the call by an exception that set_outcome recognises.
 */
static void serve_exit(wasm_exec_env_t env, uint64_t *cells) {
  cli_wasi_exit((uint32_t)cells[0]);
  wasm_runtime_set_exception(wasm_runtime_get_module_inst(env), "exit");
}

static bool shadow_wasi(void) {
  static const char *const signatures[5] = {"", "(i)i", "(ii)i", "", "(iiii)i"};
  NativeSymbol *symbols;
  uint32_t count = get_libc_wasi_export_apis(&symbols);
  for (int i = 0; i < CLI_WASI_CALLS; i++) {
    const struct cli_wasi_call *call = &cli_wasi_calls[i];
    for (uint32_t k = 0; k < count; k++) {
      if (strcmp(symbols[k].symbol, call->name) == 0)
        wamr_symbols[i] = symbols[k];
    }
    if (!wamr_symbols[i].func_ptr) return false;
    our_symbols[i] =
        (NativeSymbol){call->name, (void *)(uintptr_t)serve,
                       signatures[call->arity], (void *)(uintptr_t)call};
  }
  our_symbols[CLI_WASI_CALLS] =
      (NativeSymbol){"proc_exit", (void *)(uintptr_t)serve_exit, "(i)", NULL};
  return wasm_runtime_register_natives_raw(CLI_WASI_MODULE, our_symbols,
                                           CLI_WASI_CALLS + 1);
}

/* "NAME=VALUE" or "GUEST::HOST", as WAMR expects it. */
static char *join(const char *before, const char *between, const char *after) {
  char *text;
  return asprintf(&text, "%s%s%s", before, between, after) < 0 ? NULL : text;
}

static bool configure_wasi(const struct cli_wasi_setup *setup) {
  /* WAMR uses them until the process ends. */
  static const char **folders, **variables;
  folders = calloc(setup->folder_count + 1, sizeof *folders);
  variables = calloc(setup->variable_count + 1, sizeof *variables);
  if (!folders || !variables) return false;
  for (size_t i = 0; i < setup->folder_count; i++) {
    folders[i] = join(setup->folders[i].guest, "::", setup->folders[i].host);
    if (!folders[i]) return false;
  }
  for (size_t i = 0; i < setup->variable_count; i++) {
    variables[i] = join(setup->names[i], "=", setup->values[i]);
    if (!variables[i]) return false;
  }
  wasm_runtime_set_wasi_args(
      module, NULL, 0, folders, (uint32_t)setup->folder_count, variables,
      (uint32_t)setup->variable_count, setup->arguments, setup->argument_count);
  return true;
}

static bool has_read_only_folder(const struct cli_wasi_setup *setup) {
  for (size_t i = 0; i < setup->folder_count; i++)
    if (setup->folders[i].is_read_only) return true;
  return false;
}

/* -------------------------------------------------------------------- load */

/* WAMR accepts missing imports, and traps when they are called. */
static bool has_all_imports(struct cli_result *result) {
  char text[sizeof result->message];
  int32_t count = wasm_runtime_get_import_count(module);
  for (int32_t i = 0; i < count; i++) {
    wasm_import_t import;
    wasm_runtime_get_import_type(module, i, &import);
    if (import.linked) continue;
    snprintf(text, sizeof text, "unknown import: `%s::%s` is not of WASI",
             import.module_name, import.name);
    return cli_result_refuse(result, text);
  }
  return true;
}

/* How many elements WAMR lets a table grow to
 * (its function adjust_table_max_size). */
static uint64_t most_elements(struct wsig_limits table) {
  enum { LEAST = 1024 };
  uint64_t most = table.minimum * 2 > LEAST ? table.minimum * 2 : LEAST;
  return table.maximum < most ? table.maximum : most;
}

/* WAMR has no limit for tables, and reserves what one can grow to. */
static bool has_larger_table(const struct cli_job *job) {
  struct wsig_cursor cursor = cli_find_section(
      (struct cli_bytes){job->bytes, job->length}, WSIG_WASM_SECTION_TABLE);
  uint32_t count = wsig_read_u32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    wsig_read_reference_type(&cursor);
    struct wsig_limits table = wsig_read_table_limits(&cursor);
    if (most_elements(table) > job->most_memory / CLI_TABLE_ELEMENT_BYTES)
      return true;
  }
  return false;
}

/* Sets the signal with which WAMR interrupts blocking calls of its own threads.
 * WAMR keeps this signal blocked. Its default, SIGUSR1, belongs to the guest;
 * SIGSYS cannot be forwarded anyway. Declared in
 * core/shared/platform/include/platform_api_extension.h. */
void os_set_signal_number_for_blocking_op(int signal);

static bool load(const struct cli_job *job, struct cli_result *result) {
  char error[256];
  os_set_signal_number_for_blocking_op(SIGSYS);
  cli_fault_signals_prepare();
  if (!wasm_runtime_init() || !shadow_wasi())
    return cli_result_refuse(result, "WAMR does not start");
  cli_fault_signals_wrap();
  wasm_runtime_set_log_level(WASM_LOG_LEVEL_FATAL);
  if (job->report->memory.count > 1)
    return cli_result_refuse(result,
                             "it has several memories, but WAMR supports one: "
                             "use --engine wasmtime");
  bytes = malloc(job->length);
  if (!bytes) return out_of_memory(result);
  memcpy(bytes, job->bytes, job->length);
  module = wasm_runtime_load(bytes, (uint32_t)job->length, error, sizeof error);
  if (!module) return cli_result_refuse(result, error);
  if (has_larger_table(job))
    return cli_result_refuse(result,
                             "a table of it may grow beyond --max-memory, "
                             "which WAMR does not limit: use --engine "
                             "wasmtime");
  if (has_read_only_folder(job->wasi))
    return cli_result_refuse(result,
                             "--dir: WAMR has no read-only folders (::ro): use "
                             "--engine wasmtime");
  if (!configure_wasi(job->wasi)) return out_of_memory(result);
  return has_all_imports(result);
}

/* -------------------------------------------------------------- the guest */

/* WAMR takes the module's own maximum if it is smaller. */
static uint32_t most_pages(const struct cli_job *job) {
  enum { PAGE = 1 << 16, MOST = 1 << 16 };
  uint64_t pages = job->most_memory / PAGE;
  return pages < MOST ? (uint32_t)pages : MOST;
}

static bool instantiate(const struct cli_job *job, struct cli_result *result) {
  char error[256];
  InstantiationArgs options = {.default_stack_size = STACK_BYTES,
                               .max_memory_pages = most_pages(job)};
  instance = wasm_runtime_instantiate_ex(module, &options, error, sizeof error);
  if (!instance) {
    set_outcome(result, error);
    return false;
  }
  exec_env = wasm_runtime_create_exec_env(instance, STACK_BYTES);
  return exec_env ? true : out_of_memory(result);
}

static int track(const struct cli_job *job, wasmsig_instance *handle) {
  int verdict = wasmsig_wamr_track(job->registry, instance, &tracked);
  *handle = verdict == 0 ? tracked.instance : 0;
  return verdict < 0 ? verdict : WASMSIG_OK;
}

static void call_start(void) {
  wasm_function_inst_t start =
      wasm_runtime_lookup_wasi_start_function(instance);
  wasm_runtime_call_wasm(exec_env, start, 0, NULL);
}

static void call(const struct cli_job *job, struct cli_result *result) {
  *result = (struct cli_result){.outcome = CLI_EXITED, .status = 0};
  if (job->invocation)
    cli_wamr_invoke(job->invocation, module, instance, exec_env, result);
  else
    call_start();
  const char *exception = wasm_runtime_get_exception(instance);
  if (exception) set_outcome(result, exception);
}

static void close_engine(const struct cli_job *job) {
  (void)job;
  if (tracked.instance) wasmsig_wamr_untrack(&tracked);
}

static uint64_t memory_size(void) {
  wasm_module_inst_t known = __atomic_load_n(&instance, __ATOMIC_ACQUIRE);
  return known ? memory_of(known).length : 0;
}

const struct cli_engine cli_wamr = {
    .name = "wamr",
    .load = load,
    .instantiate = instantiate,
    .track = track,
    .call = call,
    .close = close_engine,
    .memory_size = memory_size,
};

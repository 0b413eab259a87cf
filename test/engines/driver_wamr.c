/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* WAMR's driver: a module, an instance and an exec_env for each guest. */
#include <wasm_export.h>

#include "engine.h"
#include "wasmsig/wamr.h"
#include "wat.h"

#define STACK_SIZE (64 * 1024)

struct wamr_guest {
  struct guest guest;
  uint8_t *bytes; /* needed as long as the module */
  wasm_module_t module;
  wasm_module_inst_t instance;
  wasm_exec_env_t exec_env;
  wasmsig_wamr_tracked tracked;
  bool is_spawned; /* uses the module and memory of another guest */
};

static int32_t call_host(wasm_exec_env_t exec_env, int32_t argument) {
  (void)exec_env;
  return host_call(argument);
}

static NativeSymbol host_functions[] = {
    {.symbol = "call", .signature = "(i)i"},
};

static struct version version(void) {
  struct version found;
  wasm_runtime_get_version(&found.major, &found.minor, &found.patch);
  return found;
}

static void start(void) {
  RuntimeInitArgs arguments;
  /* ISO C has no cast from a function's to an object's address. */
  int32_t (*function)(wasm_exec_env_t, int32_t) = call_host;
  memcpy(&host_functions[0].func_ptr, &function, sizeof function);
  memset(&arguments, 0, sizeof arguments);
  arguments.mem_alloc_type = Alloc_With_System_Allocator;
  arguments.native_module_name = "host";
  arguments.native_symbols = host_functions;
  arguments.n_native_symbols = 1;
  assert_true(wasm_runtime_full_init(&arguments));
  wasm_runtime_set_log_level(WASM_LOG_LEVEL_FATAL);
}

static void end(void) { wasm_runtime_destroy(); }

static void load(struct wamr_guest *guest, const char *text) {
  char error[128] = "";
  size_t length;
  guest->bytes = wat_to_wasm(text, &length);
  guest->module =
      wasm_runtime_load(guest->bytes, (uint32_t)length, error, sizeof error);
  if (guest->module == NULL) fail_msg("%s", error);
  /* WAMR allocates the stacks of threads in its heap. */
  uint32_t heap_size = strstr(text, "__heap_base") != NULL ? STACK_SIZE : 0;
  guest->instance = wasm_runtime_instantiate(guest->module, STACK_SIZE,
                                             heap_size, error, sizeof error);
  if (guest->instance == NULL) fail_msg("%s", error);
  guest->exec_env = wasm_runtime_create_exec_env(guest->instance, STACK_SIZE);
  assert_non_null(guest->exec_env);
}

/* As for a thread that the guest starts. */
static void spawn(struct wamr_guest *guest, struct wamr_guest *twin) {
  guest->is_spawned = true;
  guest->exec_env = wasm_runtime_spawn_exec_env(twin->exec_env);
  assert_non_null(guest->exec_env);
  guest->instance = wasm_runtime_get_module_inst(guest->exec_env);
}

static struct guest *open_tracked(const char *text, enum kind_of_memory kind,
                                  wasmsig_registry *registry,
                                  struct guest *twin) {
  (void)kind;
  struct wamr_guest *guest = calloc(1, sizeof *guest);
  guest->guest.registry = registry;
  guest->guest.owns_registry = registry == NULL;
  if (registry == NULL)
    assert_int_equal(wasmsig_registry_create(&guest->guest.registry), 0);
  if (twin != NULL)
    spawn(guest, (struct wamr_guest *)twin);
  else
    load(guest, text);
  guest->guest.verdict = wasmsig_wamr_track(guest->guest.registry,
                                            guest->instance, &guest->tracked);
  assert_true(guest->guest.verdict >= 0);
  guest->guest.instance = guest->tracked.instance;
  guest->guest.memory_class = guest->tracked.memory_class;
  return &guest->guest;
}

static void close(struct guest *argument) {
  struct wamr_guest *guest = (struct wamr_guest *)argument;
  assert_int_equal(wasmsig_wamr_untrack(&guest->tracked), 0);
  if (guest->is_spawned) {
    wasm_runtime_destroy_spawned_exec_env(guest->exec_env);
  } else {
    wasm_runtime_destroy_exec_env(guest->exec_env);
    wasm_runtime_deinstantiate(guest->instance);
    wasm_runtime_unload(guest->module);
  }
  if (guest->guest.owns_registry)
    assert_int_equal(wasmsig_registry_destroy(guest->guest.registry), 0);
  free(guest->bytes);
  free(guest);
}

static enum ending call(struct guest *argument, const char *function,
                        int32_t parameter, int32_t *result) {
  struct wamr_guest *guest = (struct wamr_guest *)argument;
  wasm_function_inst_t found =
      wasm_runtime_lookup_function(guest->instance, function);
  assert_non_null(found);
  uint32_t cells[1] = {(uint32_t)parameter};
  if (wasm_runtime_call_wasm(guest->exec_env, found, 1, cells)) {
    *result = (int32_t)cells[0];
    return RETURNED;
  }
  if (wasmsig_wamr_is_cpu_limit(guest->instance)) return LIMITED;
  wasm_runtime_clear_exception(guest->instance);
  return TRAPPED;
}

static uint8_t *memory(struct guest *guest) {
  return wasm_memory_get_base_address(
      wasm_runtime_get_default_memory(((struct wamr_guest *)guest)->instance));
}

static int sync_words(struct guest *guest) {
  return wasmsig_wamr_sync(&((struct wamr_guest *)guest)->tracked);
}

static int untrack(struct guest *guest) {
  return wasmsig_wamr_untrack(&((struct wamr_guest *)guest)->tracked);
}

static void limit(struct guest *guest, wasmsig_budget_options *options) {
  assert_int_equal(wasmsig_wamr_killer_apply(
                       ((struct wamr_guest *)guest)->instance, options),
                   0);
}

static void enter_thread(void) { wasm_runtime_init_thread_env(); }
static void leave_thread(void) { wasm_runtime_destroy_thread_env(); }

#ifdef WASMSIG_TEST_SOFT_BOUNDS
#define SOFT_BOUNDS true
#else
#define SOFT_BOUNDS false
#endif

const struct engine engine = {
    .name = SOFT_BOUNDS ? "WAMR without hardware bounds checks" : "WAMR",
    .version = version,
    .has_moving_memories = SOFT_BOUNDS,
    .has_only_moving_memories = SOFT_BOUNDS,
    .start = start,
    .end = end,
    .open = open_tracked,
    .close = close,
    .call = call,
    .memory = memory,
    .sync = sync_words,
    .untrack = untrack,
    .limit = limit,
    .enter_thread = enter_thread,
    .leave_thread = leave_thread,
};

/* What an embedder of Wasmtime has already. */
#include <wasmsig/wasmtime.h>

int embed(wasmsig_registry *registry, wasmtime_context_t *context,
          wasmtime_instance_t instance, wasmtime_func_t run,
          struct wasmsig_wasmtime_killer *killer) {
  wasmsig_wasmtime_options options = WASMSIG_WASMTIME_OPTIONS_INIT;
  wasmsig_wasmtime_tracked tracked;
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  wasmsig_budget budget;
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error;
  int verdict, outcome;
  /* block */
  return verdict + outcome + (error != NULL);
}

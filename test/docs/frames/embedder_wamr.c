/* What an embedder of WAMR has already. */
#include <wasmsig/wamr.h>

int embed(wasmsig_registry *registry, wasm_module_inst_t instance,
          wasm_exec_env_t exec_env, wasm_function_inst_t function) {
  wasmsig_wamr_tracked tracked;
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  wasmsig_budget budget;
  int verdict, outcome;
  /* block */
  return verdict + outcome;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An engine, as `wasmsig run` sees it: a struct of functions, one guest a
 * process. They are called in the order in which they stand here; memory_size
 * also from the threads and handlers that end the process.
 */
#ifndef WASMSIG_CLI_ENGINES_ENGINE_H
#define WASMSIG_CLI_ENGINES_ENGINE_H

#include "run/options.h"

#include "wasmsig/module.h"

struct cli_job {
  const struct cli_options *options;
  const uint8_t *bytes; /* of the module */
  size_t length;
  const wasmsig_module_report *report;
  wasmsig_registry *registry;
};

/* How a guest's call ended. */
enum cli_end {
  CLI_EXITED,  /* with `status` */
  CLI_TRAP,    /* `message` says of what */
  CLI_REFUSED, /* the engine cannot run it: `message` says why */
};

struct cli_result {
  enum cli_end end;
  int status;
  char message[1024]; /* one line */
};

struct cli_engine {
  const char *name;
  /* Compiles, and looks whether all imports and `_start` are there. */
  bool (*load)(const struct cli_job *job, struct cli_result *result);
  /* Runs the module's start function: inside the budget's section. */
  bool (*instantiate)(const struct cli_job *job, struct cli_result *result);
  /* A wasmsig_error. WASMSIG_OK too for a module without words. */
  int (*track)(const struct cli_job *job, wasmsig_instance *instance);
  /* Calls `_start`. */
  void (*call)(const struct cli_job *job, struct cli_result *result);
  /* Untracks, and lets go of everything. */
  void (*close)(const struct cli_job *job);
  /* Bytes of the guest's memory 0; 0 before it is there. Any thread. */
  uint64_t (*memory_size)(void);
};

extern const struct cli_engine cli_wasmtime;
extern const struct cli_engine cli_wamr;

/* NULL if there is none of that name. */
const struct cli_engine *cli_engine_named(const char *name);

/* A message as one line: what engines put on lines of their own is joined by
 * colons. A module's names stand in it as they are: who prints it escapes. */
void cli_result_set(struct cli_result *result, enum cli_end end,
                    const char *message, size_t length);

#endif

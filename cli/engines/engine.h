/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The interface to an engine: a struct of functions. A process runs one guest.
 * `wasmsig run` calls the functions in the order of their declaration.
 */
#ifndef WASMSIG_CLI_ENGINES_ENGINE_H
#define WASMSIG_CLI_ENGINES_ENGINE_H

#include "compiled/file.h"
#include "engines/invocation.h"
#include "process/stats.h"
#include "wasmsig/host.h"
#include "wasmsig/module.h"

struct cli_folder {
  const char *host;  /* its path */
  const char *guest; /* its name for the guest */
  bool is_read_only;
};

/* What a WASI program has from its start. */
struct cli_wasi_setup {
  char **arguments; /* its own name first; NULL at the end */
  int argument_count;
  struct cli_folder *folders;
  size_t folder_count;
  const char **names; /* of environment variables */
  const char **values;
  size_t variable_count;
  bool sends_http; /* of a component: its requests by wasi:http go out */
};

#define CLI_ANY_MEMORY UINT64_MAX

/* Of the engines: a pointer. */
#define CLI_TABLE_ELEMENT_BYTES 8

struct cli_job {
  const struct cli_wasi_setup *wasi;
  const char *file;     /* where the module is from */
  const uint8_t *bytes; /* of the module */
  size_t length;
  const wasmsig_module_report *report;
  const struct cli_compiled *compiled; /* its code; NULL: none is given */
  bool uses_cache;
  /* Called before a compilation, and only then; whether the result is kept. */
  void (*compilation_starts)(const char *file, bool is_stored);
  wasmsig_registry *registry;
  uint64_t most_memory; /* bytes to which each memory and each table can grow,
                         * or CLI_ANY_MEMORY */
  struct cli_invocation
      *invocation; /* the function to call instead of
                    * `_start`, with its arguments; NULL: `_start` */
};

/* How a guest's call ended. */
enum cli_outcome {
  CLI_EXITED,  /* with `status` */
  CLI_TRAP,    /* `message` names the cause */
  CLI_REFUSED, /* the engine cannot run the module: `message` says why */
};

struct cli_result {
  enum cli_outcome outcome;
  int status;
  char message[1024]; /* one line; names of the module are not escaped */
};

struct cli_engine {
  const char *name;
  bool needs_utf8; /* in all of cli_wasi_setup; otherwise load() fails */
  /* The same engine for components (WASI 0.2); NULL: it runs none. */
  const struct cli_engine *for_components;
  /* Compiles the module. Checks that all imports exist. */
  bool (*load)(const struct cli_job *job, struct cli_result *result);
  /* Whether the loaded guest can receive signals. NULL: only track() tells. */
  bool (*receives_signals)(void);
  /* Runs the module's start function, within the budget's section. */
  bool (*instantiate)(const struct cli_job *job, struct cli_result *result);
  /* Returns a wasmsig_error. A module without words is no error. */
  int (*track)(const struct cli_job *job, wasmsig_instance *instance);
  /* Calls `_start`, or the function of the invocation, and before that
   * `_initialize`. */
  void (*call)(const struct cli_job *job, struct cli_result *result);
  /* Untracks the instance and releases what must not outlive it. */
  void (*close)(const struct cli_job *job);
  /* Bytes of the guest's memory 0; 0 before it exists; CLI_UNKNOWN_SIZE.
   * Threads: any. Signal handlers: yes. May be called at any time. */
  uint64_t (*memory_size)(void);
};

extern const struct cli_engine cli_wasmtime;
extern const struct cli_engine cli_wamr;

/* NULL: there is no engine of that name. */
const struct cli_engine *cli_find_engine(const char *name);

/* Sets outcome and message. Lines of the message are joined by colons. */
void cli_result_set(struct cli_result *result, enum cli_outcome outcome,
                    const char *message, size_t length);

/* The same for CLI_REFUSED and a string. Always returns false. */
bool cli_result_refuse(struct cli_result *result, const char *message);

#endif

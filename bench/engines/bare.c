/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A WASI program in Wasmtime as its C API has it, without wasmsig: the baseline
 * of `wasmsig run`.
 *
 *     bare [--epochs] [--limit MS] [--dir FOLDER] [--cache FILE]
 *          FILE.wasm [ARGUMENT]...
 *
 * --epochs     the code checks Wasmtime's epoch, and a thread increments it
 * each millisecond, as Wasmtime's documentation proposes
 * --limit MS   ends the program after that much CPU time of its thread; then
 * the last line on standard error is {"cpu_ns":N}, the used time
 * --dir FOLDER the program's folder /in
 * --cache FILE Wasmtime's own cache of compiled modules, with that
 * configuration
 *
 * A limit without epochs is the kernel's timer for that thread's CPU time: its
 * handler ends the process. With epochs the program's own thread reads the
 * clock at each new epoch. Both report the clock when the program has stopped,
 * before anything is unwound.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wasi.h>
#include <wasmtime.h>

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define TICK_NS MS
#define NEVER (UINT64_C(1) << 40) /* ticks: 35 years */
#define OVER_LIMIT 152            /* exit status, as wasmsig's */

struct options {
  bool epochs;
  int64_t limit_ns;   /* 0: none */
  const char *folder; /* NULL: none */
  const char *cache;  /* NULL: none */
  const char *file;
  char **arguments; /* the guest's; its own name first */
  int argument_count;
};

static wasm_engine_t *engine;
static wasmtime_store_t *store;
static wasmtime_context_t *context;
static int64_t limit_ns;
static int64_t start_ns; /* by the CPU clock of the guest's thread */

/* _exit: other threads may be running. */
static _Noreturn void fail(const char *what) {
  fprintf(stderr, "bare: %s\n", what);
  _exit(EXIT_FAILURE);
}

static void check(wasmtime_error_t *error) {
  if (!error) return;
  wasm_name_t message;
  wasmtime_error_message(error, &message);
  fprintf(stderr, "bare: %.*s\n", (int)message.size, message.data);
  _exit(EXIT_FAILURE);
}

/* ------------------------------------------------------------------ limits */

static int64_t cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * SECOND + now.tv_nsec;
}

static void end_over_limit(int64_t used_ns) {
  char line[64];
  int length =
      snprintf(line, sizeof line, "{\"cpu_ns\":%lld}\n", (long long)used_ns);
  ssize_t written = write(STDERR_FILENO, line, (size_t)length);
  (void)written;
  _exit(OVER_LIMIT);
}

static void on_timer(int signal) {
  (void)signal;
  end_over_limit(cpu_ns() - start_ns);
}

static void arm_timer(void) {
  struct sigaction action = {.sa_handler = on_timer};
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                           .sigev_signo = SIGXCPU};
  struct itimerspec when = {.it_value = {limit_ns / SECOND, limit_ns % SECOND}};
  timer_t timer;
  if (sigaction(SIGXCPU, &action, NULL) != 0 ||
      timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0 ||
      timer_settime(timer, 0, &when, NULL) != 0)
    fail("the timer cannot be set");
}

static wasmtime_error_t *on_epoch(const wasmtime_context_t *unused, void *data,
                                  uint64_t *ticks,
                                  wasmtime_update_deadline_kind_t *update) {
  (void)unused, (void)data;
  int64_t used_ns = cpu_ns() - start_ns;
  if (used_ns >= limit_ns) end_over_limit(used_ns);
  *ticks = 1;
  *update = WASMTIME_UPDATE_DEADLINE_CONTINUE;
  return NULL;
}

static void *tick(void *unused) {
  const struct timespec pause = {0, TICK_NS};
  (void)unused;
  for (;;) {
    nanosleep(&pause, NULL);
    wasmtime_engine_increment_epoch(engine);
  }
  return NULL;
}

static void start_epochs(void) {
  pthread_t ticker;
  if (limit_ns > 0)
    wasmtime_store_epoch_deadline_callback(store, on_epoch, NULL, NULL);
  wasmtime_context_set_epoch_deadline(context, limit_ns > 0 ? 1 : NEVER);
  if (pthread_create(&ticker, NULL, tick, NULL) != 0) fail("no thread");
}

/* ----------------------------------------------------------------- running */

static void read_file(const char *path, wasm_byte_vec_t *bytes) {
  struct stat status;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &status) != 0) fail("the guest cannot be opened");
  wasm_byte_vec_new_uninitialized(bytes, (size_t)status.st_size);
  if (read(file, bytes->data, bytes->size) != status.st_size)
    fail("the guest cannot be read");
  close(file);
}

static void open_engine(const struct options *options) {
  wasm_config_t *config = wasm_config_new();
  if (options->epochs) wasmtime_config_epoch_interruption_set(config, true);
  if (options->cache)
    check(wasmtime_config_cache_config_load(config, options->cache));
  engine = wasm_engine_new_with_config(config);
  store = wasmtime_store_new(engine, NULL, NULL);
  context = wasmtime_store_context(store);
}

static void give_wasi(const struct options *options) {
  wasi_config_t *config = wasi_config_new();
  wasi_config_set_argv(config, (size_t)options->argument_count,
                       (const char **)(uintptr_t)options->arguments);
  if (options->folder &&
      !wasi_config_preopen_dir(config, options->folder, "/in", false))
    fail("the folder cannot be opened");
  wasi_config_inherit_stdin(config);
  wasi_config_inherit_stdout(config);
  wasi_config_inherit_stderr(config);
  check(wasmtime_context_set_wasi(context, config));
}

static wasmtime_instance_pre_t *load(const char *path) {
  wasm_byte_vec_t bytes;
  wasmtime_module_t *module;
  wasmtime_instance_pre_t *linked;
  read_file(path, &bytes);
  check(wasmtime_module_new(engine, (const uint8_t *)bytes.data, bytes.size,
                            &module));
  wasmtime_linker_t *linker = wasmtime_linker_new(engine);
  check(wasmtime_linker_define_wasi(linker));
  check(wasmtime_linker_instantiate_pre(linker, module, &linked));
  return linked;
}

/* Returns the exit status. */
static int run(wasmtime_instance_pre_t *linked) {
  wasmtime_instance_t instance;
  wasmtime_extern_t start;
  wasm_trap_t *trap = NULL;
  check(wasmtime_instance_pre_instantiate(linked, context, &instance, &trap));
  if (trap ||
      !wasmtime_instance_export_get(context, &instance, "_start", 6, &start))
    fail("the guest does not start");
  wasmtime_error_t *error =
      wasmtime_func_call(context, &start.of.func, NULL, 0, NULL, 0, &trap);
  int status = EXIT_SUCCESS;
  if (trap) fail("the guest has trapped");
  if (error && !wasmtime_error_exit_status(error, &status)) check(error);
  return status;
}

static bool parse(struct options *options, int argc, char **argv) {
  int i = 1;
  *options = (struct options){.epochs = false};
  for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
    if (strcmp(argv[i], "--epochs") == 0)
      options->epochs = true;
    else if (strcmp(argv[i], "--limit") == 0 && i + 1 < argc)
      options->limit_ns = strtol(argv[++i], NULL, 10) * MS;
    else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
      options->folder = argv[++i];
    else if (strcmp(argv[i], "--cache") == 0 && i + 1 < argc)
      options->cache = argv[++i];
    else
      return false;
  }
  options->file = argv[i];
  options->arguments = argv + i;
  options->argument_count = argc - i;
  return i < argc;
}

int main(int argc, char **argv) {
  struct options options;
  if (!parse(&options, argc, argv)) {
    fputs(
        "usage: bare [--epochs] [--limit MS] [--dir FOLDER] [--cache FILE] "
        "FILE.wasm [ARGUMENT]...\n",
        stderr);
    return 2;
  }
  limit_ns = options.limit_ns;
  open_engine(&options);
  wasmtime_instance_pre_t *linked = load(options.file);
  give_wasi(&options);
  start_ns = cpu_ns();
  if (options.epochs)
    start_epochs();
  else if (limit_ns > 0)
    arm_timer();
  return run(linked); /* the process's end releases the rest */
}

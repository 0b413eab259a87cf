/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What does `wasmsig run` cost a WASI program, beside Wasmtime as its C API has
 * it (bare.c) and beside Wasmtime's own epochs?
 *
 *     engines [SAMPLES]     of each row; by default as many as time allows
 *
 * Each sample is a process. Those of a row take turns in a random order, so
 * that a machine which grows slower grows slower for all.
 *
 * A kernel is measured by the CPU time of the whole process, helper threads
 * included, from the mark before it to the mark after it. At both marks the
 * guest waits until the clock has been read (../kernels/kernel.h). So neither
 * the engine's work before the kernel nor other programs count. A second row
 * has the time that the guest measures itself.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "../budget/common.h"
#include "child.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMAND WASMSIG_COMMAND, "run"
#define BARE WASMSIG_BENCH_BARE
#define GUEST(name) WASMSIG_BENCH_GUESTS "/" name ".wasm"
#define ENDLESS "1000000000"

#define LIMIT_NS (20 * MS)
#define LIMIT "20ms"   /* for wasmsig */
#define LIMIT_MS "20"  /* for bare */
#define OVER_LIMIT 152 /* exit status */
#define PAUSE_NS (4 * MS)

static const char start_guest[] = GUEST("start");
static const char late_guest[] = GUEST("lcg");
static const char folder_guest[] = GUEST("folder");

#define WAMR_SHARE 10 /* of the work is what an interpreter gets */

#define KERNEL_GOAL "{\"ratio\":1.01}"
#define START_GOAL "{\"ratio\":1.1}"
#define LATE_GOAL "{\"p99\":0.05}"

/* `what`: the baseline, NULL: wasmsig. `goal`: of the row; NULL: none. */
static void print(const char *row, const char *what, const char *goal,
                  double ms) {
  printf("{\"bench\":\"engines\",\"row\":\"%s\",", row);
  if (what)
    printf("\"who\":\"baseline\",\"what\":\"%s\",", what);
  else
    printf("\"who\":\"wasmsig\",");
  if (goal) printf("\"goal\":%s,", goal);
  printf("\"unit\":\"ms\",\"sample\":%.6g}\n", ms);
}

static double in_ms(int64_t ns) { return (double)ns / (double)MS; }

static bool is_first_round; /* sets the order of the rows in the report */

/* Calls `round` so often, or for so long if that is 0. */
static void repeat(long rounds, int64_t time_ns, void (*round)(void)) {
  int64_t end = now_ns(CLOCK_MONOTONIC) + time_ns;
  for (long i = 0; rounds > 0 ? i < rounds : now_ns(CLOCK_MONOTONIC) < end;
       i++) {
    is_first_round = i == 0;
    round();
  }
}

/* Calls `turn` with 0 … count - 1, but for the first round in a random order.
 */
#define MOST_TURNS 3
static void take_turns(uint32_t count, void (*turn)(uint32_t)) {
  uint32_t order[MOST_TURNS] = {0, 1, 2};
  if (!is_first_round) shuffle(order, count);
  for (uint32_t i = 0; i < count; i++) turn(order[i]);
}

/* ----------------------------------------------------------------- kernels */

static const struct kernel {
  const char *name, *file, *rounds, *fewer_rounds;
} kernels[] = {
    {"nbody", GUEST("nbody"), "60", "6"},
    {"sieve", GUEST("sieve"), "80", "8"},
    {"lcg", GUEST("lcg"), "30", "3"},
    {"fib", GUEST("fib"), "400", "40"},
};

#define KERNELS (sizeof kernels / sizeof *kernels)

static const struct kernel *kernel; /* whose turn it is */

struct times {
  double cpu_ms, wall_ms;
};

static struct times run_kernel(const char *const *arguments) {
  struct child child;
  char text[64];
  child_start(&child, arguments, STDOUT_FILENO);
  child_await(&child);
  int64_t start_ns = child_cpu_ns(&child);
  child_release(&child);
  child_await(&child);
  int64_t cpu_ns = child_cpu_ns(&child) - start_ns;
  child_release(&child);
  child_read(&child, text, sizeof text);
  child_end(&child, EXIT_SUCCESS);
  char *last = strchr(text, '\n');
  if (!last) fail(kernel->name, "printed no time");
  return (struct times){in_ms(cpu_ns), in_ms(strtoll(last, NULL, 10))};
}

static struct times run_command(void) {
  const char *const arguments[] = {COMMAND,      "--cpu-hard",   "100s",
                                   kernel->file, kernel->rounds, NULL};
  return run_kernel(arguments);
}

static struct times run_wamr(void) {
  const char *const arguments[] = {
      COMMAND,      "--cpu-hard",         "100s", "--engine", "wamr",
      kernel->file, kernel->fewer_rounds, NULL};
  struct times times = run_kernel(arguments);
  return (struct times){times.cpu_ms * WAMR_SHARE, times.wall_ms * WAMR_SHARE};
}

static struct times run_bare(void) {
  const char *const arguments[] = {BARE, kernel->file, kernel->rounds, NULL};
  return run_kernel(arguments);
}

static struct times run_epochs(void) {
  const char *const arguments[] = {BARE, "--epochs", kernel->file,
                                   kernel->rounds, NULL};
  return run_kernel(arguments);
}

static void print_kernel(const char *suffix, const char *what, const char *goal,
                         double ms) {
  char row[32];
  snprintf(row, sizeof row, "%s%s", kernel->name, suffix);
  print(row, what, goal, ms);
}

static void kernel_turn(uint32_t who) {
  static const char bare[] = "bare Wasmtime", epochs[] = "Wasmtime's epochs";
  struct times times = who == 0   ? run_command()
                       : who == 1 ? run_bare()
                                  : run_epochs();
  if (who < 2) {
    const char *what = who == 0 ? NULL : bare;
    print_kernel("", what, KERNEL_GOAL, times.cpu_ms);
    print_kernel("_wall", what, NULL, times.wall_ms);
  }
  if (who != 1)
    print_kernel("_vs_epochs", who == 0 ? NULL : epochs, NULL, times.cpu_ms);
}

static void wamr_turn(uint32_t who) {
  struct times times = who == 0 ? run_wamr() : run_bare();
  print_kernel("_wamr", who == 0 ? NULL : "bare Wasmtime", NULL, times.cpu_ms);
}

static void kernel_round(void) {
  for (size_t i = 0; i < KERNELS; i++) {
    kernel = &kernels[i];
    take_turns(3, kernel_turn);
  }
}

static void wamr_round(void) {
  for (size_t i = 0; i < KERNELS; i++) {
    kernel = &kernels[i];
    take_turns(2, wamr_turn);
  }
}

/* ------------------------------------------------------------------- start */

static void start_turn(uint32_t who) {
  static const char *const command[] = {COMMAND, "--cpu-hard", "100s",
                                        start_guest, NULL};
  static const char *const bare[] = {BARE, start_guest, NULL};
  const char *what = who == 0 ? NULL : "bare Wasmtime";
  struct child child;
  sleep_ns(chance(PAUSE_NS));
  int64_t start_ns = now_ns(CLOCK_MONOTONIC);
  child_start(&child, who == 0 ? command : bare, STDOUT_FILENO);
  child_await(&child);
  int64_t wall_ns = now_ns(CLOCK_MONOTONIC) - start_ns;
  int64_t cpu_ns = child_end(&child, EXIT_SUCCESS);
  print("start", what, START_GOAL, in_ms(wall_ns));
  print("start_cpu", what, NULL, in_ms(cpu_ns));
}

static void start_round(void) { take_turns(2, start_turn); }

/* ------------------------------------------------------------- long folders */

#define FOLDER_FILES 2000

static char folder[] = "/tmp/wasmsig-bench-XXXXXX";

static void change_folder(bool is_made) {
  char path[64];
  if (is_made && !mkdtemp(folder)) fail(folder, "cannot be made");
  for (int i = 0; i < FOLDER_FILES; i++) {
    snprintf(path, sizeof path, "%s/a-file-%d", folder, i);
    if (!is_made)
      unlink(path);
    else if (mknod(path, S_IFREG | 0600, 0) != 0)
      fail(path, "cannot be made");
  }
  if (!is_made) rmdir(folder);
}

/* All of the process's CPU time, as the engine reads files in its threads. */
static void folder_turn(uint32_t who) {
  char named[sizeof folder + 8];
  snprintf(named, sizeof named, "%s::/in", folder);
  const char *const command[] = {COMMAND, "--dir", named, folder_guest, NULL};
  const char *const bare[] = {BARE, "--dir", folder, folder_guest, NULL};
  struct child child;
  child_start(&child, who == 0 ? command : bare, STDOUT_FILENO);
  print("folder_2000", who == 0 ? NULL : "bare Wasmtime", NULL,
        in_ms(child_end(&child, EXIT_SUCCESS)));
}

static void folder_round(void) { take_turns(2, folder_turn); }

/* ---------------------------------------------------------------- lateness */

/* CPU time of the guest's thread past its limit when it runs no more. */
static double late_ms(const char *const *arguments) {
  static const char field[] = "\"cpu_ns\":";
  struct child child;
  char text[4096];
  sleep_ns(chance(PAUSE_NS));
  child_start(&child, arguments, STDERR_FILENO);
  child_release(&child);
  child_read(&child, text, sizeof text);
  child_end(&child, OVER_LIMIT);
  const char *found = strstr(text, field);
  if (!found) fail(child.name, "printed no CPU time");
  return in_ms(strtoll(found + sizeof field - 1, NULL, 10) - LIMIT_NS);
}

static void late_turn(uint32_t who) {
  static const char *const command[] = {COMMAND,   "--cpu-hard", LIMIT,
                                        "--stats", "--json",     late_guest,
                                        ENDLESS,   NULL};
  static const char *const timer[] = {BARE,       "--limit", LIMIT_MS,
                                      late_guest, ENDLESS,   NULL};
  static const char *const epochs[] = {
      BARE, "--epochs", "--limit", LIMIT_MS, late_guest, ENDLESS, NULL};
  double ms = late_ms(who == 0 ? command : who == 1 ? timer : epochs);
  if (who < 2)
    print("hard_late", who == 0 ? NULL : "kernel CPU timer", LATE_GOAL, ms);
  if (who != 1)
    print("hard_late_vs_epochs", who == 0 ? NULL : "Wasmtime's epochs", NULL,
          ms);
}

static void late_round(void) { take_turns(3, late_turn); }

int main(int argc, char **argv) {
  long samples = parse_samples(argc, argv, 0);
  repeat(samples, 28 * SECOND, kernel_round);
  repeat(samples, 4 * SECOND, start_round);
  repeat(samples, 10 * SECOND, late_round);
  change_folder(true);
  repeat(samples, 4 * SECOND, folder_round);
  change_folder(false);
  repeat(samples, 4 * SECOND, wamr_round);
  return EXIT_SUCCESS;
}

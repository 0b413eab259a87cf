/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A handler for crun: it runs the wasm file of a container by `wasmsig run`,
 * with limits from the container's annotations. The container's root has only
 * that file.
 *
 * Why this needs nothing of the container's root: crun calls load() while the
 * host's files are there. It loads libwasmsig-run.so, with both engines, into
 * crun's process. The container's first process is a copy of that process
 * (clone(2)), so the code is mapped there, whatever its root is. No descriptor
 * of the host stays open: crun closes all of them before run().
 *
 * Where the annotations come from: the layout of crun's structures differs
 * between versions, and is not read. crun changes to the bundle's folder before
 * it calls load(), so the configuration is read from there as the specification
 * has it.
 *
 * Why the program has a thread of its own: crun makes the process by clone(2),
 * of which the C library does not know. It takes the number of the first thread
 * for that of crun's, and pthread_getattr_np() and others fail there. A new
 * thread is known to it. The first one blocks all signals and waits.
 *
 * Errors: crun's functions for errors cannot be called from a handler in all
 * versions. A wrong annotation is printed, and ends crun before there is a
 * container, with the status that crun has for its own errors.
 */
#include "annotations.h"
#include "crun.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define CONFIGURATION \
  "config.json" /* of the bundle: OCI runtime specification */
#define LIBRARY "libwasmsig-run.so"

EXPORTED struct crun_handler *run_oci_handler_get_handler(void);

typedef int command_function(int argc, char **argv);

/* A container, from load() to unload(). */
struct plan {
  command_function *check;
  command_function *run;
  bool is_read; /* else its configuration is not where load() looks */
  struct crun_options options;
};

/* ------------------------------------------------------------- the library */

/* ../../wasmsig/ of this file, where `make install` has it. Links are followed:
 * crun's folder of handlers may have one that leads here. */
static bool find_library(char path[PATH_MAX]) {
  Dl_info here;
  if (!dladdr((void *)(uintptr_t)run_oci_handler_get_handler, &here) ||
      !realpath(here.dli_fname, path))
    return false;
  for (int level = 0; level < 3; level++) {
    char *slash = strrchr(path, '/');
    if (!slash) return false;
    *slash = '\0';
  }
  static const char rest[] = "/wasmsig/" LIBRARY;
  size_t length = strlen(path);
  if (length + sizeof rest > PATH_MAX) return false;
  memcpy(path + length, rest, sizeof rest);
  return true;
}

static bool load_library(struct plan *plan) {
  char path[PATH_MAX];
  void *library =
      find_library(path) ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!library) {
    fprintf(stderr, "wasmsig: " LIBRARY " cannot be loaded: %s\n", dlerror());
    return false;
  }
  *(void **)&plan->check = dlsym(library, "wasmsig_embedded_check");
  *(void **)&plan->run = dlsym(library, "wasmsig_embedded_run");
  if (plan->check && plan->run) return true;
  fprintf(stderr, "wasmsig: %s is of another version\n", path);
  return false;
}

/* -------------------------------------------------------------- the options */

/* run, the annotations, `more`, and `rest` up to its NULL. */
static char **make_command_line(const struct plan *plan, char *const more[],
                                char *const rest[], int *count) {
  size_t length = 2 + (size_t)plan->options.count;
  for (size_t i = 0; more[i]; i++) length++;
  for (size_t i = 0; rest[i]; i++) length++;
  char **words = calloc(length, sizeof *words);
  if (!words) return NULL;
  int n = 0;
  words[n++] = (char *)"run";
  for (int i = 0; i < plan->options.count; i++)
    words[n++] = plan->options.words[i];
  for (size_t i = 0; more[i]; i++) words[n++] = more[i];
  for (size_t i = 0; rest[i]; i++) words[n++] = rest[i];
  *count = n;
  return words;
}

static bool check_options(const struct plan *plan) {
  static char *const none[] = {NULL};
  static char *const file[] = {(char *)"app.wasm", NULL};
  int count = 0;
  char **words = make_command_line(plan, none, file, &count);
  bool is_right = words && plan->check(count, words) < 0;
  free(words);
  return is_right;
}

/* ------------------------------------------------------------- the handler */

static int load(void **cookie, struct crun_error **error) {
  (void)error;
  struct plan *plan = calloc(1, sizeof *plan);
  int status = plan ? crun_read_annotations(CONFIGURATION, &plan->options) : -1;
  if (status < 0 || !load_library(plan) || !check_options(plan))
    exit(EXIT_FAILURE);
  plan->is_read = status == 0;
  *cookie = plan;
  return 0;
}

static int unload(void *cookie, struct crun_error **error) {
  struct plan *plan = cookie;
  (void)error;
  if (plan) crun_options_free(&plan->options);
  free(plan);
  return 0;
}

/* The command line, for the thread of the program. */
struct start {
  command_function *run;
  char **words;
  int count;
};

/* As after execve(2): no handler and no blocked signal of crun's is left. */
static void become_the_program(void) {
  sigset_t none;
  for (int number = 1; number <= SIGRTMAX; number++) signal(number, SIG_DFL);
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static void *run_program(void *argument) {
  struct start *start = argument;
  become_the_program();
  exit(start->run(start->count, start->words));
}

/* Ends the process, as the program does. */
static int run_in_thread(struct start *start) {
  struct rlimit stack;
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  pthread_attr_init(&attributes);
  if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur != RLIM_INFINITY)
    pthread_attr_setstacksize(&attributes, stack.rlim_cur);
  int error = pthread_create(&thread, &attributes, run_program, start);
  if (!error) pthread_join(thread, NULL);
  fprintf(stderr, "wasmsig: no thread can start: %s\n", strerror(error));
  exit(EXIT_FAILURE);
}

/* ----------------------------------------------------------------- folders */

enum { MOST_FOLDERS = 64 };

/* In /proc/self/mem a guest could write to the engine, and to its own limits.
 * The kernel's folders are not for guests. */
static bool is_for_guests(const char *name) {
  static const char *const others[] = {".", "..", "proc", "sys", "dev"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(others[i], name) == 0) return false;
  return strstr(name, "::") == NULL; /* --dir has another meaning for it */
}

static bool is_folder(const char *name) {
  char path[NAME_MAX + 2];
  snprintf(path, sizeof path, "/%s", name);
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) close(folder);
  return folder >= 0;
}

/* A --dir for each folder of the root that the user may read. */
static int find_folders(char *words[MOST_FOLDERS]) {
  int count = 0;
  struct dirent *entry;
  DIR *root = opendir("/");
  if (!root) return 0;
  while (count < MOST_FOLDERS - 1 && (entry = readdir(root))) {
    const char *name = entry->d_name;
    if (is_for_guests(name) && is_folder(name) &&
        asprintf(&words[count], "--dir=/%s", name) > 0)
      count++;
  }
  closedir(root);
  return count;
}

/* The program has the container's arguments, variables and folders. */
static int run(void *cookie, struct crun_container *container, const char *path,
               char *const argv[]) {
  struct plan *plan = cookie;
  struct start start = {.run = plan->run};
  char *more[MOST_FOLDERS + 4] = {NULL};
  (void)container;
  if (!plan->is_read) {
    fputs("wasmsig: there is no " CONFIGURATION " in the bundle\n", stderr);
    exit(EXIT_FAILURE);
  }
  int count = find_folders(more);
  more[count++] = (char *)"--no-cache";
  more[count++] = (char *)"--env-inherit";
  more[count++] = (char *)"--";
  more[count] = (char *)path;
  start.words = make_command_line(plan, more, argv + 1, &start.count);
  if (!start.words) exit(EXIT_FAILURE);
  return run_in_thread(&start);
}

struct crun_handler *run_oci_handler_get_handler(void) {
  static struct crun_handler handler = {
      .name = "wasmsig",
      .feature = "wasmsig",
      .load = load,
      .unload = unload,
      .run = run,
  };
  return &handler;
}

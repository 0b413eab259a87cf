/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The runtime starts itself again: under --watch, when its configuration or a
 * Worker changes, it replaces itself by exec. The environment has no settings
 * any more by then, so the new image would run without limits. Here exec's
 * functions put them back, for that one call.
 *
 * Only for that call:
 *  1. The process is the one that took the settings. A child has another id,
 *     also a child by vfork(), and whatever it starts gets none. posix_spawn()
 *     of the C library does not use these functions at all.
 *  2. What is started is the executable that runs, or a newer one at its path:
 *     the runtime watches that file, too.
 *  3. The variables are in an array for the call. The process's own environment
 *     stays as it is, and a call that fails leaves nothing behind.
 *
 * A start without limits is never the fallback: a library that is not there any
 * more, or memory that is out, ends the process.
 *
 * A child may call these functions where its parent has threads. So what a
 * child reaches takes no lock: the next function is found before main().
 */
#include "reexec.h"

#include "fatal.h"
#include "report.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define MOST_KEPT 16

extern char **environ;

typedef int start_function(const char *, char *const *, char *const *);

static struct {
  pid_t process; /* 0: there are no settings */
  char *program;
  char *library;
  char *kept[MOST_KEPT]; /* "NAME=value" */
  size_t count;
} own;

/* --------------------------------------------------------------- prepare */

static bool keep(const char *name) {
  const char *value = getenv(name);
  if (!value) return true;
  if (own.count == MOST_KEPT) return false;
  if (asprintf(&own.kept[own.count], "%s=%s", name, value) < 0) return false;
  own.count++;
  return true;
}

/* Where a path cannot be preloaded, the library was opened for its loader. */
static void close_descriptor(const char *library) {
  int descriptor, end = 0;
  if (sscanf(library, "/proc/self/fd/%d%n", &descriptor, &end) == 1 &&
      library[end] == '\0')
    close(descriptor);
}

bool wkd_reexec_prepare(const char *const *names, size_t count,
                        const char *library) {
  own.program = realpath("/proc/self/exe", NULL);
  own.library = realpath(library, NULL);
  if (!own.program || !own.library) return false;
  for (size_t i = 0; i < count; i++)
    if (!keep(names[i])) return false;
  close_descriptor(library);
  own.process = getpid();
  return true;
}

/* ------------------------------------------------------------- is it that */

static bool is_same_file(const char *path, const char *other) {
  char *file = realpath(path, NULL), *other_file = realpath(other, NULL);
  bool is_same = file && other_file && strcmp(file, other_file) == 0;
  free(file);
  free(other_file);
  return is_same;
}

/* At the path where it was, or where it is now. */
static bool is_own_start(const char *path) {
  if (own.process == 0 || getpid() != own.process) return false;
  return strcmp(path, own.program) == 0 || is_same_file(path, own.program) ||
         is_same_file(path, "/proc/self/exe");
}

/* ------------------------------------------------------------ environment */

/* "LD_PRELOAD=library:others". ld.so separates by spaces and colons; a path
 * that has one is opened, and `*descriptor` closed by the next image. */
static char *preload_variable(const char *others, int *descriptor) {
  char opened[40], *variable;
  const char *library = own.library;
  int file = open(library, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    wkd_fatal("the library is missing; a reload would remove the limits");
  if (strpbrk(library, " :")) {
    *descriptor = fcntl(file, F_DUPFD, 3);
    snprintf(opened, sizeof opened, "/proc/self/fd/%d", *descriptor);
    library = opened;
  }
  close(file);
  if (asprintf(&variable, "LD_PRELOAD=%s%s%s", library, others ? ":" : "",
               others ? others : "") < 0)
    wkd_fatal("out of memory");
  return variable;
}

static bool has_name(const char *variable, const char *other) {
  size_t length = strcspn(other, "=") + 1;
  return strncmp(variable, other, length) == 0;
}

static bool is_replaced(const char *variable) {
  for (size_t i = 0; i < own.count; i++)
    if (has_name(variable, own.kept[i])) return true;
  return has_name(variable, "LD_PRELOAD=");
}

static const char *value_of(const char *name, char *const *variables) {
  for (; *variables; variables++)
    if (has_name(*variables, name)) return *variables + strlen(name);
  return NULL;
}

/* Of `variables`, and of what is kept; free() it, and its first string. */
static char **restored(char *const *variables, int *descriptor) {
  size_t count = 0;
  while (variables[count]) count++;
  char **all = calloc(count + own.count + 2, sizeof *all);
  if (!all) wkd_fatal("out of memory");
  size_t end = 0;
  all[end++] = preload_variable(value_of("LD_PRELOAD=", variables), descriptor);
  for (size_t i = 0; i < own.count; i++) all[end++] = own.kept[i];
  for (size_t i = 0; i < count; i++)
    if (!is_replaced(variables[i])) all[end++] = variables[i];
  return all;
}

/* -------------------------------------------------------- exec's functions */

static start_function *next_execve;

__attribute__((constructor)) static void find_next(void) {
  next_execve = (start_function *)(uintptr_t)dlsym(RTLD_NEXT, "execve");
}

static int start_again(const char *path, char *const *arguments,
                       char *const *variables) {
  int descriptor = -1;
  char **all = restored(variables, &descriptor);
  wkd_report_flush();
  next_execve(path, arguments, all);
  int error = errno;
  if (descriptor >= 0) close(descriptor);
  free(all[0]);
  free(all);
  errno = error;
  return -1;
}

EXPORTED int execve(const char *path, char *const *arguments,
                    char *const *variables) {
  if (!next_execve) find_next();
  if (is_own_start(path)) return start_again(path, arguments, variables);
  return next_execve(path, arguments, variables);
}

EXPORTED int execv(const char *path, char *const *arguments) {
  return execve(path, arguments, environ);
}

/* A name without a slash is searched in PATH, which the runtime's is not. */
EXPORTED int execvp(const char *file, char *const *arguments) {
  if (strchr(file, '/') && is_own_start(file))
    return execve(file, arguments, environ);
  return execvpe(file, arguments, environ);
}

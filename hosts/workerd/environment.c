/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "environment.h"

#include "reexec.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *this_library(void) {
  static const char here;
  Dl_info info;
  return dladdr(&here, &info) && info.dli_fname ? info.dli_fname : "";
}

static bool is_this_library(const char *path, size_t length) {
  const char *name = this_library();
  return strlen(name) == length && memcmp(name, path, length) == 0;
}

/* LD_PRELOAD without this library; its list is separated by spaces or colons
 * (ld.so(8)). */
static void leave_preload(void) {
  const char *list = getenv("LD_PRELOAD");
  if (!list) return;
  char *others = calloc(1, strlen(list) + 1);
  if (!others) return;
  char *end = others;
  for (size_t length; *list; list += length) {
    list += strspn(list, " :");
    length = strcspn(list, " :");
    if (length == 0 || is_this_library(list, length)) continue;
    if (end > others) *end++ = ':';
    memcpy(end, list, length);
    end += length;
  }
  if (*others)
    setenv("LD_PRELOAD", others, 1);
  else
    unsetenv("LD_PRELOAD");
  free(others);
}

const char *wkd_environment_leave(void) {
  static const char *const names[] = {
      "WASMSIG_WORKERD_HARD_NS",    "WASMSIG_WORKERD_SOFT_NS",
      "WASMSIG_WORKERD_STARTUP_NS", "WASMSIG_WORKERD_LOG",
      "WASMSIG_WORKERD_LOG_FORMAT", "WASMSIG_WORKERD_METRICS",
      "WASMSIG_WORKERD_TERMINATED", "WASMSIG_WORKERD_RUNTIME"};
  size_t count = sizeof names / sizeof *names;
  bool is_prepared = wkd_reexec_prepare(names, count, this_library());
  for (size_t i = 0; i < count; i++) unsetenv(names[i]);
  leave_preload();
  return is_prepared ? NULL : "they cannot be kept for a reload";
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "observer.h"

#include "common.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "wasmsig"
#define TASKS "/proc/self/task"
#define SLEEPS "voluntary_ctxt_switches:"

static FILE *open_file(pid_t thread, const char *name) {
  char path[64];
  snprintf(path, sizeof path, TASKS "/%d/%s", thread, name);
  return fopen(path, "re");
}

/* Of an entry of TASKS. */
static int is_watchdog(const struct dirent *entry) {
  pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10); /* of "..": 0 */
  FILE *file = open_file(thread, "comm");
  if (!file) return false;
  char name[32] = "";
  bool is_named = fgets(name, sizeof name, file) && !strcmp(name, NAME "\n");
  fclose(file);
  return is_named;
}

pid_t observer_find(void) {
  struct dirent **entries;
  int count = scandir(TASKS, &entries, is_watchdog, NULL);
  if (count < 0) fail_errno(TASKS);
  pid_t found = count ? (pid_t)strtol(entries[0]->d_name, NULL, 10) : 0;
  for (int i = 0; i < count; i++) free(entries[i]);
  free(entries);
  return found;
}

int64_t observer_cpu_ns(pid_t thread) {
  FILE *file = open_file(thread, "schedstat");
  if (!file) return 0;
  char line[128] = "";
  char *read = fgets(line, sizeof line, file);
  fclose(file);
  return read ? strtoll(line, NULL, 10) : 0;
}

int64_t observer_sleeps(pid_t thread) {
  FILE *file = open_file(thread, "status");
  if (!file) return 0;
  char line[128];
  int64_t sleeps = 0;
  while (fgets(line, sizeof line, file))
    if (!strncmp(line, SLEEPS, strlen(SLEEPS)))
      sleeps = strtoll(line + strlen(SLEEPS), NULL, 10);
  fclose(file);
  return sleeps;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which starts receive the settings: only those of the same executable, by the
 * process that took them.
 *
 *     workerd_reexec
 *
 * It starts itself with the name of a step. Prints what was wrong; its exit
 * status is 1 then.
 */
#include "reexec.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "WASMSIG_WORKERD_HARD_NS"

extern char **environ;

static const char *const names[] = {NAME, "WASMSIG_WORKERD_LOG"};
static char library[PATH_MAX]; /* no library: the loader skips it */
static char own[PATH_MAX];
static int failures;

static void expect(int is_so, const char *what) {
  if (is_so) return;
  printf("not so: %s (LD_PRELOAD=%s)\n", what, getenv("LD_PRELOAD"));
  failures++;
}

static int has_settings(void) {
  const char *value = getenv(NAME);
  return value && strcmp(value, "50") == 0;
}

static int has_none(void) { return !getenv(NAME) && !getenv("LD_PRELOAD"); }

/* As settings.c does it. */
static void take(void) {
  setenv(NAME, "50", 1);
  if (!wkd_reexec_prepare(names, sizeof names / sizeof *names, library))
    exit(EXIT_FAILURE);
  unsetenv(NAME);
  unsetenv("LD_PRELOAD");
}

/* In a child that takes the settings, or whose parent has: its exit status. */
static int in_child(int takes, void (*start)(void)) {
  int status;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    if (takes) take();
    start();
    _exit(99);
  }
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

/* ------------------------------------------------------------------ starts */

static char *again[] = {own, "settings", library, NULL};
static char *without[] = {own, "none", library, NULL};

static void by_execve(void) { execve(own, again, environ); }
static void by_execv(void) { execv(own, again); }
static void by_execvp(void) { execvp(own, again); }
static void by_link(void) { execv("/proc/self/exe", again); }

static void with_other_variables(void) {
  char *variables[] = {"OTHER=1", NAME "=1", "LD_PRELOAD=/dev/null", NULL};
  char *arguments[] = {own, "others", library, NULL};
  execve(own, arguments, variables);
}

static void after_a_failure(void) {
  char *arguments[] = {own, "settings", library, NULL};
  char moved[PATH_MAX + 10];
  snprintf(moved, sizeof moved, "%s-moved", own);
  if (rename(own, moved) != 0) return;
  int failed = execve(own, arguments, environ), error = errno;
  if (rename(moved, own) != 0 || failed != -1 || error != ENOENT) return;
  if (has_none()) execve(own, arguments, environ);
}

static void from_child(void) { execv(own, without); }

static void a_child_of_its_own(void) { _exit(in_child(0, from_child)); }

static void another_program(void) {
  char *arguments[] = {"/bin/sh", "-c",
                       "[ -z \"$" NAME "$LD_PRELOAD\" ] && exit 42", NULL};
  execvp("/bin/sh", arguments);
}

static void another_in_path(void) {
  char *arguments[] = {"sh", "-c", "[ -z \"$" NAME "$LD_PRELOAD\" ] && exit 42",
                       NULL};
  execvp("sh", arguments);
}

/* ------------------------------------------------------------------- steps */

static int expects_settings(void) {
  const char *list = getenv("LD_PRELOAD");
  if (!has_settings() || !list || getenv("WASMSIG_WORKERD_LOG")) return 1;
  if (strchr(library, ' ') == NULL) return strcmp(list, library) ? 2 : 42;
  /* By a descriptor, which is closed when the settings are taken again. */
  char target[PATH_MAX], descriptor[PATH_MAX];
  snprintf(descriptor, sizeof descriptor, "%s", list);
  char *name = realpath(descriptor, target);
  if (!name || strcmp(name, library) != 0) return 3;
  if (!wkd_reexec_prepare(names, 2, descriptor)) return 4;
  return access(descriptor, F_OK) == 0 ? 5 : 42;
}

static int expects_others(void) {
  const char *list = getenv("LD_PRELOAD"), *other = getenv("OTHER");
  size_t length = list ? strlen(list) : 0;
  return has_settings() && other && strcmp(other, "1") == 0 && length > 10 &&
                 strcmp(list + length - 10, ":/dev/null") == 0
             ? 42
             : 1;
}

static int step(const char *name) {
  if (strcmp(name, "settings") == 0) return expects_settings();
  if (strcmp(name, "others") == 0) return expects_others();
  return has_none() ? 42 : 1;
}

static void try_all(void) {
  expect(in_child(1, by_execve) == 42, "execve keeps the settings");
  expect(in_child(1, by_execv) == 42, "execv keeps them");
  expect(in_child(1, by_execvp) == 42, "execvp keeps them");
  expect(in_child(1, by_link) == 42, "another path of the file keeps them");
  expect(in_child(1, with_other_variables) == 42, "other variables stay");
  expect(in_child(1, after_a_failure) == 42, "a start that fails is repeated");
  expect(in_child(1, a_child_of_its_own) == 42, "a child starts with none");
  expect(in_child(1, another_program) == 42, "another program has none");
  expect(in_child(1, another_in_path) == 42, "a program in PATH has none");
  expect(in_child(0, from_child) == 42, "without settings nothing is added");
}

/* A copy of this program in a folder, which it may rename. */
static int copy_into(char *folder) {
  char command[3 * PATH_MAX], running[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", running, sizeof running - 1);
  if (length <= 0 || !mkdtemp(folder)) return 0;
  running[length] = '\0';
  snprintf(own, sizeof own, "%s/program", folder);
  snprintf(command, sizeof command, "cp '%s' '%s' && : >'%s/a b' && : >'%s/ab'",
           running, own, folder, folder);
  return system(command) == 0;
}

static int all_in(const char *folder) {
  char command[PATH_MAX];
  char *main_step[] = {own, "all", library, NULL};
  for (const char *const *name = (const char *const[]){"ab", "a b", NULL};
       *name; name++) {
    int status;
    snprintf(library, sizeof library, "%s/%s", folder, *name);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      execv(own, main_step);
      _exit(99);
    }
    waitpid(child, &status, 0);
    if (status != 0) failures++;
  }
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  return system(command) == 0 && failures == 0;
}

int main(int argc, char **argv) {
  char folder[] = "/tmp/wasmsig-reexec-XXXXXX";
  if (argc == 1)
    return copy_into(folder) && all_in(folder) ? EXIT_SUCCESS : EXIT_FAILURE;
  if (argc != 3) return 2;
  snprintf(own, sizeof own, "%s", argv[0]);
  snprintf(library, sizeof library, "%s", argv[2]);
  if (strcmp(argv[1], "all") != 0) return step(argv[1]);
  try_all();
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

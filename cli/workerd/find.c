/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "workerd/find.h"

#include "text/messages.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__aarch64__)
#define NPM_PACKAGE "@cloudflare/workerd-linux-arm64"
#else
#define NPM_PACKAGE "@cloudflare/workerd-linux-64"
#endif

/* ------------------------------------------------------------- executables */

enum kind { NOTHING, SCRIPT, STATIC, DYNAMIC };

/* A preloaded library is loaded by the interpreter that the file names. */
static bool names_interpreter(int file, const Elf64_Ehdr *header) {
  for (unsigned i = 0; i < header->e_phnum; i++) {
    Elf64_Phdr segment;
    off_t at = (off_t)(header->e_phoff + i * sizeof segment);
    if (pread(file, &segment, sizeof segment, at) != sizeof segment)
      return false;
    if (segment.p_type == PT_INTERP) return true;
  }
  return false;
}

static enum kind kind_of(const char *path) {
  Elf64_Ehdr header = {0};
  enum kind kind = NOTHING;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return NOTHING;
  ssize_t length = read(file, &header, sizeof header);
  if (length >= 2 && memcmp(&header, "#!", 2) == 0)
    kind = SCRIPT;
  else if (length == (ssize_t)sizeof header &&
           memcmp(header.e_ident, ELFMAG, SELFMAG) == 0)
    kind = names_interpreter(file, &header) ? DYNAMIC : STATIC;
  close(file);
  return kind;
}

/* ------------------------------------------------------------------ npm's */

/* PLACE/node_modules/PACKAGE/bin/workerd, from `folder` upwards. */
static char *find_in_modules(const char *folder, const char *package) {
  char place[PATH_MAX], path[2 * PATH_MAX];
  snprintf(place, sizeof place, "%s", folder);
  for (;;) {
    snprintf(path, sizeof path, "%s/node_modules/%s/bin/workerd", place,
             package);
    if (kind_of(path) != NOTHING) return realpath(path, NULL);
    char *slash = strrchr(place, '/');
    if (!slash) return NULL;
    *slash = '\0';
  }
}

static char *find_package(const char *folder) {
  char *found = find_in_modules(folder, NPM_PACKAGE);
  return found ? found : find_in_modules(folder, "workerd");
}

static char *find_in_path(void) {
  const char *list = getenv("PATH");
  char path[PATH_MAX];
  for (size_t length; list && *list; list += length + (list[length] == ':')) {
    length = strcspn(list, ":");
    snprintf(path, sizeof path, "%.*s/workerd", (int)length, list);
    if (access(path, X_OK) == 0) return realpath(path, NULL);
  }
  return NULL;
}

static char *find_any(void) {
  char folder[PATH_MAX];
  char *found = getcwd(folder, sizeof folder) ? find_package(folder) : NULL;
  return found ? found : find_in_path();
}

/* ------------------------------------------------------------------- both */

/* npm's command is a script that starts the executable of another package. */
static char *behind_script(char *script) {
  char *folder = strdup(script);
  char *slash = folder ? strrchr(folder, '/') : NULL;
  if (slash) *slash = '\0';
  char *found = folder ? find_in_modules(folder, NPM_PACKAGE) : NULL;
  free(folder);
  free(script);
  return found;
}

char *cli_find_workerd(const char *given) {
  char *path = given ? realpath(given, NULL) : find_any();
  if (!path) {
    cli_message(given ? "%s: there is no such file"
                      : "there is no workerd in node_modules or PATH; "
                        "--workerd names one",
                given);
    return NULL;
  }
  if (kind_of(path) == SCRIPT && !(path = behind_script(path))) {
    cli_message("%s: a script; --workerd names the executable",
                given ? given : "workerd");
    return NULL;
  }
  if (kind_of(path) == DYNAMIC) return path;
  cli_message(
      "%s: no executable that can be limited: it is not dynamically "
      "linked, or not for Linux",
      path);
  free(path);
  return NULL;
}

char *cli_find_workerd_library(void) {
  static const char *const places[] = {"", WASMSIG_LIBRARY_FROM_BIN};
  char here[PATH_MAX], path[2 * PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", here, sizeof here - 1);
  here[length > 0 ? length : 0] = '\0';
  char *slash = strrchr(here, '/');
  if (slash) *slash = '\0';
  for (size_t i = 0; slash && i < sizeof places / sizeof *places; i++) {
    snprintf(path, sizeof path, "%s/%slibwasmsig-workerd.so", here, places[i]);
    if (access(path, R_OK) == 0) return realpath(path, NULL);
  }
#ifdef __GLIBC__
  cli_message("libwasmsig-workerd.so is not beside this command");
#else
  cli_message(
      "workerd is a program for glibc, and this command is for musl: "
      "use the wasmsig for glibc");
#endif
  return NULL;
}

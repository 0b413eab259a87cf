/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* `wasmsig cache`: lists or deletes the compiled modules. */
#include "compiled/cache.h"
#include "cli.h"
#include "text/exit_status.h"
#include "text/help.h"
#include "text/messages.h"
#include "text/print.h"
#include "text/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------ entries */

/* False: it is too long for a path. */
static bool path_in(char path[PATH_MAX], const char *folder, const char *file) {
  int length = snprintf(path, PATH_MAX, "%s/%s", folder, file);
  return length > 0 && length < PATH_MAX;
}

/* The file that the module was in. */
static void print_source(const char *path) {
  struct cli_compiled compiled;
  const char *why = cli_compiled_open(&compiled, path, CLI_WRITERS_OURS);
  if (why) {
    printf("(unusable: %s)", why);
    return;
  }
  char *name = strndup((const char *)compiled.name.start, compiled.name.length);
  cli_print_name(name ? name : "?");
  free(name);
  cli_compiled_close(&compiled);
}

static void print_entry(const char *folder,
                        const struct cli_cache_entry *entry) {
  char path[PATH_MAX], when[32] = "";
  time_t seconds = (time_t)(entry->used_ns / 1000000000);
  struct tm local;
  if (localtime_r(&seconds, &local))
    strftime(when, sizeof when, "%Y-%m-%d %H:%M", &local);
  printf("%9.1f  %-16s  ", (double)entry->size / (1 << 20), when);
  if (path_in(path, folder, entry->file)) print_source(path);
  putchar('\n');
}

static void list(const char *folder, const struct cli_cache_entries *entries) {
  if (entries->count > 0) puts("      MiB  used              module");
  for (size_t i = 0; i < entries->count; i++)
    print_entry(folder, &entries->list[i]);
  printf("%zu module%s, %.1f of %.1f MiB in ", entries->count,
         entries->count == 1 ? "" : "s", (double)entries->size / (1 << 20),
         (double)cli_cache_size() / (1 << 20));
  cli_print_name(folder);
  putchar('\n');
}

/* A folder is none of ours, but would keep its name from an entry. Only an
 * empty one is deleted. */
static bool delete_entry(const char *path) {
  return unlink(path) == 0 || errno == ENOENT ||
         (errno == EISDIR && rmdir(path) == 0);
}

/* Returns the exit status. */
static int clear(const char *folder, const struct cli_cache_entries *entries) {
  char path[PATH_MAX];
  int status = CLI_OK;
  for (size_t i = 0; i < entries->count; i++) {
    if (path_in(path, folder, entries->list[i].file) && delete_entry(path))
      continue;
    cli_message("%s: %s", path,
                errno == ENOTEMPTY ? "a folder that is not empty is kept"
                                   : strerror(errno));
    status = CLI_FAILED;
  }
  return status;
}

/* ---------------------------------------------------------------- commands */

static int with_entries(bool clears) {
  struct cli_cache_entries entries;
  const char *folder = cli_cache_folder();
  if (!folder) {
    cli_message("there is no cache: WASMSIG_CACHE is off, or HOME is not set");
    return CLI_FAILED;
  }
  if (!cli_cache_entries_read(&entries, folder) && errno != ENOENT) {
    cli_message("%s: %s", folder, strerror(errno));
    return CLI_FAILED;
  }
  int status = clears ? clear(folder, &entries) : CLI_OK;
  if (!clears) list(folder, &entries);
  cli_cache_entries_release(&entries);
  return cli_finish_output(status);
}

int cli_cache(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0)
    return cli_print(cli_help_cache);
  if (argc > 2)
    return cli_usage_error("cache", "'%s' is one word too many", argv[2]);
  if (strcmp(what, "list") == 0)
    return cli_cache_size_is_right("cache") ? with_entries(false) : CLI_USAGE;
  if (strcmp(what, "clear") == 0) return with_entries(true);
  return what[0] == '\0'
             ? cli_usage_error("cache", "list or clear is missing")
             : cli_usage_error("cache", "'%s' is not list or clear", what);
}

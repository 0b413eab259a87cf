/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "run/wasi_options.h"

#include "text/escape.h"
#include "text/exit_status.h"
#include "text/messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOT_UTF8 "it is not UTF-8, which Wasmtime needs"

static void *grow(void *array, size_t count, size_t size) {
  void *more = reallocarray(array, count + 1, size);
  if (more) return more;
  cli_message("out of memory");
  exit(CLI_FAILED);
}

/* ----------------------------------------------------------------- folders */

static bool is_folder(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) {
    cli_usage_error("run", "--dir: %s: %s", path, strerror(errno));
    return false;
  }
  if (S_ISDIR(status.st_mode)) return true;
  cli_usage_error("run", "--dir: %s is not a folder", path);
  return false;
}

/* WAMR expects "GUEST::HOST", and splits it at the first '::'. */
static bool is_name_for_guest(const char *name) {
  return !strstr(name, "::") && name[strlen(name) - 1] != ':';
}

/* Cuts "::ro" off the end, if it is there. */
static bool cut_read_only(char *text) {
  static const char mark[] = "::ro";
  size_t length = strlen(text), cut = sizeof mark - 1;
  if (length < cut || strcmp(text + length - cut, mark) != 0) return false;
  text[length - cut] = '\0';
  return true;
}

static bool is_complete(const struct cli_folder *folder) {
  if (folder->host[0] != '\0' && folder->guest[0] != '\0') return true;
  cli_usage_error(
      "run",
      "--dir: write FOLDER, or FOLDER::NAME-FOR-GUEST, and ::ro at the "
      "end if it is read-only");
  return false;
}

bool cli_take_folder(struct cli_wasi_setup *wasi, char *text) {
  struct cli_folder folder = {text, text, cut_read_only(text)};
  char *separator = strstr(text, "::");
  if (separator) {
    *separator = '\0';
    folder.guest = separator + 2;
  }
  if (!is_complete(&folder)) return false;
  if (!is_name_for_guest(folder.guest)) {
    cli_usage_error("run",
                    "--dir: '%s' is no valid name: it must not contain "
                    "'::' or end with ':'",
                    folder.guest);
    return false;
  }
  if (!is_folder(folder.host)) return false;
  wasi->folders = grow(wasi->folders, wasi->folder_count, sizeof folder);
  wasi->folders[wasi->folder_count++] = folder;
  return true;
}

/* ------------------------------------------------------------- environment */

/* The place of the variable among those with a value; their count: it is none
 * of them. */
static size_t place_of(const struct cli_wasi_setup *wasi, const char *name) {
  size_t i = 0;
  while (i < wasi->variable_count && strcmp(wasi->names[i], name) != 0) i++;
  return i;
}

/* As with env(1), the last value of a name counts. */
static void set_variable(struct cli_wasi_setup *wasi, const char *name,
                         const char *value) {
  size_t count = wasi->variable_count, place = place_of(wasi, name);
  if (place == count) {
    wasi->names = grow(wasi->names, count, sizeof *wasi->names);
    wasi->values = grow(wasi->values, count, sizeof *wasi->values);
    wasi->variable_count++;
  }
  wasi->names[place] = name;
  wasi->values[place] = value;
}

bool cli_take_variable(struct cli_wasi_setup *wasi, char *text) {
  char *equals = strchr(text, '=');
  const char *value = equals ? equals + 1 : getenv(text);
  if (equals) *equals = '\0';
  if (text[0] == '\0') {
    cli_usage_error("run", "--env: write NAME=VALUE, or NAME to pass on ours");
    return false;
  }
  if (!value) {
    cli_usage_error("run", "--env: %s is not in the environment", text);
    return false;
  }
  set_variable(wasi, text, value);
  return true;
}

static char *copy_of(const char *text, size_t length) {
  char *copy = strndup(text, length);
  if (copy) return copy;
  cli_message("out of memory");
  exit(CLI_FAILED);
}

static void inherit(struct cli_wasi_setup *wasi, const char *name,
                    const char *value, bool needs_utf8) {
  if (needs_utf8 && !(cli_is_utf8(name) && cli_is_utf8(value)))
    cli_message("--env-inherit: %s is left out: " NOT_UTF8, name);
  else
    set_variable(wasi, name, value);
}

void cli_inherit_environment(struct cli_wasi_setup *wasi, bool needs_utf8) {
  for (char **variable = environ; *variable; variable++) {
    const char *equals = strchr(*variable, '=');
    if (!equals || equals == *variable) continue;
    char *name = copy_of(*variable, (size_t)(equals - *variable));
    if (place_of(wasi, name) == wasi->variable_count)
      inherit(wasi, name, equals + 1, needs_utf8);
    else
      free(name);
  }
}

/* ------------------------------------------------------------------- UTF-8 */

static bool arguments_are_utf8(const struct cli_wasi_setup *wasi) {
  if (!cli_is_utf8(wasi->arguments[0])) {
    cli_usage_error("run", "%s: " NOT_UTF8 "; --argv0 gives another name",
                    wasi->arguments[0]);
    return false;
  }
  for (int i = 1; i < wasi->argument_count; i++) {
    if (cli_is_utf8(wasi->arguments[i])) continue;
    cli_usage_error("run", "argument %d, '%s': " NOT_UTF8, i,
                    wasi->arguments[i]);
    return false;
  }
  return true;
}

static bool are_utf8(const char *option, const char *first,
                     const char *second) {
  if (cli_is_utf8(first) && cli_is_utf8(second)) return true;
  cli_usage_error("run", "%s: %s: " NOT_UTF8, option, first);
  return false;
}

bool cli_setup_is_utf8(const struct cli_wasi_setup *wasi) {
  for (size_t i = 0; i < wasi->variable_count; i++)
    if (!are_utf8("--env", wasi->names[i], wasi->values[i])) return false;
  for (size_t i = 0; i < wasi->folder_count; i++)
    if (!are_utf8("--dir", wasi->folders[i].host, wasi->folders[i].guest))
      return false;
  return arguments_are_utf8(wasi);
}

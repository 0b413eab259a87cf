/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "annotations.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "wasmsig."

/* Options of `wasmsig run` that concern limits, signals and the report. Files,
 * variables and arguments are the container's own. */
static const char *const names[] = {
    "cpu-soft",   "cpu-hard", "cpu-compile", "wall",   "grace",
    "max-memory", "signal",   "forward",     "engine", "stats"};

#define NAMES (sizeof names / sizeof *names)
_Static_assert(NAMES <= CRUN_MOST_OPTIONS, "each option can be there once");

static bool is_known(const char *name) {
  for (size_t i = 0; i < NAMES; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

static void complain_of_name(const char *key) {
  fprintf(stderr, "wasmsig: there is no annotation '%s'; there are", key);
  for (size_t i = 0; i < NAMES; i++)
    fprintf(stderr, "%s " PREFIX "%s", i > 0 ? "," : "", names[i]);
  fputc('\n', stderr);
}

static int take(struct crun_options *options, const char *key,
                const json_t *value) {
  const char *name = key + strlen(PREFIX);
  const char *text = json_string_value(value);
  if (!is_known(name)) return complain_of_name(key), -1;
  if (!text)
    return fprintf(stderr, "wasmsig: the annotation '%s' is no text\n", key),
           -1;
  char **word = &options->words[options->count];
  if (asprintf(word, "--%s=%s", name, text) < 0) return *word = NULL, -1;
  options->count++;
  return 0;
}

static int take_all(struct crun_options *options, json_t *annotations) {
  const char *key;
  json_t *value;
  json_object_foreach(annotations, key, value) {
    bool is_ours = strncmp(key, PREFIX, strlen(PREFIX)) == 0;
    if (is_ours && take(options, key, value) < 0) return -1;
  }
  return 0;
}

int crun_read_annotations(const char *file, struct crun_options *options) {
  json_error_t error;
  memset(options, 0, sizeof *options);
  if (access(file, F_OK) != 0 && errno == ENOENT) return 1;
  json_t *configuration = json_load_file(file, 0, &error);
  if (!configuration) {
    fprintf(stderr, "wasmsig: %s cannot be read: %s\n", file, error.text);
    return -1;
  }
  int status = take_all(options, json_object_get(configuration, "annotations"));
  json_decref(configuration);
  if (status < 0) crun_options_free(options);
  return status;
}

void crun_options_free(struct crun_options *options) {
  while (options->count > 0) free(options->words[--options->count]);
}

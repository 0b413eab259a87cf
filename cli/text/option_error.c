/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/option_error.h"

#include "text/messages.h"

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *name_of(int value, const struct option *known) {
  while (known->name && known->val != value) known++;
  return known->name;
}

/* "--s" abbreviates both "--signal" and "--stats". */
static bool is_ambiguous(const char *name, size_t length,
                         const struct option *known) {
  int count = 0;
  for (; known->name; known++) count += strncmp(known->name, name, length) == 0;
  return count > 1;
}

int cli_option_error(const char *command, const char *word,
                     const struct option *known) {
  int length = (int)strcspn(word, "=");
  const char *name = name_of(optopt, known);
  if (name && strchr(word, '='))
    return cli_usage_error(command, "'--%s' takes no value", name);
  if (name) return cli_usage_error(command, "--%s needs a value", name);
  if (optopt != 0)
    return cli_usage_error(command, "there is no option '-%c'", optopt);
  if (is_ambiguous(word + 2, (size_t)length - 2, known))
    return cli_usage_error(command, "'%.*s' is ambiguous", length, word);
  return cli_usage_error(command, "there is no option '%.*s'", length, word);
}

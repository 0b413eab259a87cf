/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writes a new folder completely, or not at all: it is filled under another
 * name beside, and then renamed.
 *
 * Functions that return false have printed a message, unless they were
 * interrupted.
 */
#ifndef WASMSIG_CLI_FILES_MIRROR_H
#define WASMSIG_CLI_FILES_MIRROR_H

#include "files/tree.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_mirror {
  const char *out; /* the name of the new folder */
  char *beside;    /* its name until it is complete */
  /* A long copy ends early, without a message, when this becomes true. */
  const volatile sig_atomic_t *is_interrupted;
};

/* `out` must not exist, or be an empty folder. */
bool cli_mirror_begin(struct cli_mirror *mirror, const char *out,
                      const volatile sig_atomic_t *is_interrupted);

/* Each makes what an entry of the old folder needs. */
bool cli_mirror_folder(struct cli_mirror *mirror,
                       const struct cli_entry *entry);
bool cli_mirror_link(struct cli_mirror *mirror, const struct cli_entry *entry,
                     const char *target);
bool cli_mirror_file(struct cli_mirror *mirror, const struct cli_entry *entry,
                     const uint8_t *bytes, size_t length);
/* Copies the rest of an open file behind the `length` bytes that were read. If
 * the file itself cannot be read, `*error` is errno, there is no copy, and the
 * result is true. */
bool cli_mirror_copy(struct cli_mirror *mirror, const struct cli_entry *entry,
                     int descriptor, const uint8_t *head, size_t length,
                     int *error);

/* Gives the folders their modes, and the whole its name. */
bool cli_mirror_finish(struct cli_mirror *mirror, const struct cli_tree *tree);
/* Deletes what was made. */
void cli_mirror_drop(struct cli_mirror *mirror);

#endif

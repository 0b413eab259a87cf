/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Compiled modules on disk, so that the second start of a module is quick.
 *
 * Why any number of processes may use the folder at once: an entry is written
 * as a new file, and then renamed. So a name refers to a complete file or to
 * none. Who has opened a file keeps it, also if it is deleted meanwhile. No
 * lock is needed, so none has to work.
 *
 * What is loaded is code that runs with our rights. So the folder and each
 * entry must belong to us or to root, and no one else may be able to write
 * them, nor to replace a folder that leads there. An entry whose checksum or
 * whose module differs is not loaded either, and Wasmtime refuses code of
 * another version, for another processor or with other settings. In each of
 * these cases the module is compiled, and the entry is replaced.
 *
 * An entry's name is a hash of the module, of the engine's version and settings
 * and of the processor's features. If the entries need more than the folder's
 * limit, those that were used last are kept.
 */
#ifndef WASMSIG_CLI_COMPILED_CACHE_H
#define WASMSIG_CLI_COMPILED_CACHE_H

#include "compiled/file.h"

#include <stdbool.h>
#include <stdint.h>

/* What an entry is made of, and for. */
struct cli_cache_key {
  struct cli_bytes module;
  const char *settings; /* version and settings of the engine */
};

/**
 * The folder: $WASMSIG_CACHE, or $XDG_CACHE_HOME/wasmsig/compiled, or
 * ~/.cache/wasmsig/compiled.
 *
 * Returns:   NULL: there is none, as WASMSIG_CACHE is "off", or no folder is
 *            known. Never freed.
 */
const char *cli_cache_folder(void);

/* Most bytes of all entries: $WASMSIG_CACHE_SIZE, or 2 GiB. 0: none is stored.
 */
uint64_t cli_cache_size(void);

/* Whether $WASMSIG_CACHE_SIZE can be used, or is not needed. Otherwise prints
 * what is wrong with it, as wrong usage of `command`. */
bool cli_cache_size_is_right(const char *command);

/* Opens the entry, and notes its use. False: there is none that can be used. */
bool cli_cache_find(const struct cli_cache_key *key,
                    struct cli_compiled *compiled);

/* Stores an entry if possible. A failure has no effect but a slow next start.
 */
void cli_cache_store(const struct cli_cache_key *key, struct cli_bytes code,
                     const char *name);

/* An entry, as `wasmsig cache list` prints it. */
struct cli_cache_entry {
  char *file; /* its name in the folder */
  uint64_t size;
  int64_t used_ns; /* when it was used, since the epoch */
};

struct cli_cache_entries {
  struct cli_cache_entry *list; /* what was used last comes first */
  size_t count;
  uint64_t size; /* of all */
};

/* Reads the folder. False: it cannot be read; errno says why. */
bool cli_cache_entries_read(struct cli_cache_entries *entries,
                            const char *folder);
void cli_cache_entries_release(struct cli_cache_entries *entries);

#endif

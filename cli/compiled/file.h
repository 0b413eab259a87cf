/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Files with compiled modules, which Wasmtime loads without compiling:
 *
 *     compiled code   an ELF file, as wasmtime_module_serialize() makes it
 *     the module      that it was compiled from
 *     a name          of the file that the module was in; not terminated
 *     a trailer       lengths, and a checksum of everything before them
 *
 * The module is in the file for two reasons: `wasmsig run` reads its words, and
 * the cache compares it, byte by byte, with the one that is to run. So no hash
 * has to be free of collisions. Wasmtime ignores what follows the ELF file.
 *
 * The checksum (XXH3, 128 bits) finds damage, not forgery. Whoever can write
 * such a file can run code with the rights of the process that loads it.
 */
#ifndef WASMSIG_CLI_COMPILED_FILE_H
#define WASMSIG_CLI_COMPILED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_bytes {
  const uint8_t *start;
  size_t length;
};

/* The parts of a file. They point into `all`, which is mapped. */
struct cli_compiled {
  int descriptor;
  struct cli_bytes all, code, module, name;
};

#define CLI_COMPILED_NONE {.descriptor = -1}

/* Whether bytes begin as such a file does. A module never does. */
bool cli_is_compiled(const uint8_t *bytes, size_t length);

/* Who may have written a file that is opened. */
enum cli_writers {
  CLI_WRITERS_ANY,  /* the user has said that the file can be trusted */
  CLI_WRITERS_OURS, /* it belongs to us or root, and no one else can write */
};

/**
 * Maps a file and checks it.
 *
 * Returns:   NULL, or why it cannot be used: the rest of a sentence that starts
 *            with its path. It is never freed. Only without an error the caller
 *            closes the file.
 */
const char *cli_compiled_open(struct cli_compiled *compiled, const char *path,
                              enum cli_writers writers);
void cli_compiled_close(struct cli_compiled *compiled);

/* All of a file in memory, for the caller to free; NULL: out of memory. */
uint8_t *cli_compiled_join(struct cli_bytes code, struct cli_bytes module,
                           struct cli_bytes name, size_t *length);

/* Writes the parts of a file and its trailer. False: errno says why. */
bool cli_compiled_write(int descriptor, struct cli_bytes code,
                        struct cli_bytes module, struct cli_bytes name);

#endif

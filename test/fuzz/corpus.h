/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The files of a folder, in memory: the modules that the tests start from. */
#ifndef WSIG_FUZZ_CORPUS_H
#define WSIG_FUZZ_CORPUS_H

#include <stddef.h>
#include <stdint.h>

struct seed {
  uint8_t *bytes;
  size_t length;
};

struct corpus {
  struct seed *seeds;
  size_t count;
};

/** All files whose names do not begin with a dot, by name. Ends the program if
 * there are none, or if one cannot be read. */
struct corpus corpus_load(const char *folder);
void corpus_free(struct corpus *corpus);

/** Module `number`: one of the corpus, changed a few times. `bytes` has space
 * for MUTATE_MOST bytes. Returns its length. */
size_t corpus_mutant(const struct corpus *corpus, uint32_t number,
                     uint8_t *bytes);

#endif

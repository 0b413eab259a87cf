/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files of a folder, all in memory: the modules that tests begin with. */
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

/** All that do not begin with a dot, by name. Ends the program where there is
 * none, or one that cannot be read. */
struct corpus corpus_load(const char *folder);
void corpus_free(struct corpus *corpus);

/** The module of that number: one of the corpus, changed a few times. `bytes`
 * has room for MUTATE_MOST. Answers its length. */
size_t corpus_mutant(const struct corpus *corpus, uint32_t number,
                     uint8_t *bytes);

#endif

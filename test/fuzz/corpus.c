/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "corpus.h"

#include "mutate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void fail(const char *name) {
  perror(name);
  exit(EXIT_FAILURE);
}

static int is_visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static struct seed load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) fail(path);
  struct seed seed = {NULL, (size_t)ftell(file)};
  rewind(file);
  seed.bytes = malloc(seed.length > 0 ? seed.length : 1);
  if (!seed.bytes || fread(seed.bytes, 1, seed.length, file) != seed.length)
    fail(path);
  fclose(file);
  return seed;
}

struct corpus corpus_load(const char *folder) {
  struct dirent **names;
  int count = scandir(folder, &names, is_visible, alphasort);
  if (count <= 0) fail(folder);
  struct corpus corpus = {calloc((size_t)count, sizeof(struct seed)),
                          (size_t)count};
  if (!corpus.seeds) fail("calloc");
  for (int i = 0; i < count; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
    corpus.seeds[i] = load(path);
    free(names[i]);
  }
  free(names);
  return corpus;
}

void corpus_free(struct corpus *corpus) {
  for (size_t i = 0; i < corpus->count; i++) free(corpus->seeds[i].bytes);
  free(corpus->seeds);
}

size_t corpus_mutant(const struct corpus *corpus, uint32_t number,
                     uint8_t *bytes) {
  const struct seed *seed = &corpus->seeds[number % corpus->count];
  uint32_t random = number * 2246822519u + 3266489917u;
  size_t length = seed->length < MUTATE_MOST ? seed->length : MUTATE_MOST;
  memcpy(bytes, seed->bytes, length);
  uint32_t times = random >> 20 & 1 ? 1 : 2 + (random >> 16) % 4;
  for (; times > 0; times--) {
    random = random * 1664525 + 1013904223;
    const struct seed *other = &corpus->seeds[(random >> 8) % corpus->count];
    length = mutate_module(bytes, length, MUTATE_MOST, other->bytes,
                           other->length, random, mutate_plainly);
  }
  return length;
}

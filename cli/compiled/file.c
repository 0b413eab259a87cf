/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compiled/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct trailer {
  char magic[8];
  uint64_t code, module, name; /* lengths */
  uint64_t checksum[2];        /* of the parts and of their lengths */
};

static const char magic[8] = {'w', 's', 'i', 'g', '.', 'c', 'w', '1'};

bool cli_is_compiled(const uint8_t *bytes, size_t length) {
  return length >= 4 && memcmp(bytes, "\177ELF", 4) == 0;
}

/* ---------------------------------------------------------------- checksum */

static void add_part(XXH3_state_t *state, struct cli_bytes part) {
  XXH3_128bits_update(state, part.start, part.length);
}

static void seal(struct trailer *trailer, struct cli_bytes code,
                 struct cli_bytes module, struct cli_bytes name) {
  XXH3_state_t state;
  memset(trailer, 0, sizeof *trailer);
  memcpy(trailer->magic, magic, sizeof magic);
  trailer->code = code.length;
  trailer->module = module.length;
  trailer->name = name.length;
  XXH3_128bits_reset(&state);
  add_part(&state, code);
  add_part(&state, module);
  add_part(&state, name);
  add_part(&state, (struct cli_bytes){(const uint8_t *)&trailer->code,
                                      3 * sizeof trailer->code});
  XXH128_hash_t hash = XXH3_128bits_digest(&state);
  trailer->checksum[0] = hash.low64;
  trailer->checksum[1] = hash.high64;
}

/* ----------------------------------------------------------------- reading */

static bool is_writable_by_others(const struct stat *status) {
  return (status->st_uid != geteuid() && status->st_uid != 0) ||
         (status->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* The lengths are of the file, and their sum does not wrap around. */
static bool lengths_fit(const struct trailer *trailer, size_t length) {
  size_t rest = length - sizeof *trailer;
  if (trailer->code > rest) return false;
  rest -= trailer->code;
  if (trailer->module > rest) return false;
  rest -= trailer->module;
  return trailer->name == rest;
}

static bool split(struct cli_compiled *compiled) {
  struct trailer trailer, expected;
  struct cli_bytes all = compiled->all;
  if (all.length < sizeof trailer) return false;
  memcpy(&trailer, all.start + all.length - sizeof trailer, sizeof trailer);
  if (memcmp(trailer.magic, magic, sizeof magic) != 0) return false;
  if (!lengths_fit(&trailer, all.length)) return false;
  compiled->code = (struct cli_bytes){all.start, trailer.code};
  compiled->module =
      (struct cli_bytes){all.start + trailer.code, trailer.module};
  compiled->name =
      (struct cli_bytes){compiled->module.start + trailer.module, trailer.name};
  seal(&expected, compiled->code, compiled->module, compiled->name);
  return memcmp(&trailer, &expected, sizeof trailer) == 0;
}

static const char *map(struct cli_compiled *compiled, size_t length) {
  if (length == 0) return "it is empty";
  void *start =
      mmap(NULL, length, PROT_READ, MAP_PRIVATE, compiled->descriptor, 0);
  if (start == MAP_FAILED) return strerror(errno);
  compiled->all = (struct cli_bytes){start, length};
  return split(compiled) ? NULL
                         : "it is damaged, or not of wasmsig compile of this "
                           "version";
}

static const char *check_and_map(struct cli_compiled *compiled,
                                 enum cli_writers writers) {
  struct stat status;
  if (fstat(compiled->descriptor, &status) != 0) return strerror(errno);
  if (!S_ISREG(status.st_mode)) return "it is no regular file";
  if (writers == CLI_WRITERS_OURS && is_writable_by_others(&status))
    return "other users may have written it";
  return map(compiled, (size_t)status.st_size);
}

/* A pipe must not block, so O_NONBLOCK. */
const char *cli_compiled_open(struct cli_compiled *compiled, const char *path,
                              enum cli_writers writers) {
  *compiled = (struct cli_compiled)CLI_COMPILED_NONE;
  compiled->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (compiled->descriptor < 0) return strerror(errno);
  const char *why = check_and_map(compiled, writers);
  if (why) cli_compiled_close(compiled);
  return why;
}

void cli_compiled_close(struct cli_compiled *compiled) {
  if (compiled->all.start)
    munmap((void *)(uintptr_t)compiled->all.start, compiled->all.length);
  if (compiled->descriptor >= 0) close(compiled->descriptor);
  *compiled = (struct cli_compiled)CLI_COMPILED_NONE;
}

/* ----------------------------------------------------------------- writing */

static bool write_part(int descriptor, struct cli_bytes part) {
  for (size_t at = 0; at < part.length;) {
    ssize_t count = write(descriptor, part.start + at, part.length - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    at += (size_t)count;
  }
  return true;
}

bool cli_compiled_write(int descriptor, struct cli_bytes code,
                        struct cli_bytes module, struct cli_bytes name) {
  struct trailer trailer;
  seal(&trailer, code, module, name);
  return write_part(descriptor, code) && write_part(descriptor, module) &&
         write_part(descriptor, name) &&
         write_part(descriptor, (struct cli_bytes){(const uint8_t *)&trailer,
                                                   sizeof trailer});
}

static uint8_t *put(uint8_t *at, struct cli_bytes part) {
  memcpy(at, part.start, part.length);
  return at + part.length;
}

uint8_t *cli_compiled_join(struct cli_bytes code, struct cli_bytes module,
                           struct cli_bytes name, size_t *length) {
  struct trailer trailer;
  seal(&trailer, code, module, name);
  *length = code.length + module.length + name.length + sizeof trailer;
  uint8_t *all = malloc(*length);
  if (!all) return NULL;
  uint8_t *at = put(put(put(all, code), module), name);
  memcpy(at, &trailer, sizeof trailer);
  return all;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An executable's own symbols, local ones too, read from its file.
 *
 * dlsym() knows the dynamic symbols only. The names of methods and virtual
 * tables that this library needs are in `.symtab`, which is not loaded.
 */
#ifndef WSIG_WORKERD_BINARY_IMAGE_H
#define WSIG_WORKERD_BINARY_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * `bias` is what the loader has added to the addresses in the file. A file that
 * is not loaded is not `live`: its pointers are read from its relocations.
 */
struct wkd_image {
  const uint8_t *file;
  size_t size;
  const Elf64_Sym *symbols;
  size_t count;
  const char *names;
  size_t names_size;
  uint64_t bias;
  bool live;
};

/** Opens the file of the running program. */
bool wkd_image_open_self(struct wkd_image *image);

/** Opens any 64-bit little-endian ELF file, to be inspected only. */
bool wkd_image_open_file(struct wkd_image *image, const char *path);

void wkd_image_close(struct wkd_image *image);

/** The name of a defined symbol; NULL for others. It ends within the file. */
const char *wkd_image_name(const struct wkd_image *image, size_t index);

/** The pointer that is stored at `address`, as an address of the file. */
bool wkd_image_pointer(const struct wkd_image *image, uint64_t address,
                       uint64_t *value);

/** Stores a function's address at an aligned place of this process, which may
 * be read-only. Its page has the same protection afterwards. False: it cannot.
 */
bool wkd_image_store(void *address, void (*code)(void));

#endif

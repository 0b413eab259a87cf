/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * ELF as far as it is needed: section headers, one symbol table, relocations
 * that are relative. Nothing of the file is trusted: each offset is compared
 * with its size, and each name ends within the string table, whose last byte
 * is 0.
 */
#include "binary/image.h"

#include "os/os.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const Elf64_Ehdr *header_of(const struct wkd_image *image) {
  return (const Elf64_Ehdr *)(const void *)image->file;
}

/* ------------------------------------------------------------ sections */

static bool is_inside(const struct wkd_image *image, uint64_t offset,
                      uint64_t length) {
  return offset <= image->size && length <= image->size - offset;
}

static const Elf64_Shdr *section(const struct wkd_image *image, size_t index) {
  const Elf64_Ehdr *header = header_of(image);
  uint64_t at = header->e_shoff + index * sizeof(Elf64_Shdr);
  if (index >= header->e_shnum || at % _Alignof(Elf64_Shdr) != 0 ||
      !is_inside(image, at, sizeof(Elf64_Shdr)))
    return NULL;
  return (const Elf64_Shdr *)(const void *)(image->file + at);
}

/* The bytes of a section that is in the file; NULL if it is not. */
static const uint8_t *contents(const struct wkd_image *image,
                               const Elf64_Shdr *header, size_t alignment) {
  if (header->sh_type == SHT_NOBITS || header->sh_offset % alignment != 0 ||
      !is_inside(image, header->sh_offset, header->sh_size))
    return NULL;
  return image->file + header->sh_offset;
}

/* All of its pages will be read, some 40 MB: at once is faster. */
static void read_ahead(const void *bytes, size_t size) {
#ifdef MADV_POPULATE_READ
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = (uintptr_t)bytes & ~(page - 1);
  madvise((void *)start, (uintptr_t)bytes + size - start, MADV_POPULATE_READ);
#else
  (void)bytes;
  (void)size;
#endif
}

static bool find_symbols(struct wkd_image *image) {
  const Elf64_Shdr *table, *strings;
  for (size_t i = 0; (table = section(image, i)); i++)
    if (table->sh_type == SHT_SYMTAB) break;
  if (!table || !(strings = section(image, table->sh_link))) return false;
  image->symbols = (const Elf64_Sym *)(const void *)contents(
      image, table, _Alignof(Elf64_Sym));
  image->count = table->sh_size / sizeof(Elf64_Sym);
  image->names = (const char *)contents(image, strings, 1);
  image->names_size = strings->sh_size;
  if (image->symbols) read_ahead(image->symbols, table->sh_size);
  if (image->names) read_ahead(image->names, image->names_size);
  return image->symbols && image->names && image->names_size > 0 &&
         image->names[image->names_size - 1] == '\0';
}

/* ---------------------------------------------------------------- files */

static bool is_elf64(const struct wkd_image *image) {
  const Elf64_Ehdr *header = header_of(image);
  return image->size >= sizeof *header &&
         memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
         header->e_ident[EI_CLASS] == ELFCLASS64 &&
         header->e_ident[EI_DATA] == ELFDATA2LSB &&
         header->e_shentsize == sizeof(Elf64_Shdr);
}

static bool map_file(struct wkd_image *image, const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  void *start = MAP_FAILED;
  off_t size = lseek(file, 0, SEEK_END); /* fstat() requires a newer glibc */
  if (size > 0)
    start = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (start == MAP_FAILED) return false;
  image->file = start;
  image->size = (size_t)size;
  return true;
}

bool wkd_image_open_file(struct wkd_image *image, const char *path) {
  memset(image, 0, sizeof *image);
  if (!map_file(image, path)) return false;
  if (is_elf64(image) && find_symbols(image)) return true;
  wkd_image_close(image);
  return false;
}

/* The program itself is always the first. */
static int note_bias(struct dl_phdr_info *info, size_t size, void *bias) {
  (void)size;
  *(uint64_t *)bias = info->dlpi_addr;
  return 1;
}

bool wkd_image_open_self(struct wkd_image *image) {
  if (!wkd_image_open_file(image, "/proc/self/exe")) return false;
  dl_iterate_phdr(note_bias, &image->bias);
  image->live = true;
  return true;
}

void wkd_image_close(struct wkd_image *image) {
  if (image->file) munmap((void *)(uintptr_t)image->file, image->size);
  memset(image, 0, sizeof *image);
}

/* ------------------------------------------------------------ questions */

const char *wkd_image_name(const struct wkd_image *image, size_t index) {
  const Elf64_Sym *symbol = &image->symbols[index];
  if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0 ||
      symbol->st_name >= image->names_size)
    return NULL;
  return image->names + symbol->st_name;
}

/* What the loader will store there: the addend of a relative relocation. */
static bool relocated(const struct wkd_image *image, uint64_t address,
                      uint64_t *value) {
  uint32_t relative = header_of(image)->e_machine == EM_AARCH64
                          ? R_AARCH64_RELATIVE
                          : R_X86_64_RELATIVE;
  const Elf64_Shdr *header;
  for (size_t i = 0; (header = section(image, i)); i++) {
    if (header->sh_type != SHT_RELA) continue;
    const Elf64_Rela *entry = (const Elf64_Rela *)(const void *)contents(
        image, header, _Alignof(Elf64_Rela));
    size_t count = entry ? header->sh_size / sizeof *entry : 0;
    for (; count > 0; count--, entry++) {
      if (entry->r_offset != address || ELF64_R_TYPE(entry->r_info) != relative)
        continue;
      *value = (uint64_t)entry->r_addend;
      return true;
    }
  }
  return false;
}

/* In the file itself, where relocations are packed (SHT_RELR). */
static bool stored(const struct wkd_image *image, uint64_t address,
                   uint64_t *value) {
  const Elf64_Shdr *header;
  for (size_t i = 0; (header = section(image, i)); i++) {
    if (!(header->sh_flags & SHF_ALLOC) || address < header->sh_addr ||
        address - header->sh_addr + sizeof *value > header->sh_size)
      continue;
    const uint8_t *bytes = contents(image, header, 1);
    if (!bytes) return false;
    memcpy(value, bytes + (address - header->sh_addr), sizeof *value);
    return true;
  }
  return false;
}

bool wkd_image_pointer(const struct wkd_image *image, uint64_t address,
                       uint64_t *value) {
  if (!image->live)
    return relocated(image, address, value) || stored(image, address, value);
  *value = *(const uint64_t *)(uintptr_t)(address + image->bias) - image->bias;
  return true;
}

/* ------------------------------------------------------------- storing */

static bool protect(const void *address, int protection) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = (uintptr_t)address & ~(page - 1);
  return mprotect((void *)start, page, protection) == 0;
}

/* The loader makes read-only what is wholly in PT_GNU_RELRO. With large pages
 * the address may be in a page that also has data. As text: that keeps no
 * descriptor. */
bool wkd_image_store(void *address, void (*code)(void)) {
  struct wsig_mapping mapping;
  int writable = PROT_READ | PROT_WRITE;
  if (!wsig_os_mapping_from_text((uintptr_t)address, &mapping)) return false;
  if (!protect(address, mapping.protection | writable)) return false;
  memcpy(address, &code, sizeof code);
  return protect(address, mapping.protection);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Linux: the mappings of this process.
 *
 * They are queried by PROCMAP_QUERY (Linux 6.11), or read as text, which is
 * slow in a process with many mappings. Opening /proc/self/maps for each query
 * would cost more than the query, so its descriptor is kept. Why the descriptor
 * belongs to this process, whatever the program does:
 *
 *  1. The descriptor's record is in a page that is zero in every child
 *     (MADV_WIPEONFORK in madvise(2)), also in a child that was created without
 *     the C library. So a child knows of no descriptor and opens its own. Its
 *     copy of the parent's is closed by exec, or when the child ends.
 *  2. A program may close descriptors that are not its own (closefrom). Then
 *     the number may be another file's. So the file is identified before each
 *     query and after it: if its device, its inode and the inode's change time
 *     are not those of the file that was opened, the answer does not count. A
 *     descriptor that was lost is forgotten, not closed: it is another file's.
 *  3. Only one thread at a time uses it. A thread that finds it in use opens
 *     another one for itself and closes it; so does every thread if no
 *     descriptor can be kept. So no thread waits, and a fork at any moment
 *     leaves nothing locked.
 */
#include "atomics.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_maps(void) {
  return open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
}

/* --------------------------------------------------------------- the query */

/* <linux/fs.h> of Linux 6.11 and later; older headers lack it. */
struct procmap_query {
  uint64_t size, query_flags, query_addr;
  uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
  uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
  uint64_t vma_name_addr, build_id_addr;
};
#ifdef __GLIBC__
typedef unsigned long ioctl_request;
#else
typedef int ioctl_request; /* as in POSIX */
#endif
#define PROCMAP_QUERY_IOCTL \
  ((ioctl_request)_IOWR('f', 17, struct procmap_query))
#define VMA_READABLE 1u
#define VMA_WRITABLE 2u
#define VMA_EXECUTABLE 4u

enum answer { MAPPED, UNMAPPED, NO_QUERY };

static enum answer query_mapping(int maps, uintptr_t address,
                                 struct wsig_mapping *mapping) {
  struct procmap_query query = {.size = sizeof query, .query_addr = address};
  if (ioctl(maps, PROCMAP_QUERY_IOCTL, &query) != 0)
    return errno == ENOENT ? UNMAPPED : NO_QUERY;
  mapping->start = (uintptr_t)query.vma_start;
  mapping->end = (uintptr_t)query.vma_end;
  uint64_t flags = query.vma_flags;
  mapping->protection = (flags & VMA_READABLE ? PROT_READ : 0) |
                        (flags & VMA_WRITABLE ? PROT_WRITE : 0) |
                        (flags & VMA_EXECUTABLE ? PROT_EXEC : 0);
  return MAPPED;
}

static enum answer query_once(uintptr_t address, struct wsig_mapping *mapping) {
  int maps = open_maps();
  if (maps < 0) return NO_QUERY;
  enum answer answer = query_mapping(maps, address, mapping);
  close(maps);
  return answer;
}

/* ------------------------------------------------- the descriptor we keep */

struct kept {
  uint32_t busy; /* a thread uses the rest */
  bool open;
  int maps;
  dev_t device;
  ino_t inode;
  struct timespec changed;
};

/* The page with the record; never freed. NULL: none yet, or it failed. */
static struct kept *kept;

static struct kept *kept_page(void) {
  struct kept *page = wsig_load_acquire(&kept);
  if (page) return page;
  page = wsig_os_pages(sizeof *page);
  if (!page) return NULL;
  struct kept *before = NULL;
  if (madvise(page, sizeof *page, MADV_WIPEONFORK) == 0 &&
      wsig_cas_acq_rel(&kept, &before, page))
    return page;
  wsig_os_pages_free(page, sizeof *page);
  return before;
}

/* fstat(2): glibc has a function of that name from 2.33 on only. */
static int identify(int file, struct stat *now) {
  return (int)syscall(SYS_fstat, file, now);
}

static bool is_still_ours(const struct kept *page) {
  struct stat now;
  return page->open && identify(page->maps, &now) == 0 &&
         now.st_dev == page->device && now.st_ino == page->inode &&
         now.st_ctim.tv_sec == page->changed.tv_sec &&
         now.st_ctim.tv_nsec == page->changed.tv_nsec;
}

static bool open_kept(struct kept *page) {
  struct stat now;
  page->open = false;
  page->maps = open_maps();
  /* Other code may have closed it already: then the number may be another
   * file's, and we must not close it. */
  if (page->maps < 0 || identify(page->maps, &now) != 0) return false;
  page->device = now.st_dev;
  page->inode = now.st_ino;
  page->changed = now.st_ctim;
  page->open = true;
  return true;
}

static enum answer query_kept(struct kept *page, uintptr_t address,
                              struct wsig_mapping *mapping) {
  if (!is_still_ours(page) && !open_kept(page)) return NO_QUERY;
  enum answer answer = query_mapping(page->maps, address, mapping);
  return is_still_ours(page) ? answer : NO_QUERY;
}

static enum answer query(uintptr_t address, struct wsig_mapping *mapping) {
  struct kept *page = kept_page();
  /* Acquire: reads what the thread before has stored. */
  if (!page || wsig_exchange_acquire(&page->busy, 1))
    return query_once(address, mapping);
  enum answer answer = query_kept(page, address, mapping);
  wsig_store_release(&page->busy, 0);
  return answer;
}

/* ---------------------------------------------------------------- the text */

/* A line of /proc/PID/maps, "start-end rwxp ...". proc_pid_maps(5) */
static bool parse_mapping(const char *line, struct wsig_mapping *mapping) {
  char *at;
  mapping->start = (uintptr_t)strtoull(line, &at, 16);
  if (*at != '-') return false;
  mapping->end = (uintptr_t)strtoull(at + 1, &at, 16);
  if (*at != ' ') return false;
  at++; /* strlen: a line that was cut short */
  if (strlen(at) < 3) return false;
  mapping->protection = (at[0] == 'r' ? PROT_READ : 0) |
                        (at[1] == 'w' ? PROT_WRITE : 0) |
                        (at[2] == 'x' ? PROT_EXEC : 0);
  return true;
}

static bool read_mapping(FILE *maps, uintptr_t address,
                         struct wsig_mapping *mapping) {
  char line[512];
  bool at_line_start = true;
  while (fgets(line, sizeof line, maps)) {
    bool parsed = at_line_start && parse_mapping(line, mapping);
    /* A long path continues in the next piece, which is no line. */
    at_line_start = strchr(line, '\n') != NULL;
    if (parsed && mapping->start <= address && address < mapping->end)
      return true;
  }
  return false;
}

bool wsig_os_mapping_from_text(uintptr_t address,
                               struct wsig_mapping *mapping) {
  int maps = open_maps();
  FILE *text = maps < 0 ? NULL : fdopen(maps, "r");
  if (!text) {
    if (maps >= 0) close(maps);
    return false;
  }
  bool found = read_mapping(text, address, mapping);
  fclose(text);
  return found;
}

bool wsig_os_mapping_at(uintptr_t address, struct wsig_mapping *mapping) {
  enum answer answer = query(address, mapping);
  if (answer == NO_QUERY) return wsig_os_mapping_from_text(address, mapping);
  return answer == MAPPED;
}

bool (*wsig_mapping_at)(uintptr_t, struct wsig_mapping *) = wsig_os_mapping_at;

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux: clocks, waits, and what is mapped where. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

static uint64_t to_ns(const struct timespec *time) {
  return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec;
}

/* ---------------------------------------------------------------- clocks */

static uint64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return to_ns(&now);
}

static bool cpu_ns(clockid_t id, uint64_t *ns) {
  struct timespec now;
  if (clock_gettime(id, &now) != 0) return false;
  *ns = to_ns(&now);
  return true;
}

static bool spawn(void *(*body)(void *)) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  /* Inherited: no handler of the process ever runs in this thread. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, &attributes, body, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return error == 0;
}

const struct wsig_clock wsig_os_clock = {monotonic_ns, cpu_ns, spawn};

bool wsig_os_thread_clock(clockid_t *id) {
  return pthread_getcpuclockid(pthread_self(), id) == 0;
}

/* ----------------------------------------------------------------- waits */

void wsig_os_cond_init(pthread_cond_t *changed) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(changed, &attributes);
  pthread_condattr_destroy(&attributes);
}

bool wsig_os_cond_wait(pthread_cond_t *changed, pthread_mutex_t *lock,
                       uint64_t until_ns) {
  uint64_t seconds = until_ns / NS_PER_S;
  /* Some 30 years: further than that, the kernel's own sums overflow. */
  if (seconds > UINT64_C(1000000000)) {
    pthread_cond_wait(changed, lock);
    return true;
  }
  struct timespec until = {(time_t)seconds, (long)(until_ns % NS_PER_S)};
  return pthread_cond_timedwait(changed, lock, &until) == 0;
}

void wsig_os_pause(unsigned turn) {
  if (turn < 64) {
    sched_yield();
  } else {
    struct timespec a_little = {0, 50000};
    nanosleep(&a_little, NULL);
  }
}

/* -------------------------------------------------------------- mappings */

/* <linux/fs.h> of Linux 6.11 and later; older headers lack it. */
struct procmap_query {
  uint64_t size, query_flags, query_addr;
  uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
  uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
  uint64_t vma_name_addr, build_id_addr;
};
#define PROCMAP_QUERY_IOCTL _IOWR('f', 17, struct procmap_query)
#define VMA_READABLE 1u
#define VMA_WRITABLE 2u
#define VMA_EXECUTABLE 4u

/* False with errno ENOENT if nothing is mapped there; any other errno: the
 * kernel cannot be asked this way. */
static bool query_mapping(int maps, uintptr_t address,
                          struct wsig_mapping *mapping) {
  struct procmap_query query = {.size = sizeof query, .query_addr = address};
  if (ioctl(maps, PROCMAP_QUERY_IOCTL, &query) != 0) return false;
  mapping->start = (uintptr_t)query.vma_start;
  mapping->end = (uintptr_t)query.vma_end;
  mapping->accessible =
      query.vma_flags & (VMA_READABLE | VMA_WRITABLE | VMA_EXECUTABLE);
  return true;
}

/* A line of /proc/PID/maps, "start-end rwxp ...". proc_pid_maps(5) */
static bool parse_mapping(const char *line, struct wsig_mapping *mapping) {
  char *at;
  mapping->start = (uintptr_t)strtoull(line, &at, 16);
  if (*at != '-') return false;
  mapping->end = (uintptr_t)strtoull(at + 1, &at, 16);
  if (*at != ' ') return false;
  mapping->accessible = strncmp(at + 1, "---", 3) != 0;
  return true;
}

static bool read_mapping(FILE *maps, uintptr_t address,
                         struct wsig_mapping *mapping) {
  char line[512];
  bool at_line_start = true;
  while (fgets(line, sizeof line, maps)) {
    bool parsed = at_line_start && parse_mapping(line, mapping);
    /* A long path goes on in the next piece, which is no line. */
    at_line_start = strchr(line, '\n') != NULL;
    if (parsed && mapping->start <= address && address < mapping->end)
      return true;
  }
  return false;
}

/* Opened each time: a kept descriptor would tell of the parent after fork. */
static int open_maps(void) {
  return open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
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
  int maps = open_maps();
  if (maps < 0) return false;
  bool found = query_mapping(maps, address, mapping);
  bool answered = found || errno == ENOENT;
  close(maps);
  return answered ? found : wsig_os_mapping_from_text(address, mapping);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "engines/resources.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* A limit below this is low: of threads, and of file descriptors. */
enum { MANY_THREADS = 4096, MANY_FILES = 256 };
/* What Wasmtime needs: memory beside the guest's; file descriptors for its
 * event loop, and for the folders on the way to a file. */
#define NEEDED_MEMORY ((size_t)32 << 20)
enum { NEEDED_FILES = 2, NEEDED_FILES_WITH_FOLDERS = 10 };
#define THREAD_STACK ((size_t)2 << 20) /* Rust's default */

#ifdef __GLIBC__
typedef __rlimit_resource_t resource_name;
#else
typedef int resource_name;
#endif

static bool is_below(resource_name resource, rlim_t most) {
  struct rlimit limit;
  return getrlimit(resource, &limit) == 0 && limit.rlim_cur < most;
}

/* The limit of the control group, as a container sees it: a number or "max". */
static bool is_group_limit_low(void) {
  char text[32] = "";
  FILE *file = fopen("/sys/fs/cgroup/pids.max", "re");
  if (!file) return false;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  return length > 0 && text[0] != 'm' && strtoul(text, NULL, 10) < MANY_THREADS;
}

/* ------------------------------------------------------------------ threads */

static sem_t end_allowed;

static void *wait_for_end(void *unused) {
  while (sem_wait(&end_allowed) != 0) continue;
  return unused;
}

/* Wasmtime compiles with a thread for each processor, and starts as many again,
 * and some more, for files. We start one, and one each for --stats, --wall and
 * --grace. */
static int needed_threads(bool has_folders) {
  cpu_set_t set;
  int processors = sched_getaffinity(0, sizeof set, &set) == 0
                       ? CPU_COUNT(&set)
                       : (int)sysconf(_SC_NPROCESSORS_ONLN);
  return processors * (has_folders ? 2 : 1) + 6;
}

/* Whether so many threads can exist at the same time. */
static bool can_start_threads(int count) {
  pthread_t *threads = calloc((size_t)count, sizeof *threads);
  pthread_attr_t attributes;
  int started = 0;
  if (!threads) return false;
  if (pthread_attr_init(&attributes) != 0) {
    free(threads);
    return false;
  }
  pthread_attr_setstacksize(&attributes, THREAD_STACK);
  sem_init(&end_allowed, 0, 0);
  while (started < count && pthread_create(&threads[started], &attributes,
                                           wait_for_end, NULL) == 0)
    started++;
  for (int i = 0; i < started; i++) sem_post(&end_allowed);
  for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
  pthread_attr_destroy(&attributes);
  free(threads);
  return started == count;
}

/* ------------------------------------------------------------ memory, files */

static bool can_map(size_t length) {
  void *place = mmap(NULL, length, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return place != MAP_FAILED && munmap(place, length) == 0;
}

static bool can_open(int count) {
  int opened[NEEDED_FILES_WITH_FOLDERS], i = 0;
  while (i < count && (opened[i] = fcntl(0, F_DUPFD_CLOEXEC, 0)) >= 0) i++;
  bool is_enough = i == count;
  while (i > 0) close(opened[--i]);
  return is_enough;
}

/* -------------------------------------------------------------------- all */

const char *cli_missing_resource(bool has_folders) {
  bool is_memory_low = is_below(RLIMIT_DATA, RLIM_INFINITY) ||
                       is_below(RLIMIT_AS, RLIM_INFINITY);
  if (is_memory_low && !can_map(NEEDED_MEMORY))
    return "the memory limit is too small for Wasmtime (ulimit -d, -v); "
           "--engine "
           "wamr needs less";
  bool are_threads_few = is_memory_low ||
                         is_below(RLIMIT_NPROC, MANY_THREADS) ||
                         is_group_limit_low();
  /* No limit tells of a seccomp profile: one thread is always tried. */
  if (!are_threads_few && !can_start_threads(1))
    return "no thread can start here (a seccomp profile may forbid it); "
           "--engine wamr needs none without limits";
  if (are_threads_few && !can_start_threads(needed_threads(has_folders)))
    return "the thread limit is too small for Wasmtime (ulimit -u, or the "
           "container's); --engine wamr needs one thread";
  if (is_below(RLIMIT_NOFILE, MANY_FILES) &&
      !can_open(has_folders ? NEEDED_FILES_WITH_FOLDERS : NEEDED_FILES))
    return "the limit of open files is too small for Wasmtime (ulimit -n); "
           "--engine wamr needs less";
  return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux: the thread's rseq area, which the C library registers (glibc 2.35 and
 * later), and whether the processor's counter is steady. */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "atomics.h"
#include "os/os.h"
#include "os/preemption_mark.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* <linux/rseq.h>: struct rseq up to node_id (Linux 6.3), and struct rseq_cs.
 * The area has 32 bytes at least. */
struct area {
  uint32_t cpu_id_start;
  uint32_t cpu_id; /* negative: this thread is not registered */
  uint64_t rseq_cs;
  uint64_t flags_and_node_id; /* flags are 0 */
};
struct sequence {
  uint32_t version, flags;
  uint64_t start_ip, post_commit_offset, abort_ip;
} __attribute__((aligned(32)));

/* The value before the address at which the kernel continues after an
 * interrupted sequence; the C library registers it: RSEQ_SIG of <sys/rseq.h>.
 */
#if defined(__x86_64__)
#define SIGNATURE UINT32_C(0x53053053)
#elif defined(__aarch64__)
#define SIGNATURE UINT32_C(0xd428bc00)
#endif

#if defined(SIGNATURE)

#define SLEEPS 3

/* A sequence of one byte that is not code, with an abort address that is not
 * code: no thread is ever there. */
static const struct {
  uint32_t signature, aborted, padding[6], code;
} nowhere = {SIGNATURE, 0, {0}, 0};

static const struct sequence mark = {0, 0, (uint64_t)(uintptr_t)&nowhere.code,
                                     1, (uint64_t)(uintptr_t)&nowhere.aborted};
uint64_t wsig_preemption_mark = (uint64_t)(uintptr_t)&mark;

/* The flags are 0, and no machine has so many nodes. */
static const struct {
  uint32_t flags, node_id;
} no_node = {0, UINT32_MAX};
static bool is_in_node_id;

/* Since Linux 6.19 the kernel may leave node_id alone as long as the thread
 * stays on its processor, and later kernels end a program that has changed it.
 */
static bool kernel_is_before_6_19(void) {
  struct utsname name;
  char *end;
  if (uname(&name) != 0) return false;
  long major = strtol(name.release, &end, 10);
  long minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
  return major < 6 || (major == 6 && minor < 19);
}

void wsig_os_preemption_mark_use_node_id(void) {
  if (!kernel_is_before_6_19()) return;
  is_in_node_id = true;
  memcpy(&wsig_preemption_mark, &no_node, sizeof no_node);
}

/* glibc manual, "Restartable Sequences": the area's offset from the thread
 * pointer, and its size, 0 if the kernel or GLIBC_TUNABLES disables it. They
 * are looked up by name: a library that refers to them can only be loaded by
 * glibc 2.35 and later. */
static volatile uint64_t *own_field(void) {
  const ptrdiff_t *offset = wsig_os_symbol("__rseq_offset");
  const unsigned *size = wsig_os_symbol("__rseq_size");
  if (!offset || !size || *size == 0) return NULL;
  char *self = __builtin_thread_pointer();
  volatile struct area *area = (volatile struct area *)(void *)(self + *offset);
  if ((int32_t)area->cpu_id < 0) return NULL;
  return is_in_node_id ? &area->flags_and_node_id : &area->rseq_cs;
}

/* Whether the mark disappears when the thread sleeps in a system call. Kernels
 * since Linux 6.19 may change the field only when they interrupt user code, and
 * kernels before 6.3 know no node_id. A sleep may happen to be one that shows
 * all the same, if the thread wakes on another processor: so each of some must.
 */
static bool shows_sleep(volatile uint64_t *field) {
  struct timespec a_moment = {0, 1000};
  bool shows = true;
  for (int i = 0; i < SLEEPS && shows; i++) {
    wsig_preemption_mark_set(field);
    syscall(SYS_nanosleep, &a_moment, NULL);
    shows = !wsig_preemption_mark_holds(field);
  }
  *field = 0;
  return shows;
}

volatile uint64_t *wsig_os_preemption_mark(void) {
  /* Whether the mark shows sleep. 0: not yet known, 1: yes, 2: no; atomic. */
  static uint32_t verdict;
  volatile uint64_t *field = own_field();
  if (!field) return NULL;
  if (wsig_load_relaxed(&verdict) == 0)
    wsig_store_relaxed(&verdict, shows_sleep(field) ? 1 : 2);
  return wsig_load_relaxed(&verdict) == 1 ? field : NULL;
}

#else

uint64_t wsig_preemption_mark;
void wsig_os_preemption_mark_use_node_id(void) {}
volatile uint64_t *wsig_os_preemption_mark(void) { return NULL; }

#endif

bool wsig_os_ticks_are_steady(void) {
#if defined(__x86_64__)
  /* prctl(2): a process may have forbidden itself to read it. */
  int tsc = PR_TSC_ENABLE;
  if (prctl(PR_GET_TSC, &tsc) == 0 && tsc != PR_TSC_ENABLE) return false;
  /* AMD64 Architecture Programmer's Manual 3, CPUID 8000_0007h, EDX bit 8, and
   * Intel's SDM 3, 18.17.1: the counter runs at one rate in all states. */
  uint32_t a, b, c, d;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
#else
  return true;
#endif
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the tests use of Linux that one C library has no name for, or another
 * name: glibc or musl.
 */
#ifndef WSIG_TEST_C_LIBRARY_H
#define WSIG_TEST_C_LIBRARY_H

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* timer_create(2); glibc has no name for it. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* Restartable sequences: musl registers none for its threads, and has no
 * header. <linux/rseq.h> has the structures. */
#ifdef __GLIBC__
#include <sys/rseq.h>
#else
#include <linux/rseq.h>
#define RSEQ_SIG 0x53053053 /* never given to the kernel */
static const unsigned __rseq_size = 0;
static const ptrdiff_t __rseq_offset = 0;
#endif

/* The request is an unsigned long in glibc and an int in musl. */
static inline int any_ioctl(int file, unsigned long request, void *argument) {
  return (int)syscall(SYS_ioctl, file, request, argument);
}

/* pkeys(7): not in musl. */
#ifndef PKEY_DISABLE_ACCESS
#define PKEY_DISABLE_ACCESS 1u

static inline int pkey_alloc(unsigned flags, unsigned rights) {
  return (int)syscall(SYS_pkey_alloc, flags, rights);
}

static inline int pkey_mprotect(void *address, size_t length, int protection,
                                int key) {
  return (int)syscall(SYS_pkey_mprotect, address, length, protection, key);
}

/* The rights of this thread: two bits a key, in a register of the processor. */
static inline int pkey_set(int key, unsigned rights) {
#if defined(__x86_64__)
  uint32_t all, high;
  __asm__ volatile("rdpkru" : "=a"(all), "=d"(high) : "c"(0));
  all = (all & ~(UINT32_C(3) << 2 * key)) | (uint32_t)rights << 2 * key;
  __asm__ volatile("wrpkru" : : "a"(all), "c"(0), "d"(0) : "memory");
  return 0;
#else
  (void)key, (void)rights;
  errno = ENOSYS;
  return -1;
#endif
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * System calls that are refused to the calling thread, and to those that it
 * starts, for the rest of their lives. seccomp(2)
 */
#ifndef WSIG_TEST_FILTER_H
#define WSIG_TEST_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILTER_CALLS 16u /* as many as one filter can refuse */

static inline void refuse_calls(int error, const long *calls, size_t count) {
  struct sock_filter filter[2 * FILTER_CALLS + 2];
  unsigned short n = 0;
  filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                             offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < count && i < FILTER_CALLS; i++) {
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                               (unsigned)calls[i], 0, 1);
    filter[n++] = (struct sock_filter)BPF_STMT(
        BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error);
  }
  filter[n++] =
      (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {.len = n, .filter = filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
    return;
  perror("no seccomp filter can be set here, so this cannot be tested");
  _exit(1);
}

/* refuse(EPERM, SYS_one, SYS_other): they answer that from now on. */
#define refuse(error, ...)                           \
  refuse_calls((error), (const long[]){__VA_ARGS__}, \
               sizeof((const long[]){__VA_ARGS__}) / sizeof(long))

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Linux, in signal handlers: system calls alone, made directly.
 *
 * process_vm_readv(2) and process_vm_writev(2) on the own process answer
 * EFAULT where a load or a store would fault, and take no notice of protection
 * keys, which bind user mode only. Where a seccomp filter forbids them they
 * answer EPERM. A word is not written at once in the sense of the C standard;
 * for a signal's number it makes no difference, as only its lowest byte is not
 * 0.
 */
#include "handler.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

typedef ssize_t (*transfer)(pid_t pid, const struct iovec *local,
                            unsigned long local_count,
                            const struct iovec *remote,
                            unsigned long remote_count, unsigned long flags);

static bool move_word(transfer how, void *mine, void *word) {
  int saved_errno = errno;
  struct iovec local = {mine, sizeof(uint32_t)};
  struct iovec remote = {word, sizeof(uint32_t)};
  bool moved = how(getpid(), &local, 1, &remote, 1, 0) == sizeof(uint32_t);
  errno = saved_errno;
  return moved;
}

bool wsig_os_peek(const uint32_t *word, uint32_t *value) {
  return move_word(process_vm_readv, value, (void *)(uintptr_t)word);
}

bool wsig_os_poke(uint32_t *word, uint32_t value) {
  return move_word(process_vm_writev, &value, word);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * File descriptors as sources. The source skips bytes by seeking, but only up
 * to the end of the file, because seeking past the end is no error. Pipes, and
 * files of /proc, which report no length, are read instead.
 */
#include "file.h"

#include <errno.h>
#include <unistd.h>

static ptrdiff_t read_file(void *context, void *buffer, size_t capacity) {
  const struct wsig_file *file = context;
  ssize_t count;
  do count = read(file->descriptor, buffer, capacity);
  while (count < 0 && errno == EINTR);
  return count;
}

static int64_t skip_file(void *context, uint64_t count) {
  const struct wsig_file *file = context;
  off_t here = lseek(file->descriptor, 0, SEEK_CUR);
  if (here < 0) return -1;
  if (here >= file->length) return 0;
  uint64_t left = (uint64_t)(file->length - here);
  if (count > left) count = left;
  if (lseek(file->descriptor, (off_t)count, SEEK_CUR) < 0) return -1;
  return (int64_t)count;
}

/* The file's length, or 0 if the system reports none. Without fstat(2): glibc
 * exports a function of that name only since 2.33. */
static off_t length_of(int descriptor) {
  off_t here = lseek(descriptor, 0, SEEK_CUR);
  off_t length = here < 0 ? -1 : lseek(descriptor, 0, SEEK_END);
  if (length < 0) return 0;
  return lseek(descriptor, here, SEEK_SET) == here ? length : 0;
}

wasmsig_module_source wsig_file_source(struct wsig_file *file, int descriptor) {
  *file = (struct wsig_file){.descriptor = descriptor};
  wasmsig_module_source source = {file, read_file, NULL};
  file->length = length_of(descriptor);
  if (file->length > 0) source.skip = skip_file;
  return source;
}

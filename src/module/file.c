/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Descriptors as sources. What is not needed of a regular file is sought past,
 * up to its end, which a seek itself would not notice. Pipes and the like, and
 * files of /proc, which say that they are empty, are read.
 */
#include "file.h"

#include <errno.h>
#include <sys/stat.h>
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

wasmsig_module_source wsig_file_source(struct wsig_file *file, int descriptor) {
  struct stat status;
  *file = (struct wsig_file){.descriptor = descriptor};
  wasmsig_module_source source = {file, read_file, NULL};
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
      status.st_size > 0 && lseek(descriptor, 0, SEEK_CUR) >= 0) {
    file->length = status.st_size;
    source.skip = skip_file;
  }
  return source;
}

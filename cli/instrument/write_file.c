/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "instrument/write_file.h"

#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct output {
  const char *path; /* as it was given */
  const uint8_t *data;
  size_t length;
};

bool cli_is_standard(const char *path) { return strcmp(path, "-") == 0; }

/* False, always: errno says why. */
static bool complain(const struct output *output) {
  cli_complain("%s: %s",
               cli_is_standard(output->path) ? "standard output" : output->path,
               strerror(errno));
  return false;
}

static bool write_all(int descriptor, const struct output *output) {
  for (size_t at = 0; at < output->length;) {
    ssize_t count = write(descriptor, output->data + at, output->length - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    at += (size_t)count;
  }
  return true;
}

/* ------------------------------------------------------------ regular files */

/* The mode of a file that is not there yet. */
static mode_t new_mode(void) {
  mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

/* As the old file was, NULL: there is none. What would run as its owner or its
 * group does so only if that is still the same. */
static bool set_status(int descriptor, const struct stat *old) {
  if (!old) return fchmod(descriptor, new_mode()) == 0;
  mode_t mode = old->st_mode & 07777;
  bool has_owner = fchown(descriptor, old->st_uid, old->st_gid) == 0;
  bool has_group = has_owner || fchown(descriptor, (uid_t)-1, old->st_gid) == 0;
  if (!has_owner) mode &= ~(mode_t)S_ISUID;
  if (!has_group) mode &= ~(mode_t)S_ISGID;
  return fchmod(descriptor, mode) == 0;
}

/* False: errno says why, and there is no such file. */
static bool fill(const struct output *output, int descriptor,
                 const char *beside, const char *target,
                 const struct stat *old) {
  bool is_written =
      write_all(descriptor, output) && set_status(descriptor, old);
  int reason = errno;
  if (close(descriptor) != 0 && is_written) {
    is_written = false;
    reason = errno;
  }
  if (is_written && rename(beside, target) == 0) return true;
  if (is_written) reason = errno;
  unlink(beside);
  errno = reason;
  return false;
}

/* The file may be one that can be written, in a folder where none can be made:
 * it is not written in place, as it would be lost if that went wrong. */
static bool complain_of_folder(const struct output *output) {
  if (errno != EACCES && errno != EPERM && errno != EROFS)
    return complain(output);
  cli_complain("%s: no file can be made in its folder: %s", output->path,
               strerror(errno));
  return false;
}

static bool write_beside(const struct output *output, char *beside,
                         const char *target, const struct stat *old) {
  int descriptor = mkstemp(beside);
  if (descriptor < 0) return complain_of_folder(output);
  return fill(output, descriptor, beside, target, old) || complain(output);
}

static bool replace(const struct output *output, const char *target,
                    const struct stat *old) {
  static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU};
  char *beside;
  if (asprintf(&beside, "%s.XXXXXX", target) < 0) {
    errno = ENOMEM;
    return complain(output);
  }
  sigset_t blocked, before;
  sigemptyset(&blocked);
  for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
    sigaddset(&blocked, ending[i]);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  bool is_written = write_beside(output, beside, target, old);
  sigprocmask(SIG_SETMASK, &before, NULL);
  free(beside);
  return is_written;
}

static bool replace_old(const struct output *output, const struct stat *old) {
  if (access(output->path, W_OK) != 0) return complain(output);
  char *target = realpath(output->path, NULL);
  bool is_written = target ? replace(output, target, old) : complain(output);
  free(target);
  return is_written;
}

/* ----------------------------------------------------------------- the rest */

static bool write_into(const struct output *output) {
  FILE *file = fopen(output->path, "we");
  if (!file) return complain(output);
  bool is_written = write_all(fileno(file), output) || complain(output);
  fclose(file);
  return is_written;
}

bool cli_write_file(const char *path, const void *data, size_t length) {
  const struct output output = {path, data, length};
  struct stat status;
  signal(SIGXFSZ, SIG_IGN); /* a file that gets too long is an error */
  if (cli_is_standard(path))
    return write_all(STDOUT_FILENO, &output) || complain(&output);
  if (stat(path, &status) == 0)
    return S_ISREG(status.st_mode) ? replace_old(&output, &status)
                                   : write_into(&output);
  if (errno != ENOENT) return complain(&output);
  if (lstat(path, &status) != 0) return replace(&output, path, NULL);
  return write_into(&output); /* a link to what is not there */
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "files/write_file.h"

#include "text/messages.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct output {
  const char *path; /* as the user wrote it */
  const uint8_t *data;
  size_t length;
};

bool cli_is_standard_output(const char *path) { return strcmp(path, "-") == 0; }

/* Prints errno. Always returns false. */
static bool fail(const struct output *output) {
  cli_message(
      "%s: %s",
      cli_is_standard_output(output->path) ? "standard output" : output->path,
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

/* The mode of a file that does not exist yet. */
static mode_t new_mode(void) {
  mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

/* Copies owner, group and mode of the old file, which may be NULL. The set-ID
 * bits stay only if the owner or the group could be copied. */
static bool set_status(int descriptor, const struct stat *old) {
  if (!old) return fchmod(descriptor, new_mode()) == 0;
  mode_t mode = old->st_mode & 07777;
  bool has_owner = fchown(descriptor, old->st_uid, old->st_gid) == 0;
  bool has_group = has_owner || fchown(descriptor, (uid_t)-1, old->st_gid) == 0;
  if (!has_owner) mode &= ~(mode_t)S_ISUID;
  if (!has_group) mode &= ~(mode_t)S_ISGID;
  return fchmod(descriptor, mode) == 0;
}

/* Writes `beside` and renames it to `target`. On failure it deletes it, and
 * errno says why. */
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

/* The file may be writable in a folder where no file can be created. It is not
 * written in place, as a failure would destroy it. */
static bool fail_in_folder(const struct output *output) {
  if (errno != EACCES && errno != EPERM && errno != EROFS) return fail(output);
  cli_message("%s: no file can be created in its folder: %s", output->path,
              strerror(errno));
  return false;
}

static bool write_beside(const struct output *output, char *beside,
                         const char *target, const struct stat *old) {
  int descriptor = mkstemp(beside);
  if (descriptor < 0) return fail_in_folder(output);
  return fill(output, descriptor, beside, target, old) || fail(output);
}

static bool replace(const struct output *output, const char *target,
                    const struct stat *old) {
  static const int terminating[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU};
  char *beside;
  if (asprintf(&beside, "%s.XXXXXX", target) < 0) {
    errno = ENOMEM;
    return fail(output);
  }
  sigset_t blocked, before;
  sigemptyset(&blocked);
  for (size_t i = 0; i < sizeof terminating / sizeof *terminating; i++)
    sigaddset(&blocked, terminating[i]);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  bool is_written = write_beside(output, beside, target, old);
  sigprocmask(SIG_SETMASK, &before, NULL);
  free(beside);
  return is_written;
}

static bool replace_old(const struct output *output, const struct stat *old) {
  if (access(output->path, W_OK) != 0) return fail(output);
  char *target = realpath(output->path, NULL);
  bool is_written = target ? replace(output, target, old) : fail(output);
  free(target);
  return is_written;
}

/* ------------------------------------------------------------ other outputs */

static bool write_into(const struct output *output) {
  FILE *file = fopen(output->path, "we");
  if (!file) return fail(output);
  bool is_written = write_all(fileno(file), output) || fail(output);
  fclose(file);
  return is_written;
}

bool cli_write_file(const char *path, const void *data, size_t length) {
  const struct output output = {path, data, length};
  struct stat status;
  signal(SIGXFSZ, SIG_IGN); /* a file beyond the limit is an error */
  if (cli_is_standard_output(path))
    return write_all(STDOUT_FILENO, &output) || fail(&output);
  if (stat(path, &status) == 0)
    return S_ISREG(status.st_mode) ? replace_old(&output, &status)
                                   : write_into(&output);
  if (errno != ENOENT) return fail(&output);
  if (lstat(path, &status) != 0) return replace(&output, path, NULL);
  return write_into(&output); /* a link to a file that does not exist */
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "files/mirror.h"

#include "text/messages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(const char *path) {
  cli_message("%s: %s", path, strerror(errno));
  return false;
}

/* ---------------------------------------------------------------- the start */

static bool is_empty(DIR *folder) {
  const struct dirent *entry;
  while ((entry = readdir(folder)))
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      return false;
  return true;
}

static bool is_free(const char *out) {
  struct stat status;
  if (lstat(out, &status) != 0) return errno == ENOENT || fail(out);
  if (!S_ISDIR(status.st_mode)) {
    cli_message("%s: it exists, and is no folder", out);
    return false;
  }
  DIR *folder = opendir(out);
  if (!folder) return fail(out);
  bool is_free = is_empty(folder);
  closedir(folder);
  if (!is_free) cli_message("%s: the folder is not empty: name a new one", out);
  return is_free;
}

bool cli_mirror_begin(struct cli_mirror *mirror, const char *out,
                      const volatile sig_atomic_t *is_interrupted) {
  size_t length = strlen(out);
  while (length > 1 && out[length - 1] == '/') length--;
  *mirror = (struct cli_mirror){.out = out, .is_interrupted = is_interrupted};
  if (!is_free(out)) return false;
  if (asprintf(&mirror->beside, "%.*s.XXXXXX", (int)length, out) < 0) {
    mirror->beside = NULL;
    errno = ENOMEM;
    return fail(out);
  }
  if (mkdtemp(mirror->beside)) return true;
  free(mirror->beside);
  mirror->beside = NULL;
  return fail(out);
}

/* -------------------------------------------------------------- its contents
 */

/* Writable for now: its contents follow. */
bool cli_mirror_folder(struct cli_mirror *mirror,
                       const struct cli_entry *entry) {
  char *path = cli_join(mirror->beside, entry->path);
  bool is_made = entry->path[0] == '\0' || mkdir(path, 0700) == 0 || fail(path);
  free(path);
  return is_made;
}

bool cli_mirror_link(struct cli_mirror *mirror, const struct cli_entry *entry,
                     const char *target) {
  char *path = cli_join(mirror->beside, entry->path);
  bool is_made = symlink(target, path) == 0 || fail(path);
  free(path);
  return is_made;
}

static int create(const char *path) {
  int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) fail(path);
  return descriptor;
}

static bool write_all(int descriptor, const uint8_t *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t count = write(descriptor, bytes + at, length - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    at += (size_t)count;
  }
  return true;
}

/* Without set-ID bits: the new file may have another owner. */
static bool close_file(int descriptor, const char *path,
                       const struct cli_entry *entry) {
  bool is_done = fchmod(descriptor, entry->status.st_mode & 0777) == 0;
  if (!is_done) fail(path);
  if (close(descriptor) != 0 && is_done) is_done = fail(path);
  return is_done;
}

bool cli_mirror_file(struct cli_mirror *mirror, const struct cli_entry *entry,
                     const uint8_t *bytes, size_t length) {
  char *path = cli_join(mirror->beside, entry->path);
  int descriptor = create(path);
  bool is_written = descriptor >= 0;
  if (is_written && !write_all(descriptor, bytes, length)) {
    is_written = fail(path);
    close(descriptor);
  } else if (is_written) {
    is_written = close_file(descriptor, path, entry);
  }
  free(path);
  return is_written;
}

struct copy {
  int from, to;
  const char *path;
  const volatile sig_atomic_t *is_interrupted;
};

/* Returns false if the copy cannot be written, or is interrupted. */
static bool copy_rest(const struct copy *copy, int *error) {
  static uint8_t part[1 << 16];
  while (!*copy->is_interrupted) {
    ssize_t count = read(copy->from, part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) *error = errno;
    if (count <= 0) return true;
    if (!write_all(copy->to, part, (size_t)count)) return fail(copy->path);
  }
  return false;
}

/* A copy has the time of its file. */
static bool copy_to(const struct copy *copy, const struct cli_entry *entry,
                    int *error) {
  if (!copy_rest(copy, error)) {
    close(copy->to);
    return false;
  }
  const struct timespec times[] = {entry->status.st_atim,
                                   entry->status.st_mtim};
  futimens(copy->to, times);
  bool is_copied = close_file(copy->to, copy->path, entry);
  if (is_copied && *error)
    is_copied = unlink(copy->path) == 0 || fail(copy->path);
  return is_copied;
}

bool cli_mirror_copy(struct cli_mirror *mirror, const struct cli_entry *entry,
                     int descriptor, const uint8_t *head, size_t length,
                     int *error) {
  char *path = cli_join(mirror->beside, entry->path);
  int to = create(path);
  bool is_copied = to >= 0;
  if (is_copied && !write_all(to, head, length)) {
    is_copied = fail(path);
    close(to);
  }
  const struct copy copy = {descriptor, to, path, mirror->is_interrupted};
  is_copied = is_copied && copy_to(&copy, entry, error);
  free(path);
  return is_copied;
}

/* ------------------------------------------------------------------ the end */

/* The contents of a folder before the folder. */
static bool set_modes(const struct cli_mirror *mirror,
                      const struct cli_tree *tree) {
  bool is_set = true;
  for (size_t i = tree->count; i-- > 0 && is_set;) {
    const struct cli_entry *entry = &tree->entries[i];
    if (!S_ISDIR(entry->status.st_mode)) continue;
    char *path = cli_join(mirror->beside, entry->path);
    is_set = chmod(path, entry->status.st_mode & 01777) == 0 || fail(path);
    free(path);
  }
  return is_set;
}

bool cli_mirror_finish(struct cli_mirror *mirror, const struct cli_tree *tree) {
  if (!set_modes(mirror, tree)) return false;
  if (rename(mirror->beside, mirror->out) != 0) return fail(mirror->out);
  free(mirror->beside);
  mirror->beside = NULL;
  return true;
}

static int make_writable(const char *path, const struct stat *status, int type,
                         struct FTW *place) {
  (void)status;
  (void)place;
  return type == FTW_D || type == FTW_DNR ? chmod(path, 0700) : 0;
}

static int delete(const char *path, const struct stat *status, int type,
                  struct FTW *place) {
  (void)status;
  (void)type;
  (void)place;
  return remove(path);
}

void cli_mirror_drop(struct cli_mirror *mirror) {
  enum { DESCRIPTORS = 16 };
  if (!mirror->beside) return;
  nftw(mirror->beside, make_writable, DESCRIPTORS, FTW_PHYS);
  if (nftw(mirror->beside, delete, DESCRIPTORS, FTW_PHYS | FTW_DEPTH) != 0)
    fail(mirror->beside);
  free(mirror->beside);
  mirror->beside = NULL;
}

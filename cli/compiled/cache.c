/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compiled/cache.h"

#include "compiled/processor.h"
#include "text/messages.h"
#include "text/sizes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define DEFAULT_SIZE (UINT64_C(2) << 30)
#define SUFFIX ".cwasm"
enum { DIGITS = 32 }; /* of a hash, before the suffix */

/* -------------------------------------------------------------- the folder */

static const char *join(const char *before, const char *after) {
  static char path[PATH_MAX];
  int length = snprintf(path, sizeof path, "%s%s", before, after);
  return length > 0 && (size_t)length < sizeof path ? path : NULL;
}

const char *cli_cache_folder(void) {
  const char *own = getenv("WASMSIG_CACHE");
  const char *caches = getenv("XDG_CACHE_HOME");
  const char *home = getenv("HOME");
  if (own && strcmp(own, "off") == 0) return NULL;
  if (own && own[0] != '\0') return own;
  if (caches && caches[0] == '/') return join(caches, "/wasmsig/compiled");
  return home && home[0] == '/' ? join(home, "/.cache/wasmsig/compiled") : NULL;
}

/* NULL, or what is wrong with $WASMSIG_CACHE_SIZE. */
static const char *read_size(uint64_t *size) {
  const char *text = getenv("WASMSIG_CACHE_SIZE");
  bool is_set = text && text[0] != '\0';
  *size = is_set ? 0 : DEFAULT_SIZE;
  return is_set && !cli_is_zero_size(text) ? cli_parse_size(text, size) : NULL;
}

uint64_t cli_cache_size(void) {
  uint64_t size;
  return read_size(&size) ? 0 : size;
}

bool cli_cache_size_is_right(const char *command) {
  uint64_t unused;
  const char *wrong = cli_cache_folder() ? read_size(&unused) : NULL;
  if (wrong)
    cli_usage_error(command, "WASMSIG_CACHE_SIZE: '%s' %s",
                    getenv("WASMSIG_CACHE_SIZE"), wrong);
  return !wrong;
}

static bool is_folder_of_ours(const struct stat *status) {
  return S_ISDIR(status->st_mode) &&
         (status->st_uid == geteuid() || status->st_uid == 0);
}

/* Whether only we and root can create, replace and delete files there. */
static bool is_for_us_alone(const char *folder) {
  struct stat status;
  return stat(folder, &status) == 0 && is_folder_of_ours(&status) &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Whether others cannot rename what is ours there: in a sticky folder, such as
 * /tmp, they cannot. A group with its user's number is that user's alone; with
 * it, many systems make folders that the group may write. */
static bool keeps_ours(const char *folder) {
  struct stat status;
  if (stat(folder, &status) != 0 || !is_folder_of_ours(&status)) return false;
  mode_t others = status.st_gid == status.st_uid ? S_IWOTH : S_IWGRP | S_IWOTH;
  return (status.st_mode & S_ISVTX) != 0 || (status.st_mode & others) == 0;
}

/* Whether something holds for all folders that lead to the last name. */
static bool all_on_way(const char *folder, bool (*holds)(const char *)) {
  char path[PATH_MAX];
  size_t length = strlen(folder);
  if (length >= sizeof path) return false;
  memcpy(path, folder, length + 1);
  for (char *slash; (slash = strrchr(path, '/')) && slash != path;) {
    *slash = '\0';
    if (!holds(path)) return false;
  }
  return path[0] != '/' || holds("/");
}

/* The way is that of the name, and that of where its links lead. */
static bool is_ours(const char *folder) {
  char resolved[PATH_MAX];
  return is_for_us_alone(folder) && all_on_way(folder, keeps_ours) &&
         realpath(folder, resolved) && all_on_way(resolved, keeps_ours);
}

static bool is_missing_or_keeps_ours(const char *folder) {
  struct stat status;
  if (stat(folder, &status) != 0) return errno == ENOENT;
  return keeps_ours(folder);
}

/* Creates the folder and those that lead to it, for us alone. In a folder of
 * another user none is created: root's would lock that user out of theirs. */
static bool make_folder(const char *folder) {
  char path[PATH_MAX];
  size_t length = strlen(folder);
  if (length >= sizeof path) return false;
  if (!all_on_way(folder, is_missing_or_keeps_ours)) return false;
  memcpy(path, folder, length + 1);
  for (char *slash = strchr(path + 1, '/'); slash;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(path, 0700) != 0 && errno != EEXIST) return false;
    *slash = '/';
  }
  return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* ----------------------------------------------------------------- entries */

static bool path_of(char *path, size_t size, const struct cli_cache_key *key) {
  const char *folder = cli_cache_folder();
  char processor[CLI_PROCESSOR_TEXT];
  if (!folder) return false;
  cli_processor_features(processor);
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, key->settings, strlen(key->settings) + 1);
  XXH3_128bits_update(&state, processor, strlen(processor) + 1);
  XXH3_128bits_update(&state, key->module.start, key->module.length);
  XXH128_hash_t hash = XXH3_128bits_digest(&state);
  int length = snprintf(path, size, "%s/%016" PRIx64 "%016" PRIx64 SUFFIX,
                        folder, hash.high64, hash.low64);
  return length > 0 && (size_t)length < size;
}

static bool is_of_module(const struct cli_compiled *compiled,
                         struct cli_bytes module) {
  return compiled->module.length == module.length &&
         memcmp(compiled->module.start, module.start, module.length) == 0;
}

bool cli_cache_find(const struct cli_cache_key *key,
                    struct cli_compiled *compiled) {
  char path[PATH_MAX];
  if (!path_of(path, sizeof path, key) || !is_ours(cli_cache_folder()))
    return false;
  if (cli_compiled_open(compiled, path, CLI_WRITERS_OURS)) return false;
  if (is_of_module(compiled, key->module)) {
    futimens(compiled->descriptor, NULL); /* its use, for make_room() */
    return true;
  }
  cli_compiled_close(compiled);
  return false;
}

/* ---------------------------------------------------------------- the list */

static bool is_entry(const char *name) {
  return strspn(name, "0123456789abcdef") == DIGITS &&
         strcmp(name + DIGITS, SUFFIX) == 0;
}

/* What a process that was killed has not finished: HASH.cwasm.XXXXXX */
static bool is_unfinished(const char *name) {
  return strspn(name, "0123456789abcdef") == DIGITS &&
         strncmp(name + DIGITS, SUFFIX ".", sizeof SUFFIX) == 0;
}

/* The nearest time that fits: the number ends in the year 2262, and a file can
 * have a later time. */
static int64_t modified_ns(const struct stat *status) {
  int64_t second = 1000000000, last = INT64_MAX / second - 1;
  int64_t seconds = status->st_mtim.tv_sec;
  if (seconds > last) return INT64_MAX;
  if (seconds < -last) return INT64_MIN;
  return seconds * second + status->st_mtim.tv_nsec;
}

static bool add_entry(struct cli_cache_entries *entries, int folder,
                      const char *name) {
  struct stat status;
  if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return true;
  struct cli_cache_entry *more =
      reallocarray(entries->list, entries->count + 1, sizeof *more);
  if (!more) return false;
  entries->list = more;
  struct cli_cache_entry entry = {strdup(name), (uint64_t)status.st_size,
                                  modified_ns(&status)};
  if (!entry.file) return false;
  entries->list[entries->count++] = entry;
  entries->size += entry.size;
  return true;
}

static int compare(const void *a, const void *b) {
  const struct cli_cache_entry *first = a, *second = b;
  return (first->used_ns < second->used_ns) -
         (first->used_ns > second->used_ns);
}

static void delete_if_old(int folder, const char *name) {
  enum { HOUR_S = 3600 };
  struct stat status;
  if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      time(NULL) - status.st_mtim.tv_sec > HOUR_S)
    unlinkat(folder, name, 0);
}

bool cli_cache_entries_read(struct cli_cache_entries *entries,
                            const char *folder) {
  bool is_read = true;
  *entries = (struct cli_cache_entries){0};
  DIR *opened = opendir(folder);
  if (!opened) return false;
  int descriptor = dirfd(opened);
  for (struct dirent *item;
       descriptor >= 0 && is_read && (item = readdir(opened));) {
    if (is_entry(item->d_name))
      is_read = add_entry(entries, descriptor, item->d_name);
    else if (is_unfinished(item->d_name))
      delete_if_old(descriptor, item->d_name);
  }
  closedir(opened);
  if (entries->count > 0)
    qsort(entries->list, entries->count, sizeof *entries->list, compare);
  return is_read;
}

void cli_cache_entries_release(struct cli_cache_entries *entries) {
  for (size_t i = 0; i < entries->count; i++) free(entries->list[i].file);
  free(entries->list);
  *entries = (struct cli_cache_entries){0};
}

/* ----------------------------------------------------------------- storing */

static void delete_entry(const char *folder, const char *file) {
  char path[PATH_MAX];
  int length = snprintf(path, sizeof path, "%s/%s", folder, file);
  if (length > 0 && (size_t)length < sizeof path) unlink(path);
}

/* Deletes entries until there is room for `size` bytes. */
static void make_room(const char *folder, uint64_t size) {
  struct cli_cache_entries entries;
  if (!cli_cache_entries_read(&entries, folder)) return;
  uint64_t kept = size, most = cli_cache_size();
  for (size_t i = 0; i < entries.count; i++) {
    kept += entries.list[i].size;
    if (kept <= most) continue;
    kept -= entries.list[i].size;
    delete_entry(folder, entries.list[i].file);
  }
  cli_cache_entries_release(&entries);
}

/* An empty folder of that name would prevent it. */
static bool replace(const char *beside, const char *path) {
  if (rename(beside, path) == 0) return true;
  return errno == EISDIR && rmdir(path) == 0 && rename(beside, path) == 0;
}

static bool write_beside(char *beside, const char *path, struct cli_bytes code,
                         struct cli_bytes module, struct cli_bytes name) {
  int descriptor = mkostemp(beside, O_CLOEXEC); /* for us alone: mode 0600 */
  if (descriptor < 0) return false;
  bool is_written = cli_compiled_write(descriptor, code, module, name);
  is_written = close(descriptor) == 0 && is_written;
  if (is_written && replace(beside, path)) return true;
  unlink(beside);
  return false;
}

static void store_at(const char *path, struct cli_bytes code,
                     struct cli_bytes module, struct cli_bytes name) {
  char beside[PATH_MAX];
  int length = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
  if (length > 0 && (size_t)length < sizeof beside)
    write_beside(beside, path, code, module, name);
}

void cli_cache_store(const struct cli_cache_key *key, struct cli_bytes code,
                     const char *name) {
  char path[PATH_MAX];
  const char *folder = cli_cache_folder();
  uint64_t size = code.length + key->module.length + PATH_MAX;
  if (!folder || !path_of(path, sizeof path, key)) return;
  if (size > cli_cache_size()) return;
  if (!make_folder(folder) || !is_ours(folder)) return;
  make_room(folder, size);
  struct sigaction ignored = {.sa_handler = SIG_IGN}, before;
  sigaction(SIGXFSZ, &ignored, &before); /* a file beyond the limit */
  store_at(path, code, key->module,
           (struct cli_bytes){(const uint8_t *)name, strlen(name)});
  sigaction(SIGXFSZ, &before, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "files/tree.h"

#include "text/room.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cli_entry *add(struct cli_tree *tree, char *path) {
  struct cli_entry *more =
      cli_room_for_one(tree->entries, tree->count, sizeof *more);
  if (!more) return NULL;
  tree->entries = more;
  tree->entries[tree->count] = (struct cli_entry){.path = path};
  return &tree->entries[tree->count++];
}

static char *join(const char *folder, const char *path) {
  char *joined;
  const char *between = path[0] && folder[0] ? "/" : "";
  return asprintf(&joined, "%s%s%s", folder, between, path) < 0 ? NULL : joined;
}

static int is_below(const struct dirent *entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static bool list(const char *folder, char *path, struct cli_tree *tree);

static bool list_all(const char *folder, const char *path, struct dirent **all,
                     int count, struct cli_tree *tree) {
  bool is_listed = true;
  for (int i = 0; i < count; i++) {
    char *below = is_listed ? join(path, all[i]->d_name) : NULL;
    is_listed = below && list(folder, below, tree);
    free(all[i]);
  }
  return is_listed;
}

/* Adds what is in the folder of the last entry. */
static bool list_below(const char *folder, const char *full,
                       struct cli_tree *tree) {
  struct cli_entry *entry = &tree->entries[tree->count - 1];
  struct dirent **all;
  int count = scandir(full, &all, is_below, alphasort);
  if (count < 0) {
    entry->error = errno;
    return errno != ENOMEM;
  }
  bool is_listed = list_all(folder, entry->path, all, count, tree);
  free(all);
  return is_listed;
}

/* Takes the path. */
static bool list(const char *folder, char *path, struct cli_tree *tree) {
  struct cli_entry *entry = add(tree, path);
  char *full = entry ? join(folder, path) : NULL;
  bool is_listed = full != NULL;
  if (!entry) free(path);
  if (is_listed && lstat(full, &entry->status) != 0) entry->error = errno;
  if (is_listed && !entry->error && S_ISDIR(entry->status.st_mode))
    is_listed = list_below(folder, full, tree);
  free(full);
  return is_listed;
}

bool cli_list_tree(const char *folder, struct cli_tree *tree) {
  *tree = (struct cli_tree){NULL, 0};
  /* With "/." a link that leads to the folder is followed. */
  char *start = join(folder, "."), *path = strdup("");
  bool is_listed = start && path && list(start, path, tree);
  if (!start) free(path);
  free(start);
  if (!is_listed) cli_release_tree(tree);
  return is_listed;
}

void cli_release_tree(struct cli_tree *tree) {
  for (size_t i = 0; i < tree->count; i++) free(tree->entries[i].path);
  free(tree->entries);
  *tree = (struct cli_tree){NULL, 0};
}

char *cli_join(const char *folder, const char *path) {
  char *joined = join(folder, path);
  if (joined) return joined;
  fputs("wasmsig: out of memory\n", stderr);
  _Exit(1);
}

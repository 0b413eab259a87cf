/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lists a folder with all that is below it. Symbolic links are not followed. */
#ifndef WASMSIG_CLI_FILES_TREE_H
#define WASMSIG_CLI_FILES_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct cli_entry {
  char *path; /* from the folder on; "" is the folder itself */
  struct stat status;
  int error; /* errno if it cannot be read, or its contents listed; else 0 */
};

/* A folder comes before its contents, which are in the order of their names. */
struct cli_tree {
  struct cli_entry *entries;
  size_t count;
};

/* Returns false if memory is exhausted: then `tree` is empty. */
bool cli_list_tree(const char *folder, struct cli_tree *tree);
void cli_release_tree(struct cli_tree *tree);

/* "folder/path", or "folder" for the path "". Never NULL: without memory it
 * ends the process. */
char *cli_join(const char *folder, const char *path);

#endif

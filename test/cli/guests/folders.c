/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program that reads long folders. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 20 };

/* Reads the folder with several readers, one entry of each in turn. Prints the
 * entries if all readers return the same. */
static int in_turn(const char *path, int count) {
  DIR *folders[MOST];
  for (int i = 0; i < count; i++)
    if (!(folders[i] = opendir(path))) return 1;
  for (;;) {
    struct dirent *entry = readdir(folders[0]);
    char name[256] = "";
    if (entry) strcpy(name, entry->d_name);
    for (int i = 1; i < count; i++) {
      entry = readdir(folders[i]);
      if (strcmp(entry ? entry->d_name : "", name) != 0) return 2;
    }
    if (!name[0]) break;
    puts(name);
  }
  for (int i = 0; i < count; i++)
    if (closedir(folders[i]) != 0) return 3;
  return 0;
}

static int count_rest(DIR *folder) {
  int count = 0;
  while (readdir(folder)) count++;
  return count;
}

/* Goes back to the middle, and to the start when a file has been added. */
static int back(const char *path) {
  char added[300];
  DIR *folder = opendir(path);
  if (!folder) return 1;
  for (int i = 0; i < 300; i++) readdir(folder);
  long middle = telldir(folder);
  int rest = count_rest(folder);
  seekdir(folder, middle);
  int again = count_rest(folder);
  snprintf(added, sizeof added, "%s/added", path);
  close(open(added, O_CREAT | O_WRONLY, 0600));
  rewinddir(folder);
  printf("%d %d %d\n", rest, again, count_rest(folder));
  return closedir(folder);
}

/* Reuses the descriptor of a folder that was read in part. */
static int renumbered(const char *path, const char *other) {
  int half = open(path, O_RDONLY | O_DIRECTORY);
  DIR *folder = fdopendir(half);
  for (int i = 0; i < 10; i++)
    if (!readdir(folder)) return 1;
  long at = telldir(folder);
  closedir(folder);
  int number = open(other, O_RDONLY | O_DIRECTORY);
  if (number != half) return 2;
  folder = fdopendir(number);
  seekdir(folder, at); /* after its end */
  printf("%d\n", count_rest(folder));
  return closedir(folder);
}

/* Opens files until there are no more descriptors. */
static int exhaust(const char *path) {
  int last = 0;
  while (last >= 0) last = open(path, O_RDONLY);
  int opening = errno;
  int stating = access(path, R_OK) == 0 ? 0 : errno;
  printf("%d %d\n", opening == EMFILE, stating == 0 || stating == EMFILE);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3) return 99;
  if (strcmp(argv[1], "back") == 0) return back(argv[2]);
  if (strcmp(argv[1], "renumbered") == 0) return renumbered(argv[2], argv[3]);
  if (strcmp(argv[1], "exhaust") == 0) return exhaust(argv[2]);
  return in_turn(argv[2], atoi(argv[1]));
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reads the folder /in to its end, as C programs do. */
#include <dirent.h>

int main(void) {
  int count = 0;
  DIR *folder = opendir("/in");
  while (folder && readdir(folder)) count++;
  return count > 1000 ? 0 : 1;
}

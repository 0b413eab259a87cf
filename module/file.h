/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WSIG_MODULE_FILE_H
#define WSIG_MODULE_FILE_H

#include "wasmsig/module.h"

#include <sys/types.h>

/** A descriptor as a source; the descriptor stays the caller's. */
struct wsig_file {
  int descriptor;
  off_t length; /* of one that can be sought in */
};

wasmsig_module_source wsig_file_source(struct wsig_file *file, int descriptor);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WSIG_MODULE_FILE_H
#define WSIG_MODULE_FILE_H

#include "wasmsig/module.h"

#include <sys/types.h>

/** A file descriptor as a source. The caller keeps and closes it. */
struct wsig_file {
  int descriptor;
  off_t length; /* 0: seeking is not possible */
};

wasmsig_module_source wsig_file_source(struct wsig_file *file, int descriptor);

#endif

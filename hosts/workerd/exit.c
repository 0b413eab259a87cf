/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The end of the process waits for the reports. The runtime ends by _exit(),
 * which calls no handler of atexit(): after SIGTERM, and after its other
 * commands. So this function comes before the C library's.
 *
 * A signal handler may call _exit(): what is called here may run there.
 */
#include "report.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef void exit_function(int status);

static exit_function *next_exit;

__attribute__((constructor)) static void prepare(void) {
  next_exit = (exit_function *)(uintptr_t)dlsym(RTLD_NEXT, "_exit");
  atexit(wkd_report_flush);
}

__attribute__((visibility("default"))) void _exit(int status) {
  wkd_report_flush();
  if (next_exit) next_exit(status);
  for (;;) syscall(SYS_exit_group, status);
}

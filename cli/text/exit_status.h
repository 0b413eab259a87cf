/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef WASMSIG_CLI_TEXT_EXIT_STATUS_H
#define WASMSIG_CLI_TEXT_EXIT_STATUS_H

/* Exit statuses of the command. `run` also returns those of the guest. */
enum cli_status {
  CLI_OK = 0,
  CLI_FAILED = 1, /* a file cannot be read, run or written */
  CLI_USAGE = 2,
  CLI_UNTRACKED = 3,    /* `inspect`: a host cannot track the module */
  CLI_NOT_ALL = 3,      /* `instrument` of a folder: a module stays as it is */
  CLI_WALL_LIMIT = 124, /* as timeout(1) */
  CLI_TRAPPED = 134,    /* 128 + SIGABRT */
  CLI_CPU_LIMIT = 152,  /* 128 + SIGXCPU */
};

#endif

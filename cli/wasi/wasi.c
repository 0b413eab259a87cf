/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "wasi/wasi.h"

#include "wasi/poll.h"
#include "wasi/streams.h"

static bool has_exited;
static int exit_status;

void cli_wasi_exit(uint32_t status) {
  has_exited = true;
  exit_status = (int)(status & 0xff); /* what the system keeps of it: wait(2) */
}

bool cli_wasi_has_exited(int *status) {
  if (has_exited) *status = exit_status;
  return has_exited;
}

static int32_t pass(const struct cli_memory *memory,
                    const uint32_t *arguments) {
  (void)memory, (void)arguments;
  return CLI_WASI_PASS;
}

const struct cli_wasi_call cli_wasi_calls[CLI_WASI_CALLS] = {
    {"fd_close", 1, pass, cli_streams_closed},
    {"fd_read", 4, cli_streams_read, NULL},
    {"fd_renumber", 2, pass, cli_streams_renumbered},
    {"fd_write", 4, cli_streams_write, NULL},
    {"poll_oneoff", 4, cli_poll, NULL},
};

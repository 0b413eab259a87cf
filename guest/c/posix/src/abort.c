/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* abort(3): wasi-libc's traps without running SIGABRT's handler. */
#include "internal.h"

#include <stdlib.h>

void abort(void) {
  wsig_enter();
  wsig.blocked &= ~WSIG_BIT(SIGABRT);
  bool has_handler = wsig.actions[SIGABRT].sa_handler != SIG_DFL;
  wsig_leave();
  if (has_handler) raise(SIGABRT);
  __builtin_trap();
}

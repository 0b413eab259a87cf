/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "text/signal_names.h"

#include "base/signal_names.h"

#include <stdlib.h>
#include <strings.h>

const char *cli_signal_name(int signal) { return wsig_signal_name(signal); }

int cli_signal_number(const char *name) {
  char *end;
  long number = strtol(name, &end, 10);
  if (name[0] >= '0' && name[0] <= '9' && *end == '\0')
    return number >= 1 && number <= WASMSIG_SIGNAL_MAX ? (int)number : 0;
  for (int i = 1; i <= WASMSIG_SIGNAL_MAX; i++) {
    if (strcasecmp(name, wsig_signal_names[i]) == 0 ||
        strcasecmp(name, wsig_signal_names[i] + 3) == 0)
      return i;
  }
  return 0;
}

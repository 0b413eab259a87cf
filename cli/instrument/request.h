/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the command line of `wasmsig instrument` requests. */
#ifndef WASMSIG_CLI_INSTRUMENT_REQUEST_H
#define WASMSIG_CLI_INSTRUMENT_REQUEST_H

#include "wasmsig/instrument.h"

#include <stdbool.h>

struct request {
  const char *in;
  const char *out;
  wasmsig_instrument_options options;
  bool is_verbose;
  bool explains;
  bool adds_page;
  bool is_json;
};

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the command `wasmsig workerd` has set in the environment. A variable
 * that is empty is as one that is not set.
 *
 *   WASMSIG_WORKERD_HARD_NS      CPU time of a request, in ns
 *   WASMSIG_WORKERD_SOFT_NS      CPU time after which SIGXCPU is raised
 *   WASMSIG_WORKERD_STARTUP_NS   CPU time of a Worker's start
 *   WASMSIG_WORKERD_LOG          a line for each request: a file, or -
 *   WASMSIG_WORKERD_LOG_FORMAT   text (default) or json
 *   WASMSIG_WORKERD_METRICS      a file for a Prometheus text collector; %p in
 * it is the process id WASMSIG_WORKERD_TERMINATED   1: a kill writes 1 to the
 * terminated words WASMSIG_WORKERD_RUNTIME      the executable, if it is not
 * named workerd
 */
#ifndef WSIG_WORKERD_SETTINGS_H
#define WSIG_WORKERD_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct wkd_settings {
  uint64_t soft_ns, hard_ns, startup_ns; /* WASMSIG_NO_LIMIT: none */
  int log_file;                          /* -1: none */
  bool log_json;
  bool mark_terminated;
};

extern struct wkd_settings wkd_settings;

/** Whether this process is the one that the limits are for. */
bool wkd_settings_are_for_this(void);

/**
 * Reads the settings from the environment.
 *
 * Returns:   NULL, or what is wrong: a sentence's end.
 */
const char *wkd_settings_take(void);

#endif

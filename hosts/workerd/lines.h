/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The log's lines, as text or as JSON; each ends with a newline. */
#ifndef WSIG_WORKERD_LINES_H
#define WSIG_WORKERD_LINES_H

#include "report.h"

#include <stddef.h>
#include <stdint.h>

/** Both answer the length, as snprintf(3) does. */
int wkd_line_of_event(const struct wkd_event *event, char *line, size_t room);

/** The line that says how many lines are missing. */
int wkd_line_of_dropped(uint64_t lines, char *line, size_t room);

#endif

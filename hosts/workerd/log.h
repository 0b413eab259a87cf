/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The log's lines: a queue, and a thread that writes it to the log's file. */
#ifndef WSIG_WORKERD_LOG_H
#define WSIG_WORKERD_LOG_H

#include <stddef.h>
#include <stdint.h>

/* The longest line, with its newline. */
#define WKD_LINE_ROOM 700

/** Leaves a whole line for the log, or counts it as dropped. Any thread,
 * outside of signal handlers. It never waits for the file. */
void wkd_log_add(const char *line, size_t length);

/** As wkd_writer_flush. */
void wkd_log_flush(uint64_t until_ns);

#endif

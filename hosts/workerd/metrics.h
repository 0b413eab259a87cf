/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Counters in a file of Prometheus' text format, as node_exporter's textfile
 * collector reads it.
 */
#ifndef WSIG_WORKERD_METRICS_H
#define WSIG_WORKERD_METRICS_H

#include "report.h"

/**
 * Sets the file, before the first event; `%p` in its path is the process id.
 *
 * Returns:   NULL, or why it cannot be written.
 */
const char *wkd_metrics_prepare(const char *path);

/** Counts an event, if there is a file. Any thread, outside of signal handlers.
 */
void wkd_metrics_count(const struct wkd_event *event);

/** As wkd_writer_flush. */
void wkd_metrics_flush(uint64_t until_ns);

#endif

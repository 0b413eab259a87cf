/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Counters in a file of Prometheus' text format, as node_exporter's textfile
 * collector reads it.
 */
#ifndef WSIG_WORKERD_METRICS_H
#define WSIG_WORKERD_METRICS_H

#include "report.h"

/** Counts an event. Any thread, outside of signal handlers. */
void wkd_metrics_count(const struct wkd_event *event);

#endif

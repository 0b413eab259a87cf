/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "report.h"

#include "lines.h"
#include "log.h"
#include "metrics.h"
#include "settings.h"

#include <time.h>

/* The end of the process waits so long for a file. */
#define FLUSH_NS UINT64_C(1000000000)

uint64_t wkd_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void write_line(const struct wkd_event *event) {
  char line[WKD_LINE_ROOM];
  int length = wkd_line_of_event(event, line, sizeof line);
  if (length > 0 && (size_t)length < sizeof line)
    wkd_log_add(line, (size_t)length);
}

void wkd_report_flush(void) {
  uint64_t until_ns = wkd_now_ns() + FLUSH_NS;
  wkd_log_flush(until_ns);
  wkd_metrics_flush(until_ns);
}

void wkd_report(const struct wkd_event *event) {
  if (wkd_settings.log_file >= 0) write_line(event);
  wkd_metrics_count(event);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "report.h"

#include "metrics.h"
#include "settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t wkd_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double milliseconds(uint64_t ns) { return (double)ns / 1e6; }

/* ------------------------------------------------------------------ lines */

/* A service's name is what a configuration says. */
static void escape(const char *text, char *to, size_t room) {
  size_t used = 0;
  for (; *text && used + 7 < room; text++) {
    unsigned char letter = (unsigned char)*text;
    if (letter == '"' || letter == '\\')
      used += (size_t)snprintf(to + used, room - used, "\\%c", letter);
    else if (letter < 0x20 || letter == 0x7f)
      used += (size_t)snprintf(to + used, room - used, "\\u%04x", letter);
    else
      to[used++] = (char)letter;
  }
  to[used] = '\0';
}

static int text_line(const struct wkd_event *event, const char *service,
                     char *line, size_t room) {
  char signals[60] = "";
  if (event->signals > 0)
    snprintf(signals, sizeof signals, ", SIGXCPU %" PRIu32 " at %.3f ms",
             event->signals, milliseconds(event->signal_cpu_ns));
  return snprintf(line, room,
                  "wasmsig: %s: %s: %.3f ms CPU, %.3f ms wall%s%s\n",
                  *service ? service : "?", event->kind,
                  milliseconds(event->cpu_ns), milliseconds(event->wall_ns),
                  signals, event->exceeded_cpu ? ", exceededCpu" : "");
}

static int json_line(const struct wkd_event *event, const char *service,
                     char *line, size_t room) {
  struct timespec now;
  struct tm utc;
  char date[40] = "", signal[40] = "null";
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
  if (event->signals > 0)
    snprintf(signal, sizeof signal, "%.3f", milliseconds(event->signal_cpu_ns));
  return snprintf(line, room,
                  "{\"time\":\"%s.%03ldZ\",\"service\":\"%s\",\"event\":\"%s\","
                  "\"cpu_ms\":%.3f,\"wall_ms\":%.3f,\"signals\":%" PRIu32
                  ",\"signal_cpu_ms\":%s,\"outcome\":\"%s\"}\n",
                  date, now.tv_nsec / 1000000, service, event->kind,
                  milliseconds(event->cpu_ns), milliseconds(event->wall_ns),
                  event->signals, signal,
                  event->exceeded_cpu ? "exceededCpu" : "ok");
}

/* One write: lines of several threads do not mix. */
static void write_line(const struct wkd_event *event) {
  char service[6 * 64 + 8], line[700];
  escape(event->service, service, sizeof service);
  int length = (wkd_settings.log_json ? json_line : text_line)(
      event, service, line, sizeof line);
  if (length <= 0 || (size_t)length >= sizeof line) return;
  ssize_t written = write(wkd_settings.log_file, line, (size_t)length);
  (void)written; /* a log that is full stops no request */
}

void wkd_report(const struct wkd_event *event) {
  if (wkd_settings.log_file >= 0) write_line(event);
  if (wkd_settings.metrics) wkd_metrics_count(event);
}

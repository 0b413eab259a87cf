/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lines.h"

#include "settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static double milliseconds(uint64_t ns) { return (double)ns / 1e6; }

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

/* RFC 3339, in UTC. */
static void print_time(char *to, size_t room) {
  struct timespec now;
  struct tm utc;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &utc);
  size_t used = strftime(to, room, "%Y-%m-%dT%H:%M:%S", &utc);
  snprintf(to + used, room - used, ".%03ldZ", now.tv_nsec / 1000000);
}

static int json_line(const struct wkd_event *event, const char *service,
                     char *line, size_t room) {
  char time[60], signal[40] = "null";
  print_time(time, sizeof time);
  if (event->signals > 0)
    snprintf(signal, sizeof signal, "%.3f", milliseconds(event->signal_cpu_ns));
  return snprintf(line, room,
                  "{\"time\":\"%s\",\"service\":\"%s\",\"event\":\"%s\","
                  "\"cpu_ms\":%.3f,\"wall_ms\":%.3f,\"signals\":%" PRIu32
                  ",\"signal_cpu_ms\":%s,\"outcome\":\"%s\"}\n",
                  time, service, event->kind, milliseconds(event->cpu_ns),
                  milliseconds(event->wall_ns), event->signals, signal,
                  event->exceeded_cpu ? "exceededCpu" : "ok");
}

int wkd_line_of_dropped(uint64_t lines, char *line, size_t room) {
  char time[60];
  if (!wkd_settings.log_json)
    return snprintf(line, room, "wasmsig: %" PRIu64 " lines dropped\n", lines);
  print_time(time, sizeof time);
  return snprintf(line, room, "{\"time\":\"%s\",\"dropped\":%" PRIu64 "}\n",
                  time, lines);
}

int wkd_line_of_event(const struct wkd_event *event, char *line, size_t room) {
  char service[6 * 64 + 8];
  escape(event->service, service, sizeof service);
  return (wkd_settings.log_json ? json_line : text_line)(event, service, line,
                                                         room);
}

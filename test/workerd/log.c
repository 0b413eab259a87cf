/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A log that cannot be written stops no request and loses no count.
 *
 *     workerd_log
 *
 * Prints what was wrong; its exit status is 1 then.
 */
#include "log.h"
#include "report.h"
#include "settings.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Their lines fill a pipe and both buffers. */
#define EVENTS 12000
#define PATIENCE_S 120

static int failures;

static void expect(bool is_so, const char *what) {
  if (is_so) return;
  printf("not so: %s\n", what);
  failures++;
}

static void report(int events) {
  const struct wkd_event event = {
      .service = "service", .kind = "request", .cpu_ns = 1, .wall_ns = 2};
  for (int i = 0; i < events; i++) wkd_report(&event);
}

static void flush(void) { wkd_log_flush(wkd_now_ns() + 60000000000); }

/* What the lines of a log add up to. */
struct sums {
  unsigned long lines, dropped, others;
};

static void add_line(struct sums *sums, const char *line) {
  unsigned long dropped;
  const char *end = strchr(line, '\n');
  const char *count = strstr(line, "\"dropped\":");
  bool is_whole =
      strncmp(line, "{\"time\":\"", 9) == 0 && end && end[-1] == '}';
  if (is_whole && count && sscanf(count, "\"dropped\":%lu}", &dropped) == 1)
    sums->dropped += dropped;
  else if (is_whole && strstr(line, "\"outcome\":\"ok\"}"))
    sums->lines++;
  else
    sums->others++;
}

/* ------------------------------------------------------------------- pipes */

/* Bytes that no line has. */
static size_t fill(int file) {
  char bytes[4096];
  size_t filled = 0;
  ssize_t written;
  memset(bytes, '\n', sizeof bytes);
  fcntl(file, F_SETFL, O_NONBLOCK);
  while ((written = write(file, bytes, sizeof bytes)) > 0)
    filled += (size_t)written;
  fcntl(file, F_SETFL, 0);
  return filled;
}

static void full_pipe_drops_and_counts(void) {
  struct sums sums = {0};
  char line[2 * WKD_LINE_ROOM];
  int ends[2];
  if (pipe(ends) != 0) exit(2);
  size_t filled = fill(ends[1]);
  wkd_settings.log_file = ends[1];
  report(EVENTS);
  FILE *reader = fdopen(ends[0], "r");
  for (size_t i = 0; i < filled; i++) fgetc(reader);
  while (sums.lines + sums.dropped < EVENTS && fgets(line, sizeof line, reader))
    add_line(&sums, line);
  flush();
  printf("a full pipe: %lu lines, %lu dropped\n", sums.lines, sums.dropped);
  expect(sums.lines + sums.dropped == EVENTS, "each line is there or counted");
  expect(sums.dropped > 0, "some were dropped");
  expect(sums.others == 0, "all lines are whole");
  fclose(reader);
  report(1); /* there is no reader: no SIGPIPE */
  flush();
  close(ends[1]);
}

/* ------------------------------------------------------------------- files */

static struct sums sums_of(int file) {
  struct sums sums = {0};
  char line[2 * WKD_LINE_ROOM];
  FILE *reader = fdopen(dup(file), "r");
  rewind(reader);
  while (fgets(line, sizeof line, reader)) add_line(&sums, line);
  fclose(reader);
  return sums;
}

static void limit_files(rlim_t size) {
  struct rlimit limit;
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = size;
  setrlimit(RLIMIT_FSIZE, &limit);
}

/* As a disk that is full, and then is not. */
static void full_file_drops_and_counts(void) {
  struct rlimit before;
  char path[] = "/tmp/workerd-log-XXXXXX";
  int file = mkstemp(path);
  if (file < 0) exit(2);
  unlink(path);
  fcntl(file, F_SETFL, O_APPEND);
  wkd_settings.log_file = file;
  getrlimit(RLIMIT_FSIZE, &before);
  limit_files(10000);
  report(500); /* no SIGXFSZ */
  flush();
  limit_files(before.rlim_cur);
  struct sums full = sums_of(file);
  report(1);
  flush();
  struct sums sums = sums_of(file);
  close(file);
  printf("a full file: %lu lines, then %lu dropped\n", full.lines,
         sums.dropped);
  expect(full.lines > 0 && full.lines < 500, "the file was full");
  /* One of them was for the pipe without a reader. */
  expect(sums.lines + sums.dropped == 502, "each line is there or counted");
  expect(sums.others == full.others, "all lines but the torn one are whole");
}

int main(void) {
  alarm(PATIENCE_S);
  wkd_settings.log_json = true;
  full_pipe_drops_and_counts();
  full_file_drops_and_counts();
  return failures > 0;
}

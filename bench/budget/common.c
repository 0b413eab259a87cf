/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_SAMPLES 100000

/* _exit: other threads may be running. Samples are printed by line. */
void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
  _exit(EXIT_FAILURE);
}

void fail_errno(const char *what) {
  perror(what);
  _exit(EXIT_FAILURE);
}

void check(int code, const char *what) {
  if (code < 0) fail(what, wasmsig_error_text(code));
}

void check_errno(int result, const char *what) {
  if (result != 0) fail_errno(what);
}

void check_error(int error, const char *what) {
  errno = error;
  check_errno(error, what);
}

long parse_samples(int argc, char **argv, long otherwise) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc == 1) return otherwise;
  char *end;
  long samples = strtol(argv[1], &end, 10);
  if (argc == 2 && *end == '\0' && samples >= 1 && samples <= MOST_SAMPLES)
    return samples;
  fprintf(stderr, "usage: %s [SAMPLES]    of each row, 1 to %d\n",
          program_invocation_short_name, MOST_SAMPLES);
  _exit(2);
}

void print_sample(const char *row, const char *unit, const char *what,
                  double sample) {
  printf("{\"bench\":\"budget\",\"row\":\"%s\",", row);
  if (what)
    printf("\"who\":\"baseline\",\"what\":\"%s\",", what);
  else
    printf("\"who\":\"wasmsig\",");
  printf("\"unit\":\"%s\",\"sample\":%.6g}\n", unit, sample);
}

int64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * SECOND + now.tv_nsec;
}

/* Not a moment less: our timer's signal interrupts a sleep. */
void sleep_ns(int64_t ns) {
  struct timespec left = {ns / SECOND, ns % SECOND};
  while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
  }
}

/* xorshift64* */
uint32_t chance(uint32_t below) {
  static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  uint64_t high = (state * UINT64_C(0x2545f4914f6cdd1d)) >> 32;
  return (uint32_t)(high * below >> 32);
}

void shuffle(uint32_t *numbers, uint32_t count) {
  for (uint32_t i = count; i > 1; i--) {
    uint32_t other = chance(i);
    uint32_t last = numbers[i - 1];
    numbers[i - 1] = numbers[other];
    numbers[other] = last;
  }
}

void stay_on(int processors) {
  static bool asked;
  static cpu_set_t all; /* that we may use */
  if (!asked)
    check_errno(sched_getaffinity(0, sizeof all, &all), "sched_getaffinity");
  asked = true;

  cpu_set_t some;
  CPU_ZERO(&some);
  for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&some) < processors; i++)
    if (CPU_ISSET(i, &all)) CPU_SET(i, &some);
  check_errno(sched_setaffinity(0, sizeof some, &some), "sched_setaffinity");
}

static void kill_nobody(void *context) { (void)context; }

void create_budget(wasmsig_budget *budget, int64_t soft_ns, int64_t hard_ns) {
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = (uint64_t)soft_ns;
  limits.hard_ns = (uint64_t)hard_ns;
  limits.kill = kill_nobody;
  check(wasmsig_budget_init(budget, &limits), "wasmsig_budget_init");
}

void set_firing(wasmsig_firing firing) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  options.firing = firing;
  check(wasmsig_set_firing(&options), "wasmsig_set_firing");
}

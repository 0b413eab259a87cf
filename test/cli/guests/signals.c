/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program that hears signals: what it does is its first argument. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

static int newest;

/* Says that it runs: tests wait for the line. */
static void say(const char *text) {
  puts(text);
  fflush(stdout);
}

static int heard(void) {
  int signal = wasmsig_poll();
  if (signal) newest = signal;
  return signal;
}

static int busy(void) {
  say("busy");
  for (volatile unsigned turns = 0; !heard();) turns = turns + 1;
  printf("heard %d\n", newest);
  return 10;
}

/* Hears each, and goes on. */
static int insensible(void) {
  say("insensible");
  for (;;) {
    if (heard()) {
      printf("heard %d\n", newest);
      fflush(stdout);
    }
  }
}

/* Polls, as it wants to be told of its CPU limit, and of nothing else. */
static int counting(void) {
  wasmsig_want(0);
  say("counting");
  while (wasmsig_poll() != WASMSIG_SIGXCPU) continue;
  return 16;
}

/* Compares what a poll tells, and says to nobody that it does. */
static int comparing(void) {
  wasmsig_want(0);
  say("comparing");
  while (wasmsig_poll() != WASMSIG_SIGINT) continue;
  puts("interrupted");
  return 17;
}

/* Has a handler for one signal. */
static void take(int signal) { newest = signal; }
static int handling(void) {
  wasmsig_want(0);
  wasmsig_on(WASMSIG_SIGTERM, take);
  say("handling");
  while (!newest) wasmsig_poll();
  printf("heard %d\n", newest);
  return 18;
}

/* Never looks. */
static int deaf(void) {
  say("deaf");
  for (volatile unsigned turns = 0;;) turns = turns + 1;
}

static int asleep(void) {
  struct timespec long_time = {100, 0};
  say("asleep");
  int result = nanosleep(&long_time, NULL);
  printf("woke %d heard %d\n", result, heard());
  return 11;
}

static int reading(void) {
  char bytes[100];
  say("reading");
  for (;;) {
    ssize_t count = read(0, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) {
      printf("interrupted, heard %d\n", heard());
      return 12;
    }
    if (count <= 0) return count == 0 ? 0 : 1;
    printf("read %d\n", (int)count);
    fflush(stdout);
  }
}

static int polling(void) {
  struct pollfd file = {.fd = 0, .events = POLLIN};
  say("polling");
  int ready = poll(&file, 1, 100000);
  if (ready < 0)
    printf("interrupted %d, heard %d\n", errno == EINTR, heard());
  else
    printf("ready %d\n", ready);
  return 13;
}

/* Fills the pipe that is its standard output. */
static int writing(void) {
  static char bytes[1 << 16];
  fprintf(stderr, "writing\n");
  memset(bytes, 'x', sizeof bytes);
  for (;;) {
    ssize_t count = write(1, bytes, sizeof bytes);
    if (heard()) {
      fprintf(stderr, "interrupted, heard %d\n", newest);
      return 14;
    }
    if (count < 0) return 1;
  }
}

/* The same by the C library, which goes on where a write has ended early. */
static int printing(void) {
  static char bytes[1 << 18];
  fprintf(stderr, "writing\n");
  memset(bytes, 'x', sizeof bytes);
  fwrite(bytes, 1, sizeof bytes, stdout);
  fprintf(stderr, "interrupted, heard %d\n", heard());
  return 14;
}

/* Looks once in a while. */
static int slow(void) {
  say("slow");
  while (!heard()) {
    for (volatile unsigned turns = 0; turns < 3000000;) turns = turns + 1;
  }
  printf("heard %d\n", newest);
  return 15;
}

static const struct {
  const char *name;
  int (*run)(void);
} deeds[] = {
    {"busy", busy},         {"insensible", insensible}, {"deaf", deaf},
    {"asleep", asleep},     {"reading", reading},       {"polling", polling},
    {"writing", writing},   {"printing", printing},     {"slow", slow},
    {"counting", counting}, {"comparing", comparing},   {"handling", handling}};

int main(int argc, char **argv) {
  wasmsig_want(~0ull);
  for (size_t i = 0; argc > 1 && i < sizeof deeds / sizeof *deeds; i++) {
    if (strcmp(argv[1], deeds[i].name) == 0) return deeds[i].run();
  }
  return 99;
}

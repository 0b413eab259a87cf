/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program that receives signals. Its first argument selects what it does. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

static int last_signal;

/* Prints a line at once. Tests wait for it. */
static void print_now(const char *text) {
  puts(text);
  fflush(stdout);
}

static int poll_signal(void) {
  int signal = wasmsig_poll();
  if (signal) last_signal = signal;
  return signal;
}

static int busy(void) {
  print_now("busy");
  for (volatile unsigned turns = 0; !poll_signal();) turns = turns + 1;
  printf("received %d\n", last_signal);
  return 10;
}

/* Prints each signal, and goes on. */
static int persistent(void) {
  print_now("persistent");
  for (;;) {
    if (poll_signal()) {
      printf("received %d\n", last_signal);
      fflush(stdout);
    }
  }
}

/* Polls for SIGXCPU, and handles no other signal. */
static int limit_only(void) {
  wasmsig_want(0);
  print_now("limit-only");
  while (wasmsig_poll() != WASMSIG_SIGXCPU) continue;
  return 16;
}

/* Compares the number that a poll returns, without a declaration that it
 * handles the signal. */
static int comparing(void) {
  wasmsig_want(0);
  print_now("comparing");
  while (wasmsig_poll() != WASMSIG_SIGINT) continue;
  puts("interrupted");
  return 17;
}

/* Has a handler for one signal. */
static void take(int signal) { last_signal = signal; }
static int handling(void) {
  wasmsig_want(0);
  wasmsig_on(WASMSIG_SIGTERM, take);
  print_now("handling");
  while (!last_signal) wasmsig_poll();
  printf("received %d\n", last_signal);
  return 18;
}

/* Acknowledges one signal, and polls no more. */
static int deaf(void) {
  print_now("deaf");
  while (!poll_signal()) continue;
  printf("received %d\n", last_signal);
  fflush(stdout);
  for (volatile unsigned turns = 0;;) turns = turns + 1;
}

/* Never polls. */
static int unpolled(void) {
  print_now("unpolled");
  for (volatile unsigned turns = 0;;) turns = turns + 1;
}

static int sleeping(void) {
  struct timespec long_time = {100, 0};
  print_now("sleeping");
  int result = nanosleep(&long_time, NULL);
  printf("woke %d received %d\n", result, poll_signal());
  return 11;
}

static int reading(void) {
  char bytes[100];
  print_now("reading");
  for (;;) {
    ssize_t count = read(0, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) {
      printf("interrupted, received %d\n", poll_signal());
      return 12;
    }
    if (count <= 0) return count == 0 ? 0 : 1;
    printf("read %d\n", (int)count);
    fflush(stdout);
  }
}

static int polling(void) {
  struct pollfd file = {.fd = 0, .events = POLLIN};
  print_now("polling");
  int ready = poll(&file, 1, 100000);
  if (ready < 0)
    printf("interrupted %d, received %d\n", errno == EINTR, poll_signal());
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
    if (poll_signal()) {
      fprintf(stderr, "interrupted, received %d\n", last_signal);
      return 14;
    }
    if (count < 0) return 1;
  }
}

/* The same with the C library, which continues after a short write. */
static int printing(void) {
  static char bytes[1 << 18];
  fprintf(stderr, "writing\n");
  memset(bytes, 'x', sizeof bytes);
  fwrite(bytes, 1, sizeof bytes, stdout);
  fprintf(stderr, "interrupted, received %d\n", poll_signal());
  return 14;
}

/* Polls rarely. */
static int slow(void) {
  print_now("slow");
  while (!poll_signal()) {
    for (volatile unsigned turns = 0; turns < 3000000;) turns = turns + 1;
  }
  printf("received %d\n", last_signal);
  return 15;
}

static const struct {
  const char *name;
  int (*run)(void);
} modes[] = {{"busy", busy},
             {"persistent", persistent},
             {"unpolled", unpolled},
             {"sleeping", sleeping},
             {"reading", reading},
             {"polling", polling},
             {"writing", writing},
             {"printing", printing},
             {"slow", slow},
             {"limit-only", limit_only},
             {"comparing", comparing},
             {"handling", handling},
             {"deaf", deaf}};

int main(int argc, char **argv) {
  wasmsig_want(~0ull);
  for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(argv[1], modes[i].name) == 0) return modes[i].run();
  }
  return 99;
}

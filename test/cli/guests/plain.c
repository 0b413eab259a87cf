/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program without signal support. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

static int arguments(int argc, char **argv) {
  for (int i = 2; i < argc; i++) printf("%s\n", argv[i]);
  return 0;
}

static int environment(char **argv) {
  const char *value = getenv(argv[2]);
  printf("%s\n", value ? value : "(not set)");
  return 0;
}

static int print_file(char **argv) {
  char line[100];
  FILE *file = fopen(argv[2], "r");
  if (!file) {
    printf("cannot open: %s\n", strerror(errno));
    return 1;
  }
  while (fgets(line, sizeof line, file)) fputs(line, stdout);
  return fclose(file);
}

static int write_file(char **argv) {
  FILE *file = fopen(argv[2], "w");
  return !file || fputs("written\n", file) < 0 || fclose(file);
}

static int copy_input(void) {
  char bytes[4096];
  size_t count;
  while ((count = fread(bytes, 1, sizeof bytes, stdin)) > 0)
    fwrite(bytes, 1, count, stdout);
  return 0;
}

/* Without a newline at its end, and without a flush. */
static int write_and_spin(void) {
  write(1, "half a li", 9);
  for (volatile unsigned turns = 0;;) turns = turns + 1;
}

static int spin_quietly(void) {
  for (volatile unsigned turns = 0;;) turns = turns + 1;
}

/* Into a file, without closing it. */
static int write_file_and_spin(char **argv) {
  int file = open(argv[2], O_WRONLY | O_CREAT, 0666);
  if (file < 0) return 1;
  write(file, "in the file", 11);
  for (volatile unsigned turns = 0;;) turns = turns + 1;
}

/* Standard output closed, its number taken by a file. */
static int reuse_output(char **argv) {
  close(1);
  FILE *file = fopen(argv[2], "w");
  if (!file) return 1;
  fprintf(stderr, "number %d\n", fileno(file));
  fputs("into the file\n", file);
  return fclose(file);
}

/* Standard input and a file in one poll, then the input. */
static int poll_input_and_file(char **argv) {
  char bytes[100];
  struct pollfd files[2] = {{.fd = 0, .events = POLLIN},
                            {.fd = open(argv[2], O_RDONLY), .events = POLLIN}};
  while (poll(files, 2, -1) > 0 && !files[0].revents) continue;
  printf("%d\n", (int)read(0, bytes, sizeof bytes));
  return files[1].revents == 0;
}

/* Many clocks in one poll. */
static int poll_many(void) {
  enum { MANY = 1000 };
  static __wasi_subscription_t list[MANY];
  static __wasi_event_t events[MANY];
  __wasi_size_t count;
  for (int i = 0; i < MANY; i++) {
    list[i].u.tag = __WASI_EVENTTYPE_CLOCK;
    list[i].u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
    list[i].u.u.clock.timeout = 30000000;
  }
  if (__wasi_poll_oneoff(list, events, MANY, &count) != 0) return 1;
  printf("%d\n", (int)count);
  return 0;
}

static int try_streams(void) {
  char byte;
  ssize_t taken = read(0, &byte, 1);
  int input = taken < 0 ? errno : 0;
  int output = write(1, "x", 1) < 0 ? errno : 0;
  int error = write(2, "x", 1) < 0 ? errno : 0;
  return (input == EBADF) | (output == EBADF) << 1 | (error == EBADF) << 2;
}

/* Sleeps that often. */
static int nap(char **argv) {
  for (int left = atoi(argv[2]); left > 0; left--) usleep(1000);
  puts("rested");
  return 0;
}

static int sleep_a_little(void) {
  struct timespec a_little = {0, 50000000};
  return nanosleep(&a_little, NULL) != 0;
}

/* Until a time of the monotonic clock. */
static int sleep_until(void) {
  struct timespec until, then;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 50000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  clock_gettime(CLOCK_MONOTONIC, &then);
  long late_us = (then.tv_sec - until.tv_sec) * 1000000 +
                 (then.tv_nsec - until.tv_nsec) / 1000;
  printf("%ld\n", late_us);
  return 0;
}

/* Takes memory until there is no more. */
static int fill_memory(void) {
  enum { STEP = 4096 };
  int taken = 0;
  void *volatile block; /* so that the compiler keeps the calls */
  while ((block = malloc(STEP))) taken += STEP;
  printf("%d KiB, then NULL\n", taken / 1024);
  return 0;
}

static void trap(void) { __builtin_trap(); }

/* Until the engine's stack is used up. */
__attribute__((noinline)) static int recurse(int depth) {
  volatile int here = depth;
  return depth < 0 ? 0 : recurse(depth + 1) + here;
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "arguments") == 0) return arguments(argc, argv);
  if (strcmp(mode, "environment") == 0) return environment(argv);
  if (strcmp(mode, "print") == 0) return print_file(argv);
  if (strcmp(mode, "write") == 0) return write_file(argv);
  if (strcmp(mode, "copy") == 0) return copy_input();
  if (strcmp(mode, "spin") == 0) return write_and_spin();
  if (strcmp(mode, "quiet") == 0) return spin_quietly();
  if (strcmp(mode, "keep") == 0) return write_file_and_spin(argv);
  if (strcmp(mode, "reuse") == 0) return reuse_output(argv);
  if (strcmp(mode, "streams") == 0) return try_streams();
  if (strcmp(mode, "poll-many") == 0) return poll_many();
  if (strcmp(mode, "poll-file") == 0) return poll_input_and_file(argv);
  if (strcmp(mode, "sleep") == 0) return sleep_a_little();
  if (strcmp(mode, "nap") == 0) return nap(argv);
  if (strcmp(mode, "until") == 0) return sleep_until();
  if (strcmp(mode, "fill") == 0) return fill_memory();
  if (strcmp(mode, "name") == 0) return puts(argv[0]) < 0;
  if (strcmp(mode, "recurse") == 0) return recurse(0);
  if (strcmp(mode, "trap") == 0) trap();
  if (strcmp(mode, "exit") == 0) exit(atoi(argv[2]));
  return 99;
}

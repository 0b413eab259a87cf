/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a test asks for by name; the rest is done from outside, by signals. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t heard;
static volatile sig_atomic_t times;

static void hear(int signal) {
  heard = signal;
  times++;
}

static void say(const char *what) {
  puts(what);
  fflush(stdout);
}

static void handle_all(int flags) {
  struct sigaction action = {.sa_handler = hear, .sa_flags = flags};
  for (int n = 1; n <= 31; n++) sigaction(n, &action, NULL);
}

/* A program that knows nothing of us, of the plainest kind. */
static int busy(void) {
  signal(SIGINT, hear);
  signal(SIGTERM, hear);
  signal(SIGUSR2, hear);
  signal(SIGXCPU, hear);
  say("busy");
  while (!heard) continue;
  printf("heard %d\n", (int)heard);
  return 10;
}

static int mute(void) {
  say("busy");
  for (;;) continue;
}

static void last_words(void) { say("atexit"); }

static int mute_with_atexit(void) {
  atexit(last_words);
  printf("not flushed");
  return raise(SIGTERM);
}

static int asleep(void) {
  handle_all(SA_RESTART);
  say("ready");
  unsigned left = sleep(1000);
  printf("woke %d heard %d\n", left < 1000 && left > 0, (int)heard);
  return 0;
}

static int pausing(void) {
  handle_all(SA_RESTART);
  say("ready");
  int result = pause();
  printf("paused %d %d heard %d\n", result, errno == EINTR, (int)heard);
  return 0;
}

/* As it is to be done: nothing comes between the look and the wait. */
static int suspending(void) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  sigprocmask(SIG_BLOCK, &all, NULL);
  handle_all(SA_RESTART);
  say("ready");
  sigsuspend(&none);
  printf("heard %d\n", (int)heard);
  return 0;
}

static int reading(void) {
  char text[8];
  handle_all(0);
  say("ready");
  ssize_t count = read(0, text, sizeof text);
  printf("read %d %d heard %d\n", (int)count, errno == EINTR, (int)heard);
  return 0;
}

static void say_heard(int signal) {
  char text[] = "heard 00\n";
  text[6] = (char)('0' + signal / 10);
  text[7] = (char)('0' + signal % 10);
  write(1, text, sizeof text - 1);
}

static int reading_on(void) {
  char text[8] = "";
  signal(SIGUSR2, say_heard);
  signal(SIGTERM, SIG_IGN);
  say("ready");
  ssize_t count = read(0, text, sizeof text);
  printf("read %d %s", (int)count, text);
  return 0;
}

static void tick(int signal) {
  if (++times == 20) say_heard(signal);
}

static int reading_with_alarm(void) {
  char text[8];
  handle_all(0);
  say("ready");
  ualarm(50000, 0);
  ssize_t count = read(0, text, sizeof text);
  printf("read %d %d heard %d\n", (int)count, errno == EINTR, (int)heard);
  return 0;
}

/* When the read goes on no timer runs any more. */
static int reading_beside_one_shot(void) {
  char text[8] = "";
  signal(SIGALRM, say_heard);
  ualarm(20000, 0);
  ssize_t count = read(0, text, sizeof text);
  printf("read %d %s", (int)count, count < 0 ? strerror(errno) : text);
  return 0;
}

static int polling(void) {
  struct pollfd file = {.fd = 0, .events = POLLIN};
  handle_all(SA_RESTART);
  say("ready");
  int ready = poll(&file, 1, -1);
  printf("poll %d %d heard %d\n", ready, errno == EINTR, (int)heard);
  return 0;
}

/* The host need not end what the first signal came in: it was over anyway. */
static int pausing_after_select(void) {
  handle_all(SA_RESTART);
  say("ready");
  while (!heard) {
    struct timeval soon = {.tv_usec = 10000};
    select(0, NULL, NULL, NULL, &soon);
  }
  return pausing();
}

/* Of a timer whose times are no whole milliseconds. */
static int reading_beside_timer(void) {
  char text[8] = "";
  struct itimerval often = {{0, 2700}, {0, 2700}};
  signal(SIGALRM, tick);
  say("ready");
  setitimer(ITIMER_REAL, &often, NULL);
  ssize_t count = read(0, text, sizeof text);
  printf("read %d %s", (int)count, text);
  return 0;
}

static int aborting(void) {
  signal(SIGABRT, say_heard);
  abort();
}

static int aborting_blocked(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  return aborting();
}

/* SIGKILL of a host: in the word, or in the set behind another one's word. */
extern volatile uint32_t signal_word __asm__("__instance_signal");
extern volatile uint64_t pending_set __asm__("__instance_signal_pending");

static int told(uint64_t set, uint32_t word) {
  pending_set = set;
  signal_word = word;
  while (signal_word) continue;
  say("still there");
  return 0;
}

static int killed(void) { return told(0, SIGKILL); }

static int killed_by_set(void) {
  handle_all(0);
  return told(1u << (SIGKILL - 1) | 1u << (SIGTERM - 1), SIGTERM);
}

static int killed_among_all(void) {
  for (int n = 1; n <= 64; n++) signal(n, hear);
  pending_set = 0; /* a host that knows the set */
  signal_word = SIGTERM;
  while (signal_word) continue;
  return told(UINT64_MAX, 64);
}

static int printing(void) {
  for (;;) puts("y");
}

static int printing_on(void) {
  signal(SIGPIPE, SIG_IGN);
  /* A test's pipe may be full. */
  while (puts("y") != EOF || errno == EAGAIN) clearerr(stdout);
  return errno == EPIPE ? 10 : 11;
}

static int naming(void) {
  siginfo_t info = {.si_signo = SIGTERM};
  psignal(SIGINT, "before");
  psignal(SIGQUIT, "");
  psignal(SIGHUP, NULL);
  psiginfo(&info, "info");
  return 0;
}

static int raising(int n) {
  raise(n);
  say("still there");
  return 0;
}

/* More signals than there is time for: asleep and awake, handlers that count.
 * The parent sends until the end is reported. */
static volatile unsigned counts[65], inside[65], overlaps, total;

static void count(int signal) {
  if (inside[signal]++) overlaps++;
  for (volatile int i = 0; i < 200; i++) continue;
  counts[signal]++;
  total++;
  inside[signal]--;
}

static int storm(unsigned wanted) {
  struct sigaction action = {.sa_handler = count};
  sigaddset(&action.sa_mask, SIGUSR2);
  const int signals[] = {SIGUSR2, SIGTERM, SIGHUP, SIGALRM};
  struct itimerval often = {{0, 700}, {0, 700}};
  for (int i = 0; i < 4; i++) sigaction(signals[i], &action, NULL);
  setitimer(ITIMER_REAL, &often, NULL);
  say("ready");
  unsigned turns = 0;
  while (total < wanted || !counts[SIGUSR2] || !counts[SIGTERM] ||
         !counts[SIGHUP] || !counts[SIGALRM]) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signals[turns++ % 4]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (volatile int i = 0; i < 3000; i++) continue;
    if (turns % 16 == 0) usleep(500);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
  }
  setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  unsigned sum = 0, left = 0;
  for (int n = 1; n <= 64; n++) sum += counts[n], left += inside[n];
  printf("overlaps %u, inside %u, sum %d, mask %d\n", overlaps, left,
         sum == total, sigisemptyset(&blocked));
  return 0;
}

int main(int argc, char **argv) {
  const struct {
    const char *name;
    int (*run)(void);
  } deeds[] = {
      {"busy", busy},
      {"mute", mute},
      {"asleep", asleep},
      {"pausing", pausing},
      {"reading", reading},
      {"reading_on", reading_on},
      {"suspending", suspending},
      {"polling", polling},
      {"reading_with_alarm", reading_with_alarm},
      {"reading_beside_one_shot", reading_beside_one_shot},
      {"pausing_after_select", pausing_after_select},
      {"reading_beside_timer", reading_beside_timer},
      {"aborting", aborting},
      {"aborting_blocked", aborting_blocked},
      {"killed", killed},
      {"killed_by_set", killed_by_set},
      {"killed_among_all", killed_among_all},
      {"printing", printing},
      {"printing_on", printing_on},
      {"naming", naming},
      {"mute_with_atexit", mute_with_atexit},
  };
  if (argc < 2) return 99;
  for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
    if (strcmp(argv[1], deeds[i].name) == 0) return deeds[i].run();
  }
  if (strcmp(argv[1], "raise") == 0) return raising(atoi(argv[2]));
  if (strcmp(argv[1], "storm") == 0) return storm((unsigned)atoi(argv[2]));
  return 99;
}

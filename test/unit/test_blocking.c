/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a section notices of the timer's signal: system calls that sleep,
 * errno, libc in the middle of its work; and what a stopped process is charged.
 * The timer may interrupt a sleep, but not before it has lasted as long as the
 * budget had left; the watchdog interrupts nothing.
 */
#include "real_clock.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>

#define LIMIT (20 * MS)
#define LONG_SLEEP (200 * MS)

static struct guest guest;

/* ---------------------------------------------- sleeps that are interrupted */

static struct timespec to_timespec(uint64_t ns) {
  return (struct timespec){(time_t)(ns / (1000 * MS)),
                           (long)(ns % (1000 * MS))};
}

/* Each sleeps once, for `ns` or until a signal comes; answers an errno. */

static int by_nanosleep(uint64_t ns) {
  struct timespec time = to_timespec(ns), rest = {0, 0};
  uint64_t begin = monotonic_ns();
  if (nanosleep(&time, &rest) == 0) return 0;
  int error = errno;
  uint64_t slept = monotonic_ns() - begin;
  uint64_t left = (uint64_t)rest.tv_sec * 1000 * MS + (uint64_t)rest.tv_nsec;
  CHILD_AT_LEAST(slept + left, ns);
  CHILD_ASSERT(left < ns);
  return error;
}

static int by_poll(uint64_t ns) {
  return poll(NULL, 0, (int)(ns / MS) + 1) == 0 ? 0 : errno;
}

static int by_select(uint64_t ns) {
  struct timeval time = {0, (suseconds_t)(ns / US)};
  return select(0, NULL, NULL, NULL, &time) == 0 ? 0 : errno;
}

static int by_epoll_wait(uint64_t ns) {
  struct epoll_event event;
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  CHILD_ASSERT(epoll >= 0);
  int error = epoll_wait(epoll, &event, 1, (int)(ns / MS) + 1) == 0 ? 0 : errno;
  close(epoll);
  return error;
}

/* Each signal of the timer comes as much later than the one before as the
 * budget has left. */
static void expect_not_before(uint64_t begin, unsigned signals,
                              const wasmsig_budget *budget) {
  uint64_t used = wasmsig_budget_used_ns(budget);
  if (used >= LIMIT) return;
  CHILD_AT_LEAST(monotonic_ns() - begin + SLACK_NS, signals * (LIMIT - used));
}

/* Sleeps in a section for much longer than its budget lasts, then runs.
 * Answers how often the sleep was interrupted. */
static unsigned sleep_then_be_told(int (*sleep_once)(uint64_t ns)) {
  wasmsig_budget budget;
  guest_track(&guest, registry);
  make(&budget, &guest, NULL, LIMIT, NONE);
  uint64_t cpu = thread_cpu_ns(), begin = monotonic_ns(), now;
  unsigned interrupted = 0;
  enter(&budget);
  while ((now = monotonic_ns()) < begin + LONG_SLEEP) {
    int error = sleep_once(begin + LONG_SLEEP - now);
    if (error == 0) continue;
    CHILD_EQUAL(error, EINTR);
    expect_not_before(begin, ++interrupted, &budget);
  }
  CHILD_ASSERT(wasmsig_budget_used_ns(&budget) < LIMIT);
  CHILD_EQUAL(guest_signal(&guest), 0);
  poll_until_told(&guest);
  CHILD_AT_LEAST(thread_cpu_ns() - cpu, LIMIT);
  LEFT(&budget, SIGNALLED);
  CHILD_EQUAL(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
  return interrupted;
}

/* Once, if the thread has not run in between: on a busy machine it may take
 * some attempts. The watchdog interrupts nothing. */
#define ATTEMPTS 10

static void sleep_interrupted_once(int (*sleep_once)(uint64_t ns)) {
  unsigned interrupted = UINT32_MAX;
  for (int i = 0; i < ATTEMPTS && interrupted > 1; i++) {
    interrupted = sleep_then_be_told(sleep_once);
    if (!by_timer()) CHILD_EQUAL(interrupted, 0);
  }
  CHILD_ASSERT(interrupted <= 1);
}

CASE(nanosleep_in_a_section) { sleep_interrupted_once(by_nanosleep); }
CASE(poll_in_a_section) { sleep_interrupted_once(by_poll); }
CASE(select_in_a_section) { sleep_interrupted_once(by_select); }
CASE(epoll_wait_in_a_section) { sleep_interrupted_once(by_epoll_wait); }

/* A time that a section has left behind interrupts once, and is gone. */
CASE(a_sleep_after_a_section_is_interrupted_once) {
  wasmsig_budget budget;
  guest_track(&guest, registry);
  make(&budget, &guest, NULL, LIMIT, NONE);
  for (int i = 0; i < 5; i++) {
    enter(&budget);
    LEFT(&budget, READY);
    int error = by_nanosleep(3 * LIMIT);
    CHILD_ASSERT(error == 0 || (error == EINTR && by_timer()));
    CHILD_EQUAL(by_nanosleep(3 * LIMIT), 0);
  }
}

/* ------------------------------------------------- sleeps that are restarted
 */

static int pipe_ends[2];
static uint32_t futex_word; /* atomic */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool has_changed; /* under mutex */

static void *wake_reader(void *unused) {
  sleep_ns(LONG_SLEEP);
  CHILD_EQUAL(write(pipe_ends[1], "x", 1), 1);
  return unused;
}

static void sleep_in_read(void) {
  char byte;
  CHILD_EQUAL(read(pipe_ends[0], &byte, 1), 1);
}

static void *wake_futex(void *unused) {
  sleep_ns(LONG_SLEEP);
  wsig_store_release(&futex_word, 1);
  syscall(SYS_futex, &futex_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  return unused;
}

static void sleep_in_futex(void) {
  long result =
      syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
  CHILD_ASSERT(result == 0 || errno == EAGAIN);
}

static void *wake_condition(void *unused) {
  sleep_ns(LONG_SLEEP);
  pthread_mutex_lock(&mutex);
  has_changed = true;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&mutex);
  return unused;
}

static void sleep_in_condition(void) {
  pthread_mutex_lock(&mutex);
  while (!has_changed) CHILD_EQUAL(pthread_cond_wait(&changed, &mutex), 0);
  pthread_mutex_unlock(&mutex);
}

/* Answers how often the timer fired meanwhile. */
static uint64_t sleep_until_woken(void (*sleep_once)(void),
                                  void *(*wake)(void *)) {
  wasmsig_budget budget;
  guest_track(&guest, registry);
  make(&budget, &guest, NULL, LIMIT, NONE);
  wsig_store_release(&futex_word, 0);
  has_changed = false;
  pthread_t waker = start_thread(wake, NULL);
  uint64_t fires = statistics().fires;
  enter(&budget);
  sleep_once();
  fires = statistics().fires - fires;
  CHILD_EQUAL(guest_signal(&guest), 0);
  poll_until_told(&guest);
  CHILD_AT_LEAST(wasmsig_budget_used_ns(&budget), LIMIT);
  LEFT(&budget, SIGNALLED);
  CHILD_EQUAL(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
  join(waker);
  return fires;
}

static void sleep_on(void (*sleep_once)(void), void *(*wake)(void *)) {
  uint64_t fires = UINT64_MAX;
  for (int i = 0; i < ATTEMPTS && fires > 1; i++) {
    fires = sleep_until_woken(sleep_once, wake);
    if (!by_timer()) CHILD_EQUAL(fires, 0);
  }
  CHILD_ASSERT(fires <= 1);
}

CASE(read_in_a_section_continues) {
  CHILD_EQUAL(pipe(pipe_ends), 0);
  sleep_on(sleep_in_read, wake_reader);
}
CASE(a_futex_wait_in_a_section_continues) {
  sleep_on(sleep_in_futex, wake_futex);
}
CASE(a_wait_for_a_condition_in_a_section_continues) {
  sleep_on(sleep_in_condition, wake_condition);
}

/* ------------------------------------------------- what a fire leaves alone */

CASE(errno_is_the_same_after_a_fire) {
  wasmsig_budget budget;
  guest_track(&guest, registry);
  make(&budget, &guest, NULL, 100 * US, NONE);
  for (int i = 0; i < 500; i++) {
    CHILD_EQUAL(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
    enter(&budget);
    errno = 4711;
    poll_until_told(&guest);
    CHILD_EQUAL(errno, 4711);
    LEFT(&budget, SIGNALLED);
    CHILD_EQUAL(errno, 4711);
  }
  if (by_timer()) CHILD_AT_LEAST(statistics().fires, 1);
}

/* What a host does between two polls, with locks of libc held. */
static void use_libc(FILE *file, unsigned turn) {
  char text[64];
  char *copy = malloc(16 + turn % 4000);
  CHILD_ASSERT(copy != NULL);
  snprintf(text, sizeof text, "%u %.3f", turn, (double)turn / 7);
  strcpy(copy, "libc");
  fprintf(file, "%s %s\n", text, copy);
  CHILD_ASSERT(strtoul(text, NULL, 10) == turn);
  CHILD_ASSERT(strcmp(copy, "libc") == 0);
  free(copy);
}

CASE(fires_in_the_middle_of_libc_do_no_harm) {
  wasmsig_budget budget;
  FILE *file = fopen("/dev/null", "w");
  CHILD_ASSERT(file != NULL);
  guest_track(&guest, registry);
  make(&budget, &guest, NULL, 50 * US, NONE);
  for (unsigned i = 0, turn = 0; i < 2000; i++) {
    CHILD_EQUAL(wasmsig_budget_reset(&budget, NULL), WASMSIG_OK);
    enter(&budget);
    while (!guest_signal(&guest)) use_libc(file, turn++);
    LEFT(&budget, SIGNALLED);
  }
  fclose(file);
}

/* ------------------------------------------------- a process that is stopped
 */

#define STOPPED_LIMIT (50 * MS)

/* The stopped process: from the limit on it uses as much again. */
static void be_stopped(int *inside) {
  wasmsig_budget budget;
  guest_track(&guest, registry);
  make(&budget, &guest, NULL, STOPPED_LIMIT, NONE);
  uint64_t outer = thread_cpu_ns();
  enter(&budget);
  uint64_t inner = thread_cpu_ns();
  wsig_store_release(inside, 1);
  poll_until_told(&guest);
  uint64_t signalled = thread_cpu_ns() - outer;
  burn(STOPPED_LIMIT);
  inner = thread_cpu_ns() - inner;
  LEFT(&budget, SIGNALLED);
  outer = thread_cpu_ns() - outer;
  CHILD_AT_LEAST(signalled + SLACK_NS, STOPPED_LIMIT);
  uint64_t used = wasmsig_budget_used_ns(&budget);
  CHILD_AT_LEAST(used + 1 * MS, inner);
  CHILD_AT_LEAST(outer + 1 * MS, used);
}

/* Stops and continues it until it has ended, `most` times at most. */
static void stop_by_and_by(uint64_t on_ns, uint64_t off_ns, unsigned most) {
  int *inside = mmap(NULL, sizeof *inside, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHILD_ASSERT(inside != MAP_FAILED);
  int status;
  pid_t child = fork();
  CHILD_ASSERT(child >= 0);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(PATIENCE_S);
    be_stopped(inside);
    _exit(0);
  }
  while (!wsig_load_acquire(inside)) sleep_ns(100 * US);
  while (most-- && waitpid(child, &status, WNOHANG) == 0) {
    sleep_ns(on_ns);
    CHILD_EQUAL(kill(child, SIGSTOP), 0);
    sleep_ns(off_ns);
    CHILD_EQUAL(kill(child, SIGCONT), 0);
  }
  if (most == UINT32_MAX) CHILD_EQUAL(waitpid(child, &status, 0), child);
  CHILD_EQUAL(status, 0);
}

CASE(a_stopped_process_is_not_charged_and_signalled_afterwards) {
  stop_by_and_by(3 * MS, 150 * MS, 1);
}

CASE(a_process_that_is_stopped_each_ms_is_charged_what_it_runs) {
  stop_by_and_by(1 * MS, 1 * MS, 2000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BY_BOTH(nanosleep_in_a_section),
      BY_BOTH(poll_in_a_section),
      BY_BOTH(select_in_a_section),
      BY_BOTH(epoll_wait_in_a_section),
      BY_BOTH(a_sleep_after_a_section_is_interrupted_once),
      BY_BOTH(read_in_a_section_continues),
      BY_BOTH(a_futex_wait_in_a_section_continues),
      BY_BOTH(a_wait_for_a_condition_in_a_section_continues),
      BY_BOTH(errno_is_the_same_after_a_fire),
      BY_BOTH(fires_in_the_middle_of_libc_do_no_harm),
      BY_BOTH(a_stopped_process_is_not_charged_and_signalled_afterwards),
      BY_BOTH(a_process_that_is_stopped_each_ms_is_charged_what_it_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

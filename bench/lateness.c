/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How late is a budget's soft signal? In CPU time of the guest's own thread,
 * beside the kernel's CPU timer on the same clock.
 *
 *     lateness [RUNS]        200 runs of each by default
 *
 * A loop stands for the guest: it polls a word and reads its thread's CPU clock
 * when it first sees a signal there. One sample is that time, less the time
 * just before the clock was set going, less the budget. So what enter costs
 * before it starts to count is held against us, as is arming against the timer.
 *
 * Why the two are comparable:
 *  1. both words lie in one memory and the same loop polls them
 *  2. runs alternate, and so does who begins
 *  3. a random sleep precedes each run. A run of the kernel's timer ends at a
 *     scheduler tick: without the sleep, the next would always start at one
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <wasmsig/host.h>

#define MS INT64_C(1000000) /* in ns */
#define BUDGET_NS (20 * MS)
#define GIVE_UP_NS (1000 * MS)
#define PAUSE_NS (10 * MS)
#define DEFAULT_RUNS 200
#define MOST_RUNS 100000

/* A memory of one page that may grow to sixteen. */
#define PAGE ((size_t)65536)
#define RESERVED (16 * PAGE)

/* Where its words are; each on a cache line of its own. */
#define SIGNAL_ADDRESS 1024
#define TIMER_ADDRESS 2048

typedef _Atomic(uint32_t) word;

static uint32_t load_acquire(word *from) {
  return atomic_load_explicit(from, memory_order_acquire);
}
static void store_release(word *to, uint32_t value) {
  atomic_store_explicit(to, value, memory_order_release);
}
static void store_relaxed(word *to, uint32_t value) {
  atomic_store_explicit(to, value, memory_order_relaxed);
}

static word *timer_word; /* for the timer's handler, which takes no context */

/* _exit: the library's thread may be running. Samples are printed by line. */
static void fail(const char *what, const char *why) {
  fprintf(stderr, "lateness: %s: %s\n", what, why);
  _exit(EXIT_FAILURE);
}

static void fail_errno(const char *what) {
  perror(what);
  _exit(EXIT_FAILURE);
}

static void check(int code, const char *what) {
  if (code < 0) fail(what, wasmsig_error_text(code));
}

static void check_errno(int result, const char *what) {
  if (result != 0) fail_errno(what);
}

static int64_t thread_cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1000 * MS + now.tv_nsec;
}

static void pause_at_random(void) {
  struct timespec pause = {0, random() % PAUSE_NS};
  nanosleep(&pause, NULL);
}

/*
 * The guest: spins until a signal is in its word, acknowledges it, and answers
 * the CPU time at which it saw it; -1 if none has come by `give_up`. It looks
 * at the clock so rarely (a system call in a million polls) that no sample
 * can tell.
 */
static int64_t spin(word *signal, int64_t give_up) {
  for (uint64_t polls = 1;; polls++) {
    if (load_acquire(signal) != 0) {
      int64_t seen = thread_cpu_ns();
      store_relaxed(signal, 0);
      return seen;
    }
    if ((polls & 0xfffff) == 0 && thread_cpu_ns() > give_up) return -1;
  }
}

static int64_t late_by(int64_t start, int64_t seen, const char *who) {
  if (seen < 0) fail(who, "no signal within a second of CPU time");
  return seen - start - BUDGET_NS;
}

static int64_t run_wasmsig(wasmsig_budget *budget, word *signal) {
  check(wasmsig_budget_reset(budget, NULL), "wasmsig_budget_reset");

  int64_t start = thread_cpu_ns();
  check(wasmsig_budget_enter(budget), "wasmsig_budget_enter");
  int64_t seen = spin(signal, start + GIVE_UP_NS);
  check(wasmsig_budget_leave(budget), "wasmsig_budget_leave");
  return late_by(start, seen, "wasmsig");
}

static int64_t run_timer(timer_t timer) {
  struct itimerspec budget = {{0, 0}, {0, BUDGET_NS}};

  int64_t start = thread_cpu_ns();
  check_errno(timer_settime(timer, 0, &budget, NULL), "timer_settime");
  int64_t seen = spin(timer_word, start + GIVE_UP_NS);
  return late_by(start, seen, "kernel CPU timer");
}

static void on_timer(int number) {
  store_release(timer_word, (uint32_t)number);
}

/* Its signal goes to this very thread: the best that the kernel offers. */
static timer_t create_timer(void) {
  struct sigaction action = {0};
  action.sa_handler = on_timer;
  check_errno(sigaction(SIGXCPU, &action, NULL), "sigaction");

  struct sigevent event = {0};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGXCPU;
#ifdef sigev_notify_thread_id
  event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
#else /* glibc has no public name for it */
  event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
#endif

  timer_t timer;
  check_errno(timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer),
              "timer_create");
  return timer;
}

/* As an engine does: what it may ever need is reserved, a page is in use. */
static char *create_memory(void) {
  char *base = mmap(NULL, RESERVED, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) fail_errno("mmap");
  check_errno(mprotect(base, PAGE, PROT_READ | PROT_WRITE), "mprotect");
  return base;
}

static void track(wasmsig_registry *registry, char *memory) {
  wasmsig_words words = WASMSIG_WORDS_INIT;
  words.memory = memory;
  words.length = PAGE;
  words.memory_class = wasmsig_memory_classify(memory, PAGE, RESERVED, false);
  words.signal = SIGNAL_ADDRESS;

  wasmsig_instance instance;
  check(wasmsig_instance_add(registry, &words, &instance),
        "wasmsig_instance_add");
}

static void create_budget(wasmsig_budget *budget, wasmsig_registry *registry) {
  wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
  limits.soft_ns = BUDGET_NS;
  limits.registry = registry;
  check(wasmsig_budget_init(budget, &limits), "wasmsig_budget_init");
}

static void print_sample(const char *who, int64_t late_ns) {
  printf(
      "{\"bench\":\"budget\",\"row\":\"soft_late_idle\",%s,"
      "\"unit\":\"ms\",\"sample\":%.6f}\n",
      who, (double)late_ns / (double)MS);
}

static void print_wasmsig(int64_t late_ns) {
  print_sample("\"who\":\"wasmsig\"", late_ns);
  if (late_ns < 0)
    fprintf(stderr, "lateness: wasmsig fired %.3f us EARLY\n",
            (double)-late_ns / 1000);
}

static void print_timer(int64_t late_ns) {
  print_sample("\"who\":\"baseline\",\"what\":\"kernel CPU timer\"", late_ns);
}

/* 0 if the arguments cannot be used. */
static long parse_runs(int argc, char **argv) {
  if (argc == 1) return DEFAULT_RUNS;
  char *end;
  long runs = strtol(argv[1], &end, 10);
  bool usable = argc == 2 && *end == '\0' && runs >= 1 && runs <= MOST_RUNS;
  return usable ? runs : 0;
}

int main(int argc, char **argv) {
  long runs = parse_runs(argc, argv);
  if (runs == 0) {
    fprintf(stderr, "usage: lateness [RUNS]    1 to %d, %d by default\n",
            MOST_RUNS, DEFAULT_RUNS);
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);

  char *memory = create_memory();
  word *signal = (word *)(memory + SIGNAL_ADDRESS);
  timer_word = (word *)(memory + TIMER_ADDRESS);

  wasmsig_registry *registry;
  check(wasmsig_registry_create(&registry), "wasmsig_registry_create");
  track(registry, memory);
  wasmsig_budget budget;
  create_budget(&budget, registry);
  timer_t timer = create_timer();

  for (long i = 0; i < 2 * runs; i++) {
    bool ours = (i + i / 2) % 2 == 0; /* ours, theirs, theirs, ours, … */
    pause_at_random();
    if (ours)
      print_wasmsig(run_wasmsig(&budget, signal));
    else
      print_timer(run_timer(timer));
  }

  timer_delete(timer);
  check(wasmsig_budget_destroy(&budget), "wasmsig_budget_destroy");
  check(wasmsig_registry_destroy(registry), "wasmsig_registry_destroy");
  munmap(memory, RESERVED);
  return EXIT_SUCCESS;
}

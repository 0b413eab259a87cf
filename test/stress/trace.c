/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The recorder of traces under a storm: threads record as fast as they can,
 * signal handlers interrupt them and record too. Each case is a process of its
 * own, as a process has one trace. Each checks at the end that the file is
 * whole, that each slice has its end, and that every event is in the file or
 * counted as lost. WASMSIG_STRESS_TRACE sets how many slices a thread begins.
 */
#include "trace/trace.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4

static char file_name[] = "/tmp/wasmsig-trace-XXXXXX";
static long slices = 200000;

/* What was recorded; atomic. */
static long begun, refused, instants;

static void die(const char *what) {
  fprintf(stderr, "trace: %s (%s)\n", what, file_name);
  _exit(1);
}

static void count(long *sum) { __atomic_add_fetch(sum, 1, __ATOMIC_RELAXED); }

static void record_slice(int depth) {
  struct wsig_trace_event event = {.name = "slice"};
  struct wsig_trace_event instant = {.name = "instant", .signal = SIGTERM};
  bool is_begun = wsig_trace_begin(&event);
  count(is_begun ? &begun : &refused);
  count(&instants);
  wsig_trace_instant(&instant);
  if (depth > 0) record_slice(depth - 1);
  if (is_begun) wsig_trace_end(&event);
}

static void start_trace(void) {
  const char *why = wsig_trace_start(&(struct wsig_trace_options){
      .file = file_name, .subject = "trace", .process = "a \"storm\""});
  if (why) die(why);
}

/* ----------------------------------------------------------------- the file */

struct facts {
  long begins, ends, forced_ends, instants, lost;
  char ending[16];
};

#define MOST_LINES 64
static struct {
  long thread, depth;
} lines[MOST_LINES];

static long *depth_of(long thread) {
  size_t i = 0;
  while (i < MOST_LINES && lines[i].thread && lines[i].thread != thread) i++;
  if (i == MOST_LINES) die("too many threads");
  lines[i].thread = thread;
  return &lines[i].depth;
}

static void read_event(const char *line, struct facts *facts) {
  char phase = '?';
  long thread = 0;
  const char *at = strstr(line, "\"tid\":");
  if (sscanf(line, "{\"ph\":\"%c\"", &phase) != 1 || !at) die(line);
  if (sscanf(at, "\"tid\":%ld", &thread) != 1) die(line);
  if (phase == 'i') facts->instants++;
  if (phase == 'B') facts->begins++, ++*depth_of(thread);
  if (phase != 'E') return;
  facts->ends++;
  if (strstr(line, "\"end\":")) facts->forced_ends++;
  if (--*depth_of(thread) < 0) die("an end without a begin");
}

/* The lines between the first, with the process's name, and the last. */
static struct facts read_file(void) {
  static char line[1024];
  struct facts facts = {0};
  bool has_ended = false;
  FILE *file = fopen(file_name, "r");
  if (!file || !fgets(line, sizeof line, file)) die("no file");
  if (!fgets(line, sizeof line, file)) die("no name");
  if (!strstr(line, "\"a ?storm?\"")) die("another name");
  while (fgets(line, sizeof line, file)) {
    if (line[0] == ']') {
      has_ended = sscanf(line,
                         "],\"displayTimeUnit\":\"ms\",\"otherData\":{"
                         "\"lost_events\":%ld,\"trace\":\"%15[a-z ]\"",
                         &facts.lost, facts.ending) == 2;
      break;
    }
    read_event(line, &facts);
  }
  if (!has_ended || !strstr(line, "}}\n")) die("no end");
  while (fgets(line, sizeof line, file))
    if (strspn(line, " \n") != strlen(line)) die("something after the end");
  fclose(file);
  for (size_t i = 0; i < MOST_LINES; i++)
    if (lines[i].depth != 0) die("a begin without an end");
  printf("trace: %ld slices, %ld instants, %ld lost, %s\n", facts.begins,
         facts.instants, facts.lost, facts.ending);
  return facts;
}

/* ------------------------------------------------------------------ a storm */

static int goes_on = 1, done; /* atomic */

static void on_signal(int signal) {
  (void)signal;
  record_slice(0);
}

static void *record_slices(void *unused) {
  for (long i = 0; i < slices / 4; i++) record_slice(3);
  __atomic_add_fetch(&done, 1, __ATOMIC_RELEASE);
  while (__atomic_load_n(&goes_on, __ATOMIC_RELAXED)) sched_yield();
  return unused;
}

static void *interrupt(void *victims) {
  const struct timespec pause = {.tv_nsec = 20000};
  while (__atomic_load_n(&goes_on, __ATOMIC_RELAXED)) {
    for (int i = 0; i < THREADS; i++)
      pthread_kill(((pthread_t *)victims)[i], SIGUSR1);
    nanosleep(&pause, NULL);
  }
  return NULL;
}

static void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigaction(signal, &action, NULL);
}

static void storm(void) {
  static pthread_t threads[THREADS];
  pthread_t interrupter;
  handle(SIGUSR1, on_signal);
  start_trace();
  for (int i = 0; i < THREADS; i++)
    pthread_create(&threads[i], NULL, record_slices, NULL);
  pthread_create(&interrupter, NULL, interrupt, threads);
  /* Then no thread is joined that is still interrupted. */
  while (__atomic_load_n(&done, __ATOMIC_ACQUIRE) < THREADS)
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  __atomic_store_n(&goes_on, 0, __ATOMIC_RELAXED);
  pthread_join(interrupter, NULL);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  wsig_trace_finish();
  struct facts facts = read_file();
  if (facts.begins != begun || facts.ends != begun || facts.forced_ends)
    die("a slice is missing");
  if (facts.instants + facts.lost != instants + refused)
    die("an event is neither there nor lost");
  if (facts.lost == 0) die("it was no storm");
  if (strcmp(facts.ending, "complete") != 0) die("not complete");
}

/* ------------------------------------- the end, where it interrupts recording
 */

static volatile sig_atomic_t signals_left = 1;

static void end_in_handler(int signal) {
  (void)signal;
  if (--signals_left > 0) return;
  wsig_trace_finish();
  _exit(0);
}

/* The handler interrupts the recording of an event, and never returns. */
static void end_in_recording(void) {
  handle(SIGUSR1, end_in_handler);
  start_trace();
  signals_left = (sig_atomic_t)(1 + getpid() % 50);
  if (fork() == 0) { /* its trace has ended: it may only send signals */
    for (;;) {
      nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
      if (kill(getppid(), SIGUSR1) != 0 || getppid() == 1) _exit(0);
    }
  }
  for (;;) record_slice(1);
}

static void end_within(void) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) end_in_recording();
  waitpid(child, &status, 0);
  if (status != 0) die("the handler has not ended it");
  struct facts facts = read_file();
  if (strcmp(facts.ending, "complete") != 0) die("not complete");
}

/* --------------------------------------------------------------- a full disk
 */

/* Its disk is full after the limit: the rest of the program goes on. */
static void full_disk(void) {
  struct rlimit limit = {100000, 100000};
  start_trace();
  setrlimit(RLIMIT_FSIZE, &limit);
  for (long i = 0; i < 50000; i++) record_slice(0);
  while (wsig_trace_is_on())
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  record_slice(0);
  wsig_trace_finish();
  struct facts facts = read_file();
  if (strcmp(facts.ending, "cut short") != 0) die("not cut short");
  if (facts.begins == 0) die("nothing is left");
}

/* -------------------------------------------------------------------- a fork
 */

static void forks(void) {
  start_trace();
  record_slice(0);
  pid_t child = fork();
  if (child == 0) {
    if (wsig_trace_is_on()) die("the child records");
    record_slice(0);
    wsig_trace_finish();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) die("the child has failed");
  record_slice(0);
  wsig_trace_finish();
  struct facts facts = read_file();
  if (facts.begins != 2 || facts.lost != 0) die("other slices");
}

/* ------------------------------------------------------------ a shorter end */

static void wait_for_forced_ends(int wanted) {
  static char line[1024];
  int found = -1;
  while (found != wanted) {
    FILE *file = fopen(file_name, "r");
    for (found = 0; file && fgets(line, sizeof line, file);)
      found += strstr(line, "\"end\":") != NULL;
    if (file) fclose(file);
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
}

/* The end of the file has the ends of many open slices; then they end, and the
 * new end is much shorter. */
static void shorter_end(void) {
  struct wsig_trace_event slice = {.name = "slice"};
  start_trace();
  for (int i = 0; i < 200; i++)
    if (!wsig_trace_begin(&slice)) die("not begun");
  wait_for_forced_ends(200);
  if (read_file().forced_ends != 200) die("other ends");
  for (int i = 0; i < 200; i++) wsig_trace_end(&slice);
  wait_for_forced_ends(0);
  if (read_file().ends != 200) die("other ends after that");
  wsig_trace_finish();
}

static bool passes(const char *name, void (*run)(void)) {
  int status = 0;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    run();
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, &status, 0);
  if (status != 0) fprintf(stderr, "trace: %s: status %d\n", name, status);
  return status == 0;
}

int main(void) {
  const char *wanted = getenv("WASMSIG_STRESS_TRACE");
  if (wanted) slices = strtol(wanted, NULL, 10);
  close(mkstemp(file_name));
  bool pass = passes("storm", storm);
  for (int i = 0; i < 20; i++) pass &= passes("end within", end_within);
  pass &= passes("full disk", full_disk);
  pass &= passes("forks", forks);
  pass &= passes("shorter end", shorter_end);
  unlink(file_name);
  return pass ? 0 : 1;
}

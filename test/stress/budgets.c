/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Storm of sections: threads that run into their limits all the time, by each
 * way of firing in turn, while others send them signals whose handlers raise
 * and enter sections too, while threads come and go inside sections, while
 * coroutines are resumed by one thread after the other, and while the process
 * forks. Checked all the time: a thread past a limit is killed;
 * no kill lands after the leave, nor a while later; each kill is undone; no
 * limit is acted on early; no canary is written to.
 *
 * WASMSIG_STRESS_RAISES sets the length: a kill for each 5000 of it.
 */
#include "rooms.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 4u
#define MAYFLIES 4u
#define COROUTINES 3u
#define SWITCHERS 2u
#define CROWD 1000u /* all of them in a long run; they all spin */
#define QUICK_CROWD 100u
#define LONG_RUN UINT64_C(100000000) /* raises */
#define SECONDS_WITHOUT_KILLS 600

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* their own locks do not survive a fork */
#else
#define SANITIZED 0
#endif

static uint64_t wanted = STRESS_RAISES;
static bool over; /* of a part; atomic */

struct sum sum;
wasmsig_registry *registry;

_Noreturn void die(const char *what) {
  fprintf(stderr, "stress_budgets: %s\n", what);
  abort();
}

static bool is_over(void) { return wsig_load_acquire(&over); }

static void sleep_us(uint64_t us) {
  struct timespec rest = {0, (long)(us * 1000)};
  while (nanosleep(&rest, &rest) != 0) continue;
}

/* ---------------------------------------------------------------- sections */

/* Two sections of one thread, limits in any order. */
static void run_nested(struct room *outer, struct room *inner,
                       uint64_t *random) {
  enter(outer);
  if (pick(random, 2)) spin(pick(random, 20000));
  enter(inner);
  if (pick(random, 4)) spin_until_killed(outer, inner);
  bool dying = leave(inner) == WASMSIG_LEFT_OUTER_KILLED;
  check_left(inner, random);
  if (pick(random, 2)) spin_until_killed(outer, outer);
  bool killed = dying || is_killed(outer);
  if (leave(outer) != WASMSIG_LEFT_KILLED && killed)
    die("an outer section that was killed does not say so");
  check_left(outer, random);
  add_to(&sum.nested, 1);
}

/* Out of three levels at once, as an uncaught trap. */
static void run_and_jump(struct room *outer, struct room *inner,
                         uint64_t *random) {
  enter(outer);
  enter(inner);
  int again = wasmsig_budget_enter(&outer->budget);
  if (again != WASMSIG_OK && again != WASMSIG_ESPENT) die("an enter failed");
  if (pick(random, 4)) spin_until_killed(outer, inner);
  if (wasmsig_budget_level() < 2) die("a level is missing");
  if (wasmsig_budget_unwind(0) < WASMSIG_OK) die("an unwind failed");
  if (wasmsig_budget_level() != 0) die("an unwind left a section");
  check_left(inner, random);
  check_left(outer, random);
  add_to(&sum.jumps, 1);
}

/* ----------------------------------------------------------------- workers */

struct worker {
  pthread_t thread;
  uint64_t random;
  bool ready; /* signals may be sent to it; atomic */
  struct room outer, inner;
  wasmsig_budget in_handlers;
};
static struct worker workers[WORKERS];
static _Thread_local struct worker *self;

static void on_signal(int signal_number) {
  int saved_errno = errno;
  struct worker *worker = self;
  uint64_t number = wsig_add_relaxed(&sum.signals, 1);
  if (wasmsig_process_raise(1 + (int)(number % 20)) < 0) die("a raise failed");
  if (worker && signal_number == SIGUSR1) {
    int error = wasmsig_budget_enter(&worker->in_handlers);
    if (error == WASMSIG_OK) {
      spin(number % 1000);
      if (wasmsig_budget_leave(&worker->in_handlers) < WASMSIG_OK)
        die("a leave in a handler failed");
      add_to(&sum.entered_in_handlers, 1);
    } else if (error == WASMSIG_EHANDLER) {
      add_to(&sum.refused_in_handlers, 1);
    } else {
      die("an enter in a handler failed");
    }
  }
  errno = saved_errno;
}

static void *work(void *argument) {
  struct worker *worker = argument;
  uint64_t *random = &worker->random;
  wasmsig_budget_options unlimited = WASMSIG_BUDGET_OPTIONS_INIT;
  unlimited.measure = true;
  room_open(&worker->outer, random);
  room_open(&worker->inner, random);
  wasmsig_budget_init(&worker->in_handlers, &unlimited);
  run_single(&worker->outer, random); /* the first is not a handler's */
  self = worker;
  wsig_store_release(&worker->ready, true);
  while (!is_over()) {
    room_reset(&worker->outer, random);
    room_reset(&worker->inner, random);
    switch (pick(random, 8)) {
      case 0:
      case 1: run_nested(&worker->outer, &worker->inner, random); break;
      case 2: run_and_jump(&worker->outer, &worker->inner, random); break;
      default: run_single(&worker->outer, random); break;
    }
    if (wasmsig_budget_level() != 0) die("a section was left over");
  }
  return NULL;
}

static void worker_end(struct worker *worker) {
  pthread_join(worker->thread, NULL);
  if (wasmsig_budget_destroy(&worker->in_handlers) != WASMSIG_OK)
    die("a handler's budget is still entered");
  room_close(&worker->outer);
  room_close(&worker->inner);
}

static void *pester(void *unused) {
  uint64_t random = 20261123;
  while (!is_over()) {
    struct worker *worker = &workers[pick(&random, WORKERS)];
    if (wsig_load_acquire(&worker->ready))
      pthread_kill(worker->thread, pick(&random, 4) ? SIGUSR1 : SIGUSR2);
    sleep_us(pick(&random, 200));
  }
  return unused;
}

/* ------------------------------------------------- threads that come and go */

struct mayfly {
  pthread_t thread;
  uint64_t random;
  struct room outer, inner;
};

/* Some end inside their sections. */
static void *live_briefly(void *argument) {
  struct mayfly *mayfly = argument;
  uint64_t *random = &mayfly->random;
  room_open(&mayfly->outer, random);
  room_open(&mayfly->inner, random);
  if (pick(random, 2)) run_single(&mayfly->outer, random);
  if (pick(random, 2)) return NULL;
  room_reset(&mayfly->outer, random);
  enter(&mayfly->outer);
  if (pick(random, 2)) enter(&mayfly->inner);
  if (pick(random, 2)) spin_until_killed(&mayfly->outer, &mayfly->inner);
  add_to(&sum.ended_inside, 1);
  pthread_exit(NULL);
}

static void *come_and_go(void *unused) {
  static struct mayfly mayflies[MAYFLIES];
  uint64_t random = 1123;
  while (!is_over()) {
    for (unsigned i = 0; i < MAYFLIES; i++) {
      mayflies[i].random = next_random(&random);
      if (pthread_create(&mayflies[i].thread, NULL, live_briefly,
                         &mayflies[i]) != 0)
        die("no thread");
    }
    for (unsigned i = 0; i < MAYFLIES; i++) {
      pthread_join(mayflies[i].thread, NULL);
      room_close(&mayflies[i].outer);
      room_close(&mayflies[i].inner);
      add_to(&sum.threads, 1);
    }
  }
  return unused;
}

/* -------------------------------------------------------------- coroutines */

/* The thread that has taken one resumes it, runs it for a while, and suspends
 * it. */
struct coroutine {
  pthread_mutex_t taken;
  struct room outer, inner;
  size_t depth;
  wasmsig_suspension sections;
};
static struct coroutine coroutines[COROUTINES];

static void check_no_kill(struct coroutine *it) {
  if (is_killed(&it->outer) || is_killed(&it->inner))
    die("a kill is there while its section is suspended");
}

static void begin_coroutine(struct coroutine *it, uint64_t *random) {
  room_reset(&it->outer, random);
  room_reset(&it->inner, random);
  enter(&it->outer);
  enter(&it->inner);
  it->depth = 2;
}

static void end_coroutine(struct coroutine *it, uint64_t *random) {
  leave(&it->inner);
  leave(&it->outer);
  check_left(&it->inner, random);
  check_left(&it->outer, random);
  it->depth = 0;
}

static void go_on(struct coroutine *it, uint64_t *random) {
  int outcome = wasmsig_budget_resume(&it->sections);
  if (outcome < WASMSIG_OK) die("a resume failed");
  if (wasmsig_budget_level() != it->depth) die("a resumed level is missing");
  if (it->depth == 0) begin_coroutine(it, random);
  if (outcome == WASMSIG_LEFT_KILLED) add_to(&sum.killed_again, 1);
  if (outcome == WASMSIG_LEFT_KILLED || pick(random, 2))
    spin_until_killed(&it->outer, &it->inner);
  else
    spin(pick(random, 5000));
  if (!pick(random, 4)) end_coroutine(it, random);
  if (wasmsig_budget_suspend(0, &it->sections) < WASMSIG_OK)
    die("a suspend failed");
  check_no_kill(it);
  spin(pick(random, 1000));
  check_no_kill(it);
  add_to(&sum.suspended, 1);
}

static void *switch_about(void *argument) {
  uint64_t random = (uintptr_t)argument;
  while (!is_over()) {
    struct coroutine *it = &coroutines[pick(&random, COROUTINES)];
    if (pthread_mutex_trylock(&it->taken) != 0) continue;
    go_on(it, &random);
    pthread_mutex_unlock(&it->taken);
  }
  return NULL;
}

static void coroutines_begin(void) {
  uint64_t random = 270;
  for (unsigned i = 0; i < COROUTINES; i++) {
    memset(&coroutines[i], 0, sizeof coroutines[i]);
    pthread_mutex_init(&coroutines[i].taken, NULL);
    room_open(&coroutines[i].outer, &random);
    room_open(&coroutines[i].inner, &random);
  }
}

static void coroutines_end(void) {
  for (unsigned i = 0; i < COROUTINES; i++) {
    struct coroutine *it = &coroutines[i];
    if (wasmsig_budget_discard(&it->sections) != WASMSIG_OK)
      die("a discard failed");
    room_close(&it->outer);
    room_close(&it->inner);
    pthread_mutex_destroy(&it->taken);
  }
}

/* ------------------------------------------------------------------- forks */

/* The child has its parent's section and one of its own, and no other thread.
 */
static void live_in_the_child(struct room *room, struct room *other,
                              uint64_t *random) {
  alarm(SECONDS_WITHOUT_KILLS);
  if (wasmsig_budget_level() == 1) leave(room);
  run_single(other, random);
  room_reset(room, random);
  room_reset(other, random);
  run_nested(room, other, random);
}

static void *fork_now_and_then(void *unused) {
  static struct room room, other;
  uint64_t random = 4711;
  room_open(&room, &random);
  room_open(&other, &random);
  while (!is_over()) {
    int status;
    room_reset(&room, &random);
    room_reset(&other, &random);
    if (pick(&random, 2)) enter(&room);
    pid_t child = fork();
    if (child == 0) {
      live_in_the_child(&room, &other, &random);
      _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) die("no child");
    if (status != 0) die("a child did not end well");
    if (wasmsig_budget_level() == 1) leave(&room);
    check_left(&room, &random);
    add_to(&sum.forks, 1);
    sleep_us(1000 + pick(&random, 20000));
  }
  room_close(&room);
  room_close(&other);
  return unused;
}

/* ------------------------------------------------------------------- parts */

static int set_firing(wasmsig_firing firing) {
  wasmsig_firing_options options = WASMSIG_FIRING_OPTIONS_INIT;
  options.firing = firing;
  return wasmsig_set_firing(&options);
}

/* While sections run it is refused, and in between it is not. */
static void change_firing(uint64_t *random) {
  int error = set_firing(pick(random, 2) ? WASMSIG_FIRING_TIMER
                                         : WASMSIG_FIRING_WATCHDOG);
  if (error != WASMSIG_OK && error != WASMSIG_EBUSY) die("no firing");
  add_to(error ? &sum.busy : &sum.changes, 1);
}

static void wait_for_kills(uint64_t count, bool changing) {
  uint64_t seen = 0, random = 23, until = wsig_load_relaxed(&sum.kills) + count;
  time_t last = time(NULL);
  for (uint64_t now = 0; (now = wsig_load_relaxed(&sum.kills)) < until;) {
    if (now != seen) last = time(NULL);
    seen = now;
    if (time(NULL) - last > SECONDS_WITHOUT_KILLS)
      die("threads past their limits are not killed any more");
    if (changing) change_firing(&random);
    sleep_us(1000);
  }
}

static pthread_t start(void *(*body)(void *), void *argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, argument) != 0) die("no thread");
  return thread;
}

static void run_part(wasmsig_firing firing, bool changing, uint64_t kills) {
  if (set_firing(firing) != WASMSIG_OK) die("no firing");
  wsig_store_release(&over, false);
  memset(workers, 0, sizeof workers);
  for (unsigned i = 0; i < WORKERS; i++) {
    workers[i].random = 1 + i + 100 * kills;
    workers[i].thread = start(work, &workers[i]);
  }
  pthread_t pesterer = start(pester, NULL);
  pthread_t mayflies = start(come_and_go, NULL);
  pthread_t switchers[SWITCHERS];
  coroutines_begin();
  for (unsigned i = 0; i < SWITCHERS; i++)
    switchers[i] = start(switch_about, &switchers[i]);
  pthread_t forker = pesterer;
  if (!SANITIZED) forker = start(fork_now_and_then, NULL);
  wait_for_kills(kills, changing);
  wsig_store_release(&over, true);
  pthread_join(pesterer, NULL);
  pthread_join(mayflies, NULL);
  for (unsigned i = 0; i < SWITCHERS; i++) pthread_join(switchers[i], NULL);
  coroutines_end();
  if (!SANITIZED) pthread_join(forker, NULL);
  for (unsigned i = 0; i < WORKERS; i++) worker_end(&workers[i]);
}

/* ------------------------------------------------------------------- crowd */

static pthread_barrier_t all_are_there;

static void *join_the_crowd(void *argument) {
  struct room *room = argument;
  uint64_t random = (uintptr_t)room;
  room_open(room, &random);
  pthread_barrier_wait(&all_are_there);
  enter(room);
  spin_until_killed(room, room);
  if (leave(room) != WASMSIG_LEFT_KILLED) die("one of the crowd is not killed");
  check_left(room, &random);
  return NULL;
}

static void run_crowd(wasmsig_firing firing) {
  static struct room rooms[CROWD];
  static pthread_t threads[CROWD];
  unsigned crowd = wanted < LONG_RUN ? QUICK_CROWD : CROWD;
  if (set_firing(firing) != WASMSIG_OK) die("no firing");
  pthread_barrier_init(&all_are_there, NULL, crowd);
  for (unsigned i = 0; i < crowd; i++)
    threads[i] = start(join_the_crowd, &rooms[i]);
  for (unsigned i = 0; i < crowd; i++) pthread_join(threads[i], NULL);
  for (unsigned i = 0; i < crowd; i++) room_close(&rooms[i]);
  pthread_barrier_destroy(&all_are_there);
}

static void print_and_check(void) {
#define ULL(member) ((unsigned long long)sum.member)
  printf(
      "%llu sections (%llu nested, %llu jumped out of), %llu past their limit,"
      " %llu killed while they ran, %llu undone\n",
      ULL(sections), ULL(nested), ULL(jumps), ULL(killed), ULL(kills),
      ULL(undos));
  printf(
      "%llu signals, their handlers' sections: %llu entered, %llu refused;"
      " %llu threads, %llu ended inside; %llu forks; firing changed %llu times,"
      " refused %llu times\n",
      ULL(signals), ULL(entered_in_handlers), ULL(refused_in_handlers),
      ULL(threads), ULL(ended_inside), ULL(forks), ULL(changes), ULL(busy));
  printf("%llu times suspended, %llu of them killed again after it\n",
         ULL(suspended), ULL(killed_again));
#undef ULL
  wasmsig_statistics statistics;
  wasmsig_get_statistics(&statistics);
  printf("%llu fires, %llu wakes of the watchdog\n",
         (unsigned long long)statistics.fires,
         (unsigned long long)statistics.wakes);
  if (sum.kills != sum.undos) die("not every kill was undone");
  if (statistics.kills < sum.kills) die("the library counts fewer kills");
  if (statistics.fires == 0) die("no timer has fired");
  if (wasmsig_registry_count(registry) != 0) die("instances are left");
}

int main(void) {
  const char *length = getenv("WASMSIG_STRESS_RAISES");
  struct sigaction action;
  if (length) wanted = strtoull(length, NULL, 10);
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  if (wasmsig_registry_create(&registry) != WASMSIG_OK) die("no registry");
  uint64_t kills = wanted / 5000 / 3 + 1;
  run_part(WASMSIG_FIRING_TIMER, false, kills);
  run_part(WASMSIG_FIRING_WATCHDOG, false, kills);
  run_part(WASMSIG_FIRING_TIMER, true, kills);
  run_crowd(WASMSIG_FIRING_TIMER);
  run_crowd(WASMSIG_FIRING_WATCHDOG);
  print_and_check();
  return wasmsig_registry_destroy(registry) == WASMSIG_OK ? 0 : 1;
}

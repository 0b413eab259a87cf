/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Watchdog: the one thread of the process that looks at other threads' sections
 * and calls the hosts' kills.
 *
 * CPU time cannot run faster than the wall clock: a section with 20 ms left
 * cannot reach its limit within 20 ms. So the watchdog sleeps for the least
 * that any section has left, reads the CPU clocks again, and acts or sleeps
 * on. It is there, asleep, for as long as there are threads that have been in a
 * section. When it will look at a thread stands in the thread's `watch_at`, and
 * the threads in a heap by that. Where a timer fires it comes WSIG_NET_NS after
 * it, in case that the timer's signal does not get through.
 *
 * Why no section is missed: a look takes the thread out of the heap (watch_at
 * becomes "never"), then takes the thread's lock. A thread puts its section on
 * its list under that lock, and loads watch_at afterwards. If the look had the
 * lock first, the thread sees "never", or what the finished look has put
 * there, compares, and asks for an earlier one. If the thread had it first, the
 * look finds the section. A time lingers when its section has gone: in steady
 * state entering and leaving tell the watchdog nothing.
 *
 * Kills are called under no lock, but with `killing` set: a leave that finds it
 * waits, and so does the thread's end. It is set under the thread's lock and
 * only for a section that is in the list, and taken back under the threads'
 * lock, so that the record is there until then.
 */
#include "budgets/budget.h"
#include "signals/registry.h"
#include "test_points.h"

#include <limits.h>
#include <stdlib.h>

#define NS_PER_MS UINT64_C(1000000)

/* How often it looks at a section that does not run and has less CPU time left
 * than that: what it uses between waking and the next look is what a sleep
 * gains. So the pauses are a small share of the time for which it has not run.
 * After SLEEP_NS all such looks together take a hundredth of a processor at
 * most, as long as each comes within LONGEST_PAUSE_NS. */
#define LEAST_PAUSE_NS UINT64_C(20000)
#define ASLEEP_SHARE 64 /* of a sleeper's time, as a divisor */
#define IDLE_SHARE 16   /* of one that may only have lost its processor */
#define SLEEP_NS (10 * NS_PER_MS) /* who has not run for so long sleeps */
#define SLEEPERS_SHARE 256
#define MOST_PAUSE_NS (4 * NS_PER_MS)
#define LOOK_COST_NS UINT64_C(400000) /* a hundred times what a look takes */
#define LONGEST_PAUSE_NS (400 * NS_PER_MS)

/* Behind a timer that is known to work, it need not come so soon. */
#define LONGER_NET_NS (50 * NS_PER_MS)
/* Looks that may be late come together. */
#define TOGETHER_NS (10 * NS_PER_MS)

/* To be taken for awake again: a share of a processor, as a divisor, and if it
 * was found asleep more than being interrupted takes. */
#define LEAST_SHARE 64
#define LEAST_USE_NS UINT64_C(100000)

/* For so long after its last section it goes on looking at a thread as often as
 * it had to then: the next enter need not wake it. */
#define LINGER_NS (1000 * NS_PER_MS)

const struct wsig_clock *wsig_clock = &wsig_os_clock;

int wsig_watchdog_priority, wsig_watchdog_granted;
uint32_t wsig_watchdog_anew;

/* All under wsig_threads_lock. */
static bool started;            /* the thread is there */
static uint64_t sleeping_until; /* 0: it is awake */
static size_t sleepers;         /* threads that sleep in a section */
static bool try_again; /* a thread's lock was taken: some kills still wait */
static struct wsig_thread **heap;
static size_t heap_size, heap_room;

/* ---------------------------------------------------------------- the heap */

static void put(size_t place, struct wsig_thread *thread) {
  heap[place] = thread;
  thread->place = place;
}

static void sift_up(size_t place) {
  struct wsig_thread *thread = heap[place];
  for (; place > 0; place = (place - 1) / 2) {
    struct wsig_thread *parent = heap[(place - 1) / 2];
    if (parent->watch_at <= thread->watch_at) break;
    put(place, parent);
  }
  put(place, thread);
}

static void sift_down(size_t place) {
  struct wsig_thread *thread = heap[place];
  for (size_t child; (child = 2 * place + 1) < heap_size; place = child) {
    if (child + 1 < heap_size &&
        heap[child + 1]->watch_at < heap[child]->watch_at)
      child++;
    if (thread->watch_at <= heap[child]->watch_at) break;
    put(place, heap[child]);
  }
  put(place, thread);
}

static bool is_watched(const struct wsig_thread *thread) {
  return thread->place < heap_size && heap[thread->place] == thread;
}

static void watch_at(struct wsig_thread *thread, uint64_t at_ns) {
  if (!is_watched(thread)) put(heap_size++, thread);
  wsig_store_relaxed(&thread->watch_at, at_ns);
  sift_up(thread->place);
  sift_down(thread->place);
}

static void watch_no_more(struct wsig_thread *thread) {
  wsig_store_relaxed(&thread->watch_at, WSIG_NEVER);
  if (!is_watched(thread)) return;
  size_t place = thread->place;
  struct wsig_thread *last = heap[--heap_size];
  if (last == thread) return;
  put(place, last);
  sift_up(place);
  sift_down(last->place);
}

/* Room for every thread there is: nothing can fail later. */
bool wsig_watchdog_admit(void) {
  if (wsig_threads_count <= heap_room) return true;
  size_t room = 2 * wsig_threads_count + 14;
  struct wsig_thread **larger = realloc(heap, room * sizeof larger[0]);
  if (!larger) return false;
  heap = larger;
  heap_room = room;
  return true;
}

/* ------------------------------------------------------------------ kills */

static struct wsig_budget *due_in(const struct wsig_thread *thread) {
  for (struct wsig_budget *b = thread->innermost; b; b = b->outer)
    if (b->kill_due) return b;
  return NULL;
}

/* Begins the next kill that is due; its budget, or NULL. */
static struct wsig_budget *begin_kill(struct wsig_thread *thread) {
  uint64_t cpu_ns;
  if (!wsig_thread_try_lock(thread)) {
    try_again = true;
    wsig_watchdog_want(thread);
    return NULL;
  }
  struct wsig_budget *b = thread->undoing ? NULL : due_in(thread);
  if (b) {
    bool known = wsig_clock->cpu_ns(thread->clock, &cpu_ns);
    wsig_section_begin_kill(b, known ? wsig_section_used(b, cpu_ns) : 0);
    wsig_store_relaxed(&thread->killing, 1);
  }
  wsig_thread_unlock(thread);
  return b;
}

static void look_at(struct wsig_thread *thread);
static void look_soon(struct wsig_thread *thread);

/* Under wsig_threads_lock, which it gives back meanwhile. */
static void kill_what_is_due(struct wsig_thread *thread) {
  struct wsig_budget *b;
  bool killed = false;
  for (; (b = begin_kill(thread)); killed = true) {
    pthread_mutex_unlock(&wsig_threads_lock);
    wsig_test_point(WSIG_POINT_KILL_BEFORE);
    b->kill(b->context); /* stays: its leave waits for us */
    wsig_test_point(WSIG_POINT_KILL_AFTER);
    pthread_mutex_lock(&wsig_threads_lock);
    /* Release: who sees it ended sees what the kill did. */
    if (wsig_exchange_release(&thread->killing, 0) == 2)
      wsig_os_wake(&thread->killing);
  }
  /* A kill that has no effect is repeated. Without a kill, it is a sleeper that
   * wants to be looked at. */
  if (killed)
    look_at(thread);
  else
    look_soon(thread);
}

/* Threads that were taken off wsig_wanted and come next. */
static struct wsig_thread *wanting;

static void collect_wanting(void) {
  /* Acquire: what the threads have put there. */
  struct wsig_thread *next, *list = wsig_exchange_acquire(&wsig_wanted, NULL);
  for (; list; list = next) {
    next = list->next_wanted;
    list->next_wanted = wanting;
    wanting = list;
  }
}

static void kill_what_is_wanted(void) {
  try_again = false;
  for (collect_wanting(); wanting && !try_again; collect_wanting()) {
    struct wsig_thread *thread = wanting;
    wanting = thread->next_wanted;
    /* Release: the list is left before the next one wants it. */
    wsig_store_release(&thread->wanted, 0);
    kill_what_is_due(thread);
  }
}

static void count_sleeper(struct wsig_thread *thread, bool sleeps) {
  if (sleeps && !thread->sleeps) sleepers++;
  if (!sleeps && thread->sleeps) sleepers--;
  thread->sleeps = sleeps;
}

void wsig_watchdog_forget(struct wsig_thread *thread) {
  watch_no_more(thread);
  count_sleeper(thread, false);
  collect_wanting();
  for (struct wsig_thread **at = &wanting; *at; at = &(*at)->next_wanted)
    if (*at == thread) {
      *at = thread->next_wanted;
      break;
    }
  if (!wsig_threads) wsig_watchdog_wake(); /* it may end */
}

/* ------------------------------------------------------------------ looks */

/* Its timer is set again only then: the signal interrupts a sleeper. */
static bool is_awake(const struct wsig_thread *thread,
                     struct wsig_progress last) {
  if (thread->asleep && last.used_ns < LEAST_USE_NS) return false;
  return last.used_ns >= last.passed_ns / LEAST_SHARE;
}

static uint64_t pause_of(const struct wsig_thread *thread, uint64_t idle_ns) {
  uint64_t pause = idle_ns / (thread->asleep ? ASLEEP_SHARE : IDLE_SHARE);
  uint64_t least = LEAST_PAUSE_NS + sleepers * LEAST_PAUSE_NS;
  if (idle_ns > SLEEP_NS) {
    pause = idle_ns / SLEEPERS_SHARE;
    if (pause > MOST_PAUSE_NS) pause = MOST_PAUSE_NS;
    least = sleepers * LOOK_COST_NS;
  }
  if (pause < least) pause = least;
  return pause < LONGEST_PAUSE_NS ? pause : LONGEST_PAUSE_NS;
}

static uint64_t together_after(uint64_t now_ns, uint64_t pause_ns) {
  return pause_ns + TOGETHER_NS - (now_ns + pause_ns) % TOGETHER_NS;
}

/* It cannot reach its limit in less than `left_ns`. */
static uint64_t look_again(uint64_t now_ns, uint64_t left_ns,
                           uint64_t pause_ns) {
  if (pause_ns > TOGETHER_NS) pause_ns = together_after(now_ns, pause_ns);
  return left_ns > pause_ns ? left_ns : pause_ns;
}

/* Under the thread's lock: in how many ns to look again. */
static uint64_t look_under_lock(struct wsig_thread *thread, uint64_t cpu_ns,
                                bool *kill_due) {
  uint64_t now = wsig_clock->monotonic_ns();
  struct wsig_look look = wsig_section_look(thread, cpu_ns);
  struct wsig_progress last = wsig_section_progress(thread, now, cpu_ns);
  *kill_due = look.kill_due;
  if (is_awake(thread, last)) thread->asleep = false;
  uint64_t idle = now - thread->ran_ns;
  count_sleeper(thread, thread->asleep || idle > SLEEP_NS);
  /* The timer's time has long come, and the thread has used its CPU time; its
   * signal was not handled, though. */
  if (look.acted && thread->timer_at <= now - WSIG_NET_NS / 2)
    thread->deaf = true;
  if (look.left_ns == WSIG_NEVER) return WSIG_NEVER;
  if (wsig_thread_is_timed(thread) && !thread->asleep) {
    if (thread->timer_at > now + look.left_ns)
      wsig_thread_arm(thread, now + look.left_ns);
    /* Its timer is alive: it has been set again. */
    uint64_t net = look.left_ns + WSIG_NET_NS;
    return together_after(now, net > LONGER_NET_NS ? net : LONGER_NET_NS);
  }
  return look_again(now, look.left_ns, pause_of(thread, idle));
}

/* How long its time lingers, where no section runs. */
static uint64_t linger(const struct wsig_thread *thread) {
  uint64_t now = wsig_clock->monotonic_ns();
  return now - thread->needed_ns < LINGER_NS ? thread->distance_ns : WSIG_NEVER;
}

/* Under wsig_threads_lock. */
static void look_at(struct wsig_thread *thread) {
  uint64_t cpu_ns, again = WSIG_NEVER;
  bool kill_due = false;
  watch_no_more(thread);
  if (!wsig_thread_try_lock(thread)) {
    /* Whoever has it looks, and may have lost its processor meanwhile. The
     * thread itself may overlook the note, as its unlock has no fence. */
    wsig_thread_have_looked(thread);
    watch_at(thread, wsig_clock->monotonic_ns() + WSIG_NET_NS);
    return;
  }
  if (thread->innermost && wsig_clock->cpu_ns(thread->clock, &cpu_ns))
    again = look_under_lock(thread, cpu_ns, &kill_due);
  else
    count_sleeper(thread, false);
  wsig_thread_unlock(thread);
  if (again != WSIG_NEVER)
    thread->needed_ns = wsig_clock->monotonic_ns();
  else
    again = linger(thread);
  if (again != WSIG_NEVER) watch_at(thread, wsig_clock->monotonic_ns() + again);
  if (kill_due) wsig_watchdog_want(thread);
}

/* It was interrupted in its sleep: does it go on with it, or has it woken? */
static void look_soon(struct wsig_thread *thread) {
  uint64_t soon = wsig_clock->monotonic_ns() + LEAST_PAUSE_NS;
  if (wsig_load_relaxed(&thread->watch_at) > soon) watch_at(thread, soon);
}

static void look_at_due(void) {
  while (heap_size > 0 && heap[0]->watch_at <= wsig_clock->monotonic_ns())
    look_at(heap[0]);
}

static uint64_t next_look(void) {
  return heap_size > 0 ? heap[0]->watch_at : WSIG_NEVER;
}

uint64_t wsig_watchdog_look(void) {
  pthread_mutex_lock(&wsig_threads_lock);
  for (struct wsig_thread *t = wsig_threads; t; t = t->next) look_at(t);
  kill_what_is_wanted();
  uint64_t next = next_look();
  pthread_mutex_unlock(&wsig_threads_lock);
  return next == WSIG_NEVER ? next : next - wsig_clock->monotonic_ns();
}

/* What is to be done whenever it is awake. */
static void take_turn(void) {
  kill_what_is_wanted();
  look_at_due();
}

uint64_t wsig_watchdog_turn(void) {
  pthread_mutex_lock(&wsig_threads_lock);
  take_turn();
  uint64_t next = next_look();
  pthread_mutex_unlock(&wsig_threads_lock);
  return next;
}

/* ------------------------------------------------------------- the thread */

/* Under wsig_threads_lock, which it gives back meanwhile. */
static void sleep_until(uint32_t word, uint64_t until_ns) {
  sleeping_until = until_ns;
  pthread_mutex_unlock(&wsig_threads_lock);
  wsig_os_wait(&wsig_watchdog_word, word, until_ns);
  pthread_mutex_lock(&wsig_threads_lock);
  sleeping_until = 0;
  wsig_add_relaxed(&wsig_statistics.wakes, 1);
}

static void wait_a_little(void) {
  pthread_mutex_unlock(&wsig_threads_lock);
  wsig_os_pause(UINT_MAX);
  pthread_mutex_lock(&wsig_threads_lock);
}

/* Asks the system for the priority that is wanted, if that has changed. */
static void take_priority(int granted) {
  static int asked; /* under wsig_threads_lock */
  int wanted = wsig_load_relaxed(&wsig_watchdog_priority);
  if (granted >= 0 && wanted == asked) return;
  asked = wanted;
  wsig_store_relaxed(&wsig_watchdog_granted,
                     wsig_os_schedule_watchdog(wanted, granted > 0));
}

static void *watch(void *unused) {
  (void)unused;
  wsig_os_become_watchdog();
  pthread_mutex_lock(&wsig_threads_lock);
  take_priority(-1);
  for (;;) {
    /* Acquire: before the list, which is changed before it. */
    uint32_t word = wsig_load_acquire(&wsig_watchdog_word);
    take_priority(wsig_load_relaxed(&wsig_watchdog_granted));
    take_turn();
    if (try_again) wait_a_little();
    if (wsig_load_relaxed(&wsig_wanted)) continue;
    if (!wsig_threads) break;
    sleep_until(word, next_look());
  }
  started = false;
  pthread_mutex_unlock(&wsig_threads_lock);
  return NULL;
}

bool wsig_watchdog_start(void) {
  if (!started) started = wsig_clock->spawn(watch);
  return started;
}

static uint64_t distance(uint64_t now_ns, uint64_t at_ns) {
  uint64_t ahead = at_ns > now_ns ? at_ns - now_ns : 0;
  if (ahead > LINGER_NS) return LINGER_NS;
  return ahead < WSIG_NET_NS ? WSIG_NET_NS : ahead;
}

int wsig_watchdog_by(struct wsig_thread *thread, uint64_t at_ns) {
  /* After the thread's section was put on its list; see the top. */
  if (wsig_load_relaxed(&thread->watch_at) <= at_ns) return WASMSIG_OK;
  int error = WASMSIG_OK;
  wsig_add_relaxed(&wsig_statistics.arms, 1);
  pthread_mutex_lock(&wsig_threads_lock);
  if (wsig_load_relaxed(&wsig_watchdog_anew)) at_ns = 0; /* and see to all */
  if (!wsig_watchdog_start()) {
    error = WASMSIG_ETHREAD;
  } else if (thread->watch_at > at_ns) {
    thread->needed_ns = wsig_clock->monotonic_ns();
    thread->distance_ns = distance(thread->needed_ns, at_ns);
    watch_at(thread, at_ns);
    if (sleeping_until > at_ns) wsig_watchdog_wake();
  }
  if (!error) wsig_store_relaxed(&wsig_watchdog_anew, 0);
  pthread_mutex_unlock(&wsig_threads_lock);
  return error;
}

void wsig_watchdog_begin_anew(void) {
  for (struct wsig_thread *t = wsig_threads; t; t = t->next) {
    wsig_store_relaxed(&t->watch_at, WSIG_NEVER);
    t->wanted = 0;
    t->sleeps = false;
  }
  heap_size = 0;
  wanting = wsig_wanted = NULL;
  sleeping_until = 0;
  sleepers = 0;
  started = false;
  wsig_watchdog_anew = wsig_here && wsig_here->innermost;
}

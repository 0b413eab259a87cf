/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux: threads, timers, waits and pages. */
#include "os/os.h"

#include "os/linux_syscall.h"
#include "os/linux_vdso.h"
#include "os/thread_clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --------------------------------------------------------------- threads */

static bool spawn(void *(*body)(void *)) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  /* The thread inherits the mask: no handler of the process ever runs in it. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, &attributes, body, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return error == 0;
}

pid_t wsig_os_thread_id(void) { return (pid_t)syscall(SYS_gettid); }

bool wsig_os_thread_clock(clockid_t *id) {
  struct timespec unused;
  *id = wsig_own_cpu_clock();
  return clock_gettime(*id, &unused) == 0;
}

void wsig_os_prepare_clocks(void) {
  wsig_os_set_fast_clock(wsig_os_vdso_clock());
}

/* ---------------------------------------------------------------- timers */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid /* glibc has no name for it */
#endif

#if WSIG_HAS_SYSCALL

/* The kernel's own number of a timer is an int: timer_create(2), "C library/
 * kernel differences". */
static bool create_timer(clockid_t clock, struct sigevent *event, timer_t *id) {
  int number = 0;
  if (wsig_syscall(SYS_timer_create, clock, (long)event, (long)&number, 0, 0,
                   0) != 0)
    return false;
  *id = (timer_t)(intptr_t)number;
  return true;
}

static void delete_timer(timer_t id) {
  wsig_syscall(SYS_timer_delete, (long)(intptr_t)id, 0, 0, 0, 0, 0);
}

static void wait_until(uint32_t *word, uint32_t value,
                       const struct timespec *until) {
  wsig_syscall(SYS_futex, (long)word, FUTEX_WAIT_BITSET_PRIVATE, value,
               (long)until, 0, (uint32_t)FUTEX_BITSET_MATCH_ANY);
}

#else

static bool create_timer(clockid_t clock, struct sigevent *event, timer_t *id) {
  return timer_create(clock, event, id) == 0;
}

static void delete_timer(timer_t id) { timer_delete(id); }

static void wait_until(uint32_t *word, uint32_t value,
                       const struct timespec *until) {
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, until, NULL,
          FUTEX_BITSET_MATCH_ANY);
}

#endif

static bool timer_make(struct wsig_timer *timer, pid_t tid, int signal,
                       void *tag) {
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                           .sigev_signo = signal,
                           .sigev_value.sival_ptr = tag};
  event.sigev_notify_thread_id = tid;
  timer->signal = signal;
  timer->made = create_timer(CLOCK_MONOTONIC, &event, &timer->id);
  timer->cpu_made = timer->made && create_timer(wsig_cpu_clock_of(tid), &event,
                                                &timer->cpu_id);
  return timer->made;
}

static void timer_drop(struct wsig_timer *timer) {
  delete_timer(timer->id);
  if (timer->cpu_made) delete_timer(timer->cpu_id);
  timer->made = timer->cpu_made = false;
}

bool wsig_os_may_be_timers(int signal) {
  switch (signal) {
    case SIGUSR1:
    case SIGUSR2:
    case SIGPROF:
    case SIGVTALRM:
    case SIGURG:
    case SIGIO: return true;
    default: return signal >= SIGRTMIN && signal <= SIGRTMAX;
  }
}

int wsig_os_free_signal(int below) {
  struct sigaction action;
  int highest = below <= SIGRTMAX ? below - 1 : SIGRTMAX;
  for (int signal = highest; signal >= SIGRTMIN; signal--)
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
      return signal;
  return 0;
}

bool wsig_os_blocks(int signal) {
  sigset_t blocked;
  return pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 &&
         sigismember(&blocked, signal) == 1;
}

/* -------------------------------------------------- the watchdog's thread */

const struct wsig_clock wsig_os_clock = {wsig_os_monotonic_ns,
                                         wsig_os_cpu_ns,
                                         spawn,
                                         timer_make,
                                         wsig_os_timer_set,
                                         timer_drop,
                                         wsig_os_timer_set_cpu,
                                         wsig_os_sleeps,
                                         true};
const struct wsig_clock *wsig_clock = &wsig_os_clock;

/* <linux/sched/types.h>, which clashes with <sched.h>. */
struct scheduling {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};

static bool schedule_as(uint32_t policy, int nice, uint32_t priority,
                        uint64_t runtime_ns) {
  struct scheduling how = {.size = sizeof how,
                           .policy = policy,
                           .nice = nice,
                           .priority = priority,
                           .runtime = runtime_ns};
  return syscall(SYS_sched_setattr, 0, &how, 0) == 0;
}

/* setpriority(2): Linux keeps one for each thread. */
static int nice_of(pid_t tid) {
  errno = 0;
  int nice = getpriority(PRIO_PROCESS, (id_t)tid);
  return errno ? 0 : nice;
}

/* With the nice value of the thread that started it, or of the first thread if
 * that is lower. */
static void schedule_as_the_process_is(uint64_t runtime_ns) {
  int own = nice_of(0), first = nice_of(getpid());
  if (first < own && schedule_as(SCHED_OTHER, first, 0, runtime_ns)) return;
  schedule_as(SCHED_OTHER, own, 0, runtime_ns);
}

/* The thread that starts the watchdog may be bound to one processor, and keep
 * it busy. There the watchdog might never run, so it may use every processor of
 * the process. */
static void run_where_the_process_may(void) {
  cpu_set_t processors;
  if (sched_getaffinity(getpid(), sizeof processors, &processors) == 0)
    sched_setaffinity(0, sizeof processors, &processors);
}

/* A short slice lets EEVDF run it sooner (Linux 6.12, sched_setattr(2)); a
 * small slack lets its sleeps end on time (PR_SET_TIMERSLACK). If the system
 * refuses, it works without. A real-time policy and a nice value are inherited:
 * the watchdog must not have a lower priority than a thread that it must kill.
 */
#define SLICE_NS UINT64_C(100000)
#define SLACK_NS 2000UL

void wsig_os_become_watchdog(void) {
  prctl(PR_SET_NAME, "wasmsig");
  prctl(PR_SET_TIMERSLACK, SLACK_NS);
  run_where_the_process_may();
}

/* By its number: musl's function always says ENOSYS. */
static bool is_scheduled_like_others(void) {
  return syscall(SYS_sched_getscheduler, 0) == SCHED_OTHER;
}

int wsig_os_schedule_watchdog(int realtime_priority, bool was_given) {
  if (realtime_priority > 0 &&
      schedule_as(SCHED_RR, 0, (uint32_t)realtime_priority, 0))
    return realtime_priority;
  if (was_given || is_scheduled_like_others())
    schedule_as_the_process_is(SLICE_NS);
  return 0;
}

/* ----------------------------------------------------------------- waits */

/* FUTEX_WAIT_BITSET of futex(2): its time is absolute and monotonic. */
void wsig_os_wait(uint32_t *word, uint32_t value, uint64_t until_ns) {
  struct timespec until = wsig_os_timespec(until_ns);
  /* Some 30 years: above that, the kernel's own sums overflow. */
  bool ever = until.tv_sec > 1000000000;
  wait_until(word, value, ever ? NULL : &until);
}

void wsig_os_pause(unsigned turn) {
  if (turn < 64) {
    sched_yield();
  } else {
    struct timespec a_little = {0, 50000};
    /* nanosleep(3) is a cancellation point, and locks may be held. */
    syscall(SYS_nanosleep, &a_little, NULL);
  }
}

/* ------------------------------------------------------------- libraries */

/* Weak: a static executable does not have them, and older C libraries have them
 * in a library that is not always loaded. */
#pragma weak dladdr
#pragma weak dlopen
#pragma weak dlsym

/* dlopen(3): RTLD_NODELETE also works for a loaded library. */
void wsig_os_stay_loaded(void) {
  Dl_info own;
  if (dladdr && dlopen && dladdr(&wsig_os_clock, &own) && own.dli_fname)
    (void)dlopen(own.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

void *wsig_os_symbol(const char *name) {
  return dlsym ? dlsym(RTLD_DEFAULT, name) : NULL;
}

/* ----------------------------------------------------------------- pages */

void *wsig_os_pages(size_t size) {
  void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? NULL : pages;
}

void wsig_os_pages_free(void *pages, size_t size) { munmap(pages, size); }

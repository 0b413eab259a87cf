/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The core's handler receives a forwarded signal first. It stores the signal in
 * the guest's words and then calls our handler, which counts the delivery and
 * writes to an event descriptor.
 *
 * Why a wait misses no signal, on whichever thread the handler ran: a wait
 * checks the count before it polls, and it polls the event descriptor too. The
 * check sees a signal that came before it. A signal that comes after the check
 * makes the poll return, as the descriptor stays readable until it is drained;
 * after it is drained the count is checked again.
 */
#include "process/forward.h"

#include "core/os/default_action.h"
#include "process/ack_stats.h"
#include "process/clock.h"
#include "process/end.h"
#include "process/grace.h"
#include "process/run_trace.h"
#include "text/messages.h"
#include "text/signal_names.h"
#include "trace/trace.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int event_descriptor = -1;
static uint64_t deliveries;      /* to the guest; atomic */
static uint64_t seen_deliveries; /* by the last wait */

static wasmsig_registry *guest_registry;
static wasmsig_instance guest; /* 0: none */

/* --------------------------------------------------------------- forwarding */

static void wake_wait(void) {
  uint64_t one = 1;
  ssize_t written = write(event_descriptor, &one, sizeof one);
  (void)written; /* on an overflow it is readable, which is enough */
}

static void on_signal(int signal, siginfo_t *info, void *ucontext) {
  (void)info, (void)ucontext;
  int saved_errno = errno;
  uint64_t reached = 0;
  bool ends = false;
  wasmsig_forward_last(signal, NULL, &reached);
  if (reached > 0) {
    cli_ack_stats_sent(signal, "the process's signal");
    ends = cli_grace_received(signal);
    __atomic_add_fetch(&deliveries, 1, __ATOMIC_RELEASE);
    wake_wait();
  }
  /* The guest does not handle it or ignored the last one: see host.h. */
  if (ends || wasmsig_forward_is_due(signal) == 1) cli_end_by_signal(signal);
  errno = saved_errno;
}

/* By whoever started the process: nohup(1), or a shell for `&`. */
static bool is_ignored(int signal) {
  struct sigaction now;
  return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static bool forward(int signal) {
  /* Without SA_RESTART, in the core's handler too: it interrupts calls. */
  struct sigaction ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  sigfillset(&ours.sa_mask);
  int error = WASMSIG_EFORWARD;
  if (sigaction(signal, &ours, NULL) == 0)
    error = wasmsig_forward_start(signal, 0);
  if (error)
    cli_message("%s: %s", cli_signal_name(signal), wasmsig_error_text(error));
  return error == WASMSIG_OK;
}

bool cli_forward_start(const struct cli_forward_options *options) {
  event_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_descriptor < 0) {
    cli_message("eventfd: %s", strerror(errno));
    return false;
  }
  for (int signal = 1; signal <= WASMSIG_SIGNAL_MAX; signal++) {
    if (!options->signals[signal]) continue;
    if (!options->also_ignored && is_ignored(signal)) continue;
    if (!forward(signal)) return false;
  }
  return true;
}

static void on_sigpipe(int signal) { cli_end_by_signal(signal); }

void cli_forward_report_sigpipe(void) {
  struct sigaction before;
  struct sigaction ours = {.sa_handler = on_sigpipe};
  sigfillset(&ours.sa_mask);
  if (sigaction(SIGPIPE, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
    sigaction(SIGPIPE, &ours, NULL);
}

/* They end a process, and are not forwarded unless that is requested. SIGIO and
 * SIGPOLL are one. Real-time signals are left to the timers, and to others. */
static const int others[] = {SIGABRT, SIGXCPU, SIGXFSZ,   SIGVTALRM,
                             SIGPROF, SIGIO,   SIGSTKFLT, SIGPWR};

/* abort(3) raises SIGABRT, and ends the process itself when this returns. */
static void on_other(int signal, siginfo_t *info, void *ucontext) {
  (void)ucontext;
  bool is_abort =
      signal == SIGABRT && (info->si_code > 0 || info->si_pid == getpid());
  if (!is_abort) cli_end_by_signal(signal);
}

void cli_forward_report_others(void) {
  struct sigaction before;
  struct sigaction ours = {.sa_sigaction = on_other,
                           .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigfillset(&ours.sa_mask);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (sigaction(others[i], NULL, &before) == 0 &&
        before.sa_handler == SIG_DFL)
      sigaction(others[i], &ours, NULL);
  }
}

void cli_forward_stop(void) {
  for (int signal = 1; signal <= WASMSIG_SIGNAL_MAX; signal++) {
    if (wasmsig_forward_stop(signal) != WASMSIG_OK) continue;
    wsig_os_restore_default(signal);
  }
}

void cli_forward_set_guest(wasmsig_registry *registry,
                           wasmsig_instance instance) {
  guest_registry = registry;
  guest = instance;
}

/* ------------------------------------------------------------------ waiting */

/* True once for each signal: a guest that never acknowledges can still block.
 */
static bool has_new_signal(void) {
  uint64_t now = __atomic_load_n(&deliveries, __ATOMIC_ACQUIRE);
  if (now == seen_deliveries || guest == 0) return false;
  seen_deliveries = now;
  return wasmsig_instance_waiting(guest_registry, guest) > 0;
}

void cli_wait_repeat_signal(void) { seen_deliveries--; }

static bool time_left(uint64_t deadline_ns, struct timespec *left) {
  uint64_t now = cli_now_ns(CLOCK_MONOTONIC);
  uint64_t ns = deadline_ns > now ? deadline_ns - now : 0;
  *left = cli_timespec(ns);
  return ns > 0;
}

static void drain_event(void) {
  uint64_t count;
  ssize_t taken = read(event_descriptor, &count, sizeof count);
  (void)taken;
}

static int wait_until(struct pollfd *files, nfds_t count,
                      uint64_t deadline_ns) {
  struct timespec left = {0, 0};
  files[0] = (struct pollfd){.fd = event_descriptor, .events = POLLIN};
  for (;;) {
    if (has_new_signal()) return -1;
    bool may_wait = deadline_ns == UINT64_MAX || time_left(deadline_ns, &left);
    int ready =
        ppoll(files, count, deadline_ns == UINT64_MAX ? NULL : &left, NULL);
    if (ready < 0 && errno != EINTR) return -1;
    if (ready < 0) continue; /* a signal: the loop checks for it */
    if (files[0].revents) {
      drain_event();
      ready--;
    }
    if (ready > 0 || !may_wait) return ready;
  }
}

/* A wait that ends at once is none in the trace. */
int cli_wait(struct pollfd *files, nfds_t count, uint64_t deadline_ns) {
  if (!wsig_trace_is_on()) return wait_until(files, count, deadline_ns);
  int ready = wait_until(files, count, 0);
  if (ready != 0 || deadline_ns <= cli_now_ns(CLOCK_MONOTONIC)) return ready;
  bool begun = cli_trace_begin("waiting");
  ready = wait_until(files, count, deadline_ns);
  cli_trace_end("waiting", begun);
  return ready;
}

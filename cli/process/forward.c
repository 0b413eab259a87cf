/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A forwarded signal comes to the core's handler, which puts it into the
 * guest's words and then calls ours. That counts it and writes to an event
 * descriptor.
 *
 * Why no signal is slept through, whichever thread's handler ran: a wait looks
 * at the count before it polls, and the descriptor is among what it polls. A
 * signal before the look is seen by it; one after it makes the poll return,
 * then or at once, as the descriptor stays readable until it is drained, and
 * after draining the count is looked at again.
 */
#include "process/forward.h"

#include "cli.h"
#include "clock.h"
#include "process/ack_stats.h"
#include "process/end.h"
#include "text/signal_names.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int wake_descriptor = -1;
static uint64_t deliveries; /* that reached the guest; atomic */
static uint64_t noted;      /* of these, up to the last wait */

static const struct cli_job *job;
static wasmsig_instance guest;

static void wake(void) {
  uint64_t one = 1;
  ssize_t written = write(wake_descriptor, &one, sizeof one);
  (void)written; /* full: it is readable, which is all that it is for */
}

static void on_signal(int signal, siginfo_t *info, void *ucontext) {
  (void)info, (void)ucontext;
  int saved_errno = errno;
  uint64_t reached = 0;
  wasmsig_forward_last(signal, NULL, &reached);
  if (reached > 0) {
    cli_watching_sent(signal);
    __atomic_add_fetch(&deliveries, 1, __ATOMIC_RELEASE);
    wake();
  }
  /* It is not the first, or nobody handles it: host.h has the rule. */
  if (wasmsig_forward_is_due(signal) == 1) cli_end_by_signal(signal);
  errno = saved_errno;
}

/* Who started us may want us not to hear it: nohup(1), a shell's `&`. */
static bool is_ignored(int signal) {
  struct sigaction now;
  return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static bool forward(int signal) {
  /* Without SA_RESTART, also in the core's handler: calls are interrupted. */
  struct sigaction ours = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  sigfillset(&ours.sa_mask);
  int error = WASMSIG_EFORWARD;
  if (sigaction(signal, &ours, NULL) == 0)
    error = wasmsig_forward_start(signal, 0);
  if (error)
    cli_complain("%s: %s", cli_signal_name(signal), wasmsig_error_text(error));
  return error == WASMSIG_OK;
}

/* The reader of our output has gone. Only for what --stats tells: else nobody
 * handles it, and it ends the process without a word, as it does any. */
static void on_broken_pipe(int signal) { cli_end_by_signal(signal); }

static void tell_of_broken_pipes(void) {
  struct sigaction before;
  struct sigaction ours = {.sa_handler = on_broken_pipe};
  sigfillset(&ours.sa_mask);
  if (sigaction(SIGPIPE, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
    sigaction(SIGPIPE, &ours, NULL);
}

bool cli_forwarding_start(const struct cli_options *options) {
  wake_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_descriptor < 0) {
    cli_complain("eventfd: %s", strerror(errno));
    return false;
  }
  for (int signal = 1; signal <= WASMSIG_SIGNAL_MAX; signal++) {
    if (!options->forwards[signal]) continue;
    if (!options->forwards_are_given && is_ignored(signal)) continue;
    if (!forward(signal)) return false;
  }
  if (options->stats) tell_of_broken_pipes();
  return true;
}

void cli_forwarding_stop(void) {
  for (int signal = 1; signal <= WASMSIG_SIGNAL_MAX; signal++) {
    if (wasmsig_forward_stop(signal) != WASMSIG_OK) continue;
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(signal, &action, NULL);
  }
}

void cli_forwarding_guest(const struct cli_job *of, wasmsig_instance instance) {
  job = of;
  guest = instance;
}

/* ------------------------------------------------------------------- waits */

/* Once for each signal: a guest that never acknowledges can still block. */
static bool is_told(void) {
  uint64_t now = __atomic_load_n(&deliveries, __ATOMIC_ACQUIRE);
  if (now == noted || guest == 0) return false;
  noted = now;
  return wasmsig_instance_waiting(job->registry, guest) > 0;
}

void cli_wait_is_due_again(void) { noted--; }

static bool time_left(uint64_t deadline_ns, struct timespec *left) {
  uint64_t now = cli_now_ns(CLOCK_MONOTONIC);
  uint64_t ns = deadline_ns > now ? deadline_ns - now : 0;
  *left = cli_timespec(ns);
  return ns > 0;
}

static void drain(void) {
  uint64_t count;
  ssize_t taken = read(wake_descriptor, &count, sizeof count);
  (void)taken;
}

int cli_wait(struct pollfd *files, nfds_t count, uint64_t deadline_ns) {
  struct timespec left = {0, 0};
  files[0] = (struct pollfd){.fd = wake_descriptor, .events = POLLIN};
  for (;;) {
    if (is_told()) return -1;
    bool waits = deadline_ns == UINT64_MAX || time_left(deadline_ns, &left);
    int ready =
        ppoll(files, count, deadline_ns == UINT64_MAX ? NULL : &left, NULL);
    if (ready < 0 && errno != EINTR) return -1;
    if (ready < 0) continue; /* by a signal that is looked at above */
    if (files[0].revents) {
      drain();
      ready--;
    }
    if (ready > 0 || !waits) return ready;
  }
}

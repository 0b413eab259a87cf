/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The process's own signals, forwarded to its guests.
 *
 * The core's handler signals the guests, and then calls the handler that was
 * there before: ours (`middle_handler`), which calls the host's (libuv's, say).
 * Ours does what cannot wait for the event loop, as a busy guest blocks that:
 *
 *  - Where JavaScript does not listen (lib/forward.js sets `has_listener`), and
 *    no guest handles the signal, the process must end now.
 *  - A program that cleans up and then sends itself the signal must end by it,
 *    at once. It has removed its listener, so lib/forward.js has set
 *    `ends_by_own`. The guests have received such a signal too by then.
 *
 * A host may install another handler over all of these, and leave its default
 * one behind: Node does around vm scripts that SIGINT breaks. Then `core` is
 * what is installed again.
 *
 * `host` is stored before the middle handler is installed, and does not change
 * as long as that may be called: `is_chained` stays true after a stop if some
 * code has installed a handler over the core's.
 */
#include "addon.h"
#include "tracing.h"

#include "core/os/default_action.h"

#include "wasmsig/host.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

struct forwarded {
  struct sigaction host; /* the host's handler */
  struct sigaction core; /* the core's, installed over both */
  bool is_forwarded;
  bool is_chained; /* the middle handler is in the chain of handlers */
  volatile sig_atomic_t has_listener; /* besides that of lib/forward.js */
  volatile sig_atomic_t ends_by_own;  /* the process, if it sends the signal */
  volatile sig_atomic_t is_own;       /* the process has sent the last one */
};

/* Of the main thread (lib/forward.js). Handlers read it. */
static struct forwarded forwarded_signals[WASMSIG_SIGNAL_MAX + 1];

/* ---------------------------------------------------------------- handlers */

static bool is_from_ourselves(const siginfo_t *info) {
  bool sent = info->si_code == SI_USER || info->si_code == SI_TKILL ||
              info->si_code == SI_QUEUE;
  return sent && info->si_pid == getpid();
}

static bool is_fatal(const struct forwarded *forwarded, int signal) {
  if (forwarded->ends_by_own && forwarded->is_own) return true;
  return !forwarded->has_listener && wasmsig_forward_is_due(signal) == 1;
}

static void end_by(int signal) {
  tracing_end_of_process(signal);
  wsig_os_take_default_action(signal);
}

static void middle_handler(int signal, siginfo_t *info, void *ucontext) {
  struct forwarded *forwarded = &forwarded_signals[signal];
  uint64_t reached = 0;
  wasmsig_forward_last(signal, NULL, &reached);
  if (reached > 0) tracing_raised(NULL, signal, "the process's signal");
  forwarded->is_own = is_from_ourselves(info);
  if (is_fatal(forwarded, signal))
    end_by(signal);
  else if (forwarded->host.sa_flags & SA_SIGINFO)
    forwarded->host.sa_sigaction(signal, info, ucontext);
  else
    forwarded->host.sa_handler(signal);
}

static bool has_handler(const struct sigaction *action) {
  return action->sa_flags & SA_SIGINFO ||
         (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* Only over a handler of the host's: where there is none, the core itself does
 * what the system would do. */
static void install_middle_handler(int signal) {
  struct forwarded *forwarded = &forwarded_signals[signal];
  struct sigaction now, action = {.sa_sigaction = middle_handler};
  if (forwarded->is_chained || sigaction(signal, NULL, &now) != 0 ||
      !has_handler(&now))
    return;
  forwarded->host = now;
  action.sa_mask = now.sa_mask;
  action.sa_flags = now.sa_flags | SA_SIGINFO;
  forwarded->is_chained = sigaction(signal, &action, NULL) == 0;
}

static void remove_middle_handler(int signal) {
  struct forwarded *forwarded = &forwarded_signals[signal];
  struct sigaction now;
  if (!forwarded->is_chained || sigaction(signal, NULL, &now) != 0) return;
  if (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != middle_handler)
    return;
  forwarded->is_chained = sigaction(signal, &forwarded->host, NULL) != 0;
}

/* Installs the core's handler again where the host's default one is: a one-shot
 * handler that ends the process, or none at all. Any other handler there may
 * call ours. */
static bool restore(int signal) {
  struct forwarded *forwarded = &forwarded_signals[signal];
  struct sigaction now;
  if (!forwarded->is_forwarded || sigaction(signal, NULL, &now) != 0)
    return false;
  if (has_handler(&now) && !(now.sa_flags & (int)SA_RESETHAND)) return false;
  return sigaction(signal, &forwarded->core, NULL) == 0;
}

static int start(int signal, int insist) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  struct forwarded *forwarded = &forwarded_signals[signal];
  if (forwarded->is_forwarded) return WASMSIG_EFORWARD;
  forwarded->ends_by_own = false;
  forwarded->has_listener = true; /* until lib/ sets it */
  install_middle_handler(signal);
  int error = wasmsig_forward_start(signal, insist);
  if (!error) sigaction(signal, NULL, &forwarded->core);
  forwarded->is_forwarded = error == WASMSIG_OK;
  if (error) remove_middle_handler(signal);
  return error;
}

static int stop(int signal) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  struct forwarded *forwarded = &forwarded_signals[signal];
  if (!forwarded->is_forwarded) return WASMSIG_EFORWARD;
  restore(signal); /* so that the core finds its handler */
  forwarded->is_forwarded = false;
  forwarded->ends_by_own = false;
  int error = wasmsig_forward_stop(signal);
  remove_middle_handler(signal);
  return error;
}

/* --------------------------------------------------------------- functions */

/* The first of `room` arguments as a signal; 0: no signal has that number. */
static int signal_argument(napi_env env, napi_callback_info info,
                           napi_value *given, size_t room) {
  arguments(env, info, given, room);
  const double signal = number_of(env, given[0]);
  return signal >= 1 && signal <= WASMSIG_SIGNAL_MAX ? (int)signal : 0;
}

/* forwardStart(signal, insist): 0 or a negative error. */
static napi_value forward_start(napi_env env, napi_callback_info info) {
  napi_value given[2];
  const int signal = signal_argument(env, info, given, 2);
  return make_number(env, start(signal, (int)number_of(env, given[1])));
}

/* forwardStop(signal): 0 or a negative error. */
static napi_value forward_stop(napi_env env, napi_callback_info info) {
  napi_value given[1];
  return make_number(env, stop(signal_argument(env, info, given, 1)));
}

/* forwardEndsByOwn(signal, whether): whether the process ends when it sends
 * itself the signal. */
static napi_value forward_ends_by_own(napi_env env, napi_callback_info info) {
  napi_value given[2];
  const int signal = signal_argument(env, info, given, 2);
  forwarded_signals[signal].ends_by_own = bool_of(env, given[1]);
  return NULL;
}

/* forwardHasListener(signal, whether): besides that of lib/forward.js. */
static napi_value forward_has_listener(napi_env env, napi_callback_info info) {
  napi_value given[2];
  const int signal = signal_argument(env, info, given, 2);
  forwarded_signals[signal].has_listener = bool_of(env, given[1]);
  return NULL;
}

/* forwardRestore(signal): whether our handler had gone, and is installed again.
 */
static napi_value forward_restore(napi_env env, napi_callback_info info) {
  napi_value given[1];
  return make_bool(env, restore(signal_argument(env, info, given, 1)));
}

/* takeDefaultAction(signal): whatever handler it has. A host may keep its
 * handler when the last listener has gone. */
static napi_value default_action(napi_env env, napi_callback_info info) {
  napi_value given[1];
  end_by(signal_argument(env, info, given, 1));
  return NULL; /* not reached */
}

/* forwardIsOwn(signal): whether the process sent the last one itself. */
static napi_value forward_is_own(napi_env env, napi_callback_info info) {
  napi_value given[1];
  const int signal = signal_argument(env, info, given, 1);
  return make_bool(env, forwarded_signals[signal].is_own);
}

/* forwardIsDue(signal): whether the last one must end the process, as no guest
 * handles it. */
static napi_value forward_is_due(napi_env env, napi_callback_info info) {
  napi_value given[1];
  const int signal = signal_argument(env, info, given, 1);
  return make_bool(env, wasmsig_forward_is_due(signal) == 1);
}

/* forwardDeliveries(signal): their number since forwarding began. */
static napi_value forward_deliveries(napi_env env, napi_callback_info info) {
  napi_value given[1];
  uint64_t deliveries = 0;
  wasmsig_forward_last(signal_argument(env, info, given, 1), &deliveries, NULL);
  return make_number(env, (double)deliveries);
}

void define_forwarded_signals(napi_env env, napi_value exports) {
  define(env, exports, "forwardStart", forward_start);
  define(env, exports, "forwardStop", forward_stop);
  define(env, exports, "forwardEndsByOwn", forward_ends_by_own);
  define(env, exports, "forwardHasListener", forward_has_listener);
  define(env, exports, "forwardRestore", forward_restore);
  define(env, exports, "forwardIsOwn", forward_is_own);
  define(env, exports, "forwardIsDue", forward_is_due);
  define(env, exports, "forwardDeliveries", forward_deliveries);
  define(env, exports, "takeDefaultAction", default_action);
}

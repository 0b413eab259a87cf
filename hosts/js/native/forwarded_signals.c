/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The process's own signals, forwarded to its guests.
 *
 * The core's handler tells the guests, and calls who stood there before: ours,
 * `sentry`, which calls the host's (libuv's, say). It is there for what cannot
 * wait for the event loop, which a busy guest keeps from turning:
 *
 *  - Where no JavaScript listens (`listened`, which lib/forward.js tells us),
 * and no guest handles the signal, it is to end the process now.
 *  - A program that cleans up and then sends itself the signal wants to die of
 *    it, there and then: it has removed its listener, which lib/forward.js
 * tells us as `last_word`. The guests have been told of such a signal too when
 * it comes here.
 *
 * A host may put another handler of its own over all of these, and leave its
 * default one behind: Node does around vm scripts that SIGINT breaks. `ours` is
 * what is put back then.
 *
 * `before` is stored before the sentry is installed, and not changed as long
 * as it may be called: `stands` outlives a stop when somebody has put a
 * handler over the core's.
 */
#include "addon.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

struct post {
  struct sigaction before; /* the host's */
  struct sigaction ours;   /* the core's, which stands over all */
  bool forwarded;
  bool stands; /* the sentry is somewhere in the chain of handlers */
  volatile sig_atomic_t listened; /* by somebody else than lib/forward.js */
  volatile sig_atomic_t last_word;
  volatile sig_atomic_t own; /* the last one was from ourselves */
};

/* The main thread's (lib/forward.js), and read by handlers. */
static struct post posts[WASMSIG_SIGNAL_MAX + 1];

/* ----------------------------------------------------------------- sentry */

static bool is_from_ourselves(const siginfo_t *info) {
  bool sent = info->si_code == SI_USER || info->si_code == SI_TKILL ||
              info->si_code == SI_QUEUE;
  return sent && info->si_pid == getpid();
}

static void take_default_action(int signal) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t only;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
  raise(signal); /* blocked in its handler: then with the last line */
  sigemptyset(&only);
  sigaddset(&only, signal);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
  _exit(128 + signal); /* the first process of a container is still there */
}

static bool is_fatal(const struct post *post, int signal) {
  if (post->last_word && post->own) return true;
  return !post->listened && wasmsig_forward_is_due(signal) == 1;
}

static void sentry(int signal, siginfo_t *info, void *ucontext) {
  struct post *post = &posts[signal];
  post->own = is_from_ourselves(info);
  if (is_fatal(post, signal))
    take_default_action(signal);
  else if (post->before.sa_flags & SA_SIGINFO)
    post->before.sa_sigaction(signal, info, ucontext);
  else
    post->before.sa_handler(signal);
}

static bool has_handler(const struct sigaction *action) {
  return action->sa_flags & SA_SIGINFO ||
         (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* Only over a handler of the host's: where there is none, the core itself does
 * what the system would. */
static void post_sentry(int signal) {
  struct post *post = &posts[signal];
  struct sigaction now, ours = {.sa_sigaction = sentry};
  if (post->stands || sigaction(signal, NULL, &now) != 0 || !has_handler(&now))
    return;
  post->before = now;
  ours.sa_mask = now.sa_mask;
  ours.sa_flags = now.sa_flags | SA_SIGINFO;
  post->stands = sigaction(signal, &ours, NULL) == 0;
}

static void withdraw_sentry(int signal) {
  struct post *post = &posts[signal];
  struct sigaction now;
  if (!post->stands || sigaction(signal, NULL, &now) != 0) return;
  if (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != sentry) return;
  post->stands = sigaction(signal, &post->before, NULL) != 0;
}

/* Puts the core's handler back where the host's default one stands: the one
 * that stands for one signal, to end the process by it, or none at all.
 * Whatever else stands there may call ours. */
static bool mend(int signal) {
  struct post *post = &posts[signal];
  struct sigaction now;
  if (!post->forwarded || sigaction(signal, NULL, &now) != 0) return false;
  if (has_handler(&now) && !(now.sa_flags & (int)SA_RESETHAND)) return false;
  return sigaction(signal, &post->ours, NULL) == 0;
}

/* --------------------------------------------------------------- functions */

static int start(int signal, int insist) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  if (posts[signal].forwarded) return WASMSIG_EFORWARD;
  posts[signal].last_word = false;
  posts[signal].listened = true; /* until we are told */
  post_sentry(signal);
  int error = wasmsig_forward_start(signal, insist);
  if (!error) sigaction(signal, NULL, &posts[signal].ours);
  posts[signal].forwarded = error == WASMSIG_OK;
  if (error) withdraw_sentry(signal);
  return error;
}

static int stop(int signal) {
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX) return WASMSIG_ESIGNAL;
  if (!posts[signal].forwarded) return WASMSIG_EFORWARD;
  mend(signal); /* so that there is something to put back */
  posts[signal].forwarded = false;
  posts[signal].last_word = false;
  int error = wasmsig_forward_stop(signal);
  withdraw_sentry(signal);
  return error;
}

/* forwardStart(signal, insist): 0 or a negative error. */
static napi_value forward_start(napi_env env, napi_callback_info info) {
  napi_value given[2];
  arguments(env, info, given, 2);
  return make_number(
      env, start((int)number_of(env, given[0]), (int)number_of(env, given[1])));
}

/* forwardStop(signal): 0 or a negative error. */
static napi_value forward_stop(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  return make_number(env, stop((int)number_of(env, given[0])));
}

/* The arguments (signal, whether); 0: no signal has that number. */
static int signal_and_bool(napi_env env, napi_callback_info info,
                           bool *whether) {
  napi_value given[2];
  arguments(env, info, given, 2);
  const double signal = number_of(env, given[0]);
  napi_get_value_bool(env, given[1], whether);
  return signal >= 1 && signal <= WASMSIG_SIGNAL_MAX ? (int)signal : 0;
}

/* forwardLastWord(signal, whether): whether the process means to die when it
 * sends itself the signal. */
static napi_value forward_last_word(napi_env env, napi_callback_info info) {
  bool whether = false;
  const int signal = signal_and_bool(env, info, &whether);
  if (signal) posts[signal].last_word = whether;
  return NULL;
}

/* forwardListened(signal, whether): whether anybody else listens for it. */
static napi_value forward_listened(napi_env env, napi_callback_info info) {
  bool whether = false;
  const int signal = signal_and_bool(env, info, &whether);
  if (signal) posts[signal].listened = whether;
  return NULL;
}

/* forwardMend(signal): whether our handler had gone, and is back. */
static napi_value forward_mend(napi_env env, napi_callback_info info) {
  napi_value given[1], mended = NULL;
  arguments(env, info, given, 1);
  const double signal = number_of(env, given[0]);
  const bool known = signal >= 1 && signal <= WASMSIG_SIGNAL_MAX;
  napi_get_boolean(env, known && mend((int)signal), &mended);
  return mended;
}

/* dieOf(signal): whoever handles it. A host may keep its handler when the last
 * listener has gone. */
static napi_value die_of(napi_env env, napi_callback_info info) {
  napi_value given[1];
  arguments(env, info, given, 1);
  take_default_action((int)number_of(env, given[0]));
  return NULL;
}

/* forwardIsOwn(signal): whether the process sent the last one itself. */
static napi_value forward_is_own(napi_env env, napi_callback_info info) {
  napi_value given[1], own = NULL;
  arguments(env, info, given, 1);
  const double signal = number_of(env, given[0]);
  const bool known = signal >= 1 && signal <= WASMSIG_SIGNAL_MAX;
  napi_get_boolean(env, known && posts[(int)signal].own, &own);
  return own;
}

/* forwardIsDue(signal): whether the last one is to end the process, as far as
 * guests go. */
static napi_value forward_is_due(napi_env env, napi_callback_info info) {
  napi_value given[1], due = NULL;
  arguments(env, info, given, 1);
  const int signal = (int)number_of(env, given[0]);
  napi_get_boolean(env, wasmsig_forward_is_due(signal) == 1, &due);
  return due;
}

/* forwardDeliveries(signal): how many there were since it is forwarded. */
static napi_value forward_deliveries(napi_env env, napi_callback_info info) {
  napi_value given[1];
  uint64_t deliveries = 0;
  arguments(env, info, given, 1);
  wasmsig_forward_last((int)number_of(env, given[0]), &deliveries, NULL);
  return make_number(env, (double)deliveries);
}

void define_signals(napi_env env, napi_value exports) {
  define(env, exports, "forwardStart", forward_start);
  define(env, exports, "forwardStop", forward_stop);
  define(env, exports, "forwardLastWord", forward_last_word);
  define(env, exports, "dieOf", die_of);
  define(env, exports, "forwardIsOwn", forward_is_own);
  define(env, exports, "forwardIsDue", forward_is_due);
  define(env, exports, "forwardListened", forward_listened);
  define(env, exports, "forwardMend", forward_mend);
  define(env, exports, "forwardDeliveries", forward_deliveries);
}

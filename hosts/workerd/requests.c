/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Requests: a budget for each IoContext, entered and left with its turns.
 *
 * A context runs in one thread, its own. So all of this is a thread's own, but
 * two functions that are called about a section that runs: `stop`, by the
 * watchdog, and the raise of a signal, by another thread too (signals.c).
 *
 * Which request is meant. enterJs() names the context. Addresses of contexts
 * are used again, so a record ends with its context: the deleting destructor is
 * replaced. The other methods name the enforcer only, which is a request's own
 * in newer runtimes and its service's in older ones. They are answered without
 * it where they can be: requireLimitsNotExceeded() comes right after the leave
 * that it is about; topUpActor() counts, and each actor of the enforcer gets
 * new time with its next turn; getLimitsExceeded() answers where all requests
 * of that enforcer were stopped, and else leaves it to the exception, which
 * says the same. It is also called during a turn: after the turn's code the
 * runtime runs V8's message loop there, which calls the callbacks of each
 * FinalizationRegistry, and it goes on until this answers exceededCpu. So the
 * answer for a turn that is being stopped does not wait for its leave. The
 * callbacks that are left then run in later turns of the isolate.
 *
 * Whose callback it is. A context may end without a turn, and the address of
 * its enforcer is used again. So a callback counts for the context that has set
 * it, and for its isolate: IoContext's constructor calls
 * setCpuLimitNearlyExceededCallback(), if its isolate has a callback, and then
 * always onLimitsExceeded(). If the second call comes alone, what the enforcer
 * had before is forgotten.
 *
 * Why no record ends while it is used: the runtime keeps what enterJs()
 * returned in a local variable of the context's own method, so a turn ends
 * before its context does. The leave takes the section from the core under a
 * lock under which signals are raised, and waits for a `stop` that has begun.
 * Neither happens after it. An interrupt that V8 has not called by then finds
 * that its wish was taken back.
 *
 * Why a kill hits the right request: leave waits for one that has begun, and
 * takes it back. A request that was stopped is aborted, in the turn in which it
 * was; what runs in its context after that, to log the error and to clean up,
 * gets GRACE_NS once, and is stopped at once afterwards. V8 forgets that it
 * terminates when the outermost call has ended, and a turn may make more calls:
 * so such a turn has a section too, which is spent from the start.
 */
#include "requests.h"

#include "atomics.h"
#include "binary/runtime.h"
#include "exceeded.h"
#include "fatal.h"
#include "isolates.h"
#include "report.h"
#include "request.h"
#include "settings.h"
#include "signals.h"
#include "tracked_list.h"
#include "wasmsig/host.h"

#include <search.h>
#include <stdlib.h>

/* As much as the runtime's owner allows for logging an error (worker.c++). */
#define GRACE_NS UINT64_C(10000000)
/* After that: a limit that has passed when the turn begins. */
#define SPENT_NS UINT64_C(1)

/* A thread's own. */
static _Thread_local void *requests, *enforcers;   /* trees */
static _Thread_local struct wkd_request *latest;   /* found last */
static _Thread_local struct wkd_request *running;  /* the innermost in a turn */
static _Thread_local const void *has_set_callback; /* an enforcer */
static _Thread_local bool was_killed; /* in the last section left */

static int order(const void *left, const void *right) {
  uintptr_t a = *(const uintptr_t *)left, b = *(const uintptr_t *)right;
  return a < b ? -1 : a > b;
}

/* ------------------------------------------------------------- enforcers */

static struct wkd_enforcer *find_enforcer(void *enforcer) {
  struct wkd_enforcer **place = tfind(&enforcer, &enforcers, order);
  return place ? *place : NULL;
}

static struct wkd_enforcer *find_or_make_enforcer(void *enforcer) {
  struct wkd_enforcer *found = find_enforcer(enforcer);
  if (found) return found;
  found = calloc(1, sizeof *found);
  if (!found) wkd_fatal("out of memory");
  found->enforcer = enforcer;
  if (!tsearch(found, &enforcers, order)) wkd_fatal("out of memory");
  return found;
}

static void forget_enforcer(struct wkd_enforcer *enforcer) {
  tdelete(enforcer, &enforcers, order);
  free(enforcer);
}

static void leave_enforcer(struct wkd_request *request) {
  struct wkd_enforcer *enforcer = request->enforcer;
  if (request->was_stopped) enforcer->stopped--;
  if (--enforcer->requests == 0) forget_enforcer(enforcer);
}

void wkd_request_top_up(void *enforcer) {
  find_or_make_enforcer(enforcer)->top_ups++;
}

/* A reference to the isolate's callback, which lives as long as it; we own
 * nothing of it. */
void wkd_request_set_callback(void *enforcer, struct wkd_function *callback) {
  find_or_make_enforcer(enforcer)->nearly_exceeded = callback->callable;
  has_set_callback = enforcer;
}

void wkd_request_context_made(void *enforcer) {
  bool has_callback = has_set_callback == enforcer;
  has_set_callback = NULL;
  if (has_callback) return;
  struct wkd_enforcer *before = find_enforcer(enforcer);
  if (!before) return;
  before->nearly_exceeded = NULL;
  if (before->requests == 0) forget_enforcer(before);
}

/* --------------------------------------------------------------- signals */

/* After the leave the signal is not requested again: the core has waited. */
static void take_back_interrupt(struct wkd_request *request) {
  struct wkd_request **wanted = &request->isolate->raise_wanted;
  if (wsig_load_relaxed(wanted) && wsig_exchange_acquire(wanted, NULL))
    request->is_to_signal_again = true;
}

/* The thread's clock before the leave. What the leave itself takes must not
 * count as time after the signal, or a signal would seem early. */
static uint64_t clock_if_raised(const struct wkd_request *request) {
  return request->raised_at_ns ? wkd_signals_cpu_ns() : 0;
}

/* After the leave, which has charged the turn. The timer may have raised after
 * the clock was read. */
static void note_signal(struct wkd_request *request, uint64_t left_ns) {
  uint64_t raised = request->raised_at_ns;
  if (!raised) return;
  uint64_t since = left_ns > raised ? left_ns - raised : 0;
  uint64_t used = wasmsig_budget_used_ns(&request->budget);
  request->signal_cpu_ns = used > since ? used - since : used;
  request->raised_at_ns = 0;
}

/* The words belong to the request whose turn begins. */
static void hand_over_words(struct wkd_request *request) {
  struct wkd_isolate *isolate = request->isolate;
  struct wkd_request *before = isolate->signalled;
  if (isolate->is_stale || (before && before != request)) {
    uint64_t cleared = wkd_list_clear(isolate->list, WASMSIG_SIGXCPU);
    if (before)
      before->is_to_signal_again = cleared > 0 && cleared >= before->reached;
    isolate->signalled = NULL;
    isolate->is_stale = false;
  }
  if (request->is_to_signal_again) wkd_signals_raise(request);
}

/* The request raises no signal any more. */
static void withdraw(struct wkd_request *request) {
  struct wkd_isolate *isolate = request->isolate;
  request->is_to_signal_again = false;
  if (isolate->signalled != request) return;
  isolate->signalled = NULL;
  isolate->is_stale = true;
}

/* --------------------------------------------------------------- budgets */

static void stop(void *context) {
  struct wkd_request *request = context;
  wkd_runtime.isolate_terminate(request->isolate->isolate);
}

static void go_on(void *context) {
  struct wkd_request *request = context;
  wkd_runtime.isolate_cancel(request->isolate->isolate);
}

static wasmsig_budget_options limits(struct wkd_request *request) {
  wasmsig_budget_options options = WASMSIG_BUDGET_OPTIONS_INIT;
  options.soft_ns = wkd_settings.soft_ns;
  options.hard_ns = wkd_settings.hard_ns;
  options.raise = wkd_signals_reach_soft;
  options.kill = stop;
  options.undo = go_on;
  options.context = request;
  options.measure = true;
  return options;
}

static void reset(struct wkd_request *request,
                  const wasmsig_budget_options *options) {
  request->reset_ns += wasmsig_budget_used_ns(&request->budget);
  wasmsig_budget_reset(&request->budget, options);
}

static void report(struct wkd_request *request) {
  struct wkd_event event = {
      .service = request->isolate->name,
      .kind = request->is_actor ? "actor" : "request",
      .cpu_ns = request->reset_ns + wasmsig_budget_used_ns(&request->budget),
      .wall_ns = wkd_now_ns() - request->began_ns,
      .signals = request->signals,
      .signal_cpu_ns = request->signal_cpu_ns,
      .exceeded_cpu = request->was_stopped};
  if (event.cpu_ns > 0) wkd_report(&event);
}

/* An event for an actor: it has all of its time again. */
static void begin_anew(struct wkd_request *request) {
  wasmsig_budget_options options = limits(request);
  request->top_ups = request->enforcer->top_ups;
  if (wasmsig_budget_used_ns(&request->budget) == 0 || request->was_stopped)
    return;
  report(request);
  withdraw(request);
  wasmsig_budget_reset(&request->budget, &options);
  request->reset_ns = 0;
  request->signals = 0;
  request->signal_cpu_ns = 0;
  request->began_ns = wkd_now_ns();
}

/* --------------------------------------------------------------- records */

static struct wkd_request *find(void *context) {
  if (latest && latest->context == context) return latest;
  struct wkd_request **place = tfind(&context, &requests, order);
  if (place) latest = *place;
  return place ? *place : NULL;
}

static struct wkd_request *make(void *context, void *enforcer) {
  struct wkd_request *request = calloc(1, sizeof *request);
  struct wkd_isolate *isolate = wkd_isolate_here();
  if (!isolate) wkd_fatal("an isolate runs that was not customized");
  if (!request) wkd_fatal("out of memory");
  request->context = context;
  request->isolate = isolate;
  request->thread = wkd_signals_thread();
  request->is_actor = wkd_runtime.context_has_output_gate(context);
  request->began_ns = wkd_now_ns();
  request->enforcer = find_or_make_enforcer(enforcer);
  request->enforcer->requests++;
  request->top_ups = request->enforcer->top_ups;
  if (request->enforcer->nearly_exceeded)
    isolate->nearly_exceeded = request->enforcer->nearly_exceeded;
  wasmsig_budget_options options = limits(request);
  if (wasmsig_budget_init(&request->budget, &options) != WASMSIG_OK)
    wkd_fatal("the limits are not possible");
  if (!tsearch(request, &requests, order)) wkd_fatal("out of memory");
  return request;
}

void wkd_request_context_delete(void *context) {
  struct wkd_request *request = find(context);
  if (request) {
    report(request);
    withdraw(request);
    /* In a turn, the core and `running` still use it. */
    if (request->turns > 0 ||
        wasmsig_budget_destroy(&request->budget) != WASMSIG_OK)
      wkd_fatal("a context has ended during a turn of it");
    tdelete(request, &requests, order);
    leave_enforcer(request);
    if (latest == request) latest = NULL;
    free(request);
  }
  wkd_runtime.context_delete(context);
}

/* ----------------------------------------------------------------- turns */

/* Its time is used up, and its context has not ended yet. */
static int enter_spent(struct wkd_request *request) {
  wasmsig_budget_options options = limits(request);
  options.soft_ns = WASMSIG_NO_LIMIT;
  options.hard_ns = request->has_grace ? SPENT_NS : GRACE_NS;
  request->is_refused = request->has_grace;
  request->has_grace = true;
  reset(request, &options);
  return wasmsig_budget_enter(&request->budget);
}

/* Turns nest: the last one that began ends first. */
static void begin_turn(struct wkd_request *request) {
  if (request->turns++ > 0) return;
  request->is_refused = false;
  request->outer = running;
  running = request;
}

static void end_turn(struct wkd_request *request) {
  if (--request->turns == 0) running = request->outer;
}

void *wkd_request_enter(void *enforcer, void *context) {
  struct wkd_request *request = find(context);
  if (!request) request = make(context, enforcer);
  latest = request;
  if (request->is_actor && request->top_ups != request->enforcer->top_ups)
    begin_anew(request);
  was_killed = false;
  wkd_isolate_calm(request->isolate);
  hand_over_words(request);
  begin_turn(request);
  int error = wasmsig_budget_enter(&request->budget);
  if (error == WASMSIG_ESPENT) error = enter_spent(request);
  request->is_entered = error == WASMSIG_OK;
  if (!request->is_entered) request->is_refused = true;
  /* Nothing runs unlimited: V8 stops as soon as it begins. */
  if (request->is_refused) stop(request);
  return request;
}

static void abort_context(struct wkd_request *request) {
  wkd_exception exception;
  if (request->was_stopped) return;
  request->was_stopped = true;
  request->enforcer->stopped++;
  if (wkd_settings.mark_terminated) wkd_list_terminate(request->isolate->list);
  wkd_exceeded_request(&exception);
  wkd_runtime.context_abort(request->context, &exception);
  wkd_runtime.exception_destroy(&exception);
}

void wkd_request_leave(void *entered) {
  struct wkd_request *request = entered;
  int outcome = WASMSIG_LEFT_KILLED;
  uint64_t left_ns = clock_if_raised(request);
  if (request->is_entered) outcome = wasmsig_budget_leave(&request->budget);
  if (request->is_refused) go_on(request);
  end_turn(request);
  take_back_interrupt(request);
  note_signal(request, left_ns);
  was_killed = request->is_refused || outcome == WASMSIG_LEFT_KILLED;
  if (was_killed) abort_context(request);
}

void wkd_request_require(void *enforcer) {
  (void)enforcer;
  if (!was_killed) return;
  was_killed = false;
  wkd_exception exception;
  wkd_exceeded_request(&exception);
  wkd_runtime.exception_throw(&exception, 0); /* moves from it */
}

static bool is_being_stopped(const struct wkd_request *request) {
  return request->is_refused ||
         wasmsig_budget_get_state(&request->budget) == WASMSIG_BUDGET_KILLED;
}

bool wkd_request_is_stopping(void) {
  const struct wkd_request *request = running;
  while (request && !is_being_stopped(request)) request = request->outer;
  return request;
}

/* A turn of the enforcer runs, and is being stopped. */
static bool is_stopping(const void *enforcer) {
  for (struct wkd_request *request = running; request; request = request->outer)
    if (request->enforcer->enforcer == enforcer && is_being_stopped(request))
      return true;
  return false;
}

int wkd_request_outcome(void *enforcer) {
  if (is_stopping(enforcer)) return WKD_OUTCOME_EXCEEDED_CPU;
  const struct wkd_enforcer *known = find_enforcer(enforcer);
  return known && known->stopped > 0 && known->stopped == known->requests
             ? WKD_OUTCOME_EXCEEDED_CPU
             : WKD_OUTCOME_NONE;
}

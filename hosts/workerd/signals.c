/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signals: what happens at a request's soft limit. All code here and in
 * tracked_list.c may run in a signal handler.
 *
 * The core calls wkd_signals_reach_soft():
 *
 *  - in the thread of the section, mostly in the handler of its timer. The
 *    thread has the isolate's lock, and the runtime made the list of instances
 *    to be walked by a handler of that thread. Only what is async-signal-safe
 *    is called.
 *  - in another thread, if the timer's signal does not reach the thread: the
 *    watchdog, or a thread that held the lock of the section in that moment. It
 *    is no handler. The list may change there, so V8 is requested to interrupt
 *    the isolate, and the walk happens in the isolate's thread, at the next
 *    check of a loop. RequestInterrupt() takes a lock of the isolate and
 *    allocates. Both are allowed there (host.h): the locks of V8 and of the
 *    allocator are held for moments, and by no thread around a turn's begin or
 *    end.
 *
 * An interrupt that V8 has not called before the turn ends finds that its wish
 * was taken back (requests.c).
 */
#include "signals.h"

#include "atomics.h"
#include "binary/runtime.h"
#include "os/os.h"
#include "request.h"
#include "tracked_list.h"

static _Thread_local char here; /* its address is the thread */

const void *wkd_signals_thread(void) { return &here; }

uint64_t wkd_signals_cpu_ns(void) {
  uint64_t ns = 0;
  return wsig_clock->cpu_ns(CLOCK_THREAD_CPUTIME_ID, &ns) ? ns : 0;
}

void wkd_signals_raise(struct wkd_request *request) {
  struct wkd_isolate *isolate = request->isolate;
  if (!request->signal_cpu_ns && !request->raised_at_ns)
    request->raised_at_ns = wkd_signals_cpu_ns();
  isolate->signalled = request;
  request->is_to_signal_again = false;
  request->reached = wkd_list_raise(isolate->list, WASMSIG_SIGXCPU);
  if (isolate->nearly_exceeded) wkd_call(isolate->nearly_exceeded);
}

static void interrupted(void *v8_isolate, void *data) {
  (void)v8_isolate;
  struct wkd_isolate *isolate = data;
  struct wkd_request *request =
      wsig_exchange_acquire(&isolate->raise_wanted, NULL);
  if (request) wkd_signals_raise(request);
}

void wkd_signals_reach_soft(void *context) {
  struct wkd_request *request = context;
  request->signals++;
  if (request->thread == &here) {
    wkd_signals_raise(request);
    return;
  }
  /* Release: the thread sees the request as it is. */
  wsig_store_release(&request->isolate->raise_wanted, request);
  wkd_runtime.isolate_interrupt(request->isolate->isolate, interrupted,
                                request->isolate);
}

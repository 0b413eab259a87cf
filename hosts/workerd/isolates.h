/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is known of each isolate: from the call of customizeIsolate(), which
 * pairs it with its enforcer, to the end of the enforcer.
 */
#ifndef WSIG_WORKERD_ISOLATES_H
#define WSIG_WORKERD_ISOLATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wkd_request;
struct wkd_startup_section;

/* Changed in the thread that holds the isolate's lock, but `raise_wanted`. */
struct wkd_isolate {
  void *isolate; /* the key */
  const void *enforcer;
  const void *list; /* of its tracked instances */
  /* How Python Workers are signalled; NULL: not at all. */
  void *nearly_exceeded;
  char name[64]; /* of the service, once a request has completed */

  /* Whose signal is in the words, or was when it ended. */
  struct wkd_request *signalled;
  bool is_stale; /* the words may hold a signal of a request that has ended */
  /* Another thread wants its signal raised here; atomic. */
  struct wkd_request *raise_wanted;

  struct wkd_startup_section *startup; /* the innermost that runs */
  bool may_be_terminating;             /* a start was stopped (startup.c) */
};

/** The isolate that the calling thread has entered; NULL: it is not known. */
struct wkd_isolate *wkd_isolate_here(void);

/** Takes back a termination that V8 has not noticed. No JavaScript runs. */
void wkd_isolate_calm(struct wkd_isolate *isolate);

/* Replace methods of IsolateLimitEnforcer. */
void wkd_isolate_customize(const void *enforcer, void *isolate);
void wkd_isolate_completed_request(const void *enforcer, const void *id,
                                   size_t size);
void wkd_isolate_enforcer_delete(void *enforcer);

#endif

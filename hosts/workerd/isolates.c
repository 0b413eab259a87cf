/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A runtime may create isolates in several threads; the lock is for the two
 * trees. An isolate's record is used by the thread that holds the isolate's
 * lock, and ends with its enforcer, which outlives the isolate and all of its
 * requests.
 */
#include "isolates.h"

#include "binary/runtime.h"
#include "fatal.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *by_isolate, *by_enforcer; /* trees of struct wkd_isolate */

static int order(const void *left, const void *right) {
  return (uintptr_t)left<(uintptr_t)right ? -1 : (uintptr_t)left>(uintptr_t)
      right;
}

static int order_isolates(const void *left, const void *right) {
  const struct wkd_isolate *a = left, *b = right;
  return order(a->isolate, b->isolate);
}

static int order_enforcers(const void *left, const void *right) {
  const struct wkd_isolate *a = left, *b = right;
  return order(a->enforcer, b->enforcer);
}

/* Under the lock. */
static struct wkd_isolate *find_by_isolate(void *isolate) {
  struct wkd_isolate key = {.isolate = isolate};
  struct wkd_isolate **place = tfind(&key, &by_isolate, order_isolates);
  return place ? *place : NULL;
}

static struct wkd_isolate *find_by_enforcer(const void *enforcer) {
  struct wkd_isolate key = {.enforcer = enforcer};
  struct wkd_isolate **place = tfind(&key, &by_enforcer, order_enforcers);
  return place ? *place : NULL;
}

static void forget(struct wkd_isolate *isolate) {
  if (!isolate) return;
  tdelete(isolate, &by_isolate, order_isolates);
  tdelete(isolate, &by_enforcer, order_enforcers);
  free(isolate);
}

/* ------------------------------------------------------------------- all */

struct wkd_isolate *wkd_isolate_here(void) {
  void *isolate = wkd_runtime.isolate_current();
  if (!isolate) return NULL;
  pthread_mutex_lock(&lock);
  struct wkd_isolate *found = find_by_isolate(isolate);
  pthread_mutex_unlock(&lock);
  return found;
}

void wkd_isolate_calm(struct wkd_isolate *isolate) {
  if (!isolate->may_be_terminating) return;
  isolate->may_be_terminating = false;
  wkd_runtime.isolate_cancel(isolate->isolate);
}

void wkd_isolate_customize(const void *enforcer, void *isolate) {
  struct wkd_isolate *made = calloc(1, sizeof *made);
  if (!made) wkd_fatal("out of memory");
  made->isolate = isolate;
  made->enforcer = enforcer;
  made->list = wkd_runtime.tracked_instances(enforcer);
  pthread_mutex_lock(&lock);
  /* An address is used again. */
  forget(find_by_isolate(isolate));
  forget(find_by_enforcer(enforcer));
  if (!tsearch(made, &by_isolate, order_isolates) ||
      !tsearch(made, &by_enforcer, order_enforcers))
    wkd_fatal("out of memory");
  pthread_mutex_unlock(&lock);
}

static void name_it(struct wkd_isolate *isolate, const char *id, size_t size) {
  size_t most = sizeof isolate->name - 1;
  if (size > 0) memcpy(isolate->name, id, size - 1 < most ? size - 1 : most);
}

/* A kj::StringPtr, whose size counts the 0 at the end: in two registers, or
 * `id` is its address. */
void wkd_isolate_completed_request(const void *enforcer, const void *id,
                                   size_t size) {
  if (!wkd_runtime.parse_method) return;
  if (wkd_runtime.passes_strings_by_pointer) {
    const struct {
      const char *text;
      size_t size;
    } *string = id;
    id = string->text;
    size = string->size;
  }
  pthread_mutex_lock(&lock);
  struct wkd_isolate *isolate = find_by_enforcer(enforcer);
  if (isolate && !isolate->name[0]) name_it(isolate, id, size);
  pthread_mutex_unlock(&lock);
}

void wkd_isolate_enforcer_delete(void *enforcer) {
  pthread_mutex_lock(&lock);
  forget(find_by_enforcer(enforcer));
  pthread_mutex_unlock(&lock);
  wkd_runtime.isolate_enforcer_delete(enforcer);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * SQL: a statement of a Durable Object that exceeds its limit is interrupted.
 *
 * V8 notices a termination in JavaScript and in wasm only, and a statement may
 * run forever. SQLite calls functions for each new database
 * (sqlite3_auto_extension), and there ours sets the database's progress
 * handler, which workerd does not use. It is called in the thread of the
 * statement, and answers whether a turn of that thread is being stopped.
 *
 * Why what workerd itself does is not interrupted: outside of turns the answer
 * is no. Within a turn that is being stopped its statements (savepoints,
 * rollbacks, one key) end before the handler is called for the first time.
 *
 * SQLite may roll back the transaction of a statement that is interrupted.
 * workerd knows this result as one after which the object starts again.
 */
#include "sql.h"

#include "binary/runtime.h"
#include "fatal.h"
#include "requests.h"

#include <pthread.h>
#include <stddef.h>

/* Instructions of SQLite's machine: some 0.1 to 1 ms. */
#define EACH 10000

static int must_stop(void *unused) {
  (void)unused;
  return wkd_request_is_stopping();
}

/* An extension's entry point; 0 is success. */
static int opened(void *database, char **error, const void *routines) {
  (void)error, (void)routines;
  wkd_runtime.sql_progress_handler(database, EACH, must_stop, NULL);
  return 0;
}

static void begin(void) {
  if (!wkd_runtime.sql_auto_extension) return;
  if (wkd_runtime.sql_auto_extension((void (*)(void))opened) != 0)
    wkd_fatal("statements of SQL cannot be interrupted");
}

void wkd_sql_begin(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, begin);
}

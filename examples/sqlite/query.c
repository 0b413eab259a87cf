/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A signal ends an endless query; the database stays usable.
 *
 *     query [DATABASE [TIMES]]      in memory and once, if left out
 *
 * Written for Unix: `gcc -I. query.c sqlite3.c` gives the same program there.
 * Exit status: 0 if the database is intact at the end; 1 if it is not, or if a
 * statement failed.
 */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static sqlite3 *database;
static volatile sig_atomic_t last; /* the signal that came last */

/* SQLite allows this call in a handler, from any thread, at any time. */
static void on_signal(int signal) {
  last = signal;
  sqlite3_interrupt(database);
}

static const char *name_of(int signal) {
  return signal == SIGINT ? "SIGINT" : signal == SIGXCPU ? "SIGXCPU" : "none";
}

static void check(int result) {
  if (result == SQLITE_OK) return;
  printf("unexpected: %s\n", sqlite3_errmsg(database));
  exit(1);
}

static int print_row(void *label, int columns, char **values, char **names) {
  (void)columns;
  (void)names;
  printf("%s: %s\n", (const char *)label, values[0]);
  fflush(stdout);
  return 0;
}

static void show(char *label, const char *sql) {
  check(sqlite3_exec(database, sql, print_row, label, NULL));
}

/*
 * In a transaction, so that there is something to roll back. The query finds
 * its only row at once and continues to search. The printed row shows that the
 * query runs, so that a signal can interrupt it.
 */
static void run_away(void) {
  static const char sql[] =
      "BEGIN; INSERT INTO star(name) VALUES ('undone');"
      "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
      "SELECT 'has no end' FROM n WHERE x = 1";
  last = 0;
  int result = sqlite3_exec(database, sql, print_row, "query", NULL);
  printf("%s: %s%s\n", name_of(last), sqlite3_errmsg(database),
         result == SQLITE_INTERRUPT ? " (SQLITE_INTERRUPT)" : "");
  if (!sqlite3_get_autocommit(database))
    check(sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL));
}

int main(int argc, char **argv) {
  check(sqlite3_open(argc > 1 ? argv[1] : ":memory:", &database));
  signal(SIGINT, on_signal);
  signal(SIGXCPU, on_signal);
  check(sqlite3_exec(database,
                     "CREATE TABLE IF NOT EXISTS star(name TEXT UNIQUE)", NULL,
                     NULL, NULL));
  for (int left = argc > 2 ? atoi(argv[2]) : 1; left > 0; left--) {
    run_away();
    show("added",
         "INSERT INTO star SELECT 'star ' || (SELECT count(*) FROM star)"
         " RETURNING name");
    show("rows", "SELECT count(*) FROM star");
  }
  show("integrity", "PRAGMA integrity_check");
  return sqlite3_close(database) == SQLITE_OK ? 0 : 1;
}

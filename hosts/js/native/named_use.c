/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What budgets have used, by their name, in all environments of the process.
 *
 * A row is never freed or changed but for its counters, so a budget keeps a
 * pointer to its row. Rows are found and added under `lock`. Counters are
 * atomic, each by itself: a reader may find a section in some of them and not
 * in others yet.
 *
 * CPU time is added when the outermost section of a budget has ended, and once
 * for a name: a section inside another one of the same name adds nothing,
 * because the time of the outer one includes it. Each budget notes what it has
 * added since its last reset (`charge`).
 *
 * A program may name more things than it has memory for. So after MOST_ROWS
 * names, each new one counts in a row that all of them share.
 */
#include "named_use.h"

#include "addon.h"
#include "engine.h"

#include "core/atomics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ROWS 1000
#define BUCKETS 1024 /* of the hash table */

static const char others[] = "(other)";

/* Upper bounds of the lateness histogram. */
static const uint64_t bounds_ns[] = {
    50000,    100000,   200000,   500000,    1000000,   2000000,   5000000,
    10000000, 20000000, 50000000, 100000000, 200000000, 500000000, 1000000000};
#define BOUNDS (sizeof bounds_ns / sizeof bounds_ns[0])

struct named_use {
  struct named_use *next_in_bucket, *next;

  /* Atomic. */
  uint64_t cpu_ns, sections, soft;
  uint64_t kills[WASMSIG_LIMIT_KILL + 1]; /* by wasmsig_limit */
  uint64_t late_ns;                       /* the sum of all latenesses */
  uint64_t late[BOUNDS + 1];              /* the last one: above all bounds */

  size_t length;
  char name[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock. */
static struct named_use *buckets[BUCKETS];
static struct named_use *first, *last; /* in the order of their first use */
static size_t count;

/* ------------------------------------------------------------------- rows */

/* FNV-1a. */
static size_t bucket_of(const char *name, size_t length) {
  uint32_t hash = 0x811c9dc5;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)name[i]) * 0x01000193u;
  return (hash ^ hash >> 16) % BUCKETS;
}

static struct named_use *find(const char *name, size_t length) {
  struct named_use *row = buckets[bucket_of(name, length)];
  while (row && (row->length != length || memcmp(row->name, name, length) != 0))
    row = row->next_in_bucket;
  return row;
}

static struct named_use *add(const char *name, size_t length) {
  struct named_use *row = calloc(1, sizeof *row + length);
  if (!row) return NULL;
  struct named_use **bucket = &buckets[bucket_of(name, length)];
  memcpy(row->name, name, length);
  row->length = length;
  row->next_in_bucket = *bucket;
  *bucket = row;
  if (last)
    last->next = row;
  else
    first = row;
  last = row;
  count++;
  return row;
}

static struct named_use *find_or_add(const char *name, size_t length) {
  struct named_use *row = find(name, length);
  return row ? row : add(name, length);
}

struct named_use *named_use_of(const char *name, size_t length) {
  pthread_mutex_lock(&lock);
  struct named_use *row = find(name, length);
  if (!row)
    row = count < MOST_ROWS ? add(name, length)
                            : find_or_add(others, sizeof others - 1);
  pthread_mutex_unlock(&lock);
  return row;
}

/* --------------------------------------------------------------- counting */

static void add_lateness(struct named_use *use, uint64_t late_ns) {
  size_t at = 0;
  while (at < BOUNDS && late_ns > bounds_ns[at]) at++;
  wsig_add_relaxed(&use->late_ns, late_ns);
  wsig_add_relaxed(&use->late[at], 1);
}

static void add_limits(struct killing *killing, uint64_t used_ns) {
  struct charge *charge = &killing->charge;
  const wasmsig_budget_options *options = killing->options;
  wasmsig_limit limit = wasmsig_budget_get_limit(killing->budget);
  bool is_soft =
      options->soft_ns != WASMSIG_NO_LIMIT && used_ns >= options->soft_ns;
  if (is_soft && !charge->soft) wsig_add_relaxed(&charge->to->soft, 1);
  charge->soft |= is_soft;
  if (limit == WASMSIG_LIMIT_NONE || charge->killed) return;
  charge->killed = true;
  wsig_add_relaxed(&charge->to->kills[limit], 1);
  if (limit == WASMSIG_LIMIT_HARD)
    add_lateness(charge->to,
                 used_ns > options->hard_ns ? used_ns - options->hard_ns : 0);
}

static bool is_inside(const struct section *around,
                      const struct named_use *use) {
  for (; around; around = around->outer)
    if (around->killing->charge.to == use) return true;
  return false;
}

void named_use_add(struct killing *killing, const struct section *around) {
  struct charge *charge = &killing->charge;
  if (!charge->to || killing->depth > 0) return;
  uint64_t used_ns = wasmsig_budget_used_ns(killing->budget);
  if (used_ns > charge->used_ns) {
    if (!is_inside(around, charge->to))
      wsig_add_relaxed(&charge->to->cpu_ns, used_ns - charge->used_ns);
    charge->used_ns = used_ns;
  }
  wsig_add_relaxed(&charge->to->sections, 1);
  add_limits(killing, used_ns);
}

void named_use_add_kill(struct killing *killing) {
  if (!killing->charge.to || killing->depth > 0) return;
  add_limits(killing, wasmsig_budget_used_ns(killing->budget));
}

/* ---------------------------------------------------------------- reading */

static void append(napi_env env, napi_value list, napi_value value) {
  uint32_t length = 0;
  napi_get_array_length(env, list, &length);
  napi_set_element(env, list, length, value);
}

static void append_counters(napi_env env, napi_value list,
                            const uint64_t *counters, size_t how_many) {
  for (size_t i = 0; i < how_many; i++)
    append(env, list,
           make_number(env, (double)wsig_load_relaxed(&counters[i])));
}

/* [name, cpuNs, sections, soft, hard, wall, kill, lateNs, ...late] */
static void append_row(napi_env env, napi_value rows,
                       const struct named_use *use) {
  napi_handle_scope scope;
  napi_value row = NULL, name = NULL;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_create_array(env, &row);
  napi_create_string_utf8(env, use->name, use->length, &name);
  append(env, row, name);
  append_counters(env, row, &use->cpu_ns, 1);
  append_counters(env, row, &use->sections, 1);
  append_counters(env, row, &use->soft, 1);
  append_counters(env, row, use->kills + WASMSIG_LIMIT_HARD,
                  WASMSIG_LIMIT_KILL);
  append_counters(env, row, &use->late_ns, 1);
  append_counters(env, row, use->late, BOUNDS + 1);
  append(env, rows, row);
  napi_close_handle_scope(env, scope);
}

/* namedUse(): an array of rows (append_row), in the order of the names' first
 * use. No lock is held while JavaScript's memory is allocated: a row that is
 * read stays. */
static napi_value named_use(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value rows = NULL;
  napi_create_array(env, &rows);
  pthread_mutex_lock(&lock);
  const struct named_use *row = first, *end = last;
  pthread_mutex_unlock(&lock);
  for (; row; row = row == end ? NULL : row->next) append_row(env, rows, row);
  return rows;
}

/* latenessBounds(): upper bounds of the histogram, ns. */
static napi_value lateness_bounds(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value bounds = NULL;
  napi_create_array(env, &bounds);
  append_counters(env, bounds, bounds_ns, BOUNDS);
  return bounds;
}

void define_named_use(napi_env env, napi_value exports) {
  define(env, exports, "namedUse", named_use);
  define(env, exports, "latenessBounds", lateness_bounds);
}

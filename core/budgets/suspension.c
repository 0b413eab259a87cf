/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "budgets/suspension.h"

#include <string.h>

static struct wsig_budget **entries_of(struct wsig_suspension *s) {
  return s->more ? s->more : s->few;
}

bool wsig_suspension_reserve(struct wsig_suspension *s, size_t count) {
  if (count <= WSIG_INLINE_LEVELS) return true;
  s->more = wsig_os_pages(count * sizeof s->more[0]);
  s->room = count;
  return s->more != NULL;
}

void wsig_suspension_push(struct wsig_suspension *s, struct wsig_budget *b) {
  entries_of(s)[s->count++] = b;
  wsig_add_relaxed(&b->suspended, 1);
}

struct wsig_budget *wsig_suspension_last(struct wsig_suspension *s) {
  return entries_of(s)[s->count - 1];
}

void wsig_suspension_pop(struct wsig_suspension *s) {
  struct wsig_budget *b = entries_of(s)[--s->count];
  /* Release: a thread that reads 0 reads what was done to the budget before. */
  wsig_sub_release(&b->suspended, 1);
}

void wsig_suspension_clear(struct wsig_suspension *s) {
  while (s->count > 0) wsig_suspension_pop(s);
}

void wsig_suspension_free(struct wsig_suspension *s) {
  wsig_suspension_clear(s);
  if (s->more) wsig_os_pages_free(s->more, s->room * sizeof s->more[0]);
  memset(s, 0, sizeof *s);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The frames above the sections (stack.c). */
#ifndef WASMSIG_STACK_H
#define WASMSIG_STACK_H

#include "engine.h"

#include <node_api.h>
#include <stdbool.h>

/* A walk from the innermost frame on. */
struct stack {
  struct engine *engine;
  napi_value trace;
  napi_value names; /* of the frames' scripts, in place of `trace`; or NULL */
  int limit, count, at;
};

/* In the environment's thread, with a handle scope. */
void stack_read(struct stack *stack, struct engine *engine);
/* Goes on to the next section; whether a kill may unwind all frames above. */
bool stack_is_users_to_next_section(struct stack *stack);
/* How many sections are further out. */
int stack_sections_left(struct stack stack);

/* Whether the innermost function is one of the host's that a kill must not
 * unwind. Cheap; false if the names of scripts do not show it. */
bool stack_is_hosts_on_top(struct engine *engine, void *isolate);

/* The script of the innermost frame; 0: there is none. */
int stack_innermost_script(void *isolate);
/* Notes that script as the one whose frames are sections. */
void stack_note_section_script(struct engine *engine);

#endif

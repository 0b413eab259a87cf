/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which functions on the stack a kill may unwind (frames.c). */
#ifndef WASMSIG_FRAMES_H
#define WASMSIG_FRAMES_H

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>

/* FRAME_SECTION: a function that begins a section (lib/section.js).
 * FRAME_USERS: a kill may unwind it. FRAME_HOSTS: a kill must not. */
enum frame_owner { FRAME_SECTION, FRAME_USERS, FRAME_HOSTS };

/* A position in a script, and whether a function begins there. */
struct script_position {
  int script;
  uint64_t location;
  bool is_entry;
};

/* What is known of scripts, in one environment. */
#define KNOWN_POSITIONS 64
struct frame_scripts {
  int section_script;     /* its frames are sections */
  char section_name[512]; /* its name */
  napi_ref list_names;    /* function(): the names of the frames' scripts */
  struct script_position positions[KNOWN_POSITIONS];
};

/* By V8's frame. `is_innermost`: it may be a function that was just entered. */
enum frame_owner frame_owner(struct frame_scripts *scripts, napi_env env,
                             napi_value frame, bool is_innermost);

/* By the name of the frame's script alone. */
enum frame_owner frame_owner_by_name(const struct frame_scripts *scripts,
                                     napi_env env, napi_value name);

bool script_is_hosts(const char *name);
/* Some functions of this script of the host may be unwound. */
bool script_has_unwindable(const char *name);
/* Functions of this script of the host may be unwound where they begin. */
bool script_may_be_cut_at_entry(const char *name);

#endif

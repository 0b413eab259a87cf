/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Places of a body where a poll may come, and what is done between them. */
#ifndef WSIG_INSTRUMENT_PLACES_H
#define WSIG_INSTRUMENT_PLACES_H

#include "analysis/body.h"
#include "analysis/poll_interval.h"

enum wsig_place_kind {
  WSIG_PLACE_HEAD,
  WSIG_PLACE_LOOP,      /* behind its head */
  WSIG_PLACE_RETURN,    /* behind a call */
  WSIG_PLACE_TAIL_CALL, /* nothing comes back: no poll is ever there */
};

/** Who is called. */
struct wsig_callee {
  bool is_reference; /* by a table or reference: one of this type */
  uint32_t index;    /* of the function or type */
};

struct wsig_place {
  enum wsig_place_kind kind;
  uint64_t offset;
  uint64_t label;  /* of the first block behind it */
  uint64_t before; /* instructions of the body before it */
  size_t around;   /* the innermost loop, or the head, that it is in */
  union {
    struct wsig_work work;     /* of a head or loop, without loops in it */
    struct wsig_callee callee; /* of the others */
  };
  bool polls, may_come_back; /* for graph.c to set */
  struct wsig_pace pace;
  size_t now; /* in the new body: what stood at `offset` */
};

/** All zeros are none; may be filled again. */
struct wsig_places {
  struct wsig_place *items; /* [0] is the head, then by offset */
  size_t count, capacity;
  uint64_t instructions; /* of all of the body */
  size_t *around;        /* the innermost place around each open block */
  size_t depth, depth_capacity;
  uint64_t labels; /* blocks of the body up to here */
  bool failed;     /* out of memory */
};

/** Reads the body's instructions. */
void wsig_places_find(struct wsig_places *places, struct wsig_bodies *bodies,
                      const struct wsig_body *body);
void wsig_places_release(struct wsig_places *places);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Places of a body where a poll may come, and what is done between them. */
#ifndef WSIG_INSTRUMENT_POLL_SITES_H
#define WSIG_INSTRUMENT_POLL_SITES_H

#include "analysis/body.h"
#include "analysis/poll_interval.h"

enum wsig_poll_site_kind {
  WSIG_POLL_SITE_HEAD,
  WSIG_POLL_SITE_LOOP,      /* behind its head */
  WSIG_POLL_SITE_RETURN,    /* behind a call */
  WSIG_POLL_SITE_TAIL_CALL, /* nothing comes back: no poll is ever there */
};

/** Who is called. */
struct wsig_callee {
  bool is_reference; /* by a table or reference: one of this type */
  uint32_t index;    /* of the function or type */
};

struct wsig_poll_site {
  enum wsig_poll_site_kind kind;
  uint64_t offset;
  uint64_t label;  /* of the first block behind it */
  uint64_t before; /* instructions of the body before it */
  size_t around;   /* the innermost loop, or the head, that it is in */
  union {
    struct wsig_work work;     /* of a head or loop, without loops in it */
    struct wsig_callee callee; /* of the others */
  };
  bool polls, may_come_back; /* set by call_graph.c */
  struct wsig_poll_interval interval;
  size_t now; /* in the new body: what stood at `offset` */
};

/** All zeros are none; may be filled again. */
struct wsig_poll_sites {
  struct wsig_poll_site *items; /* [0] is the head, then by offset */
  size_t count, capacity;
  uint64_t instructions; /* of all of the body */
  size_t *around;        /* the innermost place around each open block */
  size_t depth, depth_capacity;
  uint64_t labels; /* blocks of the body up to here */
  bool failed;     /* out of memory */
};

/** Reads the body's instructions. */
void wsig_poll_sites_find(struct wsig_poll_sites *sites,
                          struct wsig_bodies *bodies,
                          const struct wsig_body *body);
void wsig_poll_sites_release(struct wsig_poll_sites *sites);

#endif

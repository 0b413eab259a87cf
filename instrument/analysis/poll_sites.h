/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The sites of a body where a poll is possible, and the work between them. */
#ifndef WSIG_INSTRUMENT_POLL_SITES_H
#define WSIG_INSTRUMENT_POLL_SITES_H

#include "analysis/body.h"
#include "analysis/poll_interval.h"
#include "analysis/store_paths.h"

enum wsig_poll_site_kind {
  WSIG_POLL_SITE_HEAD,
  WSIG_POLL_SITE_LOOP,      /* after its head */
  WSIG_POLL_SITE_RETURN,    /* after a call */
  WSIG_POLL_SITE_TAIL_CALL, /* it never returns here, so it never polls */
};

/** The target of a call. */
struct wsig_callee {
  bool is_reference; /* through a table or reference: a function of this type */
  uint32_t index;    /* of the function or type */
};

struct wsig_poll_site {
  enum wsig_poll_site_kind kind;
  uint64_t start;  /* of a loop: where its instruction begins */
  uint64_t offset; /* where the poll is */
  uint64_t label;  /* number of the first block after it */
  uint64_t before; /* instructions of the body before it */
  size_t around;   /* index of the innermost loop, or the head, around it */
  union {
    struct wsig_work work;     /* of a head or loop, without inner loops */
    struct wsig_callee callee; /* of the others */
  };
  bool polls; /* call_graph.c sets it */
  struct wsig_poll_interval interval;
  bool is_in_nest; /* of loops that count their turns together */
  bool begins_nest;
  size_t now_start, now; /* where these bytes are in the new body */
};

/** Zeroed, it is empty. It may be filled again. */
struct wsig_poll_sites {
  struct wsig_poll_site *items; /* [0] is the head, then by offset */
  size_t count, capacity;
  uint64_t instructions; /* of the whole body */
  size_t *around;        /* the innermost site around each open block */
  size_t depth, depth_capacity;
  uint64_t labels; /* blocks of the body so far */
  struct wsig_store_paths paths;
  bool failed; /* out of memory */
};

/** Finds the sites. Reads all the body's instructions. `memory`: the index of
 * the memory with the signal word. */
void wsig_poll_sites_find(struct wsig_poll_sites *sites,
                          struct wsig_bodies *bodies,
                          const struct wsig_body *body, uint32_t memory);
void wsig_poll_sites_release(struct wsig_poll_sites *sites);

#endif

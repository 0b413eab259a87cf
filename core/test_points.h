/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Test points: the places between two accesses whose order matters. In normal
 * builds they do nothing. The stress tests compile a delay in
 * (WASMSIG_DELAYS): then each point takes a random time, so that other threads
 * and handlers run in between.
 */
#ifndef WSIG_TEST_POINTS_H
#define WSIG_TEST_POINTS_H

enum wsig_test_point {
  /* registry.c */
  WSIG_POINT_REGISTRY_LIST,     /* before a new registry is listed */
  WSIG_POINT_REGISTRY_LIVE,     /* before a registry is live */
  WSIG_POINT_DESTROY_SEGMENT,   /* before a segment leaves the directory */
  WSIG_POINT_DESTROY_GRACE,     /* before the grace period of a destroy */
  WSIG_POINT_ADD_CHUNK,         /* before a new chunk is counted */
  WSIG_POINT_ADD_BIT,           /* before the bit of a new instance is set */
  WSIG_POINT_REMOVE_BIT,        /* after the bit of an instance was cleared */
  WSIG_POINT_REMOVE_GRACE,      /* before the grace period of a remove */
  WSIG_POINT_GRACE_BEFORE_FLIP, /* before the phase changes */
  WSIG_POINT_GRACE_AFTER_FLIP,  /* before the old counter is read */

  /* walk.h */
  WSIG_POINT_WALK_COUNT_IN,  /* between the phase and the counter */
  WSIG_POINT_WALK_BEGUN,     /* before the walk's first load */
  WSIG_POINT_WALK_COUNT_OUT, /* after the walk's last store */
  WSIG_POINT_WALK_CHUNK,     /* between a chunk's bits and its slots */

  /* raise.c */
  WSIG_POINT_RAISE_WORD,    /* between the pending set and the word */
  WSIG_POINT_RAISE_UNCLEAR, /* MOVABLE: between the old clear and the raise */
  WSIG_POINT_RAISE_NEWEST,  /* MOVABLE: between the bit and the number */
  WSIG_POINT_CLEAR_MOVABLE, /* between the raised bits and the cleared ones */

  /* movable.c */
  WSIG_POINT_SYNC_CLEARED, /* after the cleared bits were taken */
  WSIG_POINT_SYNC_NEWEST,  /* after the number was taken */
  WSIG_POINT_SYNC_RAISED,  /* after the raised bits were taken */
  WSIG_POINT_SYNC_DEAD,    /* before `terminate` is set back */

  /* budgets */
  WSIG_POINT_UNLOCK,         /* before a thread's lock is released */
  WSIG_POINT_UNLOCKED,       /* before the requests are read */
  WSIG_POINT_REQUESTED,      /* between a request and the lock */
  WSIG_POINT_QUEUE_LINK,     /* before a thread is at the queue's head */
  WSIG_POINT_KILL_BEFORE,    /* before a kill is called */
  WSIG_POINT_KILL_AFTER,     /* after a kill was called */
  WSIG_POINT_UNLOCK_OWN,     /* before a thread releases its own lock */
  WSIG_POINT_WITHDRAW_COUNT, /* between a clear and its count */
  WSIG_POINT_UNDO_BEFORE,    /* before an undo is called */
  WSIG_POINT_UNDO_AFTER      /* after an undo was called */
};

#if defined(WASMSIG_DELAYS)
/* Defined by the test; async-signal-safe. */
void wsig_test_point(enum wsig_test_point point);
#else
#define wsig_test_point(point) ((void)(point))
#endif

#endif

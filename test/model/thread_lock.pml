/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A model of a thread's lock (core/budgets/thread_lock.c) and of kills
 * (core/budgets/enter_leave.c, core/budgets/watchdog_check.c), for spin.
 *
 * Covered. A thread that begins and ends sections without end. The handler of
 * its timer, which interrupts it between any two of its accesses, and whose
 * accesses may overlap the watchdog's. The watchdog, which checks at any time,
 * leaves a request if it finds the lock taken, and kills. spin goes through
 * every interleaving and asserts
 *   - that only one party uses the sections at a time
 *   - that no fire is overlooked: when the handler has returned and the lock is
 *     free, a check has come since that knew of the fire. A check that does not
 *     know of it would treat the fired timer as one that is still set
 *   - that a kill is only for a section that runs, and that no kill runs, or is
 *     not undone, while the thread is in no section
 * and finds every state in which no process can continue.
 *
 * Not covered: accesses that take effect in another order than the program's.
 * Those of the request and of the lock between handler and watchdog are seq_cst.
 * The thread's own unlock is a release and its load of the request relaxed:
 * between them only its own handler can run, in whose thread they are in order.
 * `killing` is set under the lock.
 *
 * Variants that must fail, or the assertions would be worth nothing:
 *   -DREQUEST_OVER    a request replaces the one that was there
 *   -DREQUEST_AFTER   the handler leaves its request after it tried the lock
 *   -DREQUEST_FIRST   a holder loads the request before it releases the lock
 *   -DNO_SECOND_CHECK a holder does not load the request
 *   -DNO_WAIT         leave does not wait for a kill
 *   -DNO_UNDO         leave does not undo it
 *   -DLATE_MARK       the watchdog marks its kill after it released the lock
 */
bool lock;
bool due_fired;  /* check_due: WSIG_CHECK_FIRED, */
bool due_requested; /* and WSIG_CHECK_REQUESTED */
bool in_section;
bool due;         /* the section's kill is due */
bool begun;       /* the section's kill has begun */
bool killing;     /* the watchdog is in it */
bool engine_dead; /* the effect of the kill */

bool handling;    /* the handler runs: the thread waits */
bool fired;       /* since the last check that knew of it */
byte holders;     /* that use the sections now */
byte unlocking;   /* that have not finished their unlock */

#define take   atomic { !lock -> lock = true } holders++; assert(holders == 1)
#define release   holders--; lock = false
#define ours   !handling
#define requested  (due_fired || due_requested)

#if defined(REQUEST_OVER)
#define leave_fire due_fired = true; due_requested = false
#define leave_request due_requested = true; due_fired = false
#else
#define leave_fire due_fired = true
#define leave_request due_requested = true
#endif

/* One exchange. The requests are acted on in the next step. No other check comes
 * in between, because the lock is held. */
#define take_requests                                      \
  if :: due_fired -> fired = false :: else fi;         \
  due_fired = false; due_requested = false

inline check() {
  assert(holders == 1);
  if
  :: in_section -> if :: due = true :: skip fi
  :: else
  fi
}

/* The holder's unlock. The thread's own steps wait for `mine`; the watchdog's
 * wait for nothing. */
inline unlock(mine, seen) {
  atomic { mine -> unlocking++ };
  do
  :: true ->
#if defined(REQUEST_FIRST)
     atomic { mine -> seen = requested };
     atomic { mine -> release };
#else
     atomic { mine -> release };
     atomic { mine -> seen = requested };
#endif
#if defined(NO_SECOND_CHECK)
     break;
#endif
     if
     :: atomic { mine && !seen -> break }
     :: else ->
        atomic {
          mine ->
          if
          :: !lock -> lock = true; holders++; take_requests
          :: else -> break
          fi
        };
        atomic { mine -> check() }
     fi
  od;
  atomic { mine -> unlocking-- }
}

proctype thread() {
  bool seen, busy;
  do
  :: atomic { ours -> !lock -> lock = true; holders++; assert(holders == 1) };
     atomic { ours -> in_section = true; due = false; begun = false };
     unlock(ours, seen);
     /* the guest runs */
     do
     :: atomic { ours -> !lock -> lock = true; holders++; assert(holders == 1) };
        atomic { ours -> busy = killing };
#if defined(NO_WAIT)
        busy = false;
#endif
        if
        :: !busy -> break
        :: else -> unlock(ours, seen); atomic { ours && !killing }
        fi
     od;
     atomic { ours -> in_section = false; due = false };
#if !defined(NO_UNDO)
     atomic { ours -> if :: begun -> engine_dead = false :: else fi };
#endif
     atomic { ours -> begun = false };
     unlock(ours, seen);
     /* outside: neither killed nor being killed */
     atomic { ours -> assert(!engine_dead && !killing) }
  od
}

proctype handler() {
  bool got, seen;
  do
  :: atomic { !handling -> handling = true };
     fired = true;
     got = false;
#if defined(REQUEST_AFTER)
     atomic { if :: !lock -> lock = true; holders++; got = true :: else fi };
     atomic { leave_fire };
#else
     atomic { leave_fire };
     atomic { if :: !lock -> lock = true; holders++; got = true :: else fi };
#endif
     if
     :: got ->
        atomic { take_requests };
        check();
        unlock(true, seen)
     :: else
     fi;
     handling = false
  od
}

proctype watchdog() {
  bool seen, kills, got;
  do
  :: atomic { lock -> leave_request };
     atomic {
       got = !lock;
       if :: got -> lock = true; holders++; take_requests :: else fi
     };
     if :: got -> check(); unlock(true, seen) :: else fi
  :: take;
     if :: check() :: skip fi;
     kills = in_section && due;
#if !defined(LATE_MARK)
     if :: kills -> due = false; begun = true; killing = true :: else fi;
#endif
     unlock(true, seen);
#if defined(LATE_MARK)
     if :: kills -> due = false; begun = true; killing = true :: else fi;
#endif
     if
     :: kills ->
        assert(in_section);
        engine_dead = true;
        killing = false
     :: else
     fi
  od
}

/* The lock is free, the handler has returned: a check has come since. */
active proctype overseer() {
  atomic { !lock && !handling && unlocking == 0 -> assert(!fired) }
}

init { atomic { run thread(); run handler(); run watchdog() } }

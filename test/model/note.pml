/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A model of a thread's lock (core/budgets/limits.c) and of kills (core/budgets/budget.c,
 * core/budgets/watchdog.c), for spin.
 *
 * Covered. A thread that begins and ends sections without end. The handler of
 * its timer, which interrupts it between any two of its accesses, and whose
 * accesses the watchdog sees in between. The watchdog, which looks whenever it
 * likes, leaves a note where it finds the lock taken, and kills. spin goes through every interleaving and asserts
 *   - that nobody is at the sections while somebody else is
 *   - that a fire is never overlooked: when the handler has returned and nobody
 *     holds the lock, somebody has looked since and knew of it. A look that does
 *     not know would leave the timer for set that has fired
 *   - that a kill is only ever of a section that runs, and none is under way,
 *     or has been left undone, where the thread is in no section
 * and finds every state in which nobody can go on.
 *
 * Not covered: accesses that take effect in another order than the program's.
 * Those of the note and of the lock between handler and watchdog are seq_cst.
 * The thread's own unlock is a release and its load of the note relaxed: between
 * them comes only its own handler, in whose thread they are in order. `killing`
 * is set under the lock.
 *
 * Variants that must fail, or the assertions would be worth nothing:
 *   -DNOTE_OVER      a note takes the place of the one that was there
 *   -DNOTE_AFTER     the handler leaves its note after it has tried the lock
 *   -DNOTE_FIRST     a holder loads the note before it gives the lock back
 *   -DNO_SECOND_LOOK a holder does not look for a note
 *   -DNO_WAIT        leave does not wait for a kill
 *   -DNO_UNDO        leave does not undo it
 *   -DLATE_MARK      the watchdog marks its kill after it has given the lock back
 */
bool lock;
bool note_fired;  /* look_due: WSIG_FIRED, */
bool note_asked;  /* and WSIG_ASKED */
bool in_section;
bool due;         /* the section is to be killed */
bool begun;       /* the section's kill has begun */
bool killing;     /* the watchdog is in it */
bool engine_dead; /* what the kill has done */

bool handling;    /* the handler runs: the thread stands still */
bool fired;       /* since the last look that knew of it */
byte holders;     /* at the sections, now */
byte unlocking;   /* not yet done with giving the lock back */

#define take   atomic { !lock -> lock = true } holders++; assert(holders == 1)
#define give   holders--; lock = false
#define ours   !handling
#define noted  (note_fired || note_asked)

#if defined(NOTE_OVER)
#define leave_fired note_fired = true; note_asked = false
#define leave_asked note_asked = true; note_fired = false
#else
#define leave_fired note_fired = true
#define leave_asked note_asked = true
#endif

/* One exchange. What the notes say is looked at in the next step; nothing
 * comes in between that would look as well, for the lock is held. */
#define take_notes                                      \
  if :: note_fired -> fired = false :: else fi;         \
  note_fired = false; note_asked = false

inline look() {
  assert(holders == 1);
  if
  :: in_section -> if :: due = true :: skip fi
  :: else
  fi
}

/* What a holder does when it is done. `mine` is what the thread's own steps
 * wait for; the watchdog's wait for nothing. */
inline unlock(mine, seen) {
  atomic { mine -> unlocking++ };
  do
  :: true ->
#if defined(NOTE_FIRST)
     atomic { mine -> seen = noted };
     atomic { mine -> give };
#else
     atomic { mine -> give };
     atomic { mine -> seen = noted };
#endif
#if defined(NO_SECOND_LOOK)
     break;
#endif
     if
     :: atomic { mine && !seen -> break }
     :: else ->
        atomic {
          mine ->
          if
          :: !lock -> lock = true; holders++; take_notes
          :: else -> break
          fi
        };
        atomic { mine -> look() }
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
#if defined(NOTE_AFTER)
     atomic { if :: !lock -> lock = true; holders++; got = true :: else fi };
     atomic { leave_fired };
#else
     atomic { leave_fired };
     atomic { if :: !lock -> lock = true; holders++; got = true :: else fi };
#endif
     if
     :: got ->
        atomic { take_notes };
        look();
        unlock(true, seen)
     :: else
     fi;
     handling = false
  od
}

proctype watchdog() {
  bool seen, kills, got;
  do
  :: atomic { lock -> leave_asked };
     atomic {
       got = !lock;
       if :: got -> lock = true; holders++; take_notes :: else fi
     };
     if :: got -> look(); unlock(true, seen) :: else fi
  :: take;
     if :: look() :: skip fi;
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

/* Nobody is at it, the handler has returned: somebody has looked since. */
active proctype overseer() {
  atomic { !lock && !handling && unlocking == 0 -> assert(!fired) }
}

init { atomic { run thread(); run handler(); run watchdog() } }

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A model of the registry's grace period (core/signals/registry.c), for spin.
 *
 * Covered. Two writers, each of one slot, add and remove without end; so the
 * phase wraps, a slot is used again, and two slow grace periods follow each
 * other. Two walkers walk without end. One of them is a handler that
 * interrupts the first writer between any two of its accesses and runs a whole
 * walk meanwhile. spin goes through every interleaving of their accesses, and
 * asserts that no walker stores to a slot whose memory has been unmapped. It
 * also finds every state where no process can continue.
 *
 * A walker's load of the phase is relaxed, so it may be old. Here it returns any
 * value, which covers every age: the proof does not depend on it. Only the end of
 * a remove does, however many walks begin: -DENDS lets the load return the phase
 * itself, and claims that a slow wait of the second writer ends if every process
 * that can continue does so at some time (weak fairness).
 *
 * Not covered: accesses that take effect in another order than the program's.
 * The model is sequentially consistent. That is enough for its assertion:
 *
 *  - counting in, the load of `used`, the clearing of the bit, and the loads
 *    of both counters are seq_cst: there is one order of them all, and each of
 *    these loads sees the newest seq_cst write before it, or something newer.
 *    An execution of those is therefore an interleaving, as here.
 *  - a store to an instance is not seq_cst, but lies between the load of
 *    `used` (acquires) and the counting-out (release), which the writer's read
 *    acquires: it cannot leave its place between them.
 *  - setting a bit is a release and not seq_cst. If it comes late, it is a
 *    later add. Only the bit publishes the slot (acquire of `used`).
 *  - the unmapping comes after a read that acquires.
 *  - the phase is the one relaxed load; see above.
 *
 * Also not covered: that the C code does the same as this model. The storms
 * (test/stress) check that on real processors, with delays, under TSan.
 *
 * Variants that must fail, or the assertion would be worth nothing:
 *   -DNO_GRACE     unmaps at once
 *   -DONE_FLIP     waits for one of the counters only
 *   -DONE_COUNTER  the quick read reads one of the counters only
 *   -DLATE_COUNT   a walker counts itself in after it has loaded the bits
 *   -DEARLY_READ   a writer reads before it has cleared the bit
 *   -DENDS -DNO_FLIP  waits without flipping: safe, but may wait forever
 */
#define WRITERS 2

byte used;             /* bit w: slot w is used */
bool mapped[WRITERS];  /* the memory of the slot's instance exists */
byte walks[2];         /* walks that run */
bit phase;             /* which of them a new walk counts in */
bool grace_lock;
bool interrupted;      /* a handler runs in writer 0's thread */
bool waits[WRITERS];   /* in a slow grace period, with the lock */

#if defined(ENDS)
#define load_phase(side) side = phase
#else
#define load_phase(side) if :: side = 0 :: side = 1 fi
#endif

inline store(slot) {
  if
  :: seen & (1 << slot) -> assert(mapped[slot])
  :: else
  fi
}

/* As walk_registry in raise.c; one chunk. */
inline walk() {
#if defined(LATE_COUNT)
  seen = used;
  load_phase(side);
  walks[side]++;
#else
  load_phase(side);
  walks[side]++;
  seen = used;
#endif
  store(0);
  store(1);
  d_step { walks[side]--; seen = 0; side = 0 }
}

active proctype walker() {
  byte seen;
  bit side;
end:
  do
  :: walk()
  od
}

active proctype handler() {
  byte seen;
  bit side;
end:
  do
  :: interrupted = true; /* writer 0 waits, wherever it is */
     walk();
     interrupted = false
  od
}

/* Waits until the counter is 0. */
inline drain(which) {
  walks[which] == 0
}

inline flip() {
  old = phase;
#if !defined(NO_FLIP)
  phase = 1 - old;
#endif
  drain(old);
#if defined(NO_FLIP)
  drain(1 - old);
#endif
}

inline grace_wait(w) {
  atomic { !grace_lock -> grace_lock = true; waits[w] = true };
  flip();
#if !defined(ONE_FLIP) && !defined(NO_FLIP)
  flip();
#endif
  d_step { grace_lock = false; waits[w] = false; old = 0 }
}

/* The quick read: one counter, then the other. */
inline read_counters(w) {
  if
  :: walks[0] == 0 ->
#if defined(ONE_COUNTER)
     quiet = true
#else
     quiet = (walks[1] == 0)
#endif
  :: else -> quiet = false
  fi
}

inline remove(w) {
#if defined(NO_GRACE)
  used = used & ~(1 << w);
#elif defined(EARLY_READ)
  read_counters(w);
  used = used & ~(1 << w);
  if
  :: quiet
  :: else -> grace_wait(w)
  fi;
#else
  used = used & ~(1 << w);
  read_counters(w);
  if
  :: quiet
  :: else -> grace_wait(w)
  fi;
#endif
  d_step { mapped[w] = false; quiet = false }
}

inline add(w) {
  mapped[w] = true;
  used = used | (1 << w)
}

/* No step of it is taken while the handler runs. */
active proctype writer_0() provided (!interrupted) {
  bit old;
  bool quiet;
end:
  do
  :: add(0); remove(0)
  od
}

active proctype writer_1() {
  bit old;
  bool quiet;
end:
  do
  :: add(1); remove(1)
  od
}

#if defined(ENDS)
ltl ends { [] (waits[1] -> <> !waits[1]) }
#endif

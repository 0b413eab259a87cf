/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig for hosts: Unix signals and CPU limits for WebAssembly instances.
 *
 * A host embeds an engine. It tells wasmsig where an instance keeps its
 * *words* (a few aligned integers in its linear memory,
 * docs/explanation/protocol.md), and from then on a signal can be put there
 * while the instance is running: by any thread, by a signal handler, or by a
 * CPU budget that is nearly spent.
 *
 *     wasmsig_registry *registry;
 *     wasmsig_registry_create(&registry);
 *
 *     wasmsig_words words = WASMSIG_WORDS_INIT;
 *     words.memory = base;              // of the instance's memory 0
 *     words.length = length;            // bytes
 *     words.memory_class =              // reserved: what the engine guarantees
 *         wasmsig_memory_classify(base, length, max, reserved, false);
 *     words.signal = address;           // what __instance_signal says
 *     wasmsig_instance instance;
 *     wasmsig_instance_add(registry, &words, &instance);
 *
 *     wasmsig_budget_options limits = WASMSIG_BUDGET_OPTIONS_INIT;
 *     limits.soft_ns = 50 * 1000000;    // 50 ms of CPU: raise SIGXCPU
 *     limits.registry = registry;
 *     wasmsig_budget budget;
 *     wasmsig_budget_init(&budget, &limits);
 *
 *     wasmsig_budget_enter(&budget);
 *     call_the_guest();                 // polls its word, and returns early
 *     int outcome = wasmsig_budget_leave(&budget);
 *
 *     wasmsig_budget_destroy(&budget);
 *     wasmsig_instance_remove(registry, instance);
 *     wasmsig_registry_destroy(registry);
 *
 * Which calls may overlap, in other threads (same registry or budget):
 *
 *     |                | raise, clear, | add, remove | sync    | destroy |
 *     |                | terminate     |             |         |         |
 *     | raise, clear,  |               |             |         |         |
 *     | terminate      | yes           | yes         | yes     | yes (1) |
 *     | add, remove    | yes           | yes (2)     | yes (2) | no      |
 *     | sync           | yes           | yes (2)     | no (2)  | no      |
 *     | create, other  |               |             |         |         |
 *     | registries     | yes           | yes         | yes     | yes     |
 *     | enter, leave   | yes           | yes         | yes     | no (3)  |
 *
 *     (1) a raise that comes later answers EDEAD, until the registry's place
 *         is used by another create: keep no pointer to what is destroyed.
 *     (2) of different instances; one instance has one owner.
 *     (3) of a registry that a budget names. A budget itself is one thread's
 *         at a time.
 *
 * Of one budget, in other threads or by other coroutines of one thread:
 *
 *     |                  | enter, | suspend, | reset,  | used, |
 *     |                  | leave  | resume   | destroy | state |
 *     | enter, leave     | no (4) | no (4)   | no      | yes   |
 *     | suspend, resume  | no (4) | no (4)   | no (5)  | yes   |
 *     | suspended        | yes    | yes      | no (5)  | yes   |
 *
 *     (4) the later one answers EBUSY: one thread's at a time. Suspended
 *         sections are no thread's, so coroutines may share a budget if they
 *         take turns.
 *     (5) EBUSY as long as sections of it are suspended. A suspension itself
 *         is for one call at a time.
 *
 * In signal handlers: wasmsig_*_raise, _clear, _terminate and _waiting. They
 * may interrupt every call of this header at any instruction, in the same
 * thread too, another raise, add, remove, create and destroy among them. A
 * handler may also enter and leave sections, under the conditions that stand
 * there. Nothing else here may be called in a handler.
 *
 * fork: the child may call everything here; it has the registries, instances
 * and budgets of its parent. A section of the forking thread runs on in the
 * child with what it had used (a guest gains no time by it). Nobody looks at it
 * there until the child's next enter, of whatever budget, which sets its timer
 * and starts its watchdog: a child that execs has neither, and no signal of
 * ours waits for it. Sections of other threads have ended there. Do not fork in
 * a signal handler: POSIX.1-2024 has _Fork for that, whose child may only exec.
 *
 * Suspended sections are in the child too; of a suspension that another thread
 * was filling or emptying just then, the sections have ended.
 *
 * Threads that end inside a section (pthread_exit) leave all of their sections
 * in the order of unwinding, and undo what was killed. Their budgets must be
 * there until then: not in a stack frame of theirs.
 *
 * The library is not unloaded again once a section was entered, a signal
 * forwarded or firing asked about, whatever dlclose answers: threads and the
 * kernel know addresses in it.
 *
 * Functions that can fail return a negative wasmsig_error and then have
 * changed nothing. Units stand in the names: _ns is nanoseconds.
 */
#ifndef WASMSIG_HOST_H
#define WASMSIG_HOST_H

#include "wasmsig/base.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------------------- memories */

/**
 * Whether, and how, a store may be made to a memory at any later moment.
 */
typedef enum wasmsig_memory_class {
  /**
   * May move when it grows: nothing asynchronous is ever written to it. What
   * is raised waits for wasmsig_instance_sync() by its owner.
   */
  WASMSIG_MEMORY_MOVABLE = 0,
  /**
   * Its address space is reserved up to the largest size it can reach, and
   * that is known from the engine or from its embedder.
   */
  WASMSIG_MEMORY_FIXED = 1,
  /** Shared between threads: grows in place. */
  WASMSIG_MEMORY_SHARED = 2,
  /**
   * Under a protection key, or in a sandbox that the caller cannot write:
   * written through the system (process_vm_writev(2)); where that is refused,
   * a raise counts a failure and goes on. The pending set is left alone: the
   * system has no atomic OR. Never the result of a classification: the host
   * knows.
   */
  WASMSIG_MEMORY_GUARDED = 3,
} wasmsig_memory_class;

/**
 * Finds the class of a linear memory from what its engine guarantees, and asks
 * the system whether that can be so.
 *
 * base:        first byte of the memory
 * length:      its size now, bytes
 * max_length:  the largest size that it can reach, bytes (4 GiB if the
 *              module states none and addresses are 32 bits wide)
 * reserved:    bytes from `base` on within which the engine guarantees that
 *              the memory grows in place, as long as it exists; 0 if the engine
 *              guarantees nothing, or if you do not know. What is mapped there
 *              is no reason to state it: a guard region, or the reservation of
 *              another memory, looks the same.
 * shared:      the engine says that it is a shared memory
 *
 * Returns:   FIXED only if `reserved` reaches `max_length`, and the system says
 *            that [base + length, base + max_length) is mapped without access;
 *            or if the memory has its largest size. MOVABLE in any doubt.
 * Threads:   any. Signal handlers: no.
 * Source:    Linux proc_pid_maps(5); PROCMAP_QUERY in <linux/fs.h>.
 * Since:     0.1
 */
WASMSIG_API wasmsig_memory_class wasmsig_memory_classify(const void *base,
                                                         uint64_t length,
                                                         uint64_t max_length,
                                                         uint64_t reserved,
                                                         bool shared);

/* ------------------------------------------------- registry and instances */

/** The tracked instances of one isolate or store. */
typedef struct wasmsig_registry wasmsig_registry;

/**
 * Names a tracked instance. 0 never does. A name may come again when its slot
 * has been used 65 535 times since.
 */
typedef uint64_t wasmsig_instance;

/**
 * Where an instance keeps its words. Addresses are byte offsets into its
 * memory 0, unsigned, or WASMSIG_NO_WORD. At least one of the first three must
 * be there. `size` may be that of a version without `handled`.
 */
typedef struct wasmsig_words {
  size_t size;     /* of this struct, for later versions to tell */
  void *memory;    /* base of memory 0 */
  uint64_t length; /* bytes, now */
  wasmsig_memory_class memory_class; /* how its words may be written */
  uint64_t signal;                   /* of a u32: __instance_signal */
  uint64_t terminated;               /* of a u32: __instance_terminated */
  uint64_t pending; /* of an 8-aligned u64: __instance_signal_pending */
  uint64_t handled; /* of an 8-aligned u64: __instance_signal_handled */
} wasmsig_words;

#define WASMSIG_WORDS_INIT \
  {sizeof(wasmsig_words),  \
   NULL,                   \
   0,                      \
   WASMSIG_MEMORY_MOVABLE, \
   WASMSIG_NO_WORD,        \
   WASMSIG_NO_WORD,        \
   WASMSIG_NO_WORD,        \
   WASMSIG_NO_WORD}

/**
 * Makes an empty registry.
 *
 * Errors:    EINVAL (no place to put it), ENOMEM.
 * Ownership: the caller's, until wasmsig_registry_destroy(). The place of a
 *            destroyed registry is used again, never given back.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_registry_create(wasmsig_registry **registry);

/**
 * Forgets all instances and the registry. When it returns, no raise can
 * write to any of them.
 *
 * Errors:    EINVAL (NULL), EDEAD (destroyed already).
 * Threads:   any, one. Waits for other threads' walks that began before.
 * Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_registry_destroy(wasmsig_registry *registry);

/** How many instances the registry holds. Threads: any. */
WASMSIG_API size_t wasmsig_registry_count(const wasmsig_registry *registry);

/**
 * Checks an instance's words and tracks it. The signal word and the pending
 * set become 0, so that the guest sees that signals reach it. The handled set
 * is only ever read.
 *
 * Each word must lie in the memory, be aligned to its size, and touch neither
 * another word of the instance nor, in another role, a word of an instance
 * that is tracked in the same memory (the handled set, which nobody but the
 * guest writes, may lie anywhere). The same word in the same role may have
 * several owners (a shared memory instantiated in several threads, a memory
 * that two instances import): each is an instance of its own, none but the
 * first zeroes the word, and it is raised until the last is removed. That is
 * seen within a registry, and for SHARED memories in the whole process; not
 * for MOVABLE ones, whose base says nothing.
 *
 * Errors:    EINVAL, ERANGE, EALIGN, EOVERLAP, ENOMEM, EFULL, EDEAD, EWRITE
 *            (GUARDED, and the system refuses). Nothing was written, nothing
 *            is tracked, `*instance` is as it was.
 * Ownership: the memory stays the caller's and must stay mapped until
 *            wasmsig_instance_remove() has returned.
 * Threads:   any. Signal handlers: no. Progress: locks; O(1) amortised, and
 *            O(k) where k instances have the same memory.
 * Source:    docs/explanation/protocol.md, "What the host does".
 * Since:     0.1
 */
WASMSIG_API int wasmsig_instance_add(wasmsig_registry *registry,
                                     const wasmsig_words *words,
                                     wasmsig_instance *instance);

/**
 * Forgets an instance. When it returns, no raise can write to its words: the
 * memory may be unmapped on the next line.
 *
 * Errors:    EINVAL, ENOINSTANCE (removed before, or of another registry),
 *            EDEAD.
 * Threads:   any. Signal handlers: no. Progress: O(1); waits for walks of
 *            other threads that began before, never for a lock a walk needs,
 *            and holds no lock meanwhile that an add needs.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_instance_remove(wasmsig_registry *registry,
                                        wasmsig_instance instance);

/**
 * Sends `signal` to one instance, to every instance of a registry, or to
 * every instance of every registry in the process.
 *
 * Instances that have neither a signal word nor a pending set are passed by.
 * So are those whose terminated word is not 0, except by SIGKILL: a guest that
 * runs on after it has set the word is to be stopped. The signal's bit is ORed
 * into the pending set first, then its number is stored into the signal word: a
 * pending set keeps several signals, the word keeps the newest. For a MOVABLE
 * memory both happen at its next sync.
 *
 * Returns:   how many instances got it.
 * Errors:    EINVAL (NULL), ESIGNAL, ENOINSTANCE, EDEAD. Nothing was written.
 * Threads:   any. Signal handlers: yes. Progress: wait-free.
 * Ordering:  what the caller stored before is visible to a guest that reads
 *            the signal (release).
 * Since:     0.1
 */
WASMSIG_API int64_t wasmsig_instance_raise(wasmsig_registry *registry,
                                           wasmsig_instance instance,
                                           int signal);
WASMSIG_API int64_t wasmsig_registry_raise(wasmsig_registry *registry,
                                           int signal);
WASMSIG_API int64_t wasmsig_process_raise(int signal);

/**
 * Takes a signal back: the condition that it told of is over. `signal` 0
 * takes back whatever waits; a number takes back that signal only, and leaves
 * a later one that waits in its place.
 *
 * Returns:   how many instances had it waiting.
 * Errors, threads, handlers: as the raise of the same name.
 * Since:     0.1
 */
WASMSIG_API int64_t wasmsig_instance_clear(wasmsig_registry *registry,
                                           wasmsig_instance instance,
                                           int signal);
WASMSIG_API int64_t wasmsig_registry_clear(wasmsig_registry *registry,
                                           int signal);
WASMSIG_API int64_t wasmsig_process_clear(int signal);

/**
 * The signal that waits for an instance: what stands in its signal word or, if
 * it has none, the lowest of its pending set. For a MOVABLE memory the lowest
 * that waits for the next sync. A guest can write what it likes there; more
 * than 64 is told as 64.
 *
 * Returns:   1..64, or 0 if nothing waits.
 * Errors:    EINVAL, ENOINSTANCE, EDEAD.
 * Threads:   any. Signal handlers: yes. Progress: wait-free.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_instance_waiting(wasmsig_registry *registry,
                                         wasmsig_instance instance);

/**
 * Stores 1 into the terminated word of one instance, of every instance of a
 * registry, or of the whole process: the host has killed them, and they get no
 * signal any more but SIGKILL.
 *
 * Returns:   how many instances have such a word.
 * Errors, threads, handlers: as the raise of the same name.
 * Since:     0.1
 */
WASMSIG_API int64_t wasmsig_instance_terminate(wasmsig_registry *registry,
                                               wasmsig_instance instance);
WASMSIG_API int64_t wasmsig_registry_terminate(wasmsig_registry *registry);
WASMSIG_API int64_t wasmsig_process_terminate(void);

/**
 * Puts what waits for an instance in a MOVABLE memory into its words. Its
 * owner calls this at each call boundary, with the memory's base and length as
 * they are now and stay until the call returns. For instances in memories of
 * other classes nothing waits.
 *
 * Returns:   1 if a signal was put there, else 0.
 * Errors:    EINVAL, EALIGN (base), ERANGE (the memory is shorter than when
 *            the instance was added), ENOINSTANCE, EDEAD. Nothing was written;
 *            what waits goes on waiting.
 * Threads:   the one that owns the instance. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_instance_sync(wasmsig_registry *registry,
                                      wasmsig_instance instance, void *memory,
                                      uint64_t length);

/* --------------------------------------------------------------- budgets */

/** Stands for "no such limit". */
#define WASMSIG_NO_LIMIT UINT64_MAX

/** An amount of CPU time, spent in sections (enter … leave). */
typedef struct wasmsig_budget {
  uint64_t opaque[24];
} wasmsig_budget;

/**
 * What a budget allows, whom it concerns, and how the host kills.
 */
typedef struct wasmsig_budget_options {
  size_t size; /* of this struct, for later versions to tell */
  /** CPU ns after which `signal` is raised, or WASMSIG_NO_LIMIT. */
  uint64_t soft_ns;
  /** CPU ns after which `kill` is called, or WASMSIG_NO_LIMIT. */
  uint64_t hard_ns;
  int signal; /* 1..64, WASMSIG_SIGXCPU by default */
  /**
   * Whom the signal is for: `count` instances of `registry`, or all of its
   * instances where `instances` is NULL. No registry: nobody. The list is the
   * caller's and must live as long as the budget.
   */
  wasmsig_registry *registry;
  const wasmsig_instance *instances; /* NULL: all of the registry */
  size_t count;                      /* of them */
  /**
   * Ends what the thread in the section is running. Called by the watchdog
   * thread, and again after each further ms of CPU that the section uses all
   * the same, and for an outer section besides. `undo` is called in the
   * section's own thread by the leave that reports the kill: it makes the
   * engine usable again, however often it was killed.
   *
   * Neither may call anything of this header but raises, clears and
   * terminates, nor fork. A kill holds up every other kill of the process, and
   * the leave of its section: it must not wait for long, and for no lock that
   * is held around an enter, a leave or a fork. A thread that runs under
   * SCHED_FIFO on the only processor of the process is killed by nobody
   * (wasmsig_set_firing: realtime_priority).
   */
  void (*kill)(void *context);
  void (*undo)(void *context); /* what a kill did to the engine */
  void *context;               /* what both are given */
  /**
   * `kill` is async-signal-safe: it may run in a signal handler of the
   * section's own thread, at once, and no second thread has to be scheduled
   * first. (Wasmtime's epoch is; V8's TerminateExecution is not, it locks.)
   */
  bool kill_is_signal_safe;
  /**
   * No limit at all is intended: the budget only measures. Without it a budget
   * that has neither limit is refused (ELIMITS), since a limit was probably
   * forgotten. Of no meaning where there is a limit.
   */
  bool measure;
} wasmsig_budget_options;

#define WASMSIG_BUDGET_OPTIONS_INIT \
  {sizeof(wasmsig_budget_options),  \
   WASMSIG_NO_LIMIT,                \
   WASMSIG_NO_LIMIT,                \
   WASMSIG_SIGXCPU,                 \
   NULL,                            \
   NULL,                            \
   0,                               \
   NULL,                            \
   NULL,                            \
   NULL,                            \
   false,                           \
   false}

/** How far a budget has gone. SIGNALLED and KILLED last until a reset. */
typedef enum wasmsig_budget_state {
  WASMSIG_BUDGET_READY = 0,
  WASMSIG_BUDGET_RUNNING = 1,
  WASMSIG_BUDGET_SIGNALLED = 2,
  WASMSIG_BUDGET_KILLED = 3,
} wasmsig_budget_state;

/** What a section's end finds. */
typedef enum wasmsig_outcome {
  /** No limit was acted on. (A soft limit that only just passed is signalled
   * at the next enter.) */
  WASMSIG_LEFT_READY = 0,
  /** The soft limit was reached, in this section or an earlier one. */
  WASMSIG_LEFT_SIGNALLED = 1,
  /** The hard limit was reached; the engine's kill, if any, is undone. */
  WASMSIG_LEFT_KILLED = 2,
  /** An outer section is being killed: let the engine go on unwinding. */
  WASMSIG_LEFT_OUTER_KILLED = 3,
} wasmsig_outcome;

/**
 * Makes a budget of which nothing is used.
 *
 * Errors:    EINVAL, ESIGNAL, ELIMITS (no limit and no `measure`, zero, above
 *            INT64_MAX, soft above hard), ENOKILL. The budget is not
 *            initialised.
 * Ownership: the struct is the caller's and must not move until destroyed.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_init(wasmsig_budget *budget,
                                    const wasmsig_budget_options *options);

/**
 * Begins a section: from here on the CPU time of this thread is charged to
 * the budget, and to the budgets of the sections around it. Time asleep, or
 * preempted, is not. Sections nest to any depth; entering a budget that this
 * thread is in already only nests. A soft limit that passed between two
 * sections is signalled now, and so is one whose signal no guest had taken when
 * the last section ended.
 *
 * Blocking calls: where the timer fires (wasmsig_set_firing), its signal may
 * come while the thread is asleep in a system call, in a section or shortly
 * after one: a few times in a sleep, however long. Calls that
 * SA_RESTART restarts (read and write of pipes and terminals, waits for locks
 * without a time limit) go on; poll, select, epoll_wait, nanosleep and others
 * answer EINTR (signal(7), "Interruption of system calls and library functions
 * by signal handlers"). A sleep just before a limit gains a section next to
 * nothing: the watchdog looks at it as often as the limit may be reached, but
 * with pauses of a 64th of the time that it has slept, and from 10 ms on of a
 * 256th (0.4 ms at least, 4 ms at most). With hundreds of such sleepers, or on
 * a busy machine, a timer on the thread's CPU clock may come first: within a
 * tick of the system's clock, 1 to 10 ms.
 *
 * Errors:    EINVAL, EBUSY (another thread is in it), ESPENT (the hard limit
 *            is used up: do not call the guest), ETHREAD, ECLOCK, ENOMEM,
 *            EHANDLER.
 * Threads:   any, one at a time for a budget.
 * Signal handlers: yes in a thread that has entered a section before, outside
 *            of handlers and since the last fork, and if kill and undo may be
 *            waited for and called there. The handler leaves what it has
 *            entered before it returns. EHANDLER if it has interrupted another
 *            call about budgets in its own thread, or the thread's end: from
 *            the second round of its destructors on (pthread_key_create(3))
 *            nothing is entered in it.
 * Progress:  in steady state no system call but readings of the thread's CPU
 *            clock: one each ms while sections and the time between them are
 *            shorter than 5 us, else one or two a section. No lock but the
 *            thread's own, which the watchdog takes for moments.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_enter(wasmsig_budget *budget);

/**
 * Ends the innermost section of this thread. Waits for a kill that has begun;
 * a kill never lands on the code that follows.
 *
 * The budget's signal concerns a running section. Where no guest has taken it,
 * it is taken back now: the next section of another budget begins with clean
 * words, also if guests only read theirs. It stays for an instance for which
 * another running section has raised the same signal. That number in the words
 * counts as the budget's own, whoever else has raised it since: what must not
 * be taken back needs another number. That holds for a word that several
 * instances share: what is taken back for one is for all of them, and the next
 * enter does not raise it again. A guest in a MOVABLE memory is always taken
 * for one that has not taken it.
 *
 * Returns:   a wasmsig_outcome. A nested leave of a budget that stays entered
 *            answers OUTER_KILLED if the budget itself has been killed.
 * Errors:    EINVAL, EORDER (not what was entered last), EHANDLER.
 * Threads:   the one that entered. Signal handlers: as enter.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_leave(wasmsig_budget *budget);

/**
 * How deep this thread is in sections: how many enters have not been left.
 *
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API size_t wasmsig_budget_level(void);

/**
 * Leaves sections, innermost first, until wasmsig_budget_level() is `level`
 * again: for code that jumps out of sections.
 *
 *     size_t level = wasmsig_budget_level();
 *     if (setjmp(environment) != 0) wasmsig_budget_unwind(level);
 *
 * A budget must outlive its section: one whose section may be jumped out of
 * must not lie in a stack frame that is jumped over.
 *
 * Returns:   what the outermost of them found, a wasmsig_outcome; READY if
 *            there was nothing to leave.
 * Errors:    EINVAL (deeper than this thread is), EHANDLER.
 * Threads:   any, its own sections. Signal handlers: as enter.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_unwind(size_t level);

/* ----------------------------------------------------------- suspended */

/**
 * Sections that were taken off a thread, to be put on again: those of a
 * coroutine that does not run. A scheduler keeps one for each, and calls around
 * its switches:
 *
 *     struct coroutine { ...; wasmsig_suspension sections; };
 *
 *     size_t level = wasmsig_budget_level();
 *     int outcome = wasmsig_budget_resume(&next->sections);
 *     switch_to(next);                  // it may enter and leave meanwhile
 *     wasmsig_budget_suspend(level, &next->sections);
 *
 * It begins as WASMSIG_SUSPENSION_INIT, holds nothing that must be freed while
 * it is empty, and may be moved between calls, not copied.
 */
typedef struct wasmsig_suspension {
  uint64_t opaque[24];
} wasmsig_suspension;

#define WASMSIG_SUSPENSION_INIT {{0}}

/**
 * Takes the innermost sections off this thread until wasmsig_budget_level() is
 * `level` again, and keeps them in `suspension`, in their order. They are
 * charged up to now, and nothing while they are suspended. No limit is acted on
 * meanwhile, and no kill begins.
 *
 * It is for the rest as if each had been left: waits for a kill that has begun
 * and undoes it in the engine, so that none lands on what the thread does next,
 * and takes back the budget's signal (wasmsig_budget_leave). Both come again
 * with the resume: the kill at once, the signal if no guest had taken it.
 *
 * A suspended budget belongs to no thread. It may be entered anywhere, also by
 * the next coroutine of this thread; reset and destroy answer EBUSY.
 *
 * Returns:   what the outermost of them found, a wasmsig_outcome; READY if
 *            there was nothing to suspend.
 * Errors:    EINVAL (deeper than this thread is, or NULL), EBUSY (it holds
 *            sections already), ENOMEM (only above 16 sections), EHANDLER.
 * Threads:   any, its own sections. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_suspend(size_t level,
                                       wasmsig_suspension *suspension);

/**
 * Puts the sections of `suspension` on this thread, inside those that it is in,
 * and charges them from here on. The suspension is empty then. Levels are the
 * thread's: one that a coroutine has noted is another where it was resumed at
 * another depth.
 *
 * Returns:   KILLED if one of them has used up its hard limit (it may have been
 *            used by another section of the budget meanwhile): its kill comes
 *            at once, go on only to have the engine unwind. Else OUTER_KILLED
 *            if a section around them is being killed, SIGNALLED if one of them
 *            is past its soft limit, READY.
 * Errors:    EINVAL, EBUSY (another thread is in one of the budgets), ETHREAD,
 *            ECLOCK, ENOMEM, EHANDLER. The suspension is as it was.
 * Threads:   any. Signal handlers: no.
 * Progress:  as enter, for each.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_resume(wasmsig_suspension *suspension);

/**
 * Ends suspended sections that will not be resumed: the coroutine is destroyed.
 * The suspension is empty then.
 *
 * Errors:    EINVAL (NULL).
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_discard(wasmsig_suspension *suspension);

/**
 * CPU nanoseconds used: of all ended sections and, in the thread that is in
 * it, of the running one.
 *
 * Clocks are the kernel's own, also in a process that is shown another time
 * by a preloaded library (libfaketime), on x86-64 and AArch64.
 *
 * A section's time is the difference of two readings of the thread's CPU clock.
 * Within 5 us of the last reading, and as long as the kernel proves that the
 * thread was not switched out, the next is told from the processor's counter
 * instead, without a system call. A hypervisor that takes the processor for
 * less than 5 us goes unnoticed and is charged; the two are put together again
 * each ms, when what was too much is taken off. Kernels that do not prove it
 * (or a C library that does not ask them to) cost a reading of the clock each
 * time.
 *
 * Threads:   any (another thread sees the ended sections only). Signal
 *            handlers: yes; without the running section if the handler has
 *            interrupted another call about budgets in its own thread.
 * Source:    rseq in <linux/rseq.h>; CLOCK_THREAD_CPUTIME_ID in
 *            clock_gettime(2).
 * Since:     0.1
 */
WASMSIG_API uint64_t wasmsig_budget_used_ns(const wasmsig_budget *budget);

/** Threads: any. Signal handlers: yes. Since: 0.1 */
WASMSIG_API wasmsig_budget_state
wasmsig_budget_get_state(const wasmsig_budget *budget);

/**
 * A new request: nothing is used, and no signal is to be raised again.
 * `options` may be NULL (limits stay) or bring new limits and a new signal;
 * registry, instances and kill stay.
 *
 * Errors:    as wasmsig_budget_init(); EBUSY while entered, EHANDLER.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_reset(wasmsig_budget *budget,
                                     const wasmsig_budget_options *options);

/**
 * Ends the budget. The registry that it names must still be there.
 *
 * Errors:    EINVAL, EBUSY (still entered).
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_destroy(wasmsig_budget *budget);

/* ---------------------------------------------------------------- firing */

/** Who looks at a section when one of its limits may have been reached. */
typedef enum wasmsig_firing {
  /** The timer where it can be had, else the watchdog. */
  WASMSIG_FIRING_DEFAULT = 0,
  /**
   * A monotonic timer whose signal goes to the thread in the section: it is on
   * a processor when it uses CPU, so nobody else has to be scheduled. The
   * watchdog stands behind it (a thread may block the signal) and does the
   * kills that a handler may not do.
   */
  WASMSIG_FIRING_TIMER = 1,
  /** A thread that sleeps for the least that any section has left. */
  WASMSIG_FIRING_WATCHDOG = 2,
} wasmsig_firing;

/** What notices limits, by which signal, and with which priority. */
typedef struct wasmsig_firing_options {
  size_t size;           /* of this struct, for later versions to tell */
  wasmsig_firing firing; /* what notices a limit */
  /**
   * The timer's signal; 0: the highest real-time signal that nobody handles,
   * that the calling thread does not block (who takes signals by sigwaitinfo(2)
   * or signalfd(2) blocks them) and that the system lets us have.
   * Whoever handled it before still gets what is not our timer's, with the
   * signals blocked that it asked for. A handler that is put over ours later
   * should call it; never set the signal back to SIG_DFL, which would end the
   * process. gdb stops at it unless told not to: `handle SIG64 nostop noprint`,
   * if it is 64.
   */
  int timer_signal;
  /**
   * 1..99: the watchdog runs as SCHED_RR, if the system permits; 0: as any
   * thread, with a short time slice where the kernel has it.
   */
  int realtime_priority;
} wasmsig_firing_options;

#define WASMSIG_FIRING_OPTIONS_INIT \
  {sizeof(wasmsig_firing_options), WASMSIG_FIRING_DEFAULT, 0, 0}

/**
 * Chooses how limits are noticed from now on, for the whole process. A later
 * call may change it again, while no section runs.
 *
 * Errors:    EINVAL (a field is out of range), EFIRING (the signal is none of
 *            the real-time ones nor USR1, USR2, PROF, VTALRM, URG, IO; or TIMER
 *            was asked for and none is free), EBUSY (a section runs), EHANDLER.
 * Threads:   any. Signal handlers: no.
 * Source:    timer_create(2), SIGEV_THREAD_ID; sched(7).
 * Since:     0.1
 */
WASMSIG_API int wasmsig_set_firing(const wasmsig_firing_options *options);

/**
 * What is in force in the calling thread: TIMER or WATCHDOG, the timer's
 * signal (0: none), and the priority that the watchdog was granted. A thread
 * that is refused a timer (RLIMIT_SIGPENDING) is the watchdog's, and so is one
 * that blocks its signal: no timer is set in a section that begins meanwhile,
 * nor for some 10 ms after. One that is set already is not taken back: block
 * the signal before the thread's sections if you want to take it by
 * sigwaitinfo(2). Of a thread that has been in no section yet: what it would
 * have.
 *
 * Errors:    EINVAL (NULL, or a size that is too small), EHANDLER.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_get_firing(wasmsig_firing_options *options);

/* ------------------------------------------------- the process's signals */

/**
 * From now on the process's `signal` also goes to every tracked instance,
 * from inside the signal handler: a busy guest hears it.
 *
 * Who handled the signal before still does: the handler is called after us,
 * with the signals blocked that its own `sa_mask` and flags say. Where nobody
 * did, the process dies of the signal when wasmsig_forward_is_due(). `insist`
 * > 0 sets after how many deliveries in a row that reached guests, and that
 * none of them acknowledged, the process dies of it all the same (2: the
 * second), whoever else handles it. The first process of a container, which no
 * signal ends, ends with status 128 + signal.
 *
 * Errors:    ESIGNAL, EINVAL (insist negative), EFORWARD (SIGKILL, SIGSTOP,
 *            TSTP, TTIN, TTOU; ABRT, BUS, FPE, ILL, SEGV, SYS, TRAP, which a
 *            fault raises; forwarded already; or somebody has put a handler
 *            over one of ours that was stopped since).
 * Threads:   any. Signal handlers: no.
 * Source:    POSIX.1-2017 sigaction(2).
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_start(int signal, int insist);

/**
 * Puts back the handler that stood before, unless somebody else has replaced
 * ours since: then theirs stays.
 *
 * Errors:    ESIGNAL, EFORWARD (not forwarded).
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_stop(int signal);

/**
 * How many instances the last delivery of a forwarded signal reached, and how
 * many deliveries there were. For hosts that act when nobody could be asked.
 *
 * Errors:    ESIGNAL, EFORWARD.
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_last(int signal, uint64_t *deliveries,
                                     uint64_t *reached);

/**
 * How many deliveries of a forwarded signal in a row, up to the last, reached
 * guests and were acknowledged by none: 1 for one that has just been told, 2 if
 * the one before it still waited. What `insist` compares; for hosts that end
 * the process in their own way.
 *
 * Errors:    ESIGNAL, EFORWARD, EINVAL (NULL).
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_unanswered(int signal, uint64_t *count);

/**
 * Whether a forwarded signal is to do what it does by default, after its last
 * delivery and as far as guests go: 1 or 0. The handler that stood before may
 * ask, to do so where nobody else handles the signal. Due is a signal that ends
 * a process (not CHLD, CONT, URG, WINCH)
 *   - if no guest was reached;
 *   - if all that were reached say by their handled set that they do not handle
 *     it; SIGINT at the second delivery, 200 ms after the first or later;
 *   - else, without `insist`, at a delivery that finds the one before not
 *     acknowledged after 200 ms. What comes sooner is the same request: one
 *     key, or one timeout(1), may send it to a process and to its group.
 *
 * Errors:    ESIGNAL, EFORWARD (not forwarded).
 * Threads:   any. Signal handlers: yes.
 * Source:    docs/explanation/protocol.md, "Unhandled signals".
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_is_due(int signal);

/* ------------------------------------------------------------ statistics */

/** What the process has done so far. */
typedef struct wasmsig_statistics {
  uint64_t raises;      /* instances that got a signal */
  uint64_t failures;    /* GUARDED words that the system did not let us reach */
  uint64_t soft;        /* budgets that passed their soft limit */
  uint64_t kills;       /* kill functions called */
  uint64_t wakes;       /* times that the watchdog woke */
  uint64_t fires;       /* signals of our timers that were handled */
  uint64_t arms;        /* timers set, and the watchdog told, by an enter */
  uint64_t clock_reads; /* CPU clocks that enter, leave and questions read */
} wasmsig_statistics;

/** Threads: any. Since: 0.1 */
WASMSIG_API void wasmsig_get_statistics(wasmsig_statistics *statistics);

#ifdef __cplusplus
}
#endif

#endif

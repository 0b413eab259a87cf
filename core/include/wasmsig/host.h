/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig for hosts: Unix signals and CPU limits for WebAssembly instances.
 *
 * A host embeds an engine. It tells wasmsig where an instance keeps its
 * *words* (a few aligned integers in its linear memory,
 * docs/explanation/protocol.md). From then on a signal can be written there
 * while the instance is running: by any thread, by a signal handler, or by a
 * CPU budget whose limit is reached.
 *
 *     wasmsig_registry *registry;
 *     wasmsig_registry_create(&registry);
 *
 *     wasmsig_words words = WASMSIG_WORDS_INIT;
 *     words.memory = base;              // of the instance's memory 0
 *     words.length = length;            // bytes
 *     words.memory_class =              // reserved: what the engine guarantees
 *         wasmsig_memory_classify(base, length, max, reserved, false);
 *     words.signal = address;           // the value of __instance_signal
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
 * Soft and hard limits count one thread's CPU time. Time asleep or preempted is
 * free. A wall limit counts time as it passes, also time asleep.
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
 *     (1) a raise that comes later returns EDEAD, until another create reuses
 *         the registry's memory: keep no pointer to a destroyed registry.
 *     (2) of different instances; one instance has one owner.
 *     (3) of a registry that a budget names. Only one thread at a time may
 *         use a budget.
 *
 * Calls with one budget, in other threads or by other coroutines of one thread:
 *
 *     |                  | enter, | suspend, | reset,  | used, |
 *     |                  | leave  | resume   | destroy | state |
 *     | enter, leave     | no (4) | no (4)   | no      | yes   |
 *     | suspend, resume  | no (4) | no (4)   | no (5)  | yes   |
 *     | suspended        | yes    | yes      | no (5)  | yes   |
 *     | kill             | yes    | yes      | no      | yes   |
 *
 *     (4) the later one returns EBUSY: one thread at a time. Suspended sections
 *         belong to no thread, so coroutines may share a budget if they take
 *         turns.
 *     (5) EBUSY as long as sections of it are suspended. Only one call at a
 *         time may use a suspension.
 *
 * In signal handlers: wasmsig_*_raise, _clear, _terminate and _waiting. They
 * may interrupt every call of this header at any instruction, also in the same
 * thread, and also another raise, add, remove, create or destroy. A handler may
 * also enter and leave sections, under the conditions stated there. Of the
 * other functions a handler may call those whose comment says so.
 *
 * fork: the child may call everything here. It has the registries, instances
 * and budgets of its parent. A section of the forking thread continues in the
 * child with the time that it had used (a guest gains no time by a fork). It is
 * not checked there until the child's next enter, of any budget. That enter
 * sets the timer and starts the watchdog. So a child that execs has neither,
 * and no signal of ours is pending for it. Sections of other threads have ended
 * in the child. Do not fork in a signal handler: use _Fork of POSIX.1-2024,
 * whose child may only exec.
 *
 * The child also has the suspended sections. If another thread was filling or
 * emptying a suspension during the fork, its sections have ended.
 *
 * A thread that ends inside a section (pthread_exit) leaves all its sections,
 * in the order of unwinding, and undoes their kills. Their budgets must exist
 * until then: they must not be in a stack frame of the thread.
 *
 * The library is not unloaded after the first enter, forwarded signal or call
 * about firing, whatever dlclose returns: threads and the kernel know addresses
 * in it.
 *
 * Functions that can fail return a negative wasmsig_error and then have
 * changed nothing. Units are in the names: _ns is nanoseconds.
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
 * Whether, and how, a linear memory may be written at any later moment.
 */
typedef enum wasmsig_memory_class {
  /**
   * May move when it grows: no other thread writes to it. A raised signal waits
   * for wasmsig_instance_sync() by the instance's owner.
   */
  WASMSIG_MEMORY_MOVABLE = 0,
  /**
   * Its address space is reserved up to the largest size that it can reach. The
   * engine or its embedder guarantees that.
   */
  WASMSIG_MEMORY_FIXED = 1,
  /** Shared between threads: grows in place. */
  WASMSIG_MEMORY_SHARED = 2,
  /**
   * Under a protection key, or in a sandbox that the caller cannot write. It is
   * written through the system (process_vm_writev(2)). If the system refuses, a
   * raise counts a failure and continues. The pending set is never written: the
   * system has no atomic OR. No classification returns this class: only the
   * host knows.
   */
  WASMSIG_MEMORY_GUARDED = 3,
} wasmsig_memory_class;

/**
 * Finds the class of a linear memory from the engine's guarantee, and asks the
 * system whether the guarantee can be true.
 *
 * base:        first byte of the memory
 * length:      its size now, in bytes
 * max_length:  the largest size that it can reach, in bytes (4 GiB if the
 *              module states none and addresses have 32 bits)
 * reserved:    number of bytes from `base` within which the engine guarantees
 *              that the memory grows in place, as long as it exists; 0 if the
 *              engine guarantees nothing, or if you do not know. Do not
 *              conclude it from mappings: a guard region, or the reservation of
 *              another memory, looks the same.
 * shared:      the engine says that it is a shared memory
 *
 * Returns:   FIXED only if `reserved` reaches `max_length`, and the system says
 *            that [base + length, base + max_length) is mapped without access;
 *            or if the memory already has its largest size. MOVABLE in any
 *            doubt.
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
 * Names a tracked instance. 0 names none. A name may be reused after its slot
 * was used 65 535 more times.
 */
typedef uint64_t wasmsig_instance;

/**
 * Where an instance keeps its words. Addresses are unsigned byte offsets into
 * its memory 0, or WASMSIG_NO_WORD. At least one of the first three must exist.
 * `size` may be the size of a version without `handled`.
 */
typedef struct wasmsig_words {
  size_t size;                       /* of this struct: it tells the version */
  void *memory;                      /* base of memory 0 */
  uint64_t length;                   /* its size now, in bytes */
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
 * Creates an empty registry.
 *
 * Errors:    EINVAL (NULL), ENOMEM.
 * Ownership: the caller's, until wasmsig_registry_destroy(). The memory of a
 *            destroyed registry is reused, never freed.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_registry_create(wasmsig_registry **registry);

/**
 * Removes all instances and the registry. When it returns, no raise can write
 * to any of them.
 *
 * Errors:    EINVAL (NULL), EDEAD (destroyed already).
 * Threads:   any, one at a time. Waits for raises of other threads that began
 *            before.
 * Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_registry_destroy(wasmsig_registry *registry);

/**
 * The number of instances in the registry.
 *
 * Threads:   any.
 * Since:     0.1
 */
WASMSIG_API size_t wasmsig_registry_count(const wasmsig_registry *registry);

/**
 * Checks an instance's words and tracks the instance. The signal word and the
 * pending set become 0: so the guest sees that signals reach it. The handled
 * set is only read.
 *
 * Each word must be inside the memory, aligned to its size, and overlap no
 * other word of the instance. It must also overlap no word with another role of
 * a tracked instance in the same memory (except the handled set, which only the
 * guest writes). The same word in the same role may have several owners: a
 * shared memory instantiated in several threads, or a memory that two instances
 * import. Each owner is an instance of its own, only the first one zeroes the
 * word, and raises reach the word until the last one is removed. This is
 * checked within a registry, and for SHARED memories in the whole process. It
 * is not checked for MOVABLE ones, because their base may change.
 *
 * Errors:    EINVAL, ERANGE, EALIGN, EOVERLAP, ENOMEM, EFULL, EDEAD, EWRITE
 *            (GUARDED, and the system refuses). Nothing was written, nothing
 *            is tracked, `*instance` is unchanged.
 * Ownership: the memory stays the caller's and must stay mapped until
 *            wasmsig_instance_remove() has returned.
 * Threads:   any. Signal handlers: no.
 * Progress:  takes locks; O(1) amortised, or O(k) if k instances have the same
 *            memory.
 * Source:    docs/explanation/protocol.md, "What the host does".
 * Since:     0.1
 */
WASMSIG_API int wasmsig_instance_add(wasmsig_registry *registry,
                                     const wasmsig_words *words,
                                     wasmsig_instance *instance);

/**
 * Removes an instance. When it returns, no raise can write to its words: the
 * memory may be unmapped on the next line.
 *
 * Errors:    EINVAL, ENOINSTANCE (removed before, or of another registry),
 *            EDEAD.
 * Threads:   any. Signal handlers: no.
 * Progress:  O(1). It waits for raises of other threads that began before;
 *            raises need no lock. While it waits, it holds no lock that an add
 *            needs.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_instance_remove(wasmsig_registry *registry,
                                        wasmsig_instance instance);

/**
 * Sends `signal` to one instance, to every instance of a registry, or to
 * every instance of every registry in the process.
 *
 * Instances that have neither a signal word nor a pending set are skipped. If
 * the terminated word is not 0, only SIGKILL is delivered: it stops a guest
 * that runs on after it has set the word. The signal's bit is ORed into the
 * pending set first, then its number is stored into the signal word: a pending
 * set keeps several signals, the word keeps the newest. In a MOVABLE memory
 * both happen at the next sync.
 *
 * Returns:   how many instances received it.
 * Errors:    EINVAL (NULL), ESIGNAL, ENOINSTANCE, EDEAD. Nothing was written.
 * Threads:   any. Signal handlers: yes.
 * Progress:  wait-free.
 * Ordering:  a guest that reads the signal also reads what the caller stored
 *            before (release).
 * Since:     0.1
 */
WASMSIG_API int64_t wasmsig_instance_raise(wasmsig_registry *registry,
                                           wasmsig_instance instance,
                                           int signal);
WASMSIG_API int64_t wasmsig_registry_raise(wasmsig_registry *registry,
                                           int signal);
WASMSIG_API int64_t wasmsig_process_raise(int signal);

/**
 * Clears a signal that waits: the condition that it announced is over. `signal`
 * 0 clears every signal. A number clears that signal only; a later one that
 * waits in its place stays.
 *
 * Returns:   for how many instances it waited.
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
 * The signal that waits for an instance: the value of its signal word or, if it
 * has no such word, the lowest signal of its pending set. In a MOVABLE memory
 * it is the lowest one that waits for the next sync. A guest can write any
 * number there; more than 64 is returned as 64.
 *
 * Returns:   1..64, or 0 if nothing waits.
 * Errors:    EINVAL, ENOINSTANCE, EDEAD.
 * Threads:   any. Signal handlers: yes.
 * Progress:  wait-free.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_instance_waiting(wasmsig_registry *registry,
                                         wasmsig_instance instance);

/**
 * Stores 1 into the terminated word of one instance, of every instance of a
 * registry, or of every instance in the process. It means that the host has
 * killed them. They receive no more signals except SIGKILL.
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
 * Writes the signals that wait for an instance in a MOVABLE memory into its
 * words. The instance's owner calls this at each call boundary, with the
 * current base and length of the memory, which must not change until the call
 * returns. In memories of other classes no signal waits for a sync.
 *
 * Returns:   1 if a signal was written, else 0.
 * Errors:    EINVAL, EALIGN (base), ERANGE (the memory is shorter than when
 *            the instance was added), ENOINSTANCE, EDEAD. Nothing was written;
 *            the signals still wait.
 * Threads:   the one that owns the instance. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_instance_sync(wasmsig_registry *registry,
                                      wasmsig_instance instance, void *memory,
                                      uint64_t length);

/* --------------------------------------------------------------- budgets */

/** No such limit. */
#define WASMSIG_NO_LIMIT UINT64_MAX

/** An amount of CPU time, spent in sections (enter … leave). */
typedef struct wasmsig_budget {
  uint64_t opaque[24];
} wasmsig_budget;

/**
 * The limits of a budget, the instances that it signals, and the host's kill.
 * `size` may be that of a version without `raise` or without `wall_ns`.
 */
typedef struct wasmsig_budget_options {
  size_t size; /* of this struct: it tells the version */
  /** CPU ns after which `signal` is raised, or WASMSIG_NO_LIMIT. */
  uint64_t soft_ns;
  /** CPU ns after which `kill` is called, or WASMSIG_NO_LIMIT. */
  uint64_t hard_ns;
  int signal; /* 1..64, WASMSIG_SIGXCPU by default */
  /**
   * The receivers of the signal: `count` instances of `registry`, or all of its
   * instances if `instances` is NULL. No registry: no receivers. The list is
   * the caller's and must exist as long as the budget.
   */
  wasmsig_registry *registry;
  const wasmsig_instance *instances; /* NULL: all of the registry */
  size_t count;                      /* of them */
  /**
   * Ends the guest that the thread in the section runs. The watchdog thread
   * calls it. It calls it again after each further ms of CPU that the section
   * uses, and also for each outer section that must end. `undo` is called in
   * the section's own thread, by the leave that reports the kill: it makes the
   * engine usable again, however often it was killed.
   *
   * Both may call nothing of this header except raises, clears and terminates,
   * and must not fork. A kill delays every other kill of the process, and the
   * leave of its section: it must not wait for long, and for no lock that is
   * held around an enter, a leave or a fork. If a thread runs under SCHED_FIFO
   * on the only processor of the process, the watchdog cannot kill it
   * (wasmsig_set_firing: realtime_priority).
   */
  void (*kill)(void *context);
  void (*undo)(void *context); /* of the effect of a kill on the engine */
  void *context;               /* the argument of both */
  /**
   * `kill` is async-signal-safe. Then it may run in a signal handler of the
   * section's own thread, at once, and no second thread has to be scheduled
   * first. (Wasmtime's epoch is safe; V8's TerminateExecution is not, because
   * it takes a lock.)
   */
  bool kill_is_signal_safe;
  /**
   * The budget has no limit on purpose: it only measures. Without this, a
   * budget with neither limit is refused (ELIMITS), because a limit was
   * probably forgotten. With a limit it has no effect.
   */
  bool measure;
  /**
   * Raises `signal` where no registry knows the guests: an engine that keeps
   * the list of them itself. Called once at the soft limit, after the raise in
   * `registry`, if there is one; with `context`. What it has raised is not
   * taken back by a leave. NULL: nothing is called.
   *
   * It runs in one of two places, which it can distinguish by data that is
   * thread-local:
   *
   * - in the section's own thread: in the handler of the timer's signal, or in
   *   an enter, leave, suspend or resume of that thread. There it must be
   *   async-signal-safe.
   * - in another thread, while the section runs: in the watchdog, or in a
   *   thread that was about to release the section's lock (in a leave, suspend
   *   or fork of its own). It may allocate memory there, and take a lock that
   * no thread holds around a call about budgets, a fork or its own end, and
   * that no signal handler takes. It must not wait for long: no other limit of
   * the process is checked meanwhile, and the leave of the section waits.
   *
   * In both it may call raises, clears and terminates of this header, nothing
   * else of it, and must not fork.
   */
  void (*raise)(void *context);
  /**
   * Ns of CLOCK_MONOTONIC after which `kill` is called, or WASMSIG_NO_LIMIT. It
   * needs no CPU limit beside it, and may be smaller than one.
   *
   * They are counted from the first enter after the init or reset, and go on
   * until the next reset: between sections, while sections are suspended, and
   * while the thread sleeps. The budget's limit is one point in time, so it is
   * the same for nested sections of the budget. Sections around it have their
   * own.
   *
   * Past that point, a running section is killed as by its hard limit. A
   * section that is suspended is killed when it is resumed, and an enter
   * returns ESPENT. No signal is raised for this limit: it says nothing about
   * the CPU time of the guest.
   *
   * The watchdog checks this limit, also while the section sleeps. `kill` is
   * repeated every 20 ms until the leave, besides the repetitions by CPU time.
   * Whether a kill ends a call that waits is up to the host's `kill`: an engine
   * may wake its own waits; a system call ends only if `kill` interrupts it.
   */
  uint64_t wall_ns;
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
   false,                           \
   NULL,                            \
   WASMSIG_NO_LIMIT}

/** The state of a budget. SIGNALLED and KILLED last until a reset. */
typedef enum wasmsig_budget_state {
  WASMSIG_BUDGET_READY = 0,
  WASMSIG_BUDGET_RUNNING = 1,
  WASMSIG_BUDGET_SIGNALLED = 2,
  WASMSIG_BUDGET_KILLED = 3,
} wasmsig_budget_state;

/** What has ended a budget: why its state is KILLED. */
typedef enum wasmsig_limit {
  WASMSIG_LIMIT_NONE = 0, /* the state is another one */
  WASMSIG_LIMIT_HARD = 1,
  WASMSIG_LIMIT_WALL = 2,
  WASMSIG_LIMIT_KILL = 3, /* wasmsig_budget_kill() */
} wasmsig_limit;

/** What a leave reports about its section. */
typedef enum wasmsig_outcome {
  /** No limit was acted on. (If the soft limit was passed just before the
   * leave, the next enter raises the signal.) */
  WASMSIG_LEFT_READY = 0,
  /** The soft limit was reached, in this section or in an earlier one. */
  WASMSIG_LEFT_SIGNALLED = 1,
  /** The hard or wall limit was reached, or the budget was killed by a call;
   * the engine's kill, if any, is undone. */
  WASMSIG_LEFT_KILLED = 2,
  /** An outer section is being killed: let the engine continue to unwind. */
  WASMSIG_LEFT_OUTER_KILLED = 3,
} wasmsig_outcome;

/**
 * Makes a budget with no time used.
 *
 * Errors:    EINVAL, ESIGNAL, ELIMITS (no limit and no `measure`, zero, above
 *            INT64_MAX, soft above hard), ENOKILL (a hard or wall limit, and no
 *            `kill`). The budget is not initialised.
 * Ownership: the struct is the caller's and must not move until destroyed.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_init(wasmsig_budget *budget,
                                    const wasmsig_budget_options *options);

/**
 * Begins a section: from here on the CPU time of this thread is charged to
 * the budget, and to the budgets of the sections around it. Time asleep or
 * preempted is not charged. Sections nest to any depth. If this thread is in
 * the budget already, the enter only nests. If the soft limit was passed
 * between two sections, the signal is raised now; also if no guest had taken it
 * when the last section ended.
 *
 * Blocking calls: with timers (wasmsig_set_firing), the timer's signal may come
 * while the thread sleeps in a system call, in a section or shortly after one:
 * a few times in a sleep, however long it is. Calls that SA_RESTART restarts
 * (read and write of pipes and terminals, waits for locks without a time limit)
 * continue. poll, select, epoll_wait, nanosleep and others return EINTR
 * (signal(7), "Interruption of system calls and library functions by signal
 * handlers"). A section gains almost nothing by a sleep just before a limit:
 * the watchdog checks it as often as the limit may be reached, with pauses of a
 * 64th of the time that it has slept, and from 10 ms on of a 256th (at least
 * 0.4 ms, at most 4 ms). With hundreds of such sleepers, or on a busy machine,
 * a timer on the thread's CPU clock may come first: within a tick of the
 * system's clock, 1 to 10 ms.
 *
 * Errors:    EINVAL, EBUSY (another thread is in it), ESPENT (the hard limit
 *            is used up, the wall limit has passed, or the budget was killed:
 *            do not call the guest), ETHREAD, ECLOCK, ENOMEM, EHANDLER.
 * Threads:   any, one at a time for a budget.
 * Signal handlers: yes, in a thread that has entered a section before, outside
 *            of handlers and since the last fork, if the handler may call and
 *            await kill and undo. The handler must leave what it has entered
 *            before it returns. EHANDLER if it has interrupted another call
 *            about budgets in its own thread, or the thread's end: from the
 *            second round of the thread's destructors on
 *            (pthread_key_create(3)) every enter in it is refused.
 * Progress:  in steady state the only system calls are readings of the thread's
 *            CPU clock: one each ms while sections and the time between them
 *            are shorter than 5 us, else one or two a section. The only lock is
 *            the thread's own, which the watchdog holds for moments.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_enter(wasmsig_budget *budget);

/**
 * Ends the innermost section of this thread. It waits for a kill that has
 * begun: a kill never hits the code that follows.
 *
 * The budget's signal concerns a running section. If no guest has taken it, it
 * is withdrawn now: so the next section of another budget begins with clean
 * words, even if guests only read their words. It stays for an instance for
 * which another running section has raised the same signal. The withdrawal
 * compares the signal's number only, no matter which code has raised it since:
 * a signal that must not be withdrawn needs another number. This also holds for
 * a word that several instances share: a withdrawal for one is for all of them,
 * and the next enter does not raise it again. A guest in a MOVABLE memory
 * always counts as one that has not taken the signal.
 *
 * Returns:   a wasmsig_outcome. A nested leave, after which the budget is still
 *            entered, returns OUTER_KILLED if the budget itself was killed.
 * Errors:    EINVAL, EORDER (another budget was entered last), EHANDLER.
 * Threads:   the one that entered. Signal handlers: as enter.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_leave(wasmsig_budget *budget);

/**
 * The level of this thread: how many of its enters have not been left.
 *
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API size_t wasmsig_budget_level(void);

/**
 * Leaves sections, the innermost first, until wasmsig_budget_level() is `level`
 * again: for code that jumps out of sections.
 *
 *     size_t level = wasmsig_budget_level();
 *     if (setjmp(environment) != 0) wasmsig_budget_unwind(level);
 *
 * A budget must exist longer than its section. So if code may jump out of the
 * section, the budget must not be in a stack frame that the jump removes.
 *
 * Returns:   the wasmsig_outcome of the outermost section that was left; READY
 *            if there was none.
 * Errors:    EINVAL (`level` is above the thread's level), EHANDLER.
 * Threads:   any, for its own sections. Signal handlers: as enter.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_unwind(size_t level);

/**
 * Kills the budget, as if its hard limit were reached: the running section, if
 * there is one, and each later enter until the next reset. The guest receives
 * no signal before. When the function returns, the section's leave will report
 * KILLED, unless it has ended already. A suspended section is killed when it is
 * resumed. A budget that is killed already stays as it is.
 *
 * The watchdog calls the host's `kill`, soon; one that is async-signal-safe may
 * also be called by this function. A kill that has no effect is repeated as for
 * a wall limit.
 *
 * Errors:    EINVAL, ENOKILL (the budget has no `kill`), EHANDLER, ETHREAD (the
 *            watchdog cannot be started; later enters are refused anyway).
 * Threads:   any, but not during a reset or destroy of this budget. Signal
 *            handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_kill(wasmsig_budget *budget);

/* ----------------------------------------------------------- suspended */

/**
 * Sections that were taken off a thread, until they are put on a thread again:
 * the sections of a coroutine that does not run. A scheduler keeps a suspension
 * for each coroutine, and calls these functions around its switches:
 *
 *     struct coroutine { ...; wasmsig_suspension sections; };
 *
 *     size_t level = wasmsig_budget_level();
 *     int outcome = wasmsig_budget_resume(&next->sections);
 *     switch_to(next);                  // it may enter and leave meanwhile
 *     wasmsig_budget_suspend(level, &next->sections);
 *
 * It begins as WASMSIG_SUSPENSION_INIT. While it is empty, nothing has to be
 * freed. It may be moved between calls, but not copied.
 */
typedef struct wasmsig_suspension {
  uint64_t opaque[24];
} wasmsig_suspension;

#define WASMSIG_SUSPENSION_INIT {{0}}

/**
 * Takes the innermost sections off this thread until wasmsig_budget_level() is
 * `level` again, and keeps them in `suspension`, in their order. Their time is
 * charged up to now. While they are suspended, no time is charged, no limit is
 * acted on, and no kill begins.
 *
 * For the rest it works as a leave of each section. It waits for a kill that
 * has begun and undoes it in the engine, so no kill hits the thread's next
 * code. It also withdraws the budget's signal (wasmsig_budget_leave). The
 * resume repeats both: the kill at once, the signal if no guest had taken it.
 *
 * A suspended budget belongs to no thread. It may be entered in any thread,
 * also by the next coroutine of this thread; reset and destroy return EBUSY.
 *
 * Returns:   the wasmsig_outcome of the outermost section that was suspended;
 *            READY if there was none.
 * Errors:    EINVAL (`level` is above the thread's level, or NULL), EBUSY (the
 *            suspension holds sections already), ENOMEM (only above 16
 *            sections), EHANDLER.
 * Threads:   any, for its own sections. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_suspend(size_t level,
                                       wasmsig_suspension *suspension);

/**
 * Puts the sections of `suspension` on this thread, inside its current
 * sections, and charges them from here on. Then the suspension is empty. Levels
 * belong to the thread: a level that a coroutine has noted is wrong if it was
 * resumed at another depth.
 *
 * Returns:   KILLED if the budget of one of the sections has ended (its wall
 *            limit may have passed, or another section of the budget may have
 *            used up the hard limit meanwhile): its kill comes
 *            at once, so continue only to let the engine unwind. Else
 *            OUTER_KILLED if a section around them is being killed, SIGNALLED
 *            if one of them is past its soft limit, READY.
 * Errors:    EINVAL, EBUSY (another thread is in one of the budgets), ETHREAD,
 *            ECLOCK, ENOMEM, EHANDLER. The suspension is unchanged.
 * Threads:   any. Signal handlers: no.
 * Progress:  as enter, for each section.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_resume(wasmsig_suspension *suspension);

/**
 * Ends suspended sections that will not be resumed, because their coroutine is
 * destroyed. Then the suspension is empty.
 *
 * Errors:    EINVAL (NULL).
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_discard(wasmsig_suspension *suspension);

/**
 * CPU nanoseconds used: by all ended sections and, in the thread that is in the
 * budget, by the running one.
 *
 * The clocks are the kernel's own on x86-64 and AArch64, even if a preloaded
 * library (libfaketime) shows the process another time.
 *
 * A section's time is the difference of two readings of the thread's CPU clock.
 * Within 5 us of the last reading, and as long as the kernel proves that the
 * thread was not switched out, the next reading is computed from the
 * processor's counter, without a system call. If a hypervisor takes the
 * processor for less than 5 us, that time is charged, because it is not
 * noticed. Each ms the clock and the counter are read together, and time that
 * was charged in excess is deducted. If the kernel does not prove it (or the C
 * library does not request it), each reading costs a system call.
 *
 * Threads:   any (other threads see the ended sections only).
 * Signal handlers: yes; without the running section if the handler has
 *            interrupted another call about budgets in its own thread.
 * Source:    rseq in <linux/rseq.h>; CLOCK_THREAD_CPUTIME_ID in
 *            clock_gettime(2).
 * Since:     0.1
 */
WASMSIG_API uint64_t wasmsig_budget_used_ns(const wasmsig_budget *budget);

/**
 * The state of the budget.
 *
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API wasmsig_budget_state
wasmsig_budget_get_state(const wasmsig_budget *budget);

/**
 * Which limit the budget's state KILLED is for. If several were passed, the one
 * that was acted on.
 *
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API wasmsig_limit
wasmsig_budget_get_limit(const wasmsig_budget *budget);

/**
 * Resets the budget for a new request: no time is used, and no limit was
 * reached. The wall limit begins at the next enter. `options` may be NULL (the
 * limits stay), or it gives new limits and a new signal; registry, instances
 * and kill stay.
 *
 * Errors:    as wasmsig_budget_init(); EBUSY (still entered), EHANDLER.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_reset(wasmsig_budget *budget,
                                     const wasmsig_budget_options *options);

/**
 * Destroys the budget. The registry that it names must still exist.
 *
 * Errors:    EINVAL, EBUSY (still entered).
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_budget_destroy(wasmsig_budget *budget);

/* ---------------------------------------------------------------- firing */

/** What checks a section when one of its limits may have been reached. */
typedef enum wasmsig_firing {
  /** The timer if there is one, else the watchdog. */
  WASMSIG_FIRING_DEFAULT = 0,
  /**
   * A monotonic timer, whose signal goes to the thread in the section. That
   * thread is on a processor when it uses CPU, so no other thread has to be
   * scheduled. The watchdog is the backstop, because a thread may block the
   * signal; it also does the kills that a handler may not do.
   */
  WASMSIG_FIRING_TIMER = 1,
  /** A thread that sleeps for the least time that any section has left. */
  WASMSIG_FIRING_WATCHDOG = 2,
} wasmsig_firing;

/** What checks limits, by which signal, and with which priority. */
typedef struct wasmsig_firing_options {
  size_t size;           /* of this struct: it tells the version */
  wasmsig_firing firing; /* what checks limits */
  /**
   * The timer's signal. 0: the highest real-time signal that has no handler,
   * that the calling thread does not block (code that takes signals by
   * sigwaitinfo(2) or signalfd(2) blocks them), and for which the system lets
   * us install a handler. The handler that was installed before still receives
   * signals that are not our timer's, with the signals blocked that it
   * requested. A handler that is installed over ours later should call ours.
   * Never set the signal back to SIG_DFL: that would end the process. gdb stops
   * at the signal unless it is told not to: `handle SIG64 nostop noprint`, if
   * it is 64.
   */
  int timer_signal;
  /**
   * 1..99: the watchdog runs as SCHED_RR, if the system permits it. 0: as any
   * thread, with a short time slice if the kernel has them.
   */
  int realtime_priority;
} wasmsig_firing_options;

#define WASMSIG_FIRING_OPTIONS_INIT \
  {sizeof(wasmsig_firing_options), WASMSIG_FIRING_DEFAULT, 0, 0}

/**
 * Chooses what checks limits from now on, for the whole process. A later call
 * may change it again, while no section runs.
 *
 * Errors:    EINVAL (a field is out of range), EFIRING (the signal is not a
 *            real-time one, USR1, USR2, PROF, VTALRM, URG or IO; or TIMER was
 *            requested and no signal is free), EBUSY (a section runs),
 *            EHANDLER.
 * Threads:   any. Signal handlers: no.
 * Source:    timer_create(2), SIGEV_THREAD_ID; sched(7).
 * Since:     0.1
 */
WASMSIG_API int wasmsig_set_firing(const wasmsig_firing_options *options);

/**
 * What checks the sections of the calling thread: TIMER or WATCHDOG, the
 * timer's signal (0: none), and the priority that the system granted to the
 * watchdog. The watchdog checks a thread that is refused a timer
 * (RLIMIT_SIGPENDING), and one that blocks the timer's signal: no timer is set
 * in a section that begins meanwhile, nor for some 10 ms after. A timer that is
 * set already stays set. So if you want to take the signal by sigwaitinfo(2),
 * block it before the thread's sections. For a thread that has entered no
 * section yet: what it would have.
 *
 * Errors:    EINVAL (NULL, or a size that is too small), EHANDLER.
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_get_firing(wasmsig_firing_options *options);

/* ------------------------------------------------- the process's signals */

/**
 * From now on the process's `signal` is also raised for every tracked instance,
 * inside the signal handler: a busy guest receives it at once.
 *
 * A handler that was installed before is called after ours, with the signals
 * blocked that its own `sa_mask` and flags say. If there was none, the process
 * dies of the signal when wasmsig_forward_is_due(). With `insist` > 0, it also
 * dies of the signal, even if it has another handler, after `insist` deliveries
 * in a row that reached guests and that none of them acknowledged (2: at the
 * second one). The first process of a container, which no signal ends, exits
 * with status 128 + signal.
 *
 * Errors:    ESIGNAL, EINVAL (insist negative), EFORWARD (SIGKILL, SIGSTOP,
 *            TSTP, TTIN, TTOU; ABRT, BUS, FPE, ILL, SEGV, SYS, TRAP, which are
 *            signals of faults; forwarded already; or another handler was
 *            installed over ours, and the forwarding was stopped since).
 * Threads:   any. Signal handlers: no.
 * Source:    POSIX.1-2017 sigaction(2).
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_start(int signal, int insist);

/**
 * Restores the handler that was installed before ours, unless ours was replaced
 * since: then the new one stays.
 *
 * Errors:    ESIGNAL, EFORWARD (not forwarded).
 * Threads:   any. Signal handlers: no.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_stop(int signal);

/**
 * How many instances the last delivery of a forwarded signal reached, and how
 * many deliveries there were. For hosts that act if it reached none.
 *
 * Errors:    ESIGNAL, EFORWARD.
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_last(int signal, uint64_t *deliveries,
                                     uint64_t *reached);

/**
 * How many deliveries of a forwarded signal in a row, up to the last one,
 * reached guests and were acknowledged by none: 1 if the last one was just
 * delivered, 2 if the one before it still waited. `insist` is compared with
 * this number. For hosts that end the process in their own way.
 *
 * Errors:    ESIGNAL, EFORWARD, EINVAL (NULL).
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_unanswered(int signal, uint64_t *count);

/**
 * How many of the instances that the last delivery of a forwarded signal
 * reached declare, by their handled set, that they handle the signal.
 *
 * Errors:    ESIGNAL, EFORWARD, EINVAL (NULL).
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_handled(int signal, uint64_t *count);

/**
 * For how many instances of the process a forwarded signal waits: it was
 * raised, and they have not acknowledged it. For hosts that end the process
 * after a grace period. An instance with a signal word only keeps the newest
 * signal, so an older one does not wait for it. For an instance in a MOVABLE
 * memory, a signal waits until the next sync.
 *
 * Errors:    ESIGNAL, EFORWARD, EINVAL (NULL).
 * Threads:   any. Signal handlers: yes.
 * Progress:  wait-free.
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_waiting(int signal, uint64_t *count);

/**
 * Whether a forwarded signal is due for its default action, after its last
 * delivery and as far as guests are concerned: 1 or 0. The handler that was
 * installed before may ask this, and take the default action if no other code
 * handles the signal. A signal whose default action ends a process (not CHLD,
 * CONT, URG, WINCH) is due
 *   - if it reached no guest;
 *   - if all guests that it reached say by their handled set that they do not
 *     handle it; SIGINT at the second delivery, at least 200 ms after the
 *     first;
 *   - else, without `insist`, at a delivery at least 200 ms after one that is
 *     not acknowledged. A delivery that comes sooner belongs to the same
 *     request: one key, or one timeout(1), may send the signal to a process and
 *     to its group.
 *
 * Errors:    ESIGNAL, EFORWARD (not forwarded).
 * Threads:   any. Signal handlers: yes.
 * Source:    docs/explanation/protocol.md, "Unhandled signals".
 * Since:     0.1
 */
WASMSIG_API int wasmsig_forward_is_due(int signal);

/* ------------------------------------------------------------ statistics */

/** Counters of the process, from its start. */
typedef struct wasmsig_statistics {
  uint64_t raises;   /* instances that received a signal */
  uint64_t failures; /* GUARDED words that the system did not let us access */
  uint64_t soft;     /* soft limits that were reached */
  uint64_t kills;    /* kill functions called, without repetitions */
  uint64_t wakes;    /* how often the watchdog woke */
  uint64_t fires;    /* signals of our timers that were handled */
  uint64_t arms;     /* timers set, and requests to the watchdog, by enters */
  uint64_t clock_reads; /* CPU clocks read by enter, leave and used_ns */
} wasmsig_statistics;

/**
 * Writes the counters of the process to `statistics`.
 *
 * Threads:   any.
 * Since:     0.1
 */
WASMSIG_API void wasmsig_get_statistics(wasmsig_statistics *statistics);

#ifdef __cplusplus
}
#endif

#endif

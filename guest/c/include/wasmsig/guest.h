/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig for guests in C and C++: hear the host's signals in the middle of a
 * loop.
 *
 *     #include <wasmsig/guest.h>
 *
 *     WASMSIG_GUEST_WORDS();         // in one file of the program
 *
 *     static int stop;
 *     static void nearly_out_of_cpu(int signal) { stop = 1; }
 *
 *     wasmsig_on(WASMSIG_SIGXCPU, nearly_out_of_cpu);
 *     while (!stop) {
 *       work();
 *       wasmsig_poll();              // runs the handler here, if it is time
 *     }
 *
 * Without handlers: `if (wasmsig_poll() == WASMSIG_SIGXCPU) return so_far;`.
 * Several signals may wait at once. Handlers hear each of theirs; of the others
 * wasmsig_poll() tells one, and those that it does not tell keep waiting for
 * the next poll. wasmsig_pending() tells and takes all.
 *
 * What nobody handles does what it does to any process: SIGTERM, SIGHUP and the
 * like end the host's process, SIGINT (Ctrl-C) at the second time. Handled is
 * what has a handler, and what the program says that it takes from polls:
 *
 *     wasmsig_want(WASMSIG_BIT(WASMSIG_SIGINT) | WASMSIG_BIT(WASMSIG_SIGTERM));
 *     while (!wasmsig_poll()) work();
 *
 * It needs no libc, no linker flag and no compiler flag: the words are exported
 * from assembly, and a poll is the instruction i32.atomic.load, so that no
 * compiler and no engine may lift it out of a loop
 * (docs/explanation/protocol.md). In a host that knows nothing of signals a
 * poll costs that load, and answers 0.
 *
 * For wasm32, with clang 14 or later or zig's; C99 or later, C++11 or later. A
 * guest is one thread: with several in one shared memory each signal is one
 * thread's, whichever polls first, and wasmsig_on is to be called before the
 * threads start. Handlers run inside the polls, so everything may be called
 * from one, wasmsig_poll() too. It may never return, or leave by longjmp or an
 * exception: what the poll had still to do waits for the next.
 */
#ifndef WASMSIG_GUEST_H
#define WASMSIG_GUEST_H

#if !defined(__wasm__)
#error "wasmsig/guest.h is for WebAssembly guests (clang --target=wasm32...)"
#endif
#if defined(__wasm64__)
#error "wasmsig/guest.h: 64-bit memories are not supported yet"
#endif

#ifdef __cplusplus
#define WASMSIG_EXTERN_C extern "C"
extern "C" {
#else
#define WASMSIG_EXTERN_C
#endif

/** Numbers of Linux x86-64, on every host: signal(7), "Signal numbering". */
#define WASMSIG_SIGHUP 1
#define WASMSIG_SIGINT 2
#define WASMSIG_SIGQUIT 3
#define WASMSIG_SIGKILL 9
#define WASMSIG_SIGUSR1 10
#define WASMSIG_SIGUSR2 12
#define WASMSIG_SIGALRM 14
#define WASMSIG_SIGTERM 15
#define WASMSIG_SIGCONT 18
#define WASMSIG_SIGXCPU 24
#define WASMSIG_SIGWINCH 28
#define WASMSIG_SIGNAL_MAX 64

/** A handler runs inside wasmsig_poll(), like any function that it calls. */
typedef void (*wasmsig_handler)(int signal);

/**
 * The signal is acknowledged, and nothing runs. Not 1, as elsewhere: a
 * function's address is its index in the table, and 1 is the first function's.
 */
#define WASMSIG_IGNORE ((wasmsig_handler) - 1)

/** A set of signals: bit n-1 is signal n. */
typedef unsigned long long wasmsig_set;
/** The set of one signal. */
#define WASMSIG_BIT(signal) (1ull << ((signal) - 1))

/** What the words hold until a host zeroes them. One that knows the signal word
 * alone leaves the pending set as it is. */
#define WASMSIG_UNHOSTED 0xffffu
#define WASMSIG_NO_SET (~0ull)

/* The words, and what this program knows of them. One definition each,
 * whichever files include this header. Who reads the words does so by the
 * functions below: the host writes them at any moment. */
extern unsigned int __instance_signal;
extern unsigned int __instance_terminated;
extern wasmsig_set __instance_signal_pending;
/* Weak: words that somebody else has defined may have none. */
extern wasmsig_set __instance_signal_handled __attribute__((weak));
extern char wasmsig_guest_words_stand_twice__define_them_in_one_place_only;
struct wasmsig_guest {
  wasmsig_handler handlers[WASMSIG_SIGNAL_MAX + 1];
  int saw_unhosted; /* a poll came before the host did, if there is one */
  int saw_signal;
  int (*deliver)(void);    /* what a poll does, if a library does it; else 0 */
  wasmsig_set passed_over; /* who waits since an earlier poll is told first */
  wasmsig_set wanted;      /* by polls; see wasmsig_want */
};

/* Weak in each file, so that there is one wherever the words come from: in a
 * module of Rust this is the C part's. A library that delivers has its own. */
#ifdef WASMSIG_GUEST_IS_DEFINED_HERE
extern struct wasmsig_guest wasmsig_guest;
#else
__attribute__((weak)) struct wasmsig_guest wasmsig_guest = {{0}, 0, 0, 0, 0, 0};
#endif

/**
 * Defines the four words, and exports their addresses as the globals
 * `__instance_signal`, `__instance_terminated`, `__instance_signal_pending` and
 * `__instance_signal_handled`. Once in a program, at file scope, with a
 * semicolon behind it.
 *
 * The words are weak: those of workers-rs or wasm-bindgen in the same module
 * win. The long name is there for the linker to print, should two libraries
 * use this macro: it is defined strongly.
 */
#define WASMSIG_GUEST_WORDS()                                                \
  WASMSIG_EXTERN_C WASMSIG_WORD unsigned int __instance_signal =             \
      WASMSIG_UNHOSTED;                                                      \
  WASMSIG_EXTERN_C WASMSIG_WORD unsigned int __instance_terminated = 0;      \
  WASMSIG_EXTERN_C WASMSIG_WORD                                              \
      __attribute__((aligned(8))) wasmsig_set __instance_signal_pending =    \
          WASMSIG_NO_SET;                                                    \
  WASMSIG_EXTERN_C WASMSIG_WORD                                              \
      __attribute__((aligned(8))) wasmsig_set __instance_signal_handled = 0; \
  WASMSIG_EXTERN_C __attribute__((used)) char                                \
      wasmsig_guest_words_stand_twice__define_them_in_one_place_only = 0;    \
  __asm__(                                                                   \
      ".export_name __instance_signal, __instance_signal\n"                  \
      ".export_name __instance_terminated, __instance_terminated\n"          \
      ".export_name __instance_signal_pending, "                             \
      "__instance_signal_pending\n"                                          \
      ".export_name __instance_signal_handled, "                             \
      "__instance_signal_handled\n")

#define WASMSIG_WORD __attribute__((used, weak))

/*
 * A file has the union of its functions' features: this one, never called,
 * tells the compiler and the tools behind it that the file holds atomic
 * instructions. With -mbulk-memory alone it is left out: both features together
 * would keep thread-locals (errno) as such, and those need a setup that the
 * program does not have. Then the instructions are written as bytes. LLVM's
 * WebAssemblyTargetMachine.cpp, CoalesceFeaturesAndStripAtomics.
 *
 * Who goes by way of assembly text (-S, -save-temps) needs -matomics, at both
 * steps, and clang 19: bytes among instructions do not come back from text. An
 * optimiser that asks for threads to be enabled is content with -matomics, too.
 */
#if !defined(__wasm_bulk_memory__) || defined(__wasm_atomics__)
#define WASMSIG_ATOMIC(name, bytes) name " 0\n\t"
__attribute__((used, weak, visibility("hidden"), target("atomics"))) void
wasmsig_guest_atomics(void);
__attribute__((used, weak, visibility("hidden"), target("atomics"))) void
wasmsig_guest_atomics(void) {}
#else
#define WASMSIG_ATOMIC(name, bytes) ".byte 0xfe, " bytes ", 0\n\t"
#endif

#define WASMSIG_INLINE static __inline__ __attribute__((always_inline, unused))

/* The instructions of WebAssembly threads that are wanted here, by name, and by
 * the bytes behind their prefix 0xFE: the opcode, the alignment as an exponent
 * of 2; the offset is 0. */
#define WASMSIG_I32_LOAD WASMSIG_ATOMIC("i32.atomic.load", "0x10, 2")
#define WASMSIG_I64_LOAD WASMSIG_ATOMIC("i64.atomic.load", "0x11, 3")
#define WASMSIG_I64_AND WASMSIG_ATOMIC("i64.atomic.rmw.and", "0x2d, 3")
#define WASMSIG_I64_OR WASMSIG_ATOMIC("i64.atomic.rmw.or", "0x34, 3")
#define WASMSIG_I32_XCHG WASMSIG_ATOMIC("i32.atomic.rmw.xchg", "0x41, 2")
#define WASMSIG_I64_XCHG WASMSIG_ATOMIC("i64.atomic.rmw.xchg", "0x42, 3")
#define WASMSIG_I32_CMPXCHG WASMSIG_ATOMIC("i32.atomic.rmw.cmpxchg", "0x48, 2")

WASMSIG_INLINE unsigned int wasmsig_guest_load(const unsigned int *word) {
  unsigned int value;
  __asm__ volatile("local.get %1\n\t" WASMSIG_I32_LOAD "local.set %0"
                   : "=r"(value)
                   : "r"(word)
                   : "memory");
  return value;
}

WASMSIG_INLINE unsigned int wasmsig_guest_take(unsigned int *word) {
  unsigned int value;
  __asm__ volatile(
      "local.get %1\n\t"
      "i32.const 0\n\t" WASMSIG_I32_XCHG "local.set %0"
      : "=r"(value)
      : "r"(word)
      : "memory");
  return value;
}

WASMSIG_INLINE wasmsig_set wasmsig_guest_load_set(const wasmsig_set *set) {
  wasmsig_set value;
  __asm__ volatile("local.get %1\n\t" WASMSIG_I64_LOAD "local.set %0"
                   : "=r"(value)
                   : "r"(set)
                   : "memory");
  return value;
}

WASMSIG_INLINE wasmsig_set wasmsig_guest_take_set(wasmsig_set *set) {
  wasmsig_set value;
  __asm__ volatile(
      "local.get %1\n\t"
      "i64.const 0\n\t" WASMSIG_I64_XCHG "local.set %0"
      : "=r"(value)
      : "r"(set)
      : "memory");
  return value;
}

WASMSIG_INLINE void wasmsig_guest_or_set(wasmsig_set *set, wasmsig_set more) {
  __asm__ volatile(
      "local.get %0\n\t"
      "local.get %1\n\t" WASMSIG_I64_OR "drop"
      :
      : "r"(set), "r"(more)
      : "memory");
}

/* Answers what was there. */
WASMSIG_INLINE wasmsig_set wasmsig_guest_and_set(wasmsig_set *set,
                                                 wasmsig_set mask) {
  wasmsig_set value;
  __asm__ volatile(
      "local.get %1\n\t"
      "local.get %2\n\t" WASMSIG_I64_AND "local.set %0"
      : "=r"(value)
      : "r"(set), "r"(mask)
      : "memory");
  return value;
}

/* A newer signal that is there already stays. */
WASMSIG_INLINE void wasmsig_guest_store_if_0(unsigned int *word,
                                             unsigned int value) {
  __asm__ volatile(
      "local.get %0\n\t"
      "i32.const 0\n\t"
      "local.get %1\n\t" WASMSIG_I32_CMPXCHG "drop"
      :
      : "r"(word), "r"(value)
      : "memory");
}

WASMSIG_INLINE unsigned int wasmsig_guest_lowest(wasmsig_set set) {
  return (unsigned int)__builtin_ctzll(set) + 1;
}

/*
 * Why nothing is lost, and nothing told twice, whenever the host raises.
 *
 * The host ORs a signal into the set, then stores its number into the word; we
 * take the word, then the set. So a signal that comes between is told by a word
 * that is still to be read, and a word whose signal is no longer in the set
 * came late, and says nothing.
 *
 * What is put back goes the host's way: into the set, then into the word, there
 * only if the word is 0. If it is not 0, a number stands there that no poll has
 * taken: the poll that takes it finds in the set what we put there before. A
 * signal is in the set, in the hands of one poll, or told: never two of these,
 * so it is told once each time that the host ORs it in.
 * Raised again while it waits, it is one signal, as on Unix.
 *
 * A host that knows the word alone leaves the set at all ones, and we do too:
 * a poll takes no more than the one that it tells, and puts nothing back.
 */

/* Takes all signals that wait. `*newest`: the word's signal, the lowest if that
 * came late, or 0. */
WASMSIG_INLINE wasmsig_set wasmsig_guest_take_all(unsigned int *newest) {
  /* By exchange: between a load and a store of 0 a signal could be lost. */
  unsigned int word = wasmsig_guest_take(&__instance_signal);
  wasmsig_set named, set;
  *newest = 0;
  if (word == WASMSIG_UNHOSTED) {
    wasmsig_guest.saw_unhosted = 1;
    wasmsig_guest.saw_signal = 0;
    return 0;
  }
  if (word == WASMSIG_SIGKILL) __builtin_trap();
  named = word && word <= WASMSIG_SIGNAL_MAX ? WASMSIG_BIT(word) : 0;
  set = named;
  if (wasmsig_guest_load_set(&__instance_signal_pending) != WASMSIG_NO_SET)
    set = wasmsig_guest_take_set(&__instance_signal_pending);
  if (set & WASMSIG_BIT(WASMSIG_SIGKILL)) __builtin_trap();
  if (!set) return 0;
  wasmsig_guest.saw_signal = 1;
  *newest = set & named ? word : wasmsig_guest_lowest(set);
  return set;
}

WASMSIG_INLINE void wasmsig_guest_put_back(wasmsig_set set) {
  if (!set) return;
  wasmsig_guest_or_set(&__instance_signal_pending, set);
  wasmsig_guest_store_if_0(&__instance_signal, wasmsig_guest_lowest(set));
}

/*
 * Which of those that were taken is told: one that an earlier poll passed over,
 * if there is one, else the newest. Otherwise a signal that comes between any
 * two polls, as a timer's, would hide an older one for ever. Those passed over
 * are all told before others are added to them, so none waits more than 127
 * polls.
 */
WASMSIG_INLINE unsigned int wasmsig_guest_choose(wasmsig_set set,
                                                 unsigned int newest) {
  set &= wasmsig_guest.passed_over;
  return set ? wasmsig_guest_lowest(set) : newest;
}

WASMSIG_INLINE void wasmsig_guest_pass_over(wasmsig_set set) {
  wasmsig_set before = set & wasmsig_guest.passed_over;
  wasmsig_guest.passed_over = before ? before : set;
  wasmsig_guest_put_back(set);
}

/* Those of `set` that nobody has taken since they were put back. */
WASMSIG_INLINE wasmsig_set wasmsig_guest_withdraw(wasmsig_set set) {
  if (!set) return 0;
  return set & wasmsig_guest_and_set(&__instance_signal_pending, ~set);
}

/* While a handler runs, what is still to be done waits as if the host had just
 * raised it: a poll inside may do it, and who never comes back loses nothing.
 */
static __attribute__((noinline, unused)) int wasmsig_guest_deliver(void) {
  unsigned int told, answer = 0;
  wasmsig_set set, rest, handled = 0;
  if (wasmsig_guest.deliver) return wasmsig_guest.deliver();
  set = wasmsig_guest_take_all(&told);
  if (!set) return 0;
  told = wasmsig_guest_choose(set, told);
  for (rest = set; rest; rest &= rest - 1)
    if (wasmsig_guest.handlers[wasmsig_guest_lowest(rest)])
      handled |= rest & -rest;
  wasmsig_guest_pass_over(set & ~handled & ~WASMSIG_BIT(told));
  set &= handled | WASMSIG_BIT(told);
  while (set & handled) {
    unsigned int signal = wasmsig_guest_lowest(set & handled);
    wasmsig_handler handler = wasmsig_guest.handlers[signal];
    set &= ~WASMSIG_BIT(signal);
    if (signal == told) answer = told;
    if (!handler && signal != told) /* an earlier one has taken it away */
      wasmsig_guest_put_back(WASMSIG_BIT(signal));
    if (!handler || handler == WASMSIG_IGNORE) continue;
    wasmsig_guest_put_back(set);
    handler((int)signal);
    set = wasmsig_guest_withdraw(set);
  }
  return (int)(set ? told : answer);
}

/**
 * Asks whether a signal has come, and returns its number, acknowledged, or 0 if
 * none has. Of several it returns the newest; the next polls return the others,
 * before what comes meanwhile. First it runs the handlers of all that have come
 * and have one, lowest first: these, and those that are ignored, are
 * acknowledged too. Never returns from SIGKILL: it executes `unreachable`.
 *
 * Costs the load when nothing has come (docs/explanation/poll-costs.md).
 */
WASMSIG_INLINE int wasmsig_poll(void) {
  if (__builtin_expect(wasmsig_guest_load(&__instance_signal) == 0, 1))
    return 0;
  return wasmsig_guest_deliver();
}

/**
 * All signals that wait, acknowledged; handlers are not run. 0 if there are
 * none. Of a host that knows the signal word alone, it is the newest.
 */
static __attribute__((noinline, unused)) wasmsig_set wasmsig_pending(void) {
  unsigned int newest;
  wasmsig_guest.passed_over = 0;
  return wasmsig_guest_take_all(&newest);
}

/* Puts it into the handled set, for the signals of `set`, what is so now. A
 * library that delivers does the default actions itself: there all are set. */
static __attribute__((noinline, unused)) void wasmsig_guest_say_handled(
    wasmsig_set set) {
  volatile wasmsig_set *handled = &__instance_signal_handled;
  wasmsig_set rest, now = set & wasmsig_guest.wanted;
  if (!handled || wasmsig_guest.deliver) return;
  for (rest = set; rest; rest &= rest - 1)
    if (wasmsig_guest.handlers[wasmsig_guest_lowest(rest)]) now |= rest & -rest;
  *handled = (*handled & ~set) | now;
}

/**
 * Sets the handler of a signal: a function, WASMSIG_IGNORE, or 0 (only
 * wasmsig_poll's result and wasmsig_pending tell of it; without wasmsig_want
 * the host takes it that nobody handles it). Returns the handler that stood
 * before; a signal outside 1..64, or SIGKILL, is left alone and answered with
 * 0. Handlers run in wasmsig_poll(); where the POSIX library is linked, in the
 * polls that `wasmsig instrument` puts in, too.
 */
static __inline__ __attribute__((unused)) wasmsig_handler
wasmsig_on(int signal, wasmsig_handler handler) {
  wasmsig_handler before;
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX || signal == WASMSIG_SIGKILL)
    return 0;
  before = wasmsig_guest.handlers[signal];
  wasmsig_guest.handlers[signal] = handler;
  wasmsig_guest_say_handled(WASMSIG_BIT(signal));
  return before;
}

/**
 * Says which signals this program takes from wasmsig_poll() or
 * wasmsig_pending(), and does what is to be done about them: a host cannot see
 * what becomes of an answer. Without this, and without a handler, SIGTERM ends
 * the host's process at once, and SIGINT at the second time
 * (docs/explanation/protocol.md, "Unhandled signals"). The set takes the place
 * of the one before, which is returned; 0 at the start. SIGKILL in it is left
 * out.
 */
static __inline__ __attribute__((unused)) wasmsig_set
wasmsig_want(wasmsig_set set) {
  wasmsig_set before = wasmsig_guest.wanted;
  wasmsig_guest.wanted = set & ~WASMSIG_BIT(WASMSIG_SIGKILL);
  wasmsig_guest_say_handled(before | wasmsig_guest.wanted);
  return before;
}

/**
 * Whether a host that delivers signals runs this instance: it has zeroed the
 * signal word. Certain as soon as the instance has been made; to a poll in the
 * module's start function (constructors are not that) it says no.
 */
WASMSIG_INLINE int wasmsig_is_hosted(void) {
  unsigned int word = wasmsig_guest_load(&__instance_signal);
  if (word) return word != WASMSIG_UNHOSTED;
  /* A poll took the 65535 away: what else does the host leave behind? */
  return !wasmsig_guest.saw_unhosted || wasmsig_guest.saw_signal ||
         wasmsig_guest_load_set(&__instance_signal_pending) != WASMSIG_NO_SET;
}

#ifdef __cplusplus
}
#endif

#endif

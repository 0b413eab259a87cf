/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * wasmsig for guests in C and C++: receive the host's signals in the middle of
 * a loop.
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
 *       wasmsig_poll();              // runs the handler, if a signal came
 *     }
 *
 * Without handlers: `if (wasmsig_poll() == WASMSIG_SIGXCPU) return so_far;`.
 * Several signals may wait at once. Each handler receives its signals. Of the
 * others wasmsig_poll() returns one, and the rest waits for the next poll.
 * wasmsig_pending() takes and returns all.
 *
 * A signal that is not handled has its usual effect: SIGTERM, SIGHUP and others
 * end the host's process at once, SIGINT (Ctrl-C) at the second time. A signal
 * is handled if it has a handler, or if the program declares that it takes the
 * signal from its polls:
 *
 *     wasmsig_want(WASMSIG_BIT(WASMSIG_SIGINT) | WASMSIG_BIT(WASMSIG_SIGTERM));
 *     while (!wasmsig_poll()) work();
 *
 * It needs no libc, no linker flag and no compiler flag. The words are exported
 * from assembly. A poll is the instruction i32.atomic.load, which no compiler
 * and no engine may move out of a loop (docs/explanation/protocol.md). In a
 * host without signals a poll costs that load, and returns 0.
 *
 * For wasm32, with clang 14 or later or zig's; C99 or later, C++11 or later. A
 * guest is one thread. If several threads share a memory, the thread that polls
 * first takes a signal; call wasmsig_on before the threads start. Handlers run
 * inside the polls, so they may call everything, wasmsig_poll() too. A handler
 * may never return, or leave by longjmp or an exception: the rest of the poll's
 * work waits for the next poll.
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

/** The values of the words until a host zeroes them. A host that knows only the
 * signal word leaves the pending set as it is. */
#define WASMSIG_UNHOSTED 0xffffu
#define WASMSIG_NO_SET (~0ull)

/* The words, and this program's state. One definition each, whichever files
 * include this header. Read the words by the functions below only: the host
 * writes them at any moment. */
extern unsigned int __instance_signal;
extern unsigned int __instance_terminated;
extern wasmsig_set __instance_signal_pending;
/* Weak: words that another library defines may lack it. */
extern wasmsig_set __instance_signal_handled __attribute__((weak));
extern char wasmsig_guest_words_stand_twice__define_them_in_one_place_only;
struct wasmsig_guest {
  wasmsig_handler handlers[WASMSIG_SIGNAL_MAX + 1];
  int saw_unhosted; /* a poll has taken the value UNHOSTED */
  int saw_signal;
  int (*deliver)(void);    /* a library's poll; 0: none */
  wasmsig_set passed_over; /* the next poll returns one of these */
  wasmsig_set wanted;      /* by polls; see wasmsig_want */
};

/* Weak in each file, so that there is one wherever the words come from: in a
 * module of Rust the C part defines it. A library that delivers has its own. */
#ifdef WASMSIG_GUEST_IS_DEFINED_HERE
extern struct wasmsig_guest wasmsig_guest;
#else
__attribute__((weak)) struct wasmsig_guest wasmsig_guest = {{0}, 0, 0, 0, 0, 0};
#endif

/**
 * Defines the four words, and exports their addresses as the globals
 * `__instance_signal`, `__instance_terminated`, `__instance_signal_pending` and
 * `__instance_signal_handled`. Use it once in a program, at file scope,
 * followed by a semicolon.
 *
 * The words are weak: those of workers-rs or wasm-bindgen in the same module
 * replace them. The long name is defined strongly, so that the linker prints it
 * if two libraries use this macro.
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
 * A file has the union of its functions' features. This function is never
 * called; it declares to the compiler and later tools that the file contains
 * atomic instructions. With -mbulk-memory alone it is left out: both features
 * together would keep thread-locals (errno) as such, and those need a setup
 * that the program does not have. Then the instructions are written as bytes.
 * LLVM's WebAssemblyTargetMachine.cpp, CoalesceFeaturesAndStripAtomics.
 *
 * Compiling by way of assembly text (-S, -save-temps) needs -matomics, at both
 * steps, and clang 19: text cannot represent bytes among instructions.
 * -matomics also satisfies an optimiser that requires threads to be enabled.
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

/* The instructions of WebAssembly threads that this header uses: the name, and
 * the bytes after the prefix 0xFE: opcode, alignment as an exponent of 2. The
 * offset is 0. */
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

/* Returns the old value. */
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

/* Keeps a newer signal that is there already. */
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
 * Why no signal is lost or delivered twice, at whatever moment the host raises.
 *
 * The host ORs a signal into the set, then stores its number into the word. A
 * poll takes the word, then the set. So a signal that arrives in between is in
 * a word that is still to be read. A word whose signal is no longer in the set
 * arrived late, and has no meaning.
 *
 * A poll puts signals back in the order of the host: into the set, then into
 * the word, and there only if the word is 0. If the word is not 0, no poll has
 * taken its number yet: the poll that takes it also finds in the set the
 * signals that were put there before. A signal is in the set, held by one poll,
 * or delivered, and never two of these. So it is delivered once each time that
 * the host ORs it in. Raised again while it waits, it is one signal, as on
 * Unix.
 *
 * A host that knows only the word leaves the set at all ones, and so do polls:
 * they take only the signal that they return, and put none back.
 */

/* Takes all signals that wait. `*newest`: the word's signal; the lowest one if
 * the word arrived late; or 0. */
WASMSIG_INLINE wasmsig_set wasmsig_guest_take_all(unsigned int *newest) {
  /* An exchange: a signal between a load and a store of 0 would be lost. */
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
 * Chooses the signal to return: one that an earlier poll passed over, if there
 * is one, else the newest. Otherwise a signal that arrives between any two
 * polls, such as a timer's, would hide an older one for ever. All signals
 * passed over are returned before others are added to them, so none waits for
 * more than 127 polls.
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

/* Takes those of `set` that no poll has taken since they were put back. */
WASMSIG_INLINE wasmsig_set wasmsig_guest_withdraw(wasmsig_set set) {
  if (!set) return 0;
  return set & wasmsig_guest_and_set(&__instance_signal_pending, ~set);
}

/* While a handler runs, the other signals wait as if the host had just raised
 * them. A poll inside the handler may deliver them, and none is lost if the
 * handler never returns. */
static __attribute__((noinline, unused)) int wasmsig_guest_deliver(void) {
  unsigned int chosen, result = 0;
  wasmsig_set set, rest, handled = 0;
  if (wasmsig_guest.deliver) return wasmsig_guest.deliver();
  set = wasmsig_guest_take_all(&chosen);
  if (!set) return 0;
  chosen = wasmsig_guest_choose(set, chosen);
  for (rest = set; rest; rest &= rest - 1)
    if (wasmsig_guest.handlers[wasmsig_guest_lowest(rest)])
      handled |= rest & -rest;
  wasmsig_guest_pass_over(set & ~handled & ~WASMSIG_BIT(chosen));
  set &= handled | WASMSIG_BIT(chosen);
  while (set & handled) {
    unsigned int signal = wasmsig_guest_lowest(set & handled);
    wasmsig_handler handler = wasmsig_guest.handlers[signal];
    set &= ~WASMSIG_BIT(signal);
    if (signal == chosen) result = chosen;
    if (!handler && signal != chosen) /* an earlier handler removed it */
      wasmsig_guest_put_back(WASMSIG_BIT(signal));
    if (!handler || handler == WASMSIG_IGNORE) continue;
    wasmsig_guest_put_back(set);
    handler((int)signal);
    set = wasmsig_guest_withdraw(set);
  }
  return (int)(set ? chosen : result);
}

/**
 * Checks for signals. Returns the number of a signal that has arrived,
 * acknowledged, or 0 if there is none. Of several it returns the newest; the
 * next polls return the others before signals that arrive later. First it runs
 * the handlers of all signals that have arrived and have one, lowest number
 * first. These signals, and ignored ones, are acknowledged too. Never returns
 * from SIGKILL: it executes `unreachable`.
 *
 * Costs one load if no signal has arrived (docs/explanation/poll-costs.md).
 */
WASMSIG_INLINE int wasmsig_poll(void) {
  if (__builtin_expect(wasmsig_guest_load(&__instance_signal) == 0, 1))
    return 0;
  return wasmsig_guest_deliver();
}

/**
 * Returns all signals that wait, acknowledged, or 0 if there are none. Runs no
 * handler. In a host that knows only the signal word it returns the newest.
 */
static __attribute__((noinline, unused)) wasmsig_set wasmsig_pending(void) {
  unsigned int newest;
  wasmsig_guest.passed_over = 0;
  return wasmsig_guest_take_all(&newest);
}

/* Updates the handled set for the signals of `set`. A library that delivers
 * carries out the default actions itself: it has set all bits. */
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
 * Sets the handler of a signal: a function, WASMSIG_IGNORE, or 0 for none. A
 * signal without a handler is only returned by wasmsig_poll() and
 * wasmsig_pending(), and counts as unhandled unless wasmsig_want() declares it.
 * Returns the previous handler. For a signal outside 1..64, and for SIGKILL, it
 * changes nothing and returns 0. Handlers run in wasmsig_poll(), and in the
 * polls that `wasmsig instrument` adds if the POSIX library is linked.
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
 * Declares which signals this program takes from wasmsig_poll() or
 * wasmsig_pending() and acts on: a host cannot see how the program uses the
 * result. Without this, and without a handler, SIGTERM ends the host's process
 * at once, and SIGINT at the second time (docs/explanation/protocol.md,
 * "Unhandled signals"). The set replaces the previous one, which is returned; 0
 * at the start. SIGKILL in it has no effect.
 */
static __inline__ __attribute__((unused)) wasmsig_set
wasmsig_want(wasmsig_set set) {
  wasmsig_set before = wasmsig_guest.wanted;
  wasmsig_guest.wanted = set & ~WASMSIG_BIT(WASMSIG_SIGKILL);
  wasmsig_guest_say_handled(before | wasmsig_guest.wanted);
  return before;
}

/**
 * Whether a host that delivers signals runs this instance: such a host has
 * zeroed the signal word. Certain as soon as the instance has been created. In
 * the module's start function (constructors are not that) it returns 0.
 */
WASMSIG_INLINE int wasmsig_is_hosted(void) {
  unsigned int word = wasmsig_guest_load(&__instance_signal);
  if (word) return word != WASMSIG_UNHOSTED;
  /* A poll has taken the 65535; other signs of a host are left. */
  return !wasmsig_guest.saw_unhosted || wasmsig_guest.saw_signal ||
         wasmsig_guest_load_set(&__instance_signal_pending) != WASMSIG_NO_SET;
}

#ifdef __cplusplus
}
#endif

#endif

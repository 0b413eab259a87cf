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
 * Needs no libc, no linker flag and no compiler flag: the words are exported
 * from assembly, and a poll is the instruction i32.atomic.load, so that no
 * compiler and no engine may lift it out of a loop (docs/protocol.md).
 * Compile for wasm32 with clang 14 or later.
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
extern "C" {
#endif

/* Numbers of Linux x86-64, on every host. */
#define WASMSIG_SIGHUP 1
#define WASMSIG_SIGINT 2
#define WASMSIG_SIGKILL 9
#define WASMSIG_SIGUSR1 10
#define WASMSIG_SIGUSR2 12
#define WASMSIG_SIGALRM 14
#define WASMSIG_SIGTERM 15
#define WASMSIG_SIGXCPU 24
#define WASMSIG_SIGNAL_MAX 64

/** A handler runs inside wasmsig_poll(), like any function that it calls. */
typedef void (*wasmsig_handler)(int signal);

/**
 * The signal is acknowledged and nothing else happens. Not 1, as elsewhere: a
 * function's address is its index in the table, and 1 is the first function's.
 */
#define WASMSIG_IGNORE ((wasmsig_handler) - 1)

/* One definition each, whichever files include this header. */
extern unsigned int __instance_signal;
extern wasmsig_handler wasmsig_guest_handlers[WASMSIG_SIGNAL_MAX + 1];

/* What the signal word holds until a host that knows wasmsig zeroes it. */
#define WASMSIG_UNHOSTED 0xffffu

/**
 * Defines the signal word and the handlers, and exports the word's address as
 * the global `__instance_signal`. Once in a program, at file scope, with a
 * semicolon behind it.
 */
#define WASMSIG_GUEST_WORDS()                                         \
  WASMSIG_EXTERN_C unsigned int __instance_signal = WASMSIG_UNHOSTED; \
  WASMSIG_EXTERN_C wasmsig_handler                                    \
      wasmsig_guest_handlers[WASMSIG_SIGNAL_MAX + 1] = {0};           \
  __asm__(".export_name __instance_signal, __instance_signal\n")

#ifdef __cplusplus
#define WASMSIG_EXTERN_C extern "C"
#else
#define WASMSIG_EXTERN_C
#endif

/*
 * A file gets the union of its functions' features: this one, never called,
 * lets the assembler take atomic instructions in a file built without them.
 */
__attribute__((used, weak, visibility("hidden"), target("atomics"))) void
wasmsig_guest_atomics(void) {}

static __inline__ __attribute__((always_inline)) unsigned int
wasmsig_guest_load(unsigned int *word) {
  unsigned int value;
  __asm__ volatile(
      "local.get %1\n\t"
      "i32.atomic.load 0\n\t"
      "local.set %0"
      : "=r"(value)
      : "r"(word)
      : "memory");
  return value;
}

static __inline__ __attribute__((always_inline)) unsigned int
wasmsig_guest_take(unsigned int *word) {
  unsigned int value;
  __asm__ volatile(
      "local.get %1\n\t"
      "i32.const 0\n\t"
      "i32.atomic.rmw.xchg 0\n\t"
      "local.set %0"
      : "=r"(value)
      : "r"(word)
      : "memory");
  return value;
}

/** Whether a host that delivers signals runs this instance. */
static __inline__ int wasmsig_is_hosted(void) {
  return wasmsig_guest_load(&__instance_signal) != WASMSIG_UNHOSTED;
}

static __attribute__((noinline, unused)) int wasmsig_guest_deliver(void) {
  /* Taken by exchange: between a load and a store a signal could be lost. */
  unsigned int signal = wasmsig_guest_take(&__instance_signal);
  if (signal == WASMSIG_UNHOSTED) {
    __instance_signal = WASMSIG_UNHOSTED;
    return 0;
  }
  if (signal == WASMSIG_SIGKILL) __builtin_trap();
  if (signal == 0 || signal > WASMSIG_SIGNAL_MAX) return 0;
  wasmsig_handler handler = wasmsig_guest_handlers[signal];
  if (handler && handler != WASMSIG_IGNORE) handler((int)signal);
  return (int)signal;
}

/**
 * Asks whether a signal has come; acknowledges it, runs its handler, if one
 * was set, and returns its number; 0 if there is none. Never returns from
 * SIGKILL: it executes `unreachable`. Costs about a nanosecond when nothing
 * has come.
 */
static __inline__ __attribute__((always_inline)) int wasmsig_poll(void) {
  unsigned int signal = wasmsig_guest_load(&__instance_signal);
  if (__builtin_expect(signal == 0 || signal == WASMSIG_UNHOSTED, 1)) return 0;
  return wasmsig_guest_deliver();
}

/**
 * Sets the handler of a signal: a function, WASMSIG_IGNORE, or 0 (only
 * wasmsig_poll's result tells of it). Returns the handler that stood before;
 * a signal outside 1..64, or SIGKILL, is left alone and answered with 0.
 */
static __inline__ __attribute__((unused)) wasmsig_handler
wasmsig_on(int signal, wasmsig_handler handler) {
  wasmsig_handler before;
  if (signal < 1 || signal > WASMSIG_SIGNAL_MAX || signal == WASMSIG_SIGKILL)
    return 0;
  before = wasmsig_guest_handlers[signal];
  wasmsig_guest_handlers[signal] = handler;
  return before;
}

#ifdef __cplusplus
}
#endif

#endif

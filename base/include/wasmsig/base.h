/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * What all libraries of wasmsig share: the version, signal numbers and errors.
 * host.h, module.h and instrument.h include it.
 *
 * Functions that can fail return a negative wasmsig_error and then have
 * changed nothing, unless their own comment says otherwise.
 */
#ifndef WASMSIG_BASE_H
#define WASMSIG_BASE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Marks what a shared library exports; everything else in it is hidden. */
#define WASMSIG_API __attribute__((visibility("default")))

/** The version of the headers, as text. */
#define WASMSIG_VERSION "0.1.0"

/**
 * Signal numbers are those of Linux on x86-64, on every host
 * (docs/explanation/protocol.md).
 */
#define WASMSIG_SIGINT 2
#define WASMSIG_SIGKILL 9
#define WASMSIG_SIGXCPU 24
#define WASMSIG_SIGNAL_MAX 64

/** The address of a word that the module does not have. */
#define WASMSIG_NO_WORD UINT64_MAX

/* ---------------------------------------------------------------- errors */

/** Every error: X(name, negative number, text). */
#define WASMSIG_ERRORS(X)                                                   \
  X(EINVAL, -1, "an argument is missing or out of range")                   \
  X(ENOMEM, -2, "out of memory")                                            \
  X(ESIGNAL, -3, "a signal number must lie in 1..64")                       \
  X(ERANGE, -4, "a word lies outside the instance's memory")                \
  X(EALIGN, -5, "a word is not aligned to its size")                        \
  X(EOVERLAP, -6, "two words overlap")                                      \
  X(EMOVABLE, -7, "the memory may move, so nothing may be written later")   \
  X(ENOINSTANCE, -8, "no such instance in this registry")                   \
  X(ELIMITS, -9, "no limit is set, one is 0 or too large, or soft > hard")  \
  X(ENOKILL, -10, "a hard limit needs a kill function")                     \
  X(EBUSY, -11, "the budget is in use by another thread, or still entered") \
  X(EORDER, -12, "only the innermost budget of the thread can be left")     \
  X(ESPENT, -13, "the budget's hard limit is used up")                      \
  X(ETHREAD, -14, "the watchdog thread could not be started")               \
  X(ECLOCK, -15, "this thread's CPU clock cannot be read")                  \
  X(EFORWARD, -16, "this signal cannot be forwarded, or is already")        \
  X(EFULL, -17, "no space for another registry or instance")                \
  X(EDEAD, -18, "the registry has been destroyed")                          \
  X(EWRITE, -19, "the system does not allow writes to this memory")         \
  X(EHANDLER, -20, "a signal handler has interrupted a budget's own call")  \
  X(EFIRING, -21, "the timer cannot use this signal")                       \
  X(EREAD, -22, "the module's bytes could not be read")

/** An error code is negative. 0 and positive numbers are success. */
typedef enum wasmsig_error {
  WASMSIG_OK = 0,
#define WASMSIG_ERROR_ENUM(name, number, text) WASMSIG_##name = (number),
  WASMSIG_ERRORS(WASMSIG_ERROR_ENUM)
#undef WASMSIG_ERROR_ENUM
} wasmsig_error;

/**
 * The name of an error code, such as "WASMSIG_EINVAL". It is "WASMSIG_OK" for 0
 * and positive numbers.
 *
 * Returns:   a string that is never freed; "WASMSIG_E?" for unknown codes.
 * Threads:   any. Signal handlers: yes.
 * Since:     0.1
 */
WASMSIG_API const char *wasmsig_error_name(int code);

/** The text for an error code. Otherwise as wasmsig_error_name(). */
WASMSIG_API const char *wasmsig_error_text(int code);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A guest that computes decimal digits of pi until a signal ends the work.
 *
 * The digits come from a spigot (Gibbons, 2006): each digit is final the moment
 * it is written, so an interrupted computation has a result, too.
 *
 *     pi = 2 + 1/3 (2 + 2/5 (2 + 3/7 (2 + ... k/(2k+1) (...))))
 *
 * The value of any such tail lies in [3, 4]. The digits that are still to come
 * are therefore those of a number in the interval
 *
 *     [low / scale, (low + width) / scale]          at first [3/1, (3 + 1)/1]
 *
 * Why no wrong digit is ever written:
 *  1. Term k replaces the tail x by 2 + k/(2k+1) x. Put into the interval, that
 *     is low' = (2k+1) low + (k-1) width, width' = k width,
 *     scale' = (2k+1) scale: all three stay whole and non-negative, and the
 *     new interval lies inside the old one.
 *  2. A whole `scale` taken off `low` is 1 added to `digit`, and term k keeps
 *     this true, as it multiplies both by the same 2k+1.
 *  3. A digit is written only when low + width < scale: then every number of
 *     the interval begins with it. Dropping it and going on with ten times the
 *     rest keeps the invariant.
 *
 * The three numbers grow at the same pace, so they share one length. The loops
 * over their limbs use nearly all the time, so the polls are there. These loops
 * hold the length in a local: a handler could change a global, so the compiler
 * would read it again after each poll.
 *
 *     clang --target=wasm32 -O2 -nostdlib -ffreestanding -Wl,--no-entry \
 *       -Iguest/c/include -o pi.wasm examples/pi/pi.c
 */
#include <stdint.h>

#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

#define EXPORT(name) __attribute__((export_name(#name)))
#define IMPORT(from, name) \
  __attribute__((import_module(#from), import_name(#name)))

enum {
  DIGITS = 16000,
  /* Enough for DIGITS: see has_room(), which does not rely on it. */
  LIMBS = 25856,
};

/** Reports to the host, in the middle of a loop, that the signal arrived. */
IMPORT(host, received) extern void host_received(int signal, int count);

/* Least significant limb first; limbs from `length` on are unused. */
static uint32_t low[LIMBS], width[LIMBS], scale[LIMBS];
static int length;

static uint32_t term;
static char digit;

static char digits[DIGITS];
static int count;

static int stopping;

static void start(void) {
  low[0] = 3;
  width[0] = 1;
  scale[0] = 1;
  length = 1;
  term = 1;
  digit = 0;
  count = 0;
}

/* A term and a written digit make the numbers at most one limb longer each. */
static int has_room(void) { return count < DIGITS && length <= LIMBS - 2; }

static void append(uint64_t low_limb, uint64_t width_limb,
                   uint64_t scale_limb) {
  if (!(low_limb | width_limb | scale_limb)) return;
  low[length] = (uint32_t)low_limb;
  width[length] = (uint32_t)width_limb;
  scale[length] = (uint32_t)scale_limb;
  length++;
}

/* No sum overflows: the factors are below 2^18, a limb is below 2^32. */
static void take_in_term(void) {
  const uint64_t k = term++;
  const int n = length;
  uint64_t low_carry = 0, width_carry = 0, scale_carry = 0;
  for (int i = 0; i < n; i++) {
    low_carry += (2 * k + 1) * low[i] + (k - 1) * width[i];
    width_carry += k * width[i];
    scale_carry += (2 * k + 1) * scale[i];
    low[i] = (uint32_t)low_carry;
    width[i] = (uint32_t)width_carry;
    scale[i] = (uint32_t)scale_carry;
    low_carry >>= 32;
    width_carry >>= 32;
    scale_carry >>= 32;
    wasmsig_poll();
  }
  append(low_carry, width_carry, scale_carry);
}

static int low_reaches_scale(void) {
  int i = length - 1;
  while (i > 0 && low[i] == scale[i]) i--;
  return low[i] >= scale[i];
}

static void take_scale_off_low(void) {
  const int n = length;
  uint32_t borrow = 0;
  for (int i = 0; i < n; i++) {
    uint64_t rest = (uint64_t)low[i] - scale[i] - borrow;
    low[i] = (uint32_t)rest;
    borrow = rest >> 63;
    wasmsig_poll();
  }
}

/*
 * Whether low + width < scale, nearly always from the first limbs alone: those
 * below limb i add less than 1 to the margin, and take less than 2 from it.
 */
static int is_certain(void) {
  int64_t margin = 0;
  for (int i = length - 1; i >= 0; i--) {
    margin = margin * 4294967296 + scale[i] - low[i] - width[i];
    if (margin < 0) return 0;
    if (margin >= 2) return 1;
  }
  return margin > 0;
}

static void write_digit(void) {
  const int n = length;
  uint64_t low_carry = 0, width_carry = 0;
  digits[count++] = '0' + digit;
  digit = 0;
  for (int i = 0; i < n; i++) {
    low_carry += 10 * (uint64_t)low[i];
    width_carry += 10 * (uint64_t)width[i];
    low[i] = (uint32_t)low_carry;
    width[i] = (uint32_t)width_carry;
    low_carry >>= 32;
    width_carry >>= 32;
    wasmsig_poll();
  }
  append(low_carry, width_carry, 0);
}

/* Computes until a handler says stop, or until there is no more room. */
static void compute(void) {
  start();
  stopping = 0;
  while (!stopping && has_room()) {
    take_in_term();
    while (low_reaches_scale()) {
      take_scale_off_low();
      digit++;
    }
    if (is_certain()) write_digit();
  }
}

static void stop(int signal) {
  host_received(signal, count);
  stopping = 1;
}

static int compute_until(int signal) {
  wasmsig_handler before = wasmsig_on(signal, stop);
  compute();
  wasmsig_on(signal, before);
  return count;
}

/** Returns how many digits there are when SIGXCPU has come, or at capacity. */
EXPORT(until_sigxcpu) int until_sigxcpu(void) {
  return compute_until(WASMSIG_SIGXCPU);
}

/** The same, for SIGINT. */
EXPORT(until_sigint) int until_sigint(void) {
  return compute_until(WASMSIG_SIGINT);
}

/* Reports the signal, and goes on. */
static void ignore(int signal) { host_received(signal, count); }

/** The same work by a guest that never stops: at capacity it starts again. */
EXPORT(ignoring_sigxcpu) void ignoring_sigxcpu(void) {
  wasmsig_on(WASMSIG_SIGXCPU, ignore);
  for (;;) compute();
}

/** Where the digits are: ASCII, without the decimal point. */
EXPORT(digits) const char *digits_address(void) { return digits; }

EXPORT(capacity) int capacity(void) { return DIGITS; }

/** Almost no work: the time of a call is what the host adds. */
EXPORT(echo) int echo(int value) { return value; }

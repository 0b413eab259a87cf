/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Why a place suits the words of a module, or why not: texts of
 * WASMSIG_REASON_MAX bytes. */
#ifndef WSIG_INSTRUMENT_PLACE_REASON_H
#define WSIG_INSTRUMENT_PLACE_REASON_H

/** Writes why a place suits the module, or why not. Return 0 and 1. */
int wsig_place_suits(char *reason, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int wsig_place_does_not(char *reason, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Steps: the places between two accesses whose order matters. Nothing, unless
 * the stress tests compile a delay in (WASMSIG_DELAYS): then each step takes a
 * random while, so that other threads and handlers come in between.
 */
#ifndef WSIG_STEP_H
#define WSIG_STEP_H

#if defined(WASMSIG_DELAYS)
/* Defined by the test; async-signal-safe. */
void wsig_step(int place);
#else
#define wsig_step(place) ((void)(place))
#endif

#endif

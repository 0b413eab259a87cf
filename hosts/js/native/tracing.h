/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * WASMSIG_TRACE: what is recorded of sections, signals and kills (tracing.c).
 * Without a trace each function does nothing.
 */
#ifndef WASMSIG_TRACING_H
#define WASMSIG_TRACING_H

#include "trace/trace.h"
#include "wasmsig/host.h"

struct killing;

/* Whose signals are watched: an environment's guests, or all of the process. */
struct traced_guests {
  wasmsig_registry *registry; /* NULL: all of the process */
  int64_t thread;             /* that runs them; 0: any */
  int is_leaving;             /* its thread leaves a section; atomic */
  uint64_t since_ns[WASMSIG_SIGNAL_MAX + 1]; /* raised then; 0: not; atomic */
  bool is_watched;
  struct traced_guests *next;
};

/* The first call in a process starts its trace; the file's name is copied. */
void tracing_start(const char *name);

/* In the environment's thread, at its start and before its registry ends. */
void tracing_watch(struct traced_guests *guests, wasmsig_registry *registry);
void tracing_unwatch(struct traced_guests *guests);

/* A section. `begun`: what the begin has returned. The second and third call
 * are made before and after wasmsig_budget_leave. */
bool tracing_begin_section(const wasmsig_budget_options *options);
void tracing_leave_section(struct traced_guests *guests,
                           const wasmsig_budget *budget, int signal);
void tracing_end_section(bool begun, struct traced_guests *guests, int signal,
                         const wasmsig_budget *budget, int outcome);

/* `guests` have received the signal; NULL: those of the process. Signal
 * handlers: yes. */
void tracing_raised(struct traced_guests *guests, int signal, const char *by);

/* A budget's `raise`, whose context is a `struct killing`. */
void tracing_soft_limit(void *context);

/* The first kill of a section. */
void tracing_killed(const struct killing *killing, int64_t thread);

/* The process ends by the signal, or by onUnsafe: 'exit' (0). */
void tracing_end_of_process(int signal);

#endif

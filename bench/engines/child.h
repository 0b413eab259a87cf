/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A process that is measured from outside: its output, and its CPU time. A
 * failure or an unexpected end of it ends the program.
 */
#ifndef BENCH_ENGINES_CHILD_H
#define BENCH_ENGINES_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
  const char *name;
  pid_t pid;
  int input;  /* a pipe to its standard input */
  int output; /* a pipe from one of its output streams */
};

/* `stream`: STDOUT_FILENO or STDERR_FILENO is read; standard output is
 * discarded otherwise. The arguments end with NULL; the first is the program's
 * path. */
void child_start(struct child *child, const char *const *arguments, int stream);

/* Waits for the next byte, which is taken. */
void child_await(struct child *child);

/* Continues a process that waits for a byte. */
void child_release(struct child *child);

/* CPU time of all its threads up to now. */
int64_t child_cpu_ns(const struct child *child);

/* The rest of its output, as a string, cut off at `room`. */
void child_read(struct child *child, char *text, size_t room);

/* Waits for its end, with that exit status; returns its total CPU time. */
int64_t child_end(struct child *child, int status);

#endif

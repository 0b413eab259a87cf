/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A process that is measured from outside: what it writes, and its CPU time.
 * What cannot be done, or ends in a way that was not expected, ends the
 * program.
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
  int output; /* a pipe from the stream that is heard */
};

/* `heard`: STDOUT_FILENO or STDERR_FILENO. The other, if it is the output, goes
 * nowhere. The arguments end with NULL; the first is the program's path. */
void child_start(struct child *child, const char *const *arguments, int heard);

/* Waits for the next byte, which is taken. */
void child_await(struct child *child);

/* Lets it go on that waits for a byte. */
void child_release(struct child *child);

/* CPU time of all its threads up to now. */
int64_t child_cpu_ns(const struct child *child);

/* The rest of what it writes, as a string; what does not fit is left out. */
void child_read(struct child *child, char *text, size_t room);

/* Waits for its end, with that exit status; CPU time that it took in all. */
int64_t child_end(struct child *child, int status);

#endif

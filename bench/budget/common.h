/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the benchmarks of budgets share: clocks, chance, processors, samples.
 */
#ifndef BENCH_BUDGET_COMMON_H
#define BENCH_BUDGET_COMMON_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <wasmsig/host.h>

#define US INT64_C(1000) /* in ns */
#define MS (1000 * US)
#define SECOND (1000 * MS)

/* They print the error on standard error and end the program. */
_Noreturn void fail(const char *what, const char *why);
_Noreturn void fail_errno(const char *what);
void check(int code, const char *what);         /* of wasmsig: not negative */
void check_errno(int result, const char *what); /* 0, or errno is the reason */
void check_error(int error, const char *what);  /* 0, or an errno */

/* The number of samples on the command line; `otherwise` if there is none. Ends
 * the program if the arguments are invalid. */
long parse_samples(int argc, char **argv, long otherwise);

/* A JSON line, as report.mjs reads them. `what`: the baseline, NULL: wasmsig.
 */
void print_sample(const char *row, const char *unit, const char *what,
                  double sample);

int64_t now_ns(clockid_t clock);
void sleep_ns(int64_t ns);

/* 0 … below - 1; the same numbers in every run. */
uint32_t chance(uint32_t below);
void shuffle(uint32_t *numbers, uint32_t count);

/* Limits the calling thread, and the threads that it starts, to that many
 * processors (at most all that there are). */
void stay_on(int processors);

/* A budget without instances; its limits have no effect, and its kill does
 * nothing. */
void create_budget(wasmsig_budget *budget, int64_t soft_ns, int64_t hard_ns);

/* Between sections: how limits are detected from now on. */
void set_firing(wasmsig_firing firing);

#endif

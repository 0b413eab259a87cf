/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How many system calls does a section make? Counted from outside, in a process
 * that only enters and leaves.
 *
 *     syscalls [SAMPLES]     10 by default
 *
 *  1. A seccomp filter stops its thread at every call except clock_gettime, and
 *     its tracer counts. Calls of a handler count, too.
 *  2. Readings of the CPU clock are counted by the linker's --wrap, at the one
 *     function of the library that makes them.
 *
 * Why not the first for all: a stop switches the thread out, which makes
 * wasmsig read the CPU clock, for which the thread would be stopped again.
 *
 * The process marks the beginning of a sample by a call of its own, which
 * carries the second count. The baseline is the same program without rseq (the
 * C library does not register it): each reading is then one of the CPU clock.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
#include "common.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK SYS_getppid
#define SECTIONS 200000 /* of a sample, and to warm up */
#define DEFAULT_SAMPLES 10
#define SLOW_SAMPLES 3 /* of the baseline, at most */
#define SOFT_NS (3600 * SECOND)
#define HARD_NS (7200 * SECOND)
#define NO_RSEQ "GLIBC_TUNABLES=glibc.pthread.rseq=0"
#define SECCOMP_STOP (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)

/* ---------------------------------------------------------- traced process */

static long clock_calls;

/* The linker replaces wsig_os_cpu_ns by this (core/os/handler.h). */
bool __real_wsig_os_cpu_ns(clockid_t clock, uint64_t *ns);
bool __wrap_wsig_os_cpu_ns(clockid_t clock, uint64_t *ns);

bool __wrap_wsig_os_cpu_ns(clockid_t clock, uint64_t *ns) {
  clock_calls++;
  return __real_wsig_os_cpu_ns(clock, ns);
}

static void stop_at_calls(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
  };
  struct sock_fprog filter = {sizeof code / sizeof *code, code};
  check_errno(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
  check_errno(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter),
              "PR_SET_SECCOMP");
}

static void run_sections(wasmsig_budget *budget) {
  for (long i = 0; i < SECTIONS; i++) {
    if (wasmsig_budget_enter(budget) < 0) fail("section", "cannot enter");
    if (wasmsig_budget_leave(budget) < 0) fail("section", "cannot leave");
  }
}

/* The filter is set after the library's thread began, which is not traced. */
static int be_traced(long samples) {
  check_errno((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL), "ptrace");
  raise(SIGSTOP);
  wasmsig_budget budget;
  create_budget(&budget, SOFT_NS, HARD_NS);
  run_sections(&budget);
  stop_at_calls();
  for (long i = 0; i <= samples; i++) {
    syscall(MARK, clock_calls);
    if (i < samples) run_sections(&budget);
  }
  _exit(EXIT_SUCCESS);
}

/* `set`: its environment, one variable. */
static _Noreturn void become_traced(long samples, char *set) {
  char self[] = "/proc/self/exe", traced[] = "traced", number[24];
  snprintf(number, sizeof number, "%ld", samples);
  char *arguments[] = {self, traced, number, NULL};
  char *environment[] = {set, NULL};
  execve(self, arguments, environment);
  fail_errno("execve");
}

/* ------------------------------------------------------------------ tracer */

struct count {
  bool begun; /* a mark has come */
  long stops, clocks;
};

/* The thread is about to make a call. */
static void take_call(pid_t child, struct count *count, const char *what) {
  struct __ptrace_syscall_info call = {0};
  void *size = (void *)sizeof call;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, child, size, &call) < 0)
    fail_errno("PTRACE_GET_SYSCALL_INFO");
  if (call.seccomp.nr != MARK) {
    count->stops++;
    return;
  }
  long clocks = (long)call.seccomp.args[0];
  double calls = (double)(count->stops + clocks - count->clocks);
  if (count->begun)
    print_sample("section_syscalls", "per million", what,
                 calls / SECTIONS * 1e6);
  *count = (struct count){true, 0, clocks};
}

/* From one stop to the next. */
static void follow(pid_t child, const char *what) {
  struct count count = {false, 0, 0};
  for (int status, signal = 0;;) {
    void *data = (void *)(intptr_t)signal;
    check_errno((int)ptrace(PTRACE_CONT, child, NULL, data), "ptrace");
    if (waitpid(child, &status, 0) < 0) fail_errno("waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) return;
    if (!WIFSTOPPED(status)) fail("the traced process", "failed");
    bool is_call = status >> 8 == SECCOMP_STOP;
    if (is_call) take_call(child, &count, what);
    signal = is_call ? 0 : WSTOPSIG(status);
  }
}

static void trace(long samples, char *set, const char *what) {
  pid_t child = fork();
  if (child < 0) fail_errno("fork");
  if (child == 0) become_traced(samples, set);

  int status;
  if (waitpid(child, &status, 0) < 0) fail_errno("waitpid");
  if (!WIFSTOPPED(status)) {
    fputs("syscalls: may not trace here: the row is left out\n", stderr);
    _exit(EXIT_SUCCESS);
  }
  void *options = (void *)(PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
  check_errno((int)ptrace(PTRACE_SETOPTIONS, child, NULL, options), "ptrace");
  follow(child, what);
}

int main(int argc, char **argv) {
  if (argc == 3) return be_traced(strtol(argv[2], NULL, 10));
  long samples = parse_samples(argc, argv, DEFAULT_SAMPLES);
  char nothing[] = "LC_ALL=C", no_rseq[] = NO_RSEQ;
  trace(samples, nothing, NULL);
  trace(samples < SLOW_SAMPLES ? samples : SLOW_SAMPLES, no_rseq,
        "without rseq");
  return EXIT_SUCCESS;
}

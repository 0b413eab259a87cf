/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Fibers: two stacks beside the thread's own, and switches between them. glibc
 * has functions for that (makecontext(3)). musl has none; there each fiber
 * begins as a signal handler on an alternate stack, is left by siglongjmp() and
 * continued by it.
 */
#ifndef WSIG_TEST_FIBERS_H
#define WSIG_TEST_FIBERS_H

#include <signal.h> /* of glibc, it defines __GLIBC__ */

#define FIBERS 2

static char fiber_stacks[FIBERS][1 << 16];

#ifdef __GLIBC__

#include <ucontext.h>

static ucontext_t fiber_scheduler, fibers[FIBERS];

/* Another fiber's, or the scheduler's turn. */
static void fiber_yield(int which) {
  swapcontext(&fibers[which], &fiber_scheduler);
}

/* Until it yields, or `body` returns. */
static void fiber_run(int which) {
  swapcontext(&fiber_scheduler, &fibers[which]);
}

static void fiber_make(int which, void (*body)(int)) {
  getcontext(&fibers[which]);
  fibers[which].uc_stack.ss_sp = fiber_stacks[which];
  fibers[which].uc_stack.ss_size = sizeof fiber_stacks[which];
  fibers[which].uc_link = &fiber_scheduler;
  makecontext(&fibers[which], (void (*)(void))body, 1, which);
}

#else

#include <setjmp.h>
#include <string.h>

static jmp_buf fiber_scheduler, fibers[FIBERS];
static void (*fiber_body)(int);
static int fiber_made;

static void fiber_yield(int which) {
  if (setjmp(fibers[which]) == 0) longjmp(fiber_scheduler, 1);
}

static void fiber_run(int which) {
  if (setjmp(fiber_scheduler) == 0) longjmp(fibers[which], 1);
}

static void fiber_begin(int signal) {
  (void)signal;
  int which = fiber_made;
  void (*body)(int) = fiber_body;
  if (setjmp(fibers[which]) == 0) return; /* the frame stays as it is */
  body(which);
  longjmp(fiber_scheduler, 1);
}

static void fiber_make(int which, void (*body)(int)) {
  stack_t stack, none;
  struct sigaction action, before;
  memset(&stack, 0, sizeof stack);
  memset(&none, 0, sizeof none);
  memset(&action, 0, sizeof action);
  stack.ss_sp = fiber_stacks[which];
  stack.ss_size = sizeof fiber_stacks[which];
  none.ss_flags = SS_DISABLE;
  action.sa_handler = fiber_begin;
  action.sa_flags = SA_ONSTACK;
  fiber_made = which;
  fiber_body = body;
  sigaltstack(&stack, NULL);
  sigaction(SIGUSR2, &action, &before);
  raise(SIGUSR2);
  sigaction(SIGUSR2, &before, NULL);
  sigaltstack(&none, NULL);
}

#endif

#endif

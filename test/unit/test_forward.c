/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The receivers of a forwarded signal, the previous handler, start and stop. */
#include "forwarding.h"

#include <time.h>

/* ------------------------------------------------------------- receivers */

TEST(a_forwarded_signal_reaches_the_guests_of_every_registry) {
  wasmsig_registry *another;
  struct guest other;
  assert_int_equal(wasmsig_registry_create(&another), WASMSIG_OK);
  guest_track(&other, another);
  start(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(guest_signal(&guest), SIGUSR1);
  assert_int_equal(guest.pending, UINT64_C(1) << (SIGUSR1 - 1));
  assert_int_equal(guest_signal(&other), SIGUSR1);
  assert_int_equal(wasmsig_registry_destroy(another), WASMSIG_OK);
}

TEST(a_signal_that_kill_sends_reaches_the_guest_too) {
  start(SIGINT);
  kill(getpid(), SIGINT);
  assert_int_equal(guest_signal(&guest), SIGINT);
}

TEST(each_forwarded_signal_is_raised_as_its_own_number) {
  start(SIGUSR1);
  start(SIGUSR2);
  raise(SIGUSR1);
  raise(SIGUSR2);
  assert_int_equal(guest_signal(&guest), SIGUSR2);
  assert_int_equal(guest.pending,
                   UINT64_C(1) << (SIGUSR1 - 1) | UINT64_C(1) << (SIGUSR2 - 1));
}

static int runs; /* atomic */

static void *poll_and_sleep(void *unused) {
  (void)unused;
  struct timespec a_little = {0, 1000000};
  /* ThreadSanitizer loses what comes to a thread during its first sleep. */
  nanosleep(&a_little, NULL);
  wsig_store_release(&runs, 1);
  while (!guest_signal(&guest)) nanosleep(&a_little, NULL);
  return NULL;
}

TEST(a_signal_to_another_thread_reaches_the_guest) {
  pthread_t thread;
  start(SIGUSR1);
  assert_int_equal(pthread_create(&thread, NULL, poll_and_sleep, NULL), 0);
  while (!wsig_load_acquire(&runs)) continue;
  pthread_kill(thread, SIGUSR1);
  pthread_join(thread, NULL);
  assert_int_equal(guest_signal(&guest), SIGUSR1);
}

/* ------------------------------------------- what stood there before */

static siginfo_t handled_info;

static void handle_with_info(int signal, siginfo_t *info, void *ucontext) {
  if (ucontext) handle(signal);
  handled_info = *info;
}

static void spoil_errno(int signal) {
  handle(signal);
  errno = EDOM;
}

TEST(the_previous_handler_is_called_after_the_guests_have_the_signal) {
  set_action(SIGUSR1, handle, 0);
  start(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(handled, 1);
  assert_int_equal(handled_signal, SIGUSR1);
  assert_int_equal(word_at_handler, SIGUSR1);
}

TEST(a_handler_with_siginfo_receives_the_kernels_siginfo) {
  struct sigaction action = {.sa_sigaction = handle_with_info,
                             .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, NULL);
  start(SIGUSR1);
  kill(getpid(), SIGUSR1);
  assert_int_equal(handled, 1);
  assert_int_equal(word_at_handler, SIGUSR1);
  assert_int_equal(handled_info.si_signo, SIGUSR1);
  assert_int_equal(handled_info.si_code, SI_USER);
  assert_int_equal(handled_info.si_pid, getpid());
}

TEST(the_previous_handler_receives_it_without_guests_too) {
  assert_int_equal(wasmsig_instance_remove(registry, guest.instance), 0);
  set_action(SIGUSR1, handle, 0);
  start(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(handled, 1);
}

TEST(errno_is_unchanged_whatever_the_handlers_do) {
  set_action(SIGUSR1, spoil_errno, 0);
  start(SIGUSR1);
  errno = ERANGE;
  raise(SIGUSR1);
  assert_int_equal(errno, ERANGE);
  assert_int_equal(handled, 1);
}

/* -------------------------------------------------- what it finds blocked */

static sigset_t blocked_then;
static int nested;

static void note_mask(int signal) {
  handle(signal);
  pthread_sigmask(SIG_BLOCK, NULL, &blocked_then);
}

static void install_with_mask(int flags) {
  struct sigaction action = {.sa_handler = note_mask, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGUSR2);
  sigaction(SIGUSR1, &action, NULL);
}

/* sigaction(2): what was blocked, its sa_mask, and its own signal. */
TEST(the_previous_handler_runs_with_its_own_mask) {
  const int flags[] = {0, SA_NODEFER, SA_RESTART, SA_ONSTACK};
  sigset_t blocked, empty;
  sigemptyset(&blocked);
  sigemptyset(&empty);
  sigaddset(&blocked, SIGHUP);
  pthread_sigmask(SIG_SETMASK, &blocked, NULL);
  for (size_t i = 0; i < 4; i++) {
    install_with_mask(flags[i]);
    start(SIGUSR1);
    raise(SIGUSR1);
    assert_int_equal(wasmsig_forward_stop(SIGUSR1), WASMSIG_OK);
    for (int each = 1; each <= 64; each++) {
      bool is_meant = each == SIGHUP || each == SIGUSR2 ||
                      (each == SIGUSR1 && !(flags[i] & SA_NODEFER));
      assert_int_equal(sigismember(&blocked_then, each), is_meant);
    }
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    assert_int_equal(sigismember(&blocked, SIGUSR1), 0);
    assert_int_equal(sigismember(&blocked, SIGHUP), 1);
  }
  pthread_sigmask(SIG_SETMASK, &empty, NULL);
}

static void nest(int signal) {
  (void)signal;
  if (++nested < 3) raise(SIGUSR1);
}

TEST(a_handler_that_allows_nesting_is_nested) {
  set_action(SIGUSR1, nest, SA_NODEFER);
  start(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(nested, 3);
}

static void bound_a_wait(int signal) {
  (void)signal;
  while (handled == 0) usleep(1000);
}

static void be_told_meanwhile(void) {
  set_action(SIGUSR2, handle, 0);
  set_action(SIGINT, bound_a_wait, 0);
  CHILD_ASSERT(wasmsig_forward_start(SIGUSR2, 0) == WASMSIG_OK);
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 0) == WASMSIG_OK);
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    usleep(20000);
    kill(parent, SIGUSR2);
    _exit(0);
  }
  raise(SIGINT);
  CHILD_ASSERT(handled == 1);
}

TEST(a_handler_that_waits_for_another_signal_receives_it) {
  assert_child_is_well(be_told_meanwhile);
}

TEST(ours_runs_on_the_same_stack_as_the_previous_handler) {
  set_action(SIGUSR1, handle, 0);
  set_action(SIGUSR2, handle, SA_ONSTACK);
  start(SIGUSR1);
  start(SIGUSR2);
  start(SIGINT);
  assert_false(action_of(SIGUSR1).sa_flags & SA_ONSTACK);
  assert_true(action_of(SIGUSR2).sa_flags & SA_ONSTACK);
  assert_true(action_of(SIGINT).sa_flags & SA_ONSTACK);
}

static void ignore_without_a_guest(void) {
  wasmsig_instance_remove(registry, guest.instance);
  set_action(SIGINT, SIG_IGN, 0);
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 0) == WASMSIG_OK);
  raise(SIGINT);
}

TEST(an_ignored_signal_stays_ignored) {
  assert_child_is_well(ignore_without_a_guest);
}

TEST(an_ignored_signal_also_reaches_the_guests) {
  set_action(SIGINT, SIG_IGN, 0);
  start(SIGINT);
  raise(SIGINT);
  assert_int_equal(guest_signal(&guest), SIGINT);
}

/* Linux keeps SA_SIGINFO in an action without a handler. */
static void default_with_a_flag(void) {
  set_action(SIGUSR1, SIG_DFL, SA_SIGINFO);
  set_action(SIGUSR2, SIG_IGN, SA_SIGINFO);
  CHILD_ASSERT(wasmsig_forward_start(SIGUSR1, 0) == WASMSIG_OK);
  CHILD_ASSERT(wasmsig_forward_start(SIGUSR2, 0) == WASMSIG_OK);
  raise(SIGUSR1);
  CHILD_ASSERT(guest_signal(&guest) == SIGUSR1);
  raise(SIGUSR2);
  CHILD_ASSERT(guest_signal(&guest) == SIGUSR2);
}

TEST(a_default_action_with_the_siginfo_flag_is_not_called) {
  assert_child_is_well(default_with_a_flag);
}

TEST(system_calls_are_interrupted_if_the_previous_handler_requested_it) {
  set_action(SIGUSR1, handle, 0);
  set_action(SIGUSR2, handle, SA_RESTART);
  start(SIGUSR1);
  start(SIGUSR2);
  start(SIGINT);
  assert_false(action_of(SIGUSR1).sa_flags & SA_RESTART);
  assert_true(action_of(SIGUSR2).sa_flags & SA_RESTART);
  assert_true(action_of(SIGINT).sa_flags & SA_RESTART); /* by default, none */
}

/* The kernel keeps this flag too, once such a handler has run. */
static void default_after_a_handler_for_one_signal(void) {
  set_action(SIGUSR1, SIG_DFL, (int)SA_RESETHAND);
  CHILD_ASSERT(wasmsig_forward_start(SIGUSR1, 0) == WASMSIG_OK);
  raise(SIGUSR1);
  guest_acknowledge(&guest);
  raise(SIGUSR1);
  CHILD_ASSERT(guest_signal(&guest) == SIGUSR1);
}

TEST(after_a_one_shot_handler_the_default_action_stays_forwarded) {
  assert_child_is_well(default_after_a_handler_for_one_signal);
}

static void ignore_children(void) {
  set_action(SIGCHLD, SIG_IGN, 0);
  CHILD_ASSERT(wasmsig_forward_start(SIGCHLD, 0) == WASMSIG_OK);
  pid_t child = fork();
  if (child == 0) _exit(0);
  CHILD_ASSERT(waitpid(child, NULL, 0) == -1 && errno == ECHILD);
}

TEST(children_of_a_parent_that_does_not_wait_leave_no_zombies) {
  assert_child_is_well(ignore_children);
}

/* ---------------------------------------------------------- stop, and last */

TEST(stop_restores_the_previous_handler) {
  set_action(SIGUSR1, handle, SA_RESTART);
  struct sigaction before = action_of(SIGUSR1);
  start(SIGUSR1);
  assert_ptr_not_equal(action_of(SIGUSR1).sa_handler, handle);
  assert_int_equal(wasmsig_forward_stop(SIGUSR1), WASMSIG_OK);
  struct sigaction after = action_of(SIGUSR1);
  assert_ptr_equal(after.sa_handler, handle);
  assert_int_equal(after.sa_flags, before.sa_flags);
  raise(SIGUSR1);
  assert_int_equal(handled, 1);
  assert_int_equal(guest_signal(&guest), 0);
}

TEST(stop_restores_the_default_action) {
  start(SIGUSR1);
  assert_int_equal(wasmsig_forward_stop(SIGUSR1), WASMSIG_OK);
  assert_ptr_equal(action_of(SIGUSR1).sa_handler, SIG_DFL);
}

TEST(stop_leaves_a_handler_that_has_replaced_ours) {
  start(SIGUSR1);
  set_action(SIGUSR1, handle, 0);
  assert_int_equal(wasmsig_forward_stop(SIGUSR1), WASMSIG_OK);
  assert_ptr_equal(action_of(SIGUSR1).sa_handler, handle);
  raise(SIGUSR1);
  assert_int_equal(handled, 1);
}

TEST(a_stopped_forwarding_can_be_started_again) {
  uint64_t deliveries, reached;
  start(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(wasmsig_forward_stop(SIGUSR1), WASMSIG_OK);
  start(SIGUSR1);
  assert_int_equal(wasmsig_forward_last(SIGUSR1, &deliveries, &reached), 0);
  assert_int_equal(deliveries, 0);
  assert_int_equal(reached, 0);
  guest_acknowledge(&guest);
  raise(SIGUSR1);
  assert_int_equal(guest_signal(&guest), SIGUSR1);
}

TEST(a_forwarding_stopped_under_a_removed_handler_can_be_started_again) {
  struct sigaction over = {.sa_handler = handle}, under;
  start(SIGUSR1);
  assert_int_equal(sigaction(SIGUSR1, &over, &under), 0);
  assert_int_equal(wasmsig_forward_stop(SIGUSR1), WASMSIG_OK);
  assert_int_equal(sigaction(SIGUSR1, &under, NULL), 0);
  start(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(guest_signal(&guest), SIGUSR1);
}

TEST(last_answers_the_deliveries_and_how_many_guests_the_last_one_reached) {
  uint64_t deliveries = 9, reached = 9;
  set_action(SIGUSR1, handle, 0);
  start(SIGUSR1);
  raise(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(wasmsig_forward_last(SIGUSR1, &deliveries, &reached), 0);
  assert_int_equal(deliveries, 2);
  assert_int_equal(reached, 1);
  assert_int_equal(wasmsig_instance_remove(registry, guest.instance), 0);
  raise(SIGUSR1);
  assert_int_equal(wasmsig_forward_last(SIGUSR1, NULL, &reached), 0);
  assert_int_equal(reached, 0);
  assert_int_equal(wasmsig_forward_last(SIGUSR1, &deliveries, NULL), 0);
  assert_int_equal(deliveries, 3);
}

static int stop_now; /* atomic */

static void *start_and_stop(void *unused) {
  (void)unused;
  while (!wsig_load_acquire(&stop_now)) {
    wasmsig_forward_start(SIGUSR1, 0);
    wasmsig_forward_stop(SIGUSR1);
  }
  return NULL;
}

static void forward_in_the_child(void) {
  CHILD_ASSERT(wasmsig_forward_start(SIGUSR2, 0) == WASMSIG_OK);
  raise(SIGUSR2);
  CHILD_ASSERT(guest_signal(&guest) == SIGUSR2);
}

TEST(a_child_can_forward_no_matter_which_threads_its_parent_had) {
  pthread_t thread;
  int status = 0;
  assert_int_equal(pthread_create(&thread, NULL, start_and_stop, NULL), 0);
  for (int i = 0; i < 50 && status == 0; i++)
    status = in_a_child(forward_in_the_child);
  wsig_store_release(&stop_now, 1);
  pthread_join(thread, NULL);
  assert_int_equal(status, 0);
}

TEST(bad_arguments_change_no_handler) {
  const int no_signals[] = {-1, 0, 65, INT32_MAX};
  for (size_t i = 0; i < 4; i++) {
    int signal = no_signals[i];
    assert_int_equal(wasmsig_forward_start(signal, 0), WASMSIG_ESIGNAL);
    assert_int_equal(wasmsig_forward_stop(signal), WASMSIG_ESIGNAL);
    assert_int_equal(wasmsig_forward_last(signal, NULL, NULL), WASMSIG_ESIGNAL);
  }
  assert_int_equal(wasmsig_forward_start(SIGUSR1, -1), WASMSIG_EINVAL);
  assert_ptr_equal(action_of(SIGUSR1).sa_handler, SIG_DFL);
  assert_int_equal(wasmsig_forward_stop(SIGUSR1), WASMSIG_EFORWARD);
  assert_int_equal(wasmsig_forward_last(SIGUSR1, NULL, NULL), WASMSIG_EFORWARD);
}

TEST(signals_that_a_handler_must_not_have_are_refused) {
  const int refused[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS,
                         SIGFPE,  SIGILL,  SIGTRAP, SIGSYS};
  for (size_t i = 0; i < 8; i++)
    assert_int_equal(wasmsig_forward_start(refused[i], 0), WASMSIG_EFORWARD);
}

static uint64_t unanswered(int signal) {
  uint64_t count = UINT64_MAX;
  assert_int_equal(wasmsig_forward_unanswered(signal, &count), WASMSIG_OK);
  return count;
}

TEST(unanswered_counts_deliveries_that_no_guest_took) {
  set_action(SIGUSR1, handle, 0);
  start(SIGUSR1);
  assert_int_equal(unanswered(SIGUSR1), 0);
  raise(SIGUSR1);
  assert_int_equal(unanswered(SIGUSR1), 1);
  raise(SIGUSR1);
  assert_int_equal(unanswered(SIGUSR1), 2);
  guest_acknowledge(&guest);
  raise(SIGUSR1);
  assert_int_equal(unanswered(SIGUSR1), 1);
  assert_int_equal(wasmsig_forward_unanswered(SIGUSR1, NULL), WASMSIG_EINVAL);
  assert_int_equal(wasmsig_forward_unanswered(SIGUSR2, &(uint64_t){0}),
                   WASMSIG_EFORWARD);
  assert_int_equal(wasmsig_forward_unanswered(0, &(uint64_t){0}),
                   WASMSIG_ESIGNAL);
}

TEST(a_signal_is_forwarded_once_at_a_time) {
  set_action(SIGUSR1, handle, 0);
  start(SIGUSR1);
  assert_int_equal(wasmsig_forward_start(SIGUSR1, 5), WASMSIG_EFORWARD);
  raise(SIGUSR1);
  assert_int_equal(handled, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_SCENE(a_forwarded_signal_reaches_the_guests_of_every_registry),
      IN_SCENE(a_signal_that_kill_sends_reaches_the_guest_too),
      IN_SCENE(each_forwarded_signal_is_raised_as_its_own_number),
      IN_SCENE(a_signal_to_another_thread_reaches_the_guest),
      IN_SCENE(the_previous_handler_is_called_after_the_guests_have_the_signal),
      IN_SCENE(a_handler_with_siginfo_receives_the_kernels_siginfo),
      IN_SCENE(the_previous_handler_receives_it_without_guests_too),
      IN_SCENE(errno_is_unchanged_whatever_the_handlers_do),
      IN_SCENE(the_previous_handler_runs_with_its_own_mask),
      IN_SCENE(a_handler_that_allows_nesting_is_nested),
      IN_SCENE(a_handler_that_waits_for_another_signal_receives_it),
      IN_SCENE(ours_runs_on_the_same_stack_as_the_previous_handler),
      IN_SCENE(an_ignored_signal_stays_ignored),
      IN_SCENE(an_ignored_signal_also_reaches_the_guests),
      IN_SCENE(a_default_action_with_the_siginfo_flag_is_not_called),
      IN_SCENE(
          system_calls_are_interrupted_if_the_previous_handler_requested_it),
      IN_SCENE(after_a_one_shot_handler_the_default_action_stays_forwarded),
      IN_SCENE(children_of_a_parent_that_does_not_wait_leave_no_zombies),
      IN_SCENE(stop_restores_the_previous_handler),
      IN_SCENE(stop_restores_the_default_action),
      IN_SCENE(stop_leaves_a_handler_that_has_replaced_ours),
      IN_SCENE(a_stopped_forwarding_can_be_started_again),
      IN_SCENE(
          a_forwarding_stopped_under_a_removed_handler_can_be_started_again),
      IN_SCENE(
          last_answers_the_deliveries_and_how_many_guests_the_last_one_reached),
      IN_SCENE(unanswered_counts_deliveries_that_no_guest_took),
      IN_SCENE(a_child_can_forward_no_matter_which_threads_its_parent_had),
      IN_SCENE(bad_arguments_change_no_handler),
      IN_SCENE(signals_that_a_handler_must_not_have_are_refused),
      IN_SCENE(a_signal_is_forwarded_once_at_a_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

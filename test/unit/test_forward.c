/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The process's own signals, sent for real: to this process where it goes on,
 * to a child where it may end.
 */
#include "support.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

static wasmsig_registry *registry;
static struct guest guest;

/* --------------------------------------------------- handlers of the host */

static volatile int handled;              /* how often */
static volatile int handled_signal;       /* which */
static volatile uint32_t word_at_handler; /* what the guest had by then */
static siginfo_t handled_info;

static void handle(int signal) {
  handled++;
  handled_signal = signal;
  word_at_handler = guest_signal(&guest);
}

static void handle_with_info(int signal, siginfo_t *info, void *ucontext) {
  if (ucontext) handle(signal);
  handled_info = *info;
}

static void spoil_errno(int signal) {
  handle(signal);
  errno = EDOM;
}

static void set_action(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  if (sigaction(signal, &action, NULL) != 0) abort();
}

static struct sigaction action_of(int signal) {
  struct sigaction action;
  if (sigaction(signal, NULL, &action) != 0) abort();
  return action;
}

static void start(int signal) {
  assert_int_equal(wasmsig_forward_start(signal, 0), WASMSIG_OK);
}

static int set_scene(void **unused_state) {
  (void)unused_state;
  handled = handled_signal = 0;
  word_at_handler = 0;
  if (wasmsig_registry_create(&registry) != WASMSIG_OK) return -1;
  guest_track(&guest, registry);
  return 0;
}

static int strike_scene(void **unused_state) {
  (void)unused_state;
  const int used[] = {SIGINT, SIGUSR1, SIGUSR2, SIGCHLD};
  for (size_t i = 0; i < 4; i++) {
    wasmsig_forward_stop(used[i]);
    set_action(used[i], SIG_DFL, 0);
  }
  return wasmsig_registry_destroy(registry);
}

/* ------------------------------------------------------------ who hears it */

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

TEST(each_forwarded_signal_goes_its_own_way) {
  start(SIGUSR1);
  start(SIGUSR2);
  raise(SIGUSR1);
  raise(SIGUSR2);
  assert_int_equal(guest_signal(&guest), SIGUSR2);
  assert_int_equal(guest.pending,
                   UINT64_C(1) << (SIGUSR1 - 1) | UINT64_C(1) << (SIGUSR2 - 1));
}

static void *poll_and_sleep(void *unused) {
  (void)unused;
  struct timespec a_little = {0, 1000000};
  while (!guest_signal(&guest)) nanosleep(&a_little, NULL);
  return NULL;
}

TEST(a_signal_to_another_thread_reaches_the_guest) {
  pthread_t thread;
  start(SIGUSR1);
  assert_int_equal(pthread_create(&thread, NULL, poll_and_sleep, NULL), 0);
  pthread_kill(thread, SIGUSR1);
  pthread_join(thread, NULL);
  assert_int_equal(guest_signal(&guest), SIGUSR1);
}

/* ------------------------------------------- what stood there before */

TEST(the_handler_before_is_called_after_the_guests_have_it) {
  set_action(SIGUSR1, handle, 0);
  start(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(handled, 1);
  assert_int_equal(handled_signal, SIGUSR1);
  assert_int_equal(word_at_handler, SIGUSR1);
}

TEST(a_handler_with_siginfo_gets_what_the_kernel_said) {
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

TEST(the_handler_before_hears_of_it_with_no_guest_too) {
  assert_int_equal(wasmsig_instance_remove(registry, guest.instance), 0);
  set_action(SIGUSR1, handle, 0);
  start(SIGUSR1);
  raise(SIGUSR1);
  assert_int_equal(handled, 1);
}

TEST(errno_is_as_it_was_whatever_the_handlers_do) {
  set_action(SIGUSR1, spoil_errno, 0);
  start(SIGUSR1);
  errno = ERANGE;
  raise(SIGUSR1);
  assert_int_equal(errno, ERANGE);
  assert_int_equal(handled, 1);
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

TEST(an_ignored_signal_reaches_the_guests_all_the_same) {
  set_action(SIGINT, SIG_IGN, 0);
  start(SIGINT);
  raise(SIGINT);
  assert_int_equal(guest_signal(&guest), SIGINT);
}

/* Linux keeps SA_SIGINFO in an action that calls nobody. */
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

TEST(system_calls_are_interrupted_where_the_handler_before_asked_for_it) {
  set_action(SIGUSR1, handle, 0);
  set_action(SIGUSR2, handle, SA_RESTART);
  start(SIGUSR1);
  start(SIGUSR2);
  start(SIGINT);
  assert_false(action_of(SIGUSR1).sa_flags & SA_RESTART);
  assert_true(action_of(SIGUSR2).sa_flags & SA_RESTART);
  assert_true(action_of(SIGINT).sa_flags & SA_RESTART); /* by default, none */
}

static void ignore_children(void) {
  set_action(SIGCHLD, SIG_IGN, 0);
  CHILD_ASSERT(wasmsig_forward_start(SIGCHLD, 0) == WASMSIG_OK);
  pid_t child = fork();
  if (child == 0) _exit(0);
  CHILD_ASSERT(waitpid(child, NULL, 0) == -1 && errno == ECHILD);
}

TEST(children_that_nobody_waits_for_leave_no_zombies) {
  assert_child_is_well(ignore_children);
}

/* ------------------------------------------------------- life and death */

static void die_of_an_interrupt(void) {
  wasmsig_instance_remove(registry, guest.instance);
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 0) == WASMSIG_OK);
  raise(SIGINT);
}

static void assert_died_of(int signal, void (*body)(void)) {
  int status = in_a_child(body);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), signal);
}

TEST(with_nobody_to_ask_the_process_dies_of_the_signal) {
  assert_died_of(SIGINT, die_of_an_interrupt);
}

static void die_with_a_dead_guest(void) {
  wasmsig_instance_terminate(registry, guest.instance);
  CHILD_ASSERT(wasmsig_forward_start(SIGUSR2, 0) == WASMSIG_OK);
  raise(SIGUSR2);
}

TEST(a_terminated_guest_is_nobody_to_ask) {
  assert_died_of(SIGUSR2, die_with_a_dead_guest);
}

static void live_with_a_guest(void) {
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 0) == WASMSIG_OK);
  for (int i = 0; i < 5; i++) raise(SIGINT);
  CHILD_ASSERT(guest_signal(&guest) == SIGINT);
}

TEST(with_a_guest_to_ask_the_process_lives) {
  assert_child_is_well(live_with_a_guest);
}

static void get_harmless_signals(void) {
  const int harmless[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
  wasmsig_instance_remove(registry, guest.instance);
  for (size_t i = 0; i < 4; i++) {
    CHILD_ASSERT(wasmsig_forward_start(harmless[i], 0) == WASMSIG_OK);
    raise(harmless[i]);
  }
}

TEST(signals_that_are_harmless_by_default_stay_so) {
  assert_child_is_well(get_harmless_signals);
}

static int *survived; /* deliveries; in memory that children share */

static void insist_twice(void) {
  *survived = 0;
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 2) == WASMSIG_OK);
  for (int i = 0; i < 5; i++) {
    raise(SIGINT);
    ++*survived;
  }
}

TEST(the_second_delivery_that_no_guest_took_is_fatal_if_one_insists) {
  assert_died_of(SIGINT, insist_twice);
  assert_int_equal(*survived, 1);
}

static void insist_and_acknowledge(void) {
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 2) == WASMSIG_OK);
  for (int i = 0; i < 5; i++) {
    raise(SIGINT);
    CHILD_ASSERT(guest_signal(&guest) == SIGINT);
    guest_acknowledge(&guest);
  }
}

TEST(a_guest_that_acknowledges_keeps_the_process_alive) {
  assert_child_is_well(insist_and_acknowledge);
}

static void insist_after_an_acknowledgement(void) {
  *survived = 0;
  CHILD_ASSERT(wasmsig_forward_start(SIGINT, 3) == WASMSIG_OK);
  for (int i = 0; i < 9; i++) {
    raise(SIGINT);
    ++*survived;
    if (i == 1) guest_acknowledge(&guest);
  }
}

TEST(an_acknowledgement_begins_the_count_anew) {
  assert_died_of(SIGINT, insist_after_an_acknowledgement);
  assert_int_equal(*survived, 4);
}

/* ---------------------------------------------------------- stop, and last */

TEST(stop_puts_back_what_stood_there) {
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

TEST(stop_puts_back_the_default) {
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

TEST(what_was_stopped_can_be_started_again) {
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

TEST(last_tells_deliveries_and_whom_the_last_one_reached) {
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

TEST(a_signal_is_forwarded_once_at_a_time) {
  set_action(SIGUSR1, handle, 0);
  start(SIGUSR1);
  assert_int_equal(wasmsig_forward_start(SIGUSR1, 5), WASMSIG_EFORWARD);
  raise(SIGUSR1);
  assert_int_equal(handled, 1);
}

#define IN_SCENE(sentence) \
  cmocka_unit_test_setup_teardown(sentence, set_scene, strike_scene)

int main(void) {
  survived = mmap(NULL, sizeof *survived, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (survived == MAP_FAILED) return 1;
  const struct CMUnitTest tests[] = {
      IN_SCENE(a_forwarded_signal_reaches_the_guests_of_every_registry),
      IN_SCENE(a_signal_that_kill_sends_reaches_the_guest_too),
      IN_SCENE(each_forwarded_signal_goes_its_own_way),
      IN_SCENE(a_signal_to_another_thread_reaches_the_guest),
      IN_SCENE(the_handler_before_is_called_after_the_guests_have_it),
      IN_SCENE(a_handler_with_siginfo_gets_what_the_kernel_said),
      IN_SCENE(the_handler_before_hears_of_it_with_no_guest_too),
      IN_SCENE(errno_is_as_it_was_whatever_the_handlers_do),
      IN_SCENE(an_ignored_signal_stays_ignored),
      IN_SCENE(an_ignored_signal_reaches_the_guests_all_the_same),
      IN_SCENE(a_default_action_with_the_siginfo_flag_is_not_called),
      IN_SCENE(
          system_calls_are_interrupted_where_the_handler_before_asked_for_it),
      IN_SCENE(children_that_nobody_waits_for_leave_no_zombies),
      IN_SCENE(with_nobody_to_ask_the_process_dies_of_the_signal),
      IN_SCENE(a_terminated_guest_is_nobody_to_ask),
      IN_SCENE(with_a_guest_to_ask_the_process_lives),
      IN_SCENE(signals_that_are_harmless_by_default_stay_so),
      IN_SCENE(the_second_delivery_that_no_guest_took_is_fatal_if_one_insists),
      IN_SCENE(a_guest_that_acknowledges_keeps_the_process_alive),
      IN_SCENE(an_acknowledgement_begins_the_count_anew),
      IN_SCENE(stop_puts_back_what_stood_there),
      IN_SCENE(stop_puts_back_the_default),
      IN_SCENE(stop_leaves_a_handler_that_has_replaced_ours),
      IN_SCENE(what_was_stopped_can_be_started_again),
      IN_SCENE(last_tells_deliveries_and_whom_the_last_one_reached),
      IN_SCENE(bad_arguments_change_no_handler),
      IN_SCENE(signals_that_a_handler_must_not_have_are_refused),
      IN_SCENE(a_signal_is_forwarded_once_at_a_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

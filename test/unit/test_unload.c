/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A shared object that holds the library is closed while threads, handlers and
 * the C library know addresses in it: it stays, and works when it is opened
 * again.
 */
#include "support.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Calls a function of the plugin, and closes it. Not 0: it cannot be. */
static int use(const char *name) {
  void *plugin = dlopen(WASMSIG_TEST_PLUGIN, RTLD_NOW);
  if (!plugin) return 10;
  int (*function)(void);
  *(void **)&function = dlsym(plugin, name);
  int result = function ? function() : 11;
  return dlclose(plugin) == 0 ? result : 12;
}

static void *use_in_a_thread(void *name) {
  int result = use(name);
  /* It is forwarded already. */
  if (strcmp(name, "plugin_forward") == 0) result = result == 0;
  return result == 0 ? NULL : name;
}

/* Of a process that has never opened it before; 0, or what is wrong. */
static int use_again_and_again(const char *name) {
  int result = use(name);
  if (result) return result;
  if (!dlopen(WASMSIG_TEST_PLUGIN, RTLD_NOW | RTLD_NOLOAD)) return 20;
  raise(SIGUSR1);            /* a handler of its own, if it has one */
  usleep(20000);             /* a timer's signal, and the watchdog's turn */
  if (fork() == 0) _exit(0); /* the functions that run at forks */
  wait(NULL);
  void *wrong = NULL;
  pthread_t thread;
  if (pthread_create(&thread, NULL, use_in_a_thread, (void *)(uintptr_t)name))
    return 21;
  pthread_join(thread, &wrong); /* the destructors of its data */
  return wrong ? 22 : 0;
}

static void assert_it_stays(const char *name) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(PATIENCE_S);
    signal(SIGUSR1, SIG_IGN);
    _exit(use_again_and_again(name));
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

TEST(the_library_stays_loaded_once_a_section_was_entered) {
  assert_it_stays("plugin_spend");
}
TEST(the_library_stays_loaded_once_firing_was_requested) {
  assert_it_stays("plugin_firing");
}
TEST(the_library_stays_loaded_once_a_signal_was_forwarded) {
  assert_it_stays("plugin_forward");
}
TEST(the_library_stays_loaded_once_a_registry_was_created) {
  assert_it_stays("plugin_track");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_library_stays_loaded_once_a_section_was_entered),
      cmocka_unit_test(the_library_stays_loaded_once_firing_was_requested),
      cmocka_unit_test(the_library_stays_loaded_once_a_signal_was_forwarded),
      cmocka_unit_test(the_library_stays_loaded_once_a_registry_was_created),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * CPU limits for an unmodified workerd: this library is loaded into it with
 * LD_PRELOAD, by the command `wasmsig workerd`.
 *
 * workerd has an interface for whoever enforces limits, and puts objects there
 * that enforce none. Before main() the slots of their virtual tables are
 * replaced by functions of ours (binary/runtime.c), which keep budgets: of a
 * request (requests.c), of a start (startup.c). Nothing of the executable's
 * code is changed, and its file is not.
 *
 * Whatever is not as expected ends the process before main(), with one
 * sentence. In a program that is not workerd the library does nothing.
 */
#include "binary/image.h"
#include "binary/runtime.h"
#include "budgets/cpu_clock.h"
#include "environment.h"
#include "fatal.h"
#include "isolates.h"
#include "requests.h"
#include "selftest.h"
#include "settings.h"
#include "slots.h"
#include "sql.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the README, with what was found in each. */
#define KNOWN "2026-03-10 to 2026-11-17"

/* ------------------------------------------------------------ the version */

/* What `workerd --version` prints: "workerd 2026-11-17". The environment has
 * no preload any more. */
static void ask_version(char *version, size_t room) {
  extern char **environ;
  char *arguments[] = {"workerd", "--version", NULL};
  posix_spawn_file_actions_t actions;
  int ends[2];
  pid_t child;
  snprintf(version, room, "this workerd");
  if (pipe(ends) != 0) return;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  int error =
      posix_spawn(&child, "/proc/self/exe", &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  ssize_t length = error ? 0 : read(ends[0], version, room - 1);
  close(ends[0]);
  if (!error) waitpid(child, NULL, 0);
  if (length <= 0)
    snprintf(version, room, "this workerd");
  else
    version[strcspn(version, "\n")] = '\0';
}

static _Noreturn void refuse(const char *problem) {
  char version[100] = "";
  ask_version(version, sizeof version);
  fprintf(stderr,
          "wasmsig: %s cannot be limited: %s; known are %s (--unlimited starts "
          "it without limits)\n",
          version, problem, KNOWN);
  _exit(1);
}

/* ------------------------------------------------------------------ start */

static void customize_isolate(const void *enforcer, void *isolate) {
  wkd_sql_begin(); /* before its Worker opens a database */
  wkd_isolate_customize(enforcer, isolate);
}

static wkd_code *const replacements[WKD_SLOTS] = {
    [WKD_CUSTOMIZE_ISOLATE] = (wkd_code *)customize_isolate,
    [WKD_ENTER_STARTUP_JS] = wkd_slot_enter_startup_js,
    [WKD_ENTER_STARTUP_PYTHON] = wkd_slot_enter_startup_python,
    [WKD_ENTER_DYNAMIC_IMPORT_JS] = wkd_slot_enter_dynamic_import_js,
    [WKD_COMPLETED_REQUEST] = (wkd_code *)wkd_isolate_completed_request,
    [WKD_DELETE_ISOLATE_ENFORCER] = (wkd_code *)wkd_isolate_enforcer_delete,
    [WKD_ENTER_JS] = wkd_slot_enter_js,
    [WKD_TOP_UP_ACTOR] = (wkd_code *)wkd_request_top_up,
    [WKD_GET_LIMITS_EXCEEDED] = wkd_slot_get_limits_exceeded,
    [WKD_REQUIRE_LIMITS_NOT_EXCEEDED] = (wkd_code *)wkd_request_require,
    [WKD_SET_CPU_LIMIT_NEARLY_EXCEEDED_CALLBACK] =
        (wkd_code *)wkd_request_set_callback,
    [WKD_ON_LIMITS_EXCEEDED] = wkd_slot_on_limits_exceeded,
    [WKD_DELETE_CONTEXT] = (wkd_code *)wkd_request_context_delete,
    [WKD_HANDLE_APPLICATION_ERROR] = wkd_slot_handle_application_error,
    [WKD_REQUEST] = wkd_slot_request,
    [WKD_OBSERVED_REQUEST] = wkd_slot_observed_request,
};

__attribute__((constructor)) static void begin(void) {
  struct wkd_image image;
  if (!wkd_settings_are_for_this()) return;
  const char *problem = wkd_settings_take();
  const char *left = wkd_environment_leave();
  if (problem || left) wkd_fatal(problem ? problem : left);
  if (!wkd_image_open_self(&image)) refuse("it has no symbols");
  problem = wkd_runtime_find(&image);
  if (!problem) problem = wkd_selftest();
  if (!problem) problem = wkd_runtime_replace_slots(&image, replacements);
  if (problem) refuse(problem);
  /* Its allocator is tcmalloc, which uses rseq_cs, and not node_id. */
  wsig_cpu_clock_use_node_id();
  wkd_image_close(&image);
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * `wasmsig workerd`: starts workerd, which becomes this process, with the
 * library that limits it (hosts/workerd). The limits go there through the
 * environment, from which the library takes them.
 */
#include "cli.h"
#include "text/exit_status.h"
#include "text/help.h"
#include "text/messages.h"
#include "workerd/find.h"
#include "workerd/options.h"

#include "wasmsig/host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------ environment */

static bool set(const char *name, const char *value) {
  if (value ? setenv(name, value, 1) == 0 : unsetenv(name) == 0) return true;
  cli_message("the environment: %s", strerror(errno));
  return false;
}

static bool set_ns(const char *name, uint64_t ns) {
  char text[24];
  snprintf(text, sizeof text, "%" PRIu64, ns);
  return set(name, ns == WASMSIG_NO_LIMIT ? NULL : text);
}

/* Before the libraries that are there already. */
static bool preload(const char *library) {
  const char *others = getenv("LD_PRELOAD");
  char *list;
  if (strpbrk(library, " :")) {
    cli_message("%s: a path with spaces or colons cannot be preloaded",
                library);
    return false;
  }
  if (asprintf(&list, "%s%s%s", library, others && *others ? ":" : "",
               others ? others : "") < 0)
    return false;
  bool is_set = set("LD_PRELOAD", list);
  free(list);
  return is_set;
}

static bool set_all(const struct cli_workerd_options *options,
                    const char *library, const char *workerd) {
  return preload(library) &&
         set_ns("WASMSIG_WORKERD_HARD_NS", options->limit_ns) &&
         set_ns("WASMSIG_WORKERD_SOFT_NS", options->soft_ns) &&
         set_ns("WASMSIG_WORKERD_STARTUP_NS", options->startup_ns) &&
         set("WASMSIG_WORKERD_LOG", options->log) &&
         set("WASMSIG_WORKERD_LOG_FORMAT", options->log_format) &&
         set("WASMSIG_WORKERD_METRICS", options->metrics) &&
         set("WASMSIG_WORKERD_TERMINATED",
             options->marks_terminated ? "1" : NULL) &&
         set("WASMSIG_WORKERD_RUNTIME", workerd);
}

/* ------------------------------------------------------------------- start */

int cli_workerd(int argc, char **argv) {
  struct cli_workerd_options options;
  if (!cli_workerd_take_options(&options, argc, argv)) return CLI_USAGE;
  if (options.wants_help) return cli_print(cli_help_workerd);
  char *library = options.is_unlimited ? NULL : cli_find_workerd_library();
  if (!library && !options.is_unlimited) return CLI_FAILED;
  char *workerd = cli_find_workerd(options.workerd);
  if (workerd && (!library || set_all(&options, library, workerd))) {
    options.arguments[0] = workerd;
    execv(workerd, options.arguments);
    cli_message("%s: %s", workerd, strerror(errno));
  }
  free(workerd);
  free(library);
  return CLI_FAILED;
}

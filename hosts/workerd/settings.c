/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "settings.h"

#include "metrics.h"
#include "wasmsig/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wkd_settings wkd_settings = {.soft_ns = WASMSIG_NO_LIMIT,
                                    .hard_ns = WASMSIG_NO_LIMIT,
                                    .startup_ns = WASMSIG_NO_LIMIT,
                                    .log_file = -1};

static char problem[PATH_MAX + 100];

/* ------------------------------------------------------- which process */

bool wkd_settings_are_for_this(void) {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return false;
  path[length] = '\0';
  const char *runtime = getenv("WASMSIG_WORKERD_RUNTIME");
  if (runtime && strcmp(runtime, path) == 0) return true;
  const char *slash = strrchr(path, '/');
  return strncmp(slash ? slash + 1 : path, "workerd", 7) == 0;
}

/* -------------------------------------------------------- taking settings */

/* NULL: it is not set, or empty. */
static const char *value_of(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

static const char *take_ns(const char *name, uint64_t *ns) {
  const char *text = value_of(name);
  if (!text) return NULL;
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || errno || value == 0 ||
      value > INT64_MAX) {
    snprintf(problem, sizeof problem, "%s is no number of nanoseconds", name);
    return problem;
  }
  *ns = value;
  return NULL;
}

static const char *take_limits(void) {
  const char *wrong = take_ns("WASMSIG_WORKERD_HARD_NS", &wkd_settings.hard_ns);
  if (!wrong) wrong = take_ns("WASMSIG_WORKERD_SOFT_NS", &wkd_settings.soft_ns);
  if (!wrong)
    wrong = take_ns("WASMSIG_WORKERD_STARTUP_NS", &wkd_settings.startup_ns);
  if (!wrong && wkd_settings.soft_ns != WASMSIG_NO_LIMIT &&
      wkd_settings.soft_ns > wkd_settings.hard_ns)
    wrong = "the soft limit is above the hard one";
  return wrong;
}

static const char *take_log(void) {
  const char *format = value_of("WASMSIG_WORKERD_LOG_FORMAT");
  wkd_settings.log_json = format && strcmp(format, "json") == 0;
  const char *path = value_of("WASMSIG_WORKERD_LOG");
  if (!path) return NULL;
  if (strcmp(path, "-") == 0)
    wkd_settings.log_file = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  else
    wkd_settings.log_file =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (wkd_settings.log_file >= 0) return NULL;
  snprintf(problem, sizeof problem, "%s cannot be written: %s", path,
           strerror(errno));
  return problem;
}

static const char *take_metrics(void) {
  const char *path = value_of("WASMSIG_WORKERD_METRICS");
  if (!path) return NULL;
  const char *reason = wkd_metrics_prepare(path);
  if (!reason) return NULL;
  snprintf(problem, sizeof problem, "%s cannot be written: %s", path, reason);
  return problem;
}

const char *wkd_settings_take(void) {
  const char *terminated = getenv("WASMSIG_WORKERD_TERMINATED");
  wkd_settings.mark_terminated = terminated && strcmp(terminated, "1") == 0;
  const char *wrong = take_limits();
  if (!wrong) wrong = take_log();
  return wrong ? wrong : take_metrics();
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "child.h"

#include "../budget/common.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---------------------------------------------------------------- starting */

static void open_pipe(int ends[2]) {
  check_errno(pipe2(ends, O_CLOEXEC), "pipe2");
}

static void plan(posix_spawn_file_actions_t *actions, int input, int output,
                 int stream) {
  check_error(posix_spawn_file_actions_init(actions), "posix_spawn");
  check_error(posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO),
              "posix_spawn");
  check_error(posix_spawn_file_actions_adddup2(actions, output, stream),
              "posix_spawn");
  if (stream != STDOUT_FILENO)
    check_error(posix_spawn_file_actions_addopen(actions, STDOUT_FILENO,
                                                 "/dev/null", O_WRONLY, 0),
                "posix_spawn");
}

void child_start(struct child *child, const char *const *arguments,
                 int stream) {
  posix_spawn_file_actions_t actions;
  int input[2], output[2];
  open_pipe(input);
  open_pipe(output);
  plan(&actions, input[0], output[1], stream);
  child->name = arguments[0];
  check_error(posix_spawn(&child->pid, arguments[0], &actions, NULL,
                          (char **)(uintptr_t)arguments, environ),
              arguments[0]);
  posix_spawn_file_actions_destroy(&actions);
  close(input[0]);
  close(output[1]);
  child->input = input[1];
  child->output = output[0];
}

/* ----------------------------------------------------------------- meeting */

static size_t read_some(struct child *child, char *bytes, size_t room) {
  ssize_t count;
  do count = read(child->output, bytes, room);
  while (count < 0 && errno == EINTR);
  if (count < 0) fail_errno(child->name);
  return (size_t)count;
}

void child_await(struct child *child) {
  char byte;
  if (read_some(child, &byte, 1) == 0) fail(child->name, "ended early");
}

void child_release(struct child *child) {
  if (write(child->input, "\n", 1) != 1) fail_errno(child->name);
}

int64_t child_cpu_ns(const struct child *child) {
  clockid_t clock;
  check_error(clock_getcpuclockid(child->pid, &clock), child->name);
  return now_ns(clock);
}

void child_read(struct child *child, char *text, size_t room) {
  char excess[256];
  size_t length = 0, count;
  do {
    size_t left = room - 1 - length;
    count = left > 0 ? read_some(child, text + length, left)
                     : read_some(child, excess, sizeof excess);
    if (left > 0) length += count;
  } while (count > 0);
  text[length] = '\0';
}

/* ------------------------------------------------------------------ ending */

static int64_t ns_of(struct timeval time) {
  return time.tv_sec * SECOND + time.tv_usec * US;
}

int64_t child_end(struct child *child, int status) {
  int how;
  struct rusage usage;
  while (wait4(child->pid, &how, 0, &usage) < 0)
    if (errno != EINTR) fail_errno(child->name);
  close(child->input);
  close(child->output);
  if (!WIFEXITED(how) || WEXITSTATUS(how) != status)
    fail(child->name, "ended in another way than expected");
  return ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
}

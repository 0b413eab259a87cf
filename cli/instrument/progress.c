/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "instrument/progress.h"

#include "text/escape.h"
#include "text/messages.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL_COLUMNS = 80 };

static bool is_shown;

static bool is_terminal(void) {
  const char *kind = getenv("TERM");
  return isatty(STDERR_FILENO) && kind && strcmp(kind, "dumb") != 0;
}

static size_t columns(void) {
  struct winsize size;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return USUAL_COLUMNS;
  return size.ws_col;
}

/* As much of a name as fits: a longer line would continue on the next one. */
static void print_part(const char *name, size_t room) {
  for (size_t left = strlen(name); left > 0;) {
    struct cli_escaped escaped = cli_escape_controls(name, left);
    if (escaped.length > room) return;
    fwrite(escaped.bytes, 1, escaped.length, stderr);
    room -= escaped.length;
    name += escaped.taken;
    left -= escaped.taken;
  }
}

void cli_show_progress(size_t number, size_t count, const char *path) {
  char head[64];
  if (!is_terminal()) return;
  int length = snprintf(head, sizeof head, "[%zu/%zu] ", number, count);
  size_t room = columns();
  cli_clear_progress();
  if ((size_t)length >= room) return;
  fputs(head, stderr);
  print_part(path, room - (size_t)length - 1);
  fflush(stderr);
  is_shown = true;
  cli_before_message = cli_clear_progress;
}

void cli_clear_progress(void) {
  if (!is_shown) return;
  fputs("\r\033[K", stderr);
  fflush(stderr);
  is_shown = false;
}

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * `wasmsig instrument`: polls for a finished module.
 *
 * The new file is written beside the old one and takes its place when all of it
 * is there: OUT may be IN, and is as it was if anything goes wrong. It keeps
 * its mode; a symbolic link stays one. What is no regular file (a pipe, a
 * device, a link to a file that is not there) is written to as it is.
 */
#include "cli.h"
#include "file.h"
#include "options.h"

#include "instrument.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct order {
  const char *in;
  const char *out;
  struct wsig_instrument_options how;
  bool is_verbose;
};

/* ----------------------------------------------------------------- writing */

static bool write_all(int descriptor, const struct wsig_bytes *bytes) {
  for (size_t at = 0; at < bytes->length;) {
    ssize_t count = write(descriptor, bytes->data + at, bytes->length - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    at += (size_t)count;
  }
  return true;
}

static bool is_standard(const char *path) { return strcmp(path, "-") == 0; }

/* The mode of a file that is not there yet. */
static mode_t new_mode(void) {
  mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

/* False: errno says why, and there is no such file. */
static bool write_beside(char *beside, const char *target, mode_t mode,
                         const struct wsig_bytes *bytes) {
  int descriptor = mkstemp(beside);
  if (descriptor < 0) return false;
  bool is_written =
      write_all(descriptor, bytes) && fchmod(descriptor, mode) == 0;
  int reason = errno;
  if (close(descriptor) != 0 && is_written) {
    is_written = false;
    reason = errno;
  }
  if (is_written && rename(beside, target) == 0) return true;
  if (is_written) reason = errno;
  unlink(beside);
  errno = reason;
  return false;
}

static bool replace(const char *target, mode_t mode,
                    const struct wsig_bytes *bytes) {
  char *beside;
  if (asprintf(&beside, "%s.XXXXXX", target) < 0) return false;
  bool is_written = write_beside(beside, target, mode, bytes);
  int reason = errno;
  free(beside);
  errno = reason;
  return is_written;
}

static bool write_to(const char *path, const struct wsig_bytes *bytes) {
  if (is_standard(path)) return write_all(STDOUT_FILENO, bytes);
  struct stat status;
  if (stat(path, &status) != 0) {
    if (errno != ENOENT) return false;
    if (lstat(path, &status) != 0) return replace(path, new_mode(), bytes);
  }
  if (S_ISREG(status.st_mode)) {
    if (access(path, W_OK) != 0) return false;
    char *target = realpath(path, NULL);
    bool is_written = target && replace(target, status.st_mode & 07777, bytes);
    int reason = errno;
    free(target);
    errno = reason;
    return is_written;
  }
  FILE *file = fopen(path, "we");
  if (!file) return false;
  bool is_written = write_all(fileno(file), bytes);
  int reason = errno;
  fclose(file);
  errno = reason;
  return is_written;
}

/* -------------------------------------------------------------- what is said
 */

static void complain_of(const char *path, const struct wsig_instrumented *made,
                        int error) {
  wasmsig_verdict verdict = made->report.verdict;
  if (error < 0)
    cli_complain("%s: %s", path, wasmsig_error_text(error));
  else if (!wasmsig_verdict_is_readable(verdict))
    cli_complain_of_module(path, &made->report);
  else if (made->word >= 0)
    cli_complain("%s: %s: %s", path, wasmsig_word_name(made->word), made->why);
  else
    cli_complain("%s: %s", path, made->why);
}

static bool is_first_for_its_reason(const struct wsig_instrumented *made,
                                    size_t at) {
  for (size_t i = 0; i < at; i++)
    if (made->left_out[i].why == made->left_out[at].why) return false;
  return true;
}

/* The sections that are left out for the reason of the one at `from`. */
static void list_left_out(const struct wsig_instrumented *made, size_t from,
                          char *names, size_t size) {
  size_t length = 0;
  for (size_t i = from; i < made->left_out_count && length < size; i++) {
    const struct wsig_left_out *section = &made->left_out[i];
    if (section->why != made->left_out[from].why) continue;
    length += (size_t)snprintf(names + length, size - length, "%s%.*s",
                               length > 0 ? ", " : "",
                               (int)section->name_length, section->name);
  }
}

/* What the user may not expect. */
static void warn(const struct order *order,
                 const struct wsig_instrumented *made) {
  char names[512];
  for (size_t i = 0; i < made->left_out_count; i++) {
    if (!is_first_for_its_reason(made, i)) continue;
    list_left_out(made, i, names, sizeof names);
    cli_complain("%s: left out: %s (%s)", order->in, names,
                 made->left_out[i].why);
  }
  if (made->polls == 0)
    cli_complain(order->how.calls
                     ? "%s: it has no code to poll in"
                     : "%s: it has no loop to poll in (see --calls)",
                 order->in);
}

static void tell(const struct order *order,
                 const struct wsig_instrumented *made) {
  static const char *const rooms[] = {
      [WSIG_ROOM_NONE] = "its own words",
      [WSIG_ROOM_MEMORY] = "words in a memory that was added",
      [WSIG_ROOM_PAGE] = "words in a page that was added to its memory",
      [WSIG_ROOM_STACK] = "words above its C stack, which is 16 bytes smaller"};
  cli_complain("%s: %" PRIu64 " polls, %" PRIu64 " loops, %s", order->in,
               made->polls, made->loops, rooms[made->room]);
}

static int write_made(const struct order *order,
                      const struct wsig_instrumented *made) {
  signal(SIGXFSZ, SIG_IGN); /* a file that gets too long is an error */
  if (!write_to(order->out, &made->bytes)) {
    cli_complain("%s: %s",
                 is_standard(order->out) ? "standard output" : order->out,
                 strerror(errno));
    return CLI_UNRUNNABLE;
  }
  warn(order, made);
  if (order->is_verbose) tell(order, made);
  return CLI_OK;
}

static int instrument_file(const struct order *order) {
  uint8_t *bytes;
  size_t length;
  if (!cli_read_file(order->in, &bytes, &length)) return CLI_UNRUNNABLE;
  struct wsig_instrumented made;
  int error = wsig_instrument(&made, bytes, length, &order->how);
  int status = CLI_UNRUNNABLE;
  if (error)
    complain_of(order->in, &made, error);
  else
    status = write_made(order, &made);
  wsig_instrumented_release(&made);
  free(bytes);
  return status;
}

/* ----------------------------------------------------------------- options */

static bool take_every(const char *text, uint32_t *every) {
  uint32_t number = 0;
  const char *digit = text;
  for (; *digit >= '0' && *digit <= '9' && number <= WSIG_EVERY_MOST; digit++)
    number = number * 10 + (uint32_t)(*digit - '0');
  if (*digit == '\0' && number >= 1 && number <= WSIG_EVERY_MOST) {
    *every = number;
    return true;
  }
  cli_usage_error("instrument", "--every: '%s' is no number from 1 to %d", text,
                  WSIG_EVERY_MOST);
  return false;
}

enum { EVERY = CLI_FIRST_LONG_OPTION, CALLS, HELP };

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"every", required_argument, NULL, EVERY},
    {"calls", no_argument, NULL, CALLS},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0}};

static bool take(struct order *order, int option) {
  switch (option) {
    case 'o': order->out = optarg; return true;
    case 'v': return order->is_verbose = true;
    case CALLS: return order->how.calls = true;
    default: return take_every(optarg, &order->how.every);
  }
}

static int take_files(struct order *order, int argc, char **argv) {
  if (optind >= argc)
    return cli_usage_error("instrument", "which file? (IN.wasm is missing)");
  if (optind + 1 < argc)
    return cli_usage_error("instrument", "one file at a time; '%s' is a second",
                           argv[optind + 1]);
  order->in = argv[optind];
  if (order->out[0] == '\0')
    return cli_usage_error("instrument", "where to? (-o OUT.wasm is missing)");
  if (is_standard(order->out) && isatty(STDOUT_FILENO))
    return cli_usage_error("instrument",
                           "-o: standard output is a terminal; name a file");
  return -1;
}

static int parse(struct order *order, int argc, char **argv) {
  opterr = 0;
  optind = 1;
  for (;;) {
    int option = getopt_long(argc, argv, ":ho:v", long_options, NULL);
    if (option == -1) return take_files(order, argc, argv);
    if (option == HELP || option == 'h')
      return cli_print_help(cli_help_instrument);
    if (option == ':' || option == '?')
      return cli_option_error("instrument", argv[optind - 1], long_options);
    if (!take(order, option)) return CLI_USAGE;
  }
}

int cli_instrument(int argc, char **argv) {
  struct order order = {.out = ""};
  int status = parse(&order, argc, argv);
  return status >= 0 ? status : instrument_file(&order);
}

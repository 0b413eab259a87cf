/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "instrument/folder.h"

#include "files/mirror.h"
#include "files/read_file.h"
#include "files/tree.h"
#include "instrument/folder_report.h"
#include "instrument/notes.h"
#include "instrument/progress.h"
#include "text/exit_status.h"
#include "text/messages.h"
#include "text/places.h"
#include "text/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct job {
  const struct request *request;
  char root[PATH_MAX]; /* the folder, without links */
  struct cli_tree tree;
  struct cli_mirror mirror;
  struct cli_folder_report report;
};

static bool out_of_memory(void) {
  cli_message("%s", strerror(ENOMEM));
  return false;
}

/* -------------------------------------------------------------------- rows */

static bool set_reason(struct cli_row *row, const char *text) {
  row->reason = text ? strdup(text) : NULL;
  return row->reason || !text || out_of_memory();
}

static bool add_row(struct job *job, const struct cli_entry *entry,
                    enum cli_row_kind kind, const char *reason) {
  struct cli_row *row = cli_add_row(&job->report, entry->path, kind);
  return row ? set_reason(row, reason) : out_of_memory();
}

static bool add_unread(struct job *job, const struct cli_entry *entry,
                       int error) {
  return add_row(job, entry, CLI_ROW_UNREAD, strerror(error));
}

/* ----------------------------------------------------------------- modules */

/* Why a module is refused. NULL without memory. */
static char *reason_of(const wasmsig_instrumented *made) {
  const wasmsig_module_report *report = &made->report;
  const char *text = wasmsig_verdict_text(report->verdict);
  char *reason = NULL;
  int length;
  if (report->verdict == WASMSIG_VERDICT_COMPONENT)
    length = asprintf(&reason, "%s", text);
  else if (!wasmsig_verdict_is_readable(report->verdict))
    length = asprintf(&reason, "%s, at byte %" PRIu64 "%s%s", text,
                      report->offset, report->detail ? ": expected " : "",
                      report->detail ? report->detail : "");
  else if (made->word >= 0)
    length =
        asprintf(&reason, "%s: %s", wasmsig_word_name(made->word), made->why);
  else
    length = asprintf(&reason, "%s%s", made->why,
                      made->other_places ? " (see --explain)" : "");
  return length < 0 ? NULL : reason;
}

static bool add_refused(struct job *job, const struct cli_entry *entry,
                        const wasmsig_instrumented *made) {
  char *reason = reason_of(made);
  bool is_added =
      reason ? add_row(job, entry, CLI_ROW_REFUSED, reason) : out_of_memory();
  free(reason);
  return is_added;
}

static bool add_made(struct job *job, const struct cli_entry *entry,
                     const wasmsig_instrumented *made, size_t size) {
  if (made->polls == 0)
    return add_row(
        job, entry,
        made->memories_limited > 0 ? CLI_ROW_LIMITED : CLI_ROW_UNCHANGED,
        cli_why_unchanged(job->request));
  struct cli_row *row =
      cli_add_row(&job->report, entry->path, CLI_ROW_INSTRUMENTED);
  if (!row) return out_of_memory();
  row->polls = made->polls;
  row->words = cli_place_name((int)made->placement);
  row->delivers = made->delivers;
  row->takes_kill_only = cli_takes_kill_only(made);
  row->is_lifted = cli_has_lifted_polls(made);
  row->memories_limited = made->memories_limited;
  row->has_second_memory = cli_has_second_memory(made);
  row->size = size;
  row->new_size = made->length;
  return true;
}

/* Prints what --verbose and --explain request. */
static void note(const struct job *job, const struct cli_entry *entry,
                 const wasmsig_instrumented *made) {
  if (!job->request->is_verbose && !job->request->explains) return;
  struct request named = *job->request;
  named.in = entry->path;
  if (made->bytes)
    cli_note_made(&named, made);
  else
    cli_note_refusal(&named, made, WASMSIG_INSTRUMENT_REFUSED);
}

static bool write_result(struct job *job, const struct cli_entry *entry,
                         const uint8_t *bytes, size_t length,
                         const wasmsig_instrumented *made) {
  bool is_new = made->bytes && (made->polls > 0 || made->memories_limited > 0);
  note(job, entry, made);
  if (!cli_mirror_file(&job->mirror, entry, is_new ? made->bytes : bytes,
                       is_new ? made->length : length))
    return false;
  return made->bytes ? add_made(job, entry, made, length)
                     : add_refused(job, entry, made);
}

static bool do_module(struct job *job, const struct cli_entry *entry,
                      const char *path) {
  uint8_t *bytes;
  size_t length;
  if (!cli_read_file(path, &bytes, &length)) return false;
  wasmsig_instrumented made = WASMSIG_INSTRUMENTED_INIT;
  int error = wasmsig_instrument(bytes, length, &job->request->options, &made);
  bool is_done;
  if (error < 0) {
    cli_message("%s: %s", path, wasmsig_error_text(error));
    is_done = false;
  } else {
    is_done = write_result(job, entry, bytes, length, &made);
  }
  wasmsig_instrumented_release(&made);
  free(bytes);
  return is_done;
}

/* ------------------------------------------------------------------- files */

enum { HEAD = 4 };

static bool is_module(const uint8_t *head, size_t length) {
  return length == HEAD && memcmp(head, "\0asm", HEAD) == 0;
}

/* -1 if it cannot be read, with errno. */
static ssize_t read_head(int descriptor, uint8_t *head) {
  ssize_t length = 0, count = 1;
  while (length < HEAD && count != 0) {
    count = read(descriptor, head + length, (size_t)(HEAD - length));
    if (count < 0 && errno != EINTR) return -1;
    if (count > 0) length += count;
  }
  return length;
}

static bool is_named_module(const char *path) {
  size_t length = strlen(path);
  return length > 5 && strcmp(path + length - 5, ".wasm") == 0;
}

static bool copy_file(struct job *job, const struct cli_entry *entry,
                      int descriptor, const uint8_t *head, size_t length) {
  int error = 0;
  if (!cli_mirror_copy(&job->mirror, entry, descriptor, head, length, &error))
    return false;
  if (error) return add_unread(job, entry, error);
  if (is_named_module(entry->path))
    return add_row(job, entry, CLI_ROW_NO_MODULE,
                   "it does not start as a WebAssembly module");
  job->report.copied++;
  return true;
}

static bool do_open_file(struct job *job, const struct cli_entry *entry,
                         const char *path, int descriptor) {
  uint8_t head[HEAD];
  ssize_t length = read_head(descriptor, head);
  if (length < 0) return add_unread(job, entry, errno);
  if (is_module(head, (size_t)length)) return do_module(job, entry, path);
  return copy_file(job, entry, descriptor, head, (size_t)length);
}

static bool do_file(struct job *job, const struct cli_entry *entry,
                    const char *path) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return add_unread(job, entry, errno);
  bool is_done = do_open_file(job, entry, path, descriptor);
  close(descriptor);
  return is_done;
}

/* ------------------------------------------------------------------- links */

static bool is_inside(const struct job *job, const char *real) {
  size_t length = strlen(job->root);
  if (length == 1) return true; /* the folder is "/" */
  return strncmp(real, job->root, length) == 0 &&
         (real[length] == '/' || real[length] == '\0');
}

/* Whether a user may expect that what a link leads to was instrumented: it is a
 * module or a folder, and it is not in the copy. */
static bool leads_out(const struct job *job, const char *path,
                      const char *target) {
  char real[PATH_MAX];
  struct stat status;
  if (!realpath(path, real) || stat(real, &status) != 0) return false;
  if (target[0] != '/' && is_inside(job, real)) return false;
  if (S_ISDIR(status.st_mode)) return true;
  if (!S_ISREG(status.st_mode)) return false;
  uint8_t head[HEAD];
  int descriptor = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t length = descriptor < 0 ? -1 : read_head(descriptor, head);
  if (descriptor >= 0) close(descriptor);
  return length > 0 && is_module(head, (size_t)length);
}

static bool do_link(struct job *job, const struct cli_entry *entry,
                    const char *path) {
  char target[PATH_MAX];
  ssize_t length = readlink(path, target, sizeof target - 1);
  if (length < 0) return add_unread(job, entry, errno);
  target[length] = '\0';
  if (!cli_mirror_link(&job->mirror, entry, target)) return false;
  if (leads_out(job, path, target))
    return add_row(job, entry, CLI_ROW_LINK, target);
  job->report.copied++;
  return true;
}

/* --------------------------------------------------------------- all of it */

static bool do_entry(struct job *job, const struct cli_entry *entry) {
  mode_t mode = entry->status.st_mode;
  if (S_ISDIR(mode))
    return cli_mirror_folder(&job->mirror, entry) &&
           (!entry->error || add_unread(job, entry, entry->error));
  if (entry->error) return add_unread(job, entry, entry->error);
  char *path = cli_join(job->request->in, entry->path);
  bool is_done;
  if (S_ISREG(mode))
    is_done = do_file(job, entry, path);
  else if (S_ISLNK(mode))
    is_done = do_link(job, entry, path);
  else
    is_done = add_row(job, entry, CLI_ROW_LEFT_OUT,
                      "neither a file nor a folder nor a link");
  free(path);
  return is_done;
}

static volatile sig_atomic_t interrupted_by;

static void interrupt(int signal) { interrupted_by = signal; }

static const int terminating[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU};

/* A signal that was ignored at the start stays so. */
static void handle_signals(void) {
  struct sigaction ours = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
  struct sigaction old;
  for (size_t i = 0; i < sizeof terminating / sizeof *terminating; i++)
    if (sigaction(terminating[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
      sigaction(terminating[i], &ours, NULL);
  signal(SIGXFSZ, SIG_IGN); /* a file beyond the limit is an error */
}

/* Ends the process by the signal, as if there were no handler. */
static void end_if_interrupted(void) {
  if (!interrupted_by) return;
  signal(interrupted_by, SIG_DFL);
  raise(interrupted_by);
}

static bool fill(struct job *job) {
  bool is_done = true;
  for (size_t i = 0; i < job->tree.count && is_done && !interrupted_by; i++) {
    const struct cli_entry *entry = &job->tree.entries[i];
    cli_show_progress(i + 1, job->tree.count, entry->path);
    is_done = do_entry(job, entry);
  }
  cli_clear_progress();
  return is_done && !interrupted_by &&
         cli_mirror_finish(&job->mirror, &job->tree);
}

static int report(const struct job *job) {
  const size_t *of = job->report.kinds;
  if (job->request->is_json)
    cli_print_folder_json(job->request, &job->report);
  else
    cli_print_folder_table(&job->report);
  return cli_finish_output(of[CLI_ROW_UNREAD] > 0    ? CLI_FAILED
                           : of[CLI_ROW_REFUSED] > 0 ? CLI_NOT_ALL
                                                     : CLI_OK);
}

static int make(struct job *job) {
  if (!cli_list_tree(job->request->in, &job->tree)) {
    out_of_memory();
    return CLI_FAILED;
  }
  if (job->tree.entries[0].error) {
    cli_message("%s: %s", job->request->in,
                strerror(job->tree.entries[0].error));
    return CLI_FAILED;
  }
  handle_signals();
  int status = CLI_FAILED;
  if (cli_mirror_begin(&job->mirror, job->request->out, &interrupted_by)) {
    if (fill(job)) status = report(job);
    cli_mirror_drop(&job->mirror);
  }
  end_if_interrupted();
  return status;
}

/* Whether the new folder would be in the old one, which it would become a part
 * of. */
static bool is_out_inside(const struct job *job) {
  char real[PATH_MAX];
  char *out = cli_join(job->request->out, "");
  bool is_found = realpath(dirname(out), real) != NULL;
  free(out);
  return is_found && is_inside(job, real);
}

int cli_instrument_folder(const struct request *request) {
  struct job job = {.request = request};
  if (!realpath(request->in, job.root)) {
    cli_message("%s: %s", request->in, strerror(errno));
    return CLI_FAILED;
  }
  if (is_out_inside(&job)) {
    cli_message("%s: it must be outside of %s", request->out, request->in);
    return CLI_FAILED;
  }
  int status = make(&job);
  cli_release_folder_report(&job.report);
  cli_release_tree(&job.tree);
  return status;
}

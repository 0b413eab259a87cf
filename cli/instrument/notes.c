/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "instrument/notes.h"

#include "text/messages.h"
#include "text/places.h"
#include "text/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void cli_note_refusal(const struct request *request,
                      const wasmsig_instrumented *made, int error) {
  const char *path = request->in;
  wasmsig_verdict verdict = made->report.verdict;
  if (error < 0)
    cli_message("%s: %s", path, wasmsig_error_text(error));
  else if (!wasmsig_verdict_is_readable(verdict))
    cli_print_unreadable(path, &made->report);
  else if (made->word >= 0)
    cli_message("%s: %s: %s", path, wasmsig_word_name(made->word), made->why);
  else
    cli_message("%s: %s", path, made->why);
  cli_explain_places(path, made);
}

static bool is_first_with_reason(const wasmsig_instrumented *made, size_t at) {
  for (size_t i = 0; i < at; i++)
    if (made->left_out[i].why == made->left_out[at].why) return false;
  return true;
}

/* Writes the names of the sections that are left out for the same reason as the
 * one at `from`, and how many more there are if not all fit. */
static void list_left_out(const wasmsig_instrumented *made, size_t from,
                          char *names, size_t size) {
  enum { MORE = sizeof " and 18446744073709551615 more" };
  size_t length = 0, more = 0;
  names[0] = '\0';
  for (size_t i = from; i < made->left_out_count; i++) {
    const wasmsig_left_out *section = &made->left_out[i];
    if (section->why != made->left_out[from].why) continue;
    const char *between = length > 0 ? ", " : "";
    if (more > 0 ||
        section->name_length + strlen(between) > size - length - MORE)
      more++;
    else
      length +=
          (size_t)snprintf(names + length, size - length, "%s%.*s", between,
                           (int)section->name_length, section->name);
  }
  if (more > 0)
    snprintf(names + length, size - length, "%s%zu more",
             length > 0 ? " and " : "", more);
}

bool cli_has_second_memory(const wasmsig_instrumented *made) {
  return made->polls > 0 && made->placement == WASMSIG_WORDS_MEMORY &&
         made->report.memory.count > 0;
}

bool cli_has_lifted_polls(const wasmsig_instrumented *made) {
  return made->report.polls.lifted > 0 && !made->delivers;
}

bool cli_takes_kill_only(const wasmsig_instrumented *made) {
  const wasmsig_module_polls *own = &made->report.polls;
  return made->polls > 0 && !made->delivers && own->atomic + own->plain == 0;
}

const char *cli_why_unchanged(const struct request *request) {
  return request->options.calls
             ? "it has no code to poll in"
             : "it has no loop to poll in, and no recursion (see --calls)";
}

/* Prints that handlers do not run in some loop. The polls that were put in do
 * not help: only SIGKILL makes them trap. */
static void warn_of_lifted(const struct request *request,
                           const wasmsig_instrumented *made) {
  const wasmsig_module_polls *polls = &made->report.polls;
  if (!cli_has_lifted_polls(made)) return;
  cli_message("%s: function %" PRIu32
              " polls before its loops and never in them, as a compiler moved "
              "the load: it is stopped by SIGKILL, but receives no other "
              "signal there. Rebuild it with wasmsig/guest.h or the crate "
              "wasmsig-guest",
              request->in, polls->lifted_function);
}

/* Prints what the user may not expect. */
static void warn(const struct request *request,
                 const wasmsig_instrumented *made) {
  char names[512];
  for (size_t i = 0; i < made->left_out_count; i++) {
    if (!is_first_with_reason(made, i)) continue;
    list_left_out(made, i, names, sizeof names);
    cli_message("%s: left out: %s (%s)", request->in, names,
                made->left_out[i].why);
  }
  if (made->left_out_more > 0)
    cli_message("%s: left out: %zu more", request->in, made->left_out_more);
  if (cli_has_second_memory(made) &&
      request->options.words != WASMSIG_WORDS_IN(WASMSIG_WORDS_MEMORY))
    cli_message(
        "%s: its words are in a second memory: engines with one memory "
        "(Node 20, WAMR) refuse it, and workerd does not signal it",
        request->in);
  if (made->polls == 0)
    cli_message("%s: it %s: %s", request->in,
                made->memories_limited > 0 ? "has a memory limit and no polls"
                                           : "is unchanged",
                cli_why_unchanged(request));
  if (cli_takes_kill_only(made))
    cli_message(
        "%s: it can be stopped by SIGKILL, and receives no other signal: it "
        "exports no __instance_signal_deliver",
        request->in);
  warn_of_lifted(request, made);
}

static void print_summary(const struct request *request,
                          const wasmsig_instrumented *made) {
  cli_message("%s: %" PRIu64 " poll%s, %" PRIu64 " loop%s, %s", request->in,
              made->polls, made->polls == 1 ? "" : "s", made->loops,
              made->loops == 1 ? "" : "s",
              made->polls == 0 ? "no words" : made->reasons[made->placement]);
  if (request->options.most_memory > 0)
    cli_message("%s: %" PRIu32 " of %" PRIu32 " memories limited to %" PRIu64
                " KiB",
                request->in, made->memories_limited, made->report.memory.count,
                request->options.most_memory / (64 << 10) * 64);
}

void cli_note_made(const struct request *request,
                   const wasmsig_instrumented *made) {
  warn(request, made);
  if (request->is_verbose) print_summary(request, made);
  if (request->explains && made->polls > 0)
    cli_explain_places(request->in, made);
}

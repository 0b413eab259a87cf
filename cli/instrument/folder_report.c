/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "instrument/folder_report.h"

#include "text/print.h"
#include "text/room.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cli_row *cli_add_row(struct cli_folder_report *report, const char *path,
                            enum cli_row_kind kind) {
  struct cli_row *more =
      cli_room_for_one(report->rows, report->count, sizeof *more);
  if (!more) return NULL;
  report->rows = more;
  struct cli_row *row = &report->rows[report->count++];
  *row = (struct cli_row){.path = path, .kind = kind};
  report->kinds[kind]++;
  return row;
}

void cli_release_folder_report(struct cli_folder_report *report) {
  for (size_t i = 0; i < report->count; i++) free(report->rows[i].reason);
  free(report->rows);
  *report = (struct cli_folder_report){0};
}

/* ---------------------------------------------------------------- the table */

enum { PATH_HEAD = sizeof "module" - 1, PATH_MOST = 60 };

static const char *const results[CLI_ROW_KINDS] = {
    [CLI_ROW_INSTRUMENTED] = "all signals",
    [CLI_ROW_LIMITED] = "memory limited",
    [CLI_ROW_UNCHANGED] = "unchanged",
    [CLI_ROW_REFUSED] = "refused",
    [CLI_ROW_NO_MODULE] = "no module",
    [CLI_ROW_LINK] = "link, not followed",
    [CLI_ROW_LEFT_OUT] = "left out",
    [CLI_ROW_UNREAD] = "left out, cannot be read"};

static const char *result_of(const struct cli_row *row) {
  if (row->is_lifted)
    return "SIGKILL only: a compiler has moved its own polls out of a loop";
  return row->takes_kill_only ? "SIGKILL only" : results[row->kind];
}

static size_t path_width(const struct cli_folder_report *report) {
  size_t most = PATH_HEAD;
  for (size_t i = 0; i < report->count; i++) {
    size_t width = cli_name_width(report->rows[i].path);
    if (width > most) most = width;
  }
  return most < PATH_MOST ? most : PATH_MOST;
}

static void print_numbers(const struct cli_row *row) {
  if (row->kind != CLI_ROW_INSTRUMENTED) {
    printf("  %8s  %-9s  %6s  ", "", "", "");
    return;
  }
  printf("  %8" PRIu64 "  %-9s  %6.2f  ", row->polls, row->words,
         (double)row->new_size / (double)row->size);
}

static void print_row(const struct cli_row *row, size_t width) {
  size_t columns = cli_print_name(row->path);
  printf("%*s", columns < width ? (int)(width - columns) : 0, "");
  print_numbers(row);
  fputs(result_of(row), stdout);
  if (row->memories_limited > 0) fputs(", memory limited", stdout);
  if (row->reason) {
    fputs(": ", stdout);
    cli_print_name(row->reason);
  }
  putchar('\n');
}

static void print_count(const char *before, size_t count, const char *what) {
  if (count > 0) printf("%s%zu %s", before, count, what);
}

static void print_sums(const struct cli_folder_report *report) {
  const size_t *of = report->kinds;
  if (report->count > 0)
    printf("%zu instrumented", of[CLI_ROW_INSTRUMENTED]);
  else
    fputs("no module", stdout);
  print_count(", ", of[CLI_ROW_LIMITED], "with a memory limit only");
  print_count(", ", of[CLI_ROW_UNCHANGED], "unchanged");
  print_count(", ", of[CLI_ROW_REFUSED], "refused");
  print_count(", ", of[CLI_ROW_LEFT_OUT] + of[CLI_ROW_UNREAD], "left out");
  print_count("; ", report->copied, "other files copied");
  putchar('\n');
}

static bool has_second_memory(const struct cli_folder_report *report) {
  for (size_t i = 0; i < report->count; i++)
    if (report->rows[i].has_second_memory) return true;
  return false;
}

void cli_print_folder_table(const struct cli_folder_report *report) {
  size_t width = path_width(report);
  if (report->count > 0)
    printf("%-*s  %8s  %-9s  %6s  %s\n", (int)width, "module", "polls", "words",
           "size", "result");
  for (size_t i = 0; i < report->count; i++) print_row(&report->rows[i], width);
  print_sums(report);
  if (has_second_memory(report))
    puts(
        "Words in a memory: engines with one memory (Node 20, WAMR) refuse the "
        "module if it has another one, and workerd does not signal it.");
}

/* --------------------------------------------------------------------- JSON */

static const char *const names[CLI_ROW_KINDS] = {
    [CLI_ROW_INSTRUMENTED] = "instrumented", [CLI_ROW_LIMITED] = "limited",
    [CLI_ROW_UNCHANGED] = "unchanged",       [CLI_ROW_REFUSED] = "refused",
    [CLI_ROW_NO_MODULE] = "no-module",       [CLI_ROW_LINK] = "link",
    [CLI_ROW_LEFT_OUT] = "left-out",         [CLI_ROW_UNREAD] = "unreadable"};

static const char *truth(bool value) { return value ? "true" : "false"; }

static void print_json_row(const struct cli_row *row) {
  fputs("{\"file\":", stdout);
  cli_print_json_text(row->path);
  printf(",\"outcome\":\"%s\",\"reason\":", names[row->kind]);
  cli_print_json_text(row->reason);
  if (row->kind == CLI_ROW_INSTRUMENTED)
    printf(",\"polls\":%" PRIu64
           ",\"words\":\"%s\",\"second_memory\":%s,\"delivers\":%s,"
           "\"lifted\":%s,\"memories_limited\":%" PRIu32
           ",\"size\":%zu,\"new_size\":%zu",
           row->polls, row->words, truth(row->has_second_memory),
           truth(row->delivers), truth(row->is_lifted), row->memories_limited,
           row->size, row->new_size);
  putchar('}');
}

void cli_print_folder_json(const struct request *request,
                           const struct cli_folder_report *report) {
  fputs("{\"folder\":", stdout);
  cli_print_json_text(request->in);
  fputs(",\"output\":", stdout);
  cli_print_json_text(request->out);
  fputs(",\"files\":[", stdout);
  for (size_t i = 0; i < report->count; i++) {
    if (i > 0) putchar(',');
    print_json_row(&report->rows[i]);
  }
  printf("],\"copied\":%zu}\n", report->copied);
}

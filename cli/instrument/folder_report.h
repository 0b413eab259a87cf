/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What became of the modules of a folder, as a table or as JSON. */
#ifndef WASMSIG_CLI_INSTRUMENT_FOLDER_REPORT_H
#define WASMSIG_CLI_INSTRUMENT_FOLDER_REPORT_H

#include "instrument/request.h"

#include <stddef.h>
#include <stdint.h>

enum cli_row_kind {
  CLI_ROW_INSTRUMENTED,
  CLI_ROW_LIMITED,   /* without code to poll in; its memories are limited */
  CLI_ROW_UNCHANGED, /* a module without code to poll in */
  CLI_ROW_REFUSED,   /* a module that is copied as it is */
  CLI_ROW_NO_MODULE, /* a file *.wasm that is none */
  CLI_ROW_LINK,      /* it leads to a module or a folder outside */
  CLI_ROW_LEFT_OUT,  /* neither a file nor a folder nor a link */
  CLI_ROW_UNREAD,    /* left out */
  CLI_ROW_KINDS,
};

struct cli_row {
  const char *path;
  enum cli_row_kind kind;
  char *reason; /* NULL: none; freed with the report */
  uint64_t polls;
  const char *words; /* where they are, or NULL */
  bool delivers;
  bool takes_kill_only;
  bool is_lifted;
  bool has_second_memory;
  uint32_t memories_limited;
  size_t size, new_size; /* of a module */
};

struct cli_folder_report {
  struct cli_row *rows;
  size_t count;
  size_t kinds[CLI_ROW_KINDS]; /* how many rows have each */
  size_t copied;               /* files that are in no row */
};

/* The new row; NULL if memory is exhausted. The path stays the caller's. */
struct cli_row *cli_add_row(struct cli_folder_report *report, const char *path,
                            enum cli_row_kind kind);
void cli_print_folder_table(const struct cli_folder_report *report);
void cli_print_folder_json(const struct request *request,
                           const struct cli_folder_report *report);
void cli_release_folder_report(struct cli_folder_report *report);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the command itself reads of a module, with the module reader's cursor:
 * single sections, while all others are skipped. */
#ifndef WASMSIG_CLI_ENGINES_MODULE_SECTIONS_H
#define WASMSIG_CLI_ENGINES_MODULE_SECTIONS_H

#include "compiled/file.h"
#include "module/wasm_section.h"

struct cli_module_name {
  const char *bytes; /* of the module */
  size_t length;
};

/* A cursor at the start of a section; at its end if there is no such section.
 */
struct wsig_cursor cli_find_section(struct cli_bytes module, uint8_t number);

struct cli_module_name cli_read_name(struct wsig_cursor *cursor);

/* False also if the cursor has failed. */
bool cli_is_name(const struct wsig_cursor *cursor, struct cli_module_name name,
                 const char *text);

struct cli_module_import {
  struct cli_module_name module, name;
  uint8_t kind;  /* a wasmsig_extern */
  uint32_t type; /* of a function: its index */
};

struct cli_module_import cli_read_import(struct wsig_cursor *cursor);

#endif

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Targets: the functions that a call through a table or a reference may reach.
 *
 * The address of such a function is taken: the function is named by an element
 * segment, by the value of a global or of a table, or by ref.func in code.
 * References may also come from outside the module: through an imported or
 * exported table, tag or global, or as a parameter or result of an imported or
 * exported function. Then each exported function may be among them.
 *
 * A call names a type. It reaches functions of that type or of a subtype. Some
 * types are equal exactly if their bytes are (struct wsig_signature): these are
 * divided into classes. Any other type may equal any type or be its subtype: it
 * is called loose.
 */
#ifndef WSIG_INSTRUMENT_TARGETS_H
#define WSIG_INSTRUMENT_TARGETS_H

#include "analysis/scan.h"

#define WSIG_LOOSE UINT32_MAX

struct wsig_targets {
  bool *is_taken;       /* for each function */
  uint32_t *class_of;   /* for each type; or WSIG_LOOSE */
  uint32_t class_count; /* at most the number of types */
};

/** Release it even after an error. Errors: ENOMEM; 1: the module differs from
 * what was scanned. */
int wsig_targets_find(struct wsig_targets *targets,
                      const struct wsig_scan *scan);
void wsig_targets_release(struct wsig_targets *targets);

/** The class of a type, and of a function's type. */
uint32_t wsig_class_of_type(const struct wsig_targets *targets,
                            const struct wsig_scan *scan, uint32_t type);
uint32_t wsig_class_of_function(const struct wsig_targets *targets,
                                const struct wsig_scan *scan,
                                uint32_t function);

#endif

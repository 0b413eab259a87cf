/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Targets: the functions that a call through a table or a reference may come
 * to.
 *
 * Such a function has its address taken: it is named by the elements, by the
 * value of a global or of a table, or by ref.func in code. Where references
 * come in from outside, in an imported or exported table, tag or global, or as
 * a parameter or result of a function that is imported or exported, each
 * exported function may be among them.
 *
 * A call names a type, and comes to functions of that type or a subtype. Types
 * of which the bytes tell whether they are equal (struct wsig_signature) fall
 * into classes; all others may be anybody's equal or subtype: they are loose.
 */
#ifndef WSIG_INSTRUMENT_TARGETS_H
#define WSIG_INSTRUMENT_TARGETS_H

#include "analysis/scan.h"

#define WSIG_LOOSE UINT32_MAX

struct wsig_targets {
  bool *is_taken;       /* by function */
  uint32_t *class_of;   /* by type; WSIG_LOOSE */
  uint32_t class_count; /* not more than types */
};

/** Errors: ENOMEM; 1: the module is not what it was. Released in any case. */
int wsig_targets_find(struct wsig_targets *targets,
                      const struct wsig_scan *scan);
void wsig_targets_release(struct wsig_targets *targets);

/** The class of a type, of a function's type. */
uint32_t wsig_class_of_type(const struct wsig_targets *targets,
                            const struct wsig_scan *scan, uint32_t type);
uint32_t wsig_class_of_function(const struct wsig_targets *targets,
                                const struct wsig_scan *scan,
                                uint32_t function);

#endif

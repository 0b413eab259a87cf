/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For adapters: the verdict for a module whose instance the registry rejects.
 * It is a header because adapters may link libwasmsig-module as a shared
 * library, which does not export internal functions. */
#ifndef WSIG_VERDICT_OF_ERROR_H
#define WSIG_VERDICT_OF_ERROR_H

#include "wasmsig/base.h"
#include "wasmsig/module.h"

/* Errors of wasmsig_instance_add() that mean a fault in the module's words
 * become verdicts. WASMSIG_OK and other errors stay unchanged. */
static inline int wsig_verdict_of_error(int error) {
  switch (error) {
    case WASMSIG_ERANGE: return WASMSIG_VERDICT_OUT_OF_RANGE;
    case WASMSIG_EALIGN: return WASMSIG_VERDICT_MISALIGNED;
    case WASMSIG_EOVERLAP: return WASMSIG_VERDICT_OVERLAP;
    default: return error;
  }
}

#endif

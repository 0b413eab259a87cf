/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* For adapters: the verdict about a module whose instance the registry refuses.
 * In a header, as adapters link libwasmsig-module as a shared library too. */
#ifndef WSIG_VERDICT_OF_ERROR_H
#define WSIG_VERDICT_OF_ERROR_H

#include "wasmsig/base.h"
#include "wasmsig/module.h"

/* A verdict where wasmsig_instance_add() finds fault with the words, which is
 * the module's fault; WASMSIG_OK and other errors stay as they are. */
static inline int wsig_verdict_of_error(int error) {
  switch (error) {
    case WASMSIG_ERANGE: return WASMSIG_VERDICT_OUT_OF_RANGE;
    case WASMSIG_EALIGN: return WASMSIG_VERDICT_MISALIGNED;
    case WASMSIG_EOVERLAP: return WASMSIG_VERDICT_OVERLAP;
    default: return error;
  }
}

#endif

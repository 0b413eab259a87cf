/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Start-ups: a Worker's global scope, and modules that are imported later. */
#ifndef WSIG_WORKERD_STARTUP_H
#define WSIG_WORKERD_STARTUP_H

#include "abi.h"

#ifdef __cplusplus
extern "C" {
#endif

enum wkd_startup { WKD_STARTUP_JS, WKD_STARTUP_PYTHON, WKD_DYNAMIC_IMPORT };

/* Behind IsolateLimitEnforcer's methods of these names: what is entered is left
 * when the runtime drops what slots.cc returns. The leave may throw. */
void *wkd_startup_enter(struct wkd_exception_or_duration *result,
                        enum wkd_startup kind);
void wkd_startup_leave(void *entered);

#ifdef __cplusplus
}
#endif

#endif

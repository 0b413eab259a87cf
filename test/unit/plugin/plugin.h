/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the test of unloading calls in the shared object. */
#ifndef WASMSIG_TEST_PLUGIN_H
#define WASMSIG_TEST_PLUGIN_H

#define PLUGIN_API __attribute__((visibility("default")))

/* 0, or an error. */
PLUGIN_API int plugin_spend(void);
PLUGIN_API int plugin_forward(void);
PLUGIN_API int plugin_firing(void);
PLUGIN_API int plugin_track(void);

#endif

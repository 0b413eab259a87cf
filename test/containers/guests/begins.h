/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What guests say before they are busy, for a test to wait for. */
#include <unistd.h>

static inline void says(const char *text, unsigned long length) {
  (void)!write(1, text, length);
}
#define SAYS(text) says(text "\n", sizeof text)

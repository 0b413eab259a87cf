/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Another library that defines the words as well. */
#include <wasmsig/guest.h>

WASMSIG_GUEST_WORDS();

/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "budgets/thread.h"

_Thread_local struct wsig_thread *wsig_here WSIG_FOR_HANDLERS;

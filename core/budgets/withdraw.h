/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Withdraws the signals of budgets. */
#ifndef WSIG_WITHDRAW_H
#define WSIG_WITHDRAW_H

#include "budgets/thread.h"

/* Under the thread's lock: withdraws the signal of a budget whose section has
 * just ended. True: sections of other threads may have to raise it again, by
 * the second, under no lock. */
bool wsig_section_withdraw(struct wsig_thread *thread,
                           struct wsig_budget *budget);
void wsig_withdrawn_raise_again(const struct wsig_budget *budget);

/* The same for a budget that no thread is in, under no lock. */
void wsig_budget_withdraw(struct wsig_budget *budget);

#endif

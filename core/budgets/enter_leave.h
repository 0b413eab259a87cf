/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sections of the calling thread, as other files begin and end them. All within
 * a call about budgets (wsig_thread_begin_call), except wsig_sections_abandon.
 */
#ifndef WSIG_ENTER_LEAVE_H
#define WSIG_ENTER_LEAVE_H

#include "budgets/thread.h"

/* Enters the budget. With `resumes` also a budget that is spent: its kill is
 * due then. An error code. */
int wsig_section_enter(struct wsig_thread *thread, struct wsig_budget *budget,
                       bool resumes);

/* Leaves the budget that was entered last; a wasmsig_outcome. */
int wsig_section_leave(struct wsig_thread *thread);

/* Under the thread's lock: the section `from`, or one around it, is being
 * killed. */
bool wsig_section_is_dying(const struct wsig_budget *from);

/* The thread ends: leaves all its sections. */
void wsig_sections_leave_all(struct wsig_thread *thread);

/* In the child of a fork, which does not have the thread: its sections have
 * ended, and its budgets are free. */
void wsig_sections_abandon(struct wsig_thread *thread);

#endif

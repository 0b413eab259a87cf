/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * SQL: a statement of a Durable Object that exceeds its limit is interrupted.
 */
#ifndef WSIG_WORKERD_SQL_H
#define WSIG_WORKERD_SQL_H

/** Databases that are opened from now on can be interrupted. Any thread. */
void wkd_sql_begin(void);

#endif

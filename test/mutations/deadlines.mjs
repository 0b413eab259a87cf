// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A guard against hanging. */
export const LONGEST_MS = 600_000

/** A test has hanged after ten times what it took with nothing broken. */
export const deadlineMs = (tookMs) => 10_000 + Math.ceil(10 * tookMs)

// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * How long a test waits for a program of its own that takes seconds, ms. A guard
 * against hanging, for a machine that does much besides: no test is to come
 * near it, and no verdict depends on it.
 */
export const PATIENCE_MS = 300_000

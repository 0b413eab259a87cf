// SPDX-License-Identifier: Apache-2.0 OR MIT
//! How often a component calls its host: at each so many polls that the calls are
//! about GOAL_NS apart. A call takes as long as a hundred other polls, and the
//! turns of a loop take any time. So the number follows from the time since the
//! last call.

/// A call and the clock take less than a hundredth of it.
const GOAL_NS: u64 = 100_000;

/// After quick turns these many may be slow, until the number is lower.
pub(crate) const MOST: u32 = 256;

/// The number of polls until the next call; since the last call `turns` polls have
/// taken `ns` nanoseconds.
pub(crate) fn next(turns: u32, ns: u64) -> u32 {
    let within = u64::from(turns) * GOAL_NS / ns.max(1);
    let most = u64::from(turns) * 2;
    within.clamp(1, most.min(u64::from(MOST))) as u32
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Replaces delivery.rs where there is no WebAssembly, and so no host:
//! constants, which leave nothing of a poll in a loop.

use crate::{Signal, SignalSet};

#[inline(always)]
pub(crate) fn poll(_: SignalSet) -> Option<Signal> {
    None
}

#[inline(always)]
pub(crate) fn pending() -> SignalSet {
    SignalSet::EMPTY
}

#[inline(always)]
pub(crate) fn is_hosted() -> bool {
    false
}

pub(crate) fn want(_: SignalSet) -> SignalSet {
    SignalSet::EMPTY
}

pub(crate) fn want_too(_: SignalSet) {}

pub(crate) fn say_handled(_: SignalSet) {}

pub(crate) fn times(_: Signal) -> u32 {
    0
}

pub(crate) fn received() -> (u32, Option<Signal>) {
    (0, None)
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Our crate in one module with another that has words of its own.

use wasmsig_guest::{poll, Signal};

#[no_mangle]
pub extern "C" fn poll_once() -> u32 {
    poll().map_or(0, Signal::number)
}

#[no_mangle]
pub extern "C" fn is_registered() -> bool {
    other::is_registered()
}

#[no_mangle]
pub extern "C" fn is_near_cpu_limit() -> bool {
    other::is_near_cpu_limit()
}

#[no_mangle]
pub extern "C" fn signal_word() -> *const u32 {
    other::signal_word()
}

#[no_mangle]
pub extern "C" fn terminated_word() -> *const u32 {
    other::terminated_word()
}

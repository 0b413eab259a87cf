// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Words as workers-rs (the signal's) and wasm-bindgen (terminated) define
//! them, and use them.
#![allow(non_upper_case_globals)]

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[no_mangle]
static __instance_signal: AtomicU32 = AtomicU32::new(0xffff);

#[no_mangle]
pub static mut __instance_terminated: u32 = 0;

pub fn is_registered() -> bool {
    __instance_signal.load(Relaxed) != 0xffff
}

pub fn is_near_cpu_limit() -> bool {
    __instance_signal.load(Relaxed) == 24
}

pub fn signal_word() -> *const u32 {
    __instance_signal.as_ptr()
}

pub fn terminated_word() -> *const u32 {
    &raw const __instance_terminated
}

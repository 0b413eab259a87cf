// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A word that is read as stable Rust reads atomics by itself: by plain loads,
//! which LLVM lifts out of loops. What the crate is there to do better.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

#[no_mangle]
pub static __instance_signal: AtomicU32 = AtomicU32::new(0xffff);

#[no_mangle]
pub extern "C" fn spin() -> u32 {
    loop {
        match __instance_signal.load(SeqCst) {
            0 | 0xffff => {}
            signal => return signal,
        }
    }
}

#[no_mangle]
pub extern "C" fn once() -> u32 {
    __instance_signal.load(SeqCst)
}

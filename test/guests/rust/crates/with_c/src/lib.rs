// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A module in Rust with a part in C that receives signals too. The test compiles
//! part.c, and has the linker take it.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use wasmsig_guest::{on, poll, Signal};

extern "C" {
    fn c_listen(signal: i32) -> i32;
    fn c_poll() -> i32;
    fn c_last() -> i32;
    fn c_is_hosted() -> i32;
}

static LAST: AtomicU32 = AtomicU32::new(0);

/// Whether that handler stood there before.
#[no_mangle]
pub extern "C" fn listen_in_c(signal: i32) -> bool {
    // SAFETY: it takes a number.
    unsafe { c_listen(signal) != 0 }
}

#[no_mangle]
pub extern "C" fn poll_in_c() -> i32 {
    // SAFETY: it takes nothing.
    unsafe { c_poll() }
}

#[no_mangle]
pub extern "C" fn last_in_c() -> i32 {
    // SAFETY: it takes nothing.
    unsafe { c_last() }
}

#[no_mangle]
pub extern "C" fn is_hosted_in_c() -> bool {
    // SAFETY: it takes nothing.
    unsafe { c_is_hosted() != 0 }
}

#[no_mangle]
pub extern "C" fn listen(number: u32) {
    if let Some(signal) = Signal::new(number) {
        on(signal, |signal| LAST.store(signal.number(), Relaxed));
    }
}

#[no_mangle]
pub extern "C" fn poll_once() -> u32 {
    poll().map_or(0, Signal::number)
}

#[no_mangle]
pub extern "C" fn last() -> u32 {
    LAST.load(Relaxed)
}

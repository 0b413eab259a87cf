// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a test asks of a guest, one export each.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use wasmsig_guest::{is_hosted, off, on, pending, poll, Signal, SignalSet};

static HEARD: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// In the same file as a poll: there LLVM may drop the atomics feature.
    static LAST: Cell<u32> = const { Cell::new(0) };
}

/// A loop with nothing in it but the poll.
#[no_mangle]
pub extern "C" fn spin() -> u32 {
    loop {
        if let Some(signal) = poll() {
            return signal.number();
        }
    }
}

/// A loop that does something, `turns` times or until a signal comes.
#[no_mangle]
pub extern "C" fn count(turns: u32) -> u32 {
    let mut turn = 0;
    while turn < turns {
        turn += 1;
        if poll().is_some() {
            break;
        }
    }
    turn
}

/// The loop of the README; returns how many polls it took.
#[no_mangle]
pub extern "C" fn until_xcpu() -> u32 {
    let mut polls = 1;
    while poll() != Some(Signal::XCPU) {
        polls += 1;
    }
    polls
}

#[no_mangle]
pub extern "C" fn poll_once() -> u32 {
    poll().map_or(0, Signal::number)
}

#[no_mangle]
pub extern "C" fn take_pending() -> u64 {
    pending().bits()
}

#[no_mangle]
pub extern "C" fn hosted() -> bool {
    is_hosted()
}

/// Whether there was a handler; sets one that remembers the signal.
#[no_mangle]
pub extern "C" fn listen(number: u32) -> bool {
    let signal = Signal::try_from(number).unwrap();
    on(signal, remember).is_some()
}

#[no_mangle]
pub extern "C" fn stop_listening(number: u32) -> bool {
    let signal = Signal::try_from(number).unwrap();
    off(signal).is_some()
}

/// Returns what was wanted before.
#[no_mangle]
pub extern "C" fn want(bits: u64) -> u64 {
    wasmsig_guest::want(SignalSet::from_bits(bits)).bits()
}

#[no_mangle]
pub extern "C" fn listen_and_panic(number: u32) {
    on(Signal::try_from(number).unwrap(), |_| {
        panic!("in a handler")
    });
}

#[no_mangle]
pub extern "C" fn listen_and_poll(number: u32) {
    on(Signal::try_from(number).unwrap(), |signal| {
        remember(signal);
        poll();
    });
}

/// How many signals the handlers have heard.
#[no_mangle]
pub extern "C" fn heard() -> u32 {
    HEARD.load(Relaxed)
}

/// The last of them.
#[no_mangle]
pub extern "C" fn last() -> u32 {
    LAST.with(Cell::get)
}

fn remember(signal: Signal) {
    HEARD.fetch_add(1, Relaxed);
    LAST.with(|last| last.set(signal.number()));
}

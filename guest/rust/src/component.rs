// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The words in a component, which hides its memory from its host. So the words
//! are its own: each so many turns a poll takes signals from the host by a call
//! (wit/signals.wit), and raises them here. Delivery is then the same.
//!
//! If the word is not 0, no turns are left. So a poll that finds turns left has
//! nothing to deliver, and reads nothing else. A component has one thread.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::turns;

static WORD: AtomicU32 = AtomicU32::new(0);
static SET: AtomicU64 = AtomicU64::new(0);
static HANDLED: AtomicU64 = AtomicU64::new(0);

/// Polls until the next call.
static LEFT: AtomicU32 = AtomicU32::new(0);
/// Polls between the last two calls.
static TURNS: AtomicU32 = AtomicU32::new(1);
/// When the last one was.
static LAST_NS: AtomicU64 = AtomicU64::new(0);

#[inline(always)]
pub(crate) fn word() -> u32 {
    let left = LEFT.load(Relaxed);
    if left == 0 {
        return turns_are_over();
    }
    LEFT.store(left - 1, Relaxed);
    0
}

#[cold]
#[inline(never)]
fn turns_are_over() -> u32 {
    if WORD.load(Relaxed) == 0 {
        let now = host::now_ns();
        let since = now.saturating_sub(LAST_NS.swap(now, Relaxed));
        let turns = turns::next(TURNS.load(Relaxed), since);
        TURNS.store(turns, Relaxed);
        LEFT.store(turns - 1, Relaxed);
        take_from_host();
    }
    WORD.load(Relaxed)
}

/// The order in which they arrived is not known: the lowest is first.
fn take_from_host() {
    let bits = host::take(HANDLED.load(Relaxed));
    if bits != 0 {
        put_set(bits);
        put_word(bits.trailing_zeros() + 1);
    }
}

pub(crate) fn take_word() -> u32 {
    WORD.swap(0, Relaxed)
}

pub(crate) fn put_word(number: u32) {
    let _ = WORD.compare_exchange(0, number, Relaxed, Relaxed);
    LEFT.store(0, Relaxed);
}

pub(crate) fn set() -> u64 {
    SET.load(Relaxed)
}

pub(crate) fn take_set() -> u64 {
    SET.swap(0, Relaxed)
}

pub(crate) fn put_set(bits: u64) {
    SET.fetch_or(bits, Relaxed);
}

/// The host learns it at once: a signal may come before the next poll.
pub(crate) fn say_handled(which: u64, bits: u64) {
    HANDLED.fetch_or(which & bits, Relaxed);
    HANDLED.fetch_and(!which | bits, Relaxed);
    take_from_host();
}

#[cfg(not(test))]
mod host {
    extern crate std; // its clock: WASI 0.2 always has it

    use std::sync::OnceLock;
    use std::time::Instant;

    mod import {
        #[link(wasm_import_module = "wasmsig:signals/signals@0.1.0")]
        extern "C" {
            pub fn take(handled: u64) -> u64;
        }

        extern "C" {
            // words/component.s
            pub fn wasmsig_guest_rust_component();
        }
    }

    pub(super) fn take(handled: u64) -> u64 {
        // SAFETY: the one does nothing, the other is as in wit/signals.wit.
        unsafe {
            import::wasmsig_guest_rust_component();
            import::take(handled)
        }
    }

    pub(super) fn now_ns() -> u64 {
        static FIRST: OnceLock<Instant> = OnceLock::new();
        let since = FIRST.get_or_init(Instant::now).elapsed();
        since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
    }
}

#[cfg(test)]
use crate::tests::component_host as host;

/// As at the start of a program.
#[cfg(test)]
pub(crate) fn reset() {
    WORD.store(0, Relaxed);
    SET.store(0, Relaxed);
    HANDLED.store(0, Relaxed);
    LEFT.store(0, Relaxed);
    TURNS.store(1, Relaxed);
    LAST_NS.store(0, Relaxed);
}

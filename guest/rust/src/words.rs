// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The words of the protocol: a host writes them, this module reads them. In a
//! component they are another module's (component.rs).

/// The signal word until a host that knows of signals zeroes it.
pub(crate) const UNHOSTED: u32 = 0xffff;

/// The pending set until a host that knows it zeroes it.
pub(crate) const UNKNOWN: u64 = u64::MAX;

pub(crate) use at::{put_set, put_word, say_handled, set, take_set, take_word, word};

#[cfg(wasmsig_component)]
use crate::component as at;

#[cfg(wasmsig_words)]
mod at {
    mod object {
        // words/words.s. Each is one atomic instruction on a word whose address
        // the linker knows; the caller has no obligation.
        extern "C" {
            #[cfg(not(wasmsig_atomics))]
            pub fn wasmsig_guest_rust_word() -> u32;
            pub fn wasmsig_guest_rust_take_word() -> u32;
            pub fn wasmsig_guest_rust_put_word(number: u32);
            pub fn wasmsig_guest_rust_set() -> u64;
            pub fn wasmsig_guest_rust_take_set() -> u64;
            pub fn wasmsig_guest_rust_put_set(bits: u64);
            pub fn wasmsig_guest_rust_say_handled(which: u64, bits: u64);

            #[cfg(wasmsig_atomics)]
            pub static __instance_signal: core::sync::atomic::AtomicU32;
        }
    }

    /// Out of line: LLVM cannot turn a load into a plain one that it does not see.
    #[cfg(not(wasmsig_atomics))]
    #[inline(always)]
    pub(crate) fn word() -> u32 {
        // SAFETY: see `object`.
        unsafe { object::wasmsig_guest_rust_word() }
    }

    /// With the target feature LLVM keeps an atomic load as it is (build.rs).
    #[cfg(wasmsig_atomics)]
    #[inline(always)]
    pub(crate) fn word() -> u32 {
        use core::sync::atomic::Ordering;
        // SAFETY: a word that lives as long as the module, in words.o or in
        // another definition that the linker preferred.
        unsafe { object::__instance_signal.load(Ordering::Relaxed) }
    }

    /// The signal word, which becomes 0. By exchange: between a load and a
    /// store a signal could be lost.
    pub(crate) fn take_word() -> u32 {
        // SAFETY: see `object`.
        unsafe { object::wasmsig_guest_rust_take_word() }
    }

    /// Raises a signal again, unless a newer one is there.
    pub(crate) fn put_word(number: u32) {
        // SAFETY: see `object`.
        unsafe { object::wasmsig_guest_rust_put_word(number) }
    }

    pub(crate) fn set() -> u64 {
        // SAFETY: see `object`.
        unsafe { object::wasmsig_guest_rust_set() }
    }

    /// The pending set, which becomes empty.
    pub(crate) fn take_set() -> u64 {
        // SAFETY: see `object`.
        unsafe { object::wasmsig_guest_rust_take_set() }
    }

    /// Adds signals to the pending set.
    pub(crate) fn put_set(bits: u64) {
        // SAFETY: see `object`.
        unsafe { object::wasmsig_guest_rust_put_set(bits) }
    }

    /// In the handled set, `which` become as in `bits`.
    pub(crate) fn say_handled(which: u64, bits: u64) {
        // SAFETY: see `object`.
        unsafe { object::wasmsig_guest_rust_say_handled(which, bits) }
    }
}

/// Words that the tests play the host of, also between any two steps.
#[cfg(not(any(wasmsig_words, wasmsig_component)))]
mod at {
    use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

    use crate::tests::step;

    pub(crate) static WORD: AtomicU32 = AtomicU32::new(super::UNHOSTED);
    pub(crate) static SET: AtomicU64 = AtomicU64::new(super::UNKNOWN);

    pub(crate) fn word() -> u32 {
        step();
        WORD.load(SeqCst)
    }

    pub(crate) fn take_word() -> u32 {
        step();
        WORD.swap(0, SeqCst)
    }

    pub(crate) fn put_word(number: u32) {
        step();
        let _ = WORD.compare_exchange(0, number, SeqCst, SeqCst);
    }

    pub(crate) fn set() -> u64 {
        step();
        SET.load(SeqCst)
    }

    pub(crate) fn take_set() -> u64 {
        step();
        SET.swap(0, SeqCst)
    }

    pub(crate) fn put_set(bits: u64) {
        step();
        SET.fetch_or(bits, SeqCst);
    }

    pub(crate) static HANDLED: AtomicU64 = AtomicU64::new(0);

    pub(crate) fn say_handled(which: u64, bits: u64) {
        HANDLED.fetch_or(which & bits, SeqCst);
        HANDLED.fetch_and(!which | bits, SeqCst);
    }
}

#[cfg(test)]
pub(crate) use at::{HANDLED, SET, WORD};

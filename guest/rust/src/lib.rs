// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Unix signals and CPU limits for WebAssembly guests: a host raises a signal,
//! and the guest hears it in the middle of a loop.
//!
//! ```
//! use wasmsig_guest::{poll, Signal};
//!
//! fn primes_below(limit: u32) -> Vec<u32> {
//!     let mut primes = Vec::new();
//!     for n in 2..limit {
//!         if primes.iter().all(|prime| n % prime != 0) {
//!             primes.push(n);
//!         }
//!         if poll() == Some(Signal::XCPU) {
//!             break; // nearly out of CPU time: what is there is the answer
//!         }
//!     }
//!     primes
//! }
//! # assert_eq!(primes_below(10), [2, 3, 5, 7]);
//! ```
//!
//! Nothing else is needed: no flag, no macro, no C compiler. A module that
//! polls somewhere exports the words that hosts look for (`__instance_signal`,
//! `__instance_signal_pending`, `__instance_terminated`). Add [`words!`] to a
//! module that shall export them though nothing in it polls.
//!
//! # Where a poll works
//!
//! The poll is an `i32.atomic.load` in the binary, at every opt-level and with
//! LTO. Stable Rust would not leave it there by itself: without the target
//! feature `atomics` LLVM makes `AtomicU32::load` a plain load, and lifts it
//! out of loops. So the crate carries the instruction in a small object file
//! (`words/words.o`, its source beside it).
//!
//! | built with | the poll | holds in |
//! | --- | --- | --- |
//! | nothing special | a call of a function of three instructions | V8 (Node, Deno, Chrome, Workers), JavaScriptCore (Bun, Safari), Wasmtime, WAMR |
//! | `-C target-feature=+atomics` | the instruction, in the loop itself | the same |
//!
//! Stable Rust takes `atomics` with a warning, and its prebuilt library goes with
//! it; a memory that is not shared may be used atomically. Engines must know
//! atomic instructions: all of the above have for years. `wasm-opt -O` (wasm-pack)
//! puts the instruction into the loop without that flag.
//!
//! # What it costs
//!
//! In V8 1 to 2 nanoseconds, with `+atomics` less than one, whether there is a
//! host or not. In JavaScriptCore an atomic load takes 4 to 6 ns: in a tight loop
//! poll at every 64th or 1024th turn there.
//!
//! # What happens at a poll
//!
//! The handlers that were set by [`on`] run (each in the poll, like any function
//! that it calls, so they may lock, allocate, and poll), and the newest signal is
//! the poll's answer. What was neither handled nor answered waits for the next
//! poll, so `poll() == Some(Signal::XCPU)` misses none. A panic in a handler is a
//! panic of the poll; with `panic = "unwind"` the next poll does what it kept
//! this one from. SIGKILL is how a host that cannot stop a running instance ends
//! it: the poll executes `unreachable`.
//!
//! Numbers are those of Linux on x86-64, on every host. Without a host that
//! knows of signals (a browser, `wasmtime run`) [`poll`] says `None`. The same
//! holds on targets that are not WebAssembly, so `cargo test` needs no stubs.
//!
//! In a module with threads the words are those of the memory: one thread takes
//! a signal, whichever polls first, and its handlers run there.
//!
//! # Beside other crates
//!
//! workers-rs (crate `worker`) has a signal word of its own, and wasm-bindgen a
//! terminated word. Theirs win, there is one of each, and this crate uses it. A
//! poll acknowledges, as a Unix program's handler does: after it `worker`'s
//! `signal::is_near_cpu_limit()`, which only looks, says `false` again; and
//! where no host knows of signals, its `signal::is_registered()` is right only
//! until the first poll. [`is_hosted`] stays right.
//!
//! Anything else that defines the words, such as a C library with
//! `WASMSIG_GUEST_WORDS()`, collides at link time, by a symbol whose name says
//! what to do: one of the two must go.

#![no_std]
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]

#[cfg(test)]
extern crate std;

/// Its code blocks are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

#[cfg(target_arch = "wasm64")]
compile_error!("wasmsig-guest: 64-bit memories are not supported yet");

#[cfg_attr(not(any(target_arch = "wasm32", test)), path = "absent.rs")]
mod delivery;
mod future;
mod handlers;
mod set;
mod signal;
#[cfg(any(target_arch = "wasm32", test))]
mod words;

#[cfg(test)]
mod tests;

pub use future::{next, next_every, signal, signal_every, Came, Next};
pub use handlers::{off, on};
pub use set::{SignalSet, Signals};
pub use signal::{InvalidSignal, Signal};

/// Asks whether a signal has come, and answers with it, acknowledged. Of several
/// it answers the newest; the next polls answer the others, before what comes
/// meanwhile. First the handlers of all that have come and have one run, in
/// ascending order: these signals are acknowledged too.
///
/// Never returns from SIGKILL: it executes `unreachable`.
#[inline(always)]
pub fn poll() -> Option<Signal> {
    delivery::poll(SignalSet::ALL)
}

/// Takes all signals that have come, and leaves what to do to the caller: no
/// handler runs. Futures that wait for one of them resolve nevertheless.
///
/// A host that knows only the signal word delivers the newest alone. Like
/// [`poll`], this never returns from SIGKILL.
///
/// ```
/// use wasmsig_guest::{pending, Signal};
///
/// let signals = pending();
/// if signals.contains(Signal::TERM) {
///     println!("asked to end");
/// }
/// for signal in signals {
///     println!("{signal}");
/// }
/// ```
#[inline]
#[must_use = "the signals are taken: no poll answers them any more"]
pub fn pending() -> SignalSet {
    delivery::pending()
}

/// Whether a host that delivers signals runs this instance.
///
/// A poll in the module's start function comes before the host had its turn.
/// After one, a host that knows only the signal word is recognised by its first
/// signal.
pub fn is_hosted() -> bool {
    delivery::is_hosted()
}

/// Keeps the words in a module in which nothing polls, so that hosts track it
/// all the same, or `wasmsig instrument` finds them.
///
/// Not needed where [`poll`], [`pending`] or a future of this crate is used:
/// they bring the words along. It may stand in several crates of a module.
///
/// ```
/// wasmsig_guest::words!();
/// ```
#[macro_export]
macro_rules! words {
    () => {
        const _: () = {
            #[used]
            static WORDS: fn() -> bool = $crate::is_hosted;
        };
    };
}

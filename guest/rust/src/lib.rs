// SPDX-License-Identifier: Apache-2.0 OR MIT
#![doc = include_str!("../README.md")]
#![no_std]
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]

#[cfg(test)]
extern crate std;

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

/// Says which signals this module takes from [`poll`], [`pending`] or
/// [`next()`](crate::next()), and acts on: a host cannot see what becomes of an
/// answer. A signal that would end a process does so if nobody handles it:
/// SIGTERM, SIGHUP and the like at once, SIGINT at the second time. Handled is
/// what has a handler ([`on`]), what a future of [`signal()`](crate::signal()) was
/// made for, and what is in this set.
///
/// The set takes the place of the one before, which is returned. SIGKILL in it
/// is left out.
///
/// ```
/// use wasmsig_guest::{poll, want, Signal, SignalSet};
///
/// want(SignalSet::from_iter([Signal::INT, Signal::TERM]));
/// while poll().is_none() {
/// #   break;
/// }
/// ```
pub fn want(signals: SignalSet) -> SignalSet {
    delivery::want(signals)
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
/// Not needed where [`poll`], [`pending`] or a future of this crate is used: they
/// bring the words along. It must stand in the crate that becomes the module, the
/// `cdylib` or the program; in a library that this uses it may do nothing, as the
/// linker leaves out what nobody calls, and harms nothing.
///
/// Polls that `wasmsig instrument` puts in run no handlers that [`on`] has set.
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

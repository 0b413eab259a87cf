// SPDX-License-Identifier: Apache-2.0 OR MIT
#![doc = include_str!("../README.md")]
#![no_std]
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]

#[cfg(test)]
extern crate std;

#[cfg(target_arch = "wasm64")]
compile_error!("wasmsig-guest: 64-bit memories are not supported yet");

// build.rs chooses between words, component and neither.
#[cfg(any(wasmsig_component, test))]
mod component;
#[cfg_attr(not(any(wasmsig_words, wasmsig_component, test)), path = "absent.rs")]
mod delivery;
mod future;
mod handlers;
mod set;
mod signal;
#[cfg(any(wasmsig_component, test))]
mod turns;
#[cfg(any(wasmsig_words, wasmsig_component, test))]
mod words;

#[cfg(test)]
mod tests;

pub use future::{next, next_every, signal, signal_every, Came, Next};
pub use handlers::{off, on};
pub use set::{SignalSet, Signals};
pub use signal::{InvalidSignal, Signal};

/// Checks for signals. Returns one that has arrived, acknowledged. Of several it
/// returns the newest; the next polls return the others before signals that
/// arrive later. First it runs the handlers of all signals that have arrived and
/// have one, in ascending order: these signals are acknowledged too.
///
/// Never returns from SIGKILL: it executes `unreachable`.
#[inline(always)]
pub fn poll() -> Option<Signal> {
    delivery::poll(SignalSet::ALL)
}

/// Takes all signals that have arrived. Runs no handler. Futures that wait for
/// one of them resolve nevertheless.
///
/// A host that knows only the signal word delivers only the newest. Like
/// [`poll`], this never returns from SIGKILL.
///
/// ```
/// use wasmsig_guest::{pending, Signal};
///
/// let signals = pending();
/// if signals.contains(Signal::TERM) {
///     println!("requested to end");
/// }
/// for signal in signals {
///     println!("{signal}");
/// }
/// ```
#[inline]
#[must_use = "the signals are taken: no later poll returns them"]
pub fn pending() -> SignalSet {
    delivery::pending()
}

/// Declares which signals this module takes from [`poll`], [`pending`] or
/// [`next()`](crate::next()) and acts on: a host cannot see how the module uses
/// the result. A signal that is not handled and whose default action ends a
/// process does so: SIGTERM, SIGHUP and others at once, SIGINT at the second
/// time. A signal is handled if it has a handler ([`on`]), if a future of
/// [`signal()`](crate::signal()) was made for it, or if it is in this set.
///
/// The set replaces the previous one, which is returned. SIGKILL in it has no
/// effect.
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
/// A poll in the module's start function runs before the host can write to the
/// words. After such a poll, a host that knows only the signal word is recognised
/// by its first signal.
pub fn is_hosted() -> bool {
    delivery::is_hosted()
}

/// Keeps the words in a module in which nothing polls, so that hosts track it, or
/// `wasmsig instrument` finds them.
///
/// Not needed if [`poll`], [`pending`] or a future of this crate is used: they
/// include the words. Use it in the crate that becomes the module, the `cdylib` or
/// the program. In a library of that crate it may have no effect, because the
/// linker removes what is not called.
///
/// Polls that `wasmsig instrument` adds run no handlers that [`on`] has set.
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

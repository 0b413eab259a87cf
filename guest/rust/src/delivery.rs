// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Delivery: from the words to handlers and to what futures look at.
//!
//! Why nothing is lost and nothing comes twice: a host ORs a signal's bit into
//! the pending set, then stores its number into the word. We take the word
//! first, then the set. A bit that the exchange misses was set after it, so the
//! word is stored after it too, and the next poll finds it. A bit that the
//! exchange took may have its word stored later: that poll finds the set empty.
//! A host that knows only the word leaves the set at UNKNOWN: then the word is
//! all there is.

use core::mem::transmute;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering::Relaxed};

use crate::words::{self, UNHOSTED, UNKNOWN};
use crate::{Signal, SignalSet};

// Relaxed wherever it stands here: in a module with threads these say what
// happened, and order nothing else.

const MOST: usize = Signal::MAX as usize;

#[allow(clippy::declare_interior_mutable_const)] // to fill arrays with
const NO_HANDLER: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
#[allow(clippy::declare_interior_mutable_const)]
const NEVER: AtomicU32 = AtomicU32::new(0);

/// Each null or a `fn(Signal)`, which is never null.
static HANDLERS: [AtomicPtr<()>; MOST + 1] = [NO_HANDLER; MOST + 1];

/// How often each signal has come, modulo 2^32.
static TIMES: [AtomicU32; MOST + 1] = [NEVER; MOST + 1];
/// How often any has.
static DELIVERIES: AtomicU32 = AtomicU32::new(0);
static NEWEST: AtomicU32 = AtomicU32::new(0);

/// Whether a poll found the word as no host leaves it ...
static SAW_UNHOSTED: AtomicBool = AtomicBool::new(false);
/// ... and whether a signal has come after that.
static HEARD_SINCE: AtomicBool = AtomicBool::new(false);

/// What a poll does when the word is not 0.
#[cold]
#[inline(never)]
pub(crate) fn deliver() -> Option<Signal> {
    let (newest, signals) = take_newest();
    let mut rest = Rest(signals);
    while let Some(signal) = rest.0.take_lowest() {
        if let Some(handler) = handler(&HANDLERS[signal.index()]) {
            handler(signal);
        }
    }
    newest
}

/// What is not handled yet. If a handler unwinds, the next poll does the rest.
struct Rest(SignalSet);

impl Drop for Rest {
    fn drop(&mut self) {
        if let Some(signal) = self.0.into_iter().next() {
            words::put_set(self.0.bits());
            words::put_word(signal.number());
        }
    }
}

/// Takes all signals without running handlers.
#[cold]
#[inline(never)]
pub(crate) fn take() -> SignalSet {
    take_newest().1
}

fn take_newest() -> (Option<Signal>, SignalSet) {
    let word = words::take_word();
    if word == UNHOSTED {
        HEARD_SINCE.store(false, Relaxed);
        SAW_UNHOSTED.store(true, Relaxed);
        return (None, SignalSet::EMPTY);
    }
    let named = Signal::new(word);
    let signals = if words::set() == UNKNOWN {
        named.into_iter().collect()
    } else {
        SignalSet::from_bits(words::take_set())
    };
    if named == Some(Signal::KILL) || signals.contains(Signal::KILL) {
        die();
    }
    let newest = named
        .filter(|&signal| signals.contains(signal))
        .or_else(|| signals.iter().next());
    if let Some(newest) = newest {
        remember(signals, newest);
    }
    (newest, signals)
}

fn remember(signals: SignalSet, newest: Signal) {
    for signal in signals {
        add_one(&TIMES[signal.index()]);
    }
    NEWEST.store(newest.number(), Relaxed);
    add_one(&DELIVERIES);
    HEARD_SINCE.store(true, Relaxed);
}

fn add_one(count: &AtomicU32) {
    count.fetch_add(1, Relaxed);
}

#[cfg(target_arch = "wasm32")]
fn die() -> ! {
    core::arch::wasm32::unreachable()
}

/// Only tests get here.
#[cfg(not(target_arch = "wasm32"))]
fn die() -> ! {
    panic!("killed")
}

fn handler(slot: &AtomicPtr<()>) -> Option<fn(Signal)> {
    from_pointer(slot.load(Relaxed))
}

fn from_pointer(pointer: *mut ()) -> Option<fn(Signal)> {
    // SAFETY: HANDLERS holds null, which is None, or what `on` made of a
    // `fn(Signal)`.
    unsafe { transmute::<*mut (), Option<fn(Signal)>>(pointer) }
}

/// Sets the handler of a signal: it runs in [`poll`](crate::poll), when the
/// signal has come. Returns the one that stood before.
///
/// SIGKILL cannot be handled: that is left alone and answered with `None`.
///
/// ```
/// use core::sync::atomic::{AtomicBool, Ordering};
/// use wasmsig_guest::{on, poll, Signal};
///
/// static STOP: AtomicBool = AtomicBool::new(false);
///
/// on(Signal::XCPU, |_| STOP.store(true, Ordering::Relaxed));
/// while !STOP.load(Ordering::Relaxed) {
///     poll();
/// #   break;
/// }
/// ```
pub fn on(signal: Signal, handler: fn(Signal)) -> Option<fn(Signal)> {
    replace(signal, handler as *mut ())
}

/// Removes the handler of a signal, and returns it.
pub fn off(signal: Signal) -> Option<fn(Signal)> {
    replace(signal, ptr::null_mut())
}

fn replace(signal: Signal, handler: *mut ()) -> Option<fn(Signal)> {
    if signal == Signal::KILL {
        return None;
    }
    from_pointer(HANDLERS[signal.index()].swap(handler, Relaxed))
}

pub(crate) fn is_hosted() -> bool {
    // The set first, so that words.o is linked wherever this is used.
    let knows_set = words::set() != UNKNOWN;
    match words::word() {
        UNHOSTED => false,
        0 => knows_set || !SAW_UNHOSTED.load(Relaxed) || HEARD_SINCE.load(Relaxed),
        _ => true,
    }
}

/// How often `signal` has come.
pub(crate) fn times(signal: Signal) -> u32 {
    TIMES[signal.index()].load(Relaxed)
}

/// How often any signal has come, and which came last.
pub(crate) fn deliveries() -> (u32, Option<Signal>) {
    let newest = Signal::new(NEWEST.load(Relaxed));
    (DELIVERIES.load(Relaxed), newest)
}

/// As at the start of a program.
#[cfg(test)]
pub(crate) fn reset() {
    for slot in &HANDLERS {
        slot.store(ptr::null_mut(), Relaxed);
    }
    SAW_UNHOSTED.store(false, Relaxed);
    HEARD_SINCE.store(false, Relaxed);
}

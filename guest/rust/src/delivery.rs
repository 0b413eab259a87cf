// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Delivery: from the words to handlers, to the result of a poll, and to futures.
//!
//! Why no signal is lost or delivered twice, at whatever moment the host raises:
//! it ORs a signal's bit into the pending set, then stores its number into the
//! word. A poll takes the word first, then the set. A bit that the exchange misses
//! was set after it, so its word is stored after it too, and the next poll finds
//! it. A bit that the exchange took may have its word stored later: the next poll
//! does not find it in the set, and that word has no meaning.
//!
//! A poll puts back signals that it does not deliver, in the order of the host:
//! into the set, then into the word, and there only if the word is 0. If the word
//! is not 0, another poll follows anyway, and finds the signals in the set. A
//! signal is in the set, held by one poll, or delivered, and never two of these.
//! So it is delivered once each time that the host ORs it in.
//!
//! A host that knows only the word leaves the set at UNKNOWN: then there is only
//! the word, and no signal to put back.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::handlers::handler_of;
use crate::words::{self, UNHOSTED, UNKNOWN};
use crate::{Signal, SignalSet};

// Relaxed everywhere: in a module with threads these are counts, and order
// nothing else.

const MOST: usize = Signal::MAX as usize;

#[allow(clippy::declare_interior_mutable_const)] // to fill an array with
const NEVER: AtomicU32 = AtomicU32::new(0);

/// How often each signal was received, modulo 2^32: returned, handled, or taken.
static TIMES: [AtomicU32; MOST + 1] = [NEVER; MOST + 1];
/// How often any signal was.
static HEARD: AtomicU32 = AtomicU32::new(0);
static LAST: AtomicU32 = AtomicU32::new(0);

/// Waits since an earlier poll, which returned another signal.
static PASSED_OVER: AtomicU64 = AtomicU64::new(0);

/// The signals that the module takes from its polls.
static WANTED: AtomicU64 = AtomicU64::new(0);

/// Whether a poll found the word with its initial value ...
static SAW_UNHOSTED: AtomicBool = AtomicBool::new(false);
/// ... and whether a signal has arrived after that.
static CAME_SINCE: AtomicBool = AtomicBool::new(false);

/// Runs the handlers of all signals that have arrived, and returns one of
/// `wanted`. The others continue to wait.
#[inline(always)]
pub(crate) fn poll(wanted: SignalSet) -> Option<Signal> {
    if words::word() == 0 {
        return None;
    }
    deliver(wanted)
}

/// Takes all signals that have arrived, and runs no handler.
#[inline(always)]
pub(crate) fn pending() -> SignalSet {
    if words::word() == 0 {
        return SignalSet::EMPTY;
    }
    deliver_all()
}

/// While a handler runs, the other signals wait as if the host had just raised
/// them. A poll inside the handler may deliver them, and none is lost if the
/// handler never returns, or unwinds.
#[cold]
#[inline(never)]
fn deliver(wanted: SignalSet) -> Option<Signal> {
    let (newest, came) = take();
    let result = choose(both(came, wanted.bits()), newest);
    let handled: SignalSet = came.iter().filter(|&it| handler_of(it).is_some()).collect();
    let mut rest = handled;
    rest.extend(result);
    pass_over(both(came, !rest.bits()));
    let mut is_returned = false;
    while let Some(signal) = both(rest, handled.bits()).lowest() {
        rest.remove(signal);
        is_returned |= result == Some(signal);
        if let Some(handler) = handler_of(signal) {
            remember(signal);
            put_back(rest);
            handler(signal);
            rest = withdraw(rest);
        } else if result == Some(signal) {
            remember(signal);
        } else {
            // An earlier handler removed this one's: the signal waits again.
            put_back([signal].into_iter().collect());
        }
    }
    let result = result?;
    if rest.contains(result) {
        remember(result);
    } else if is_returned {
        LAST.store(result.number(), Relaxed);
    } else {
        return None; // a poll in a handler has returned it
    }
    Some(result)
}

/// One that an earlier poll passed over, if there is one, else the newest.
/// Otherwise a signal that arrives between any two polls, such as a timer's, would
/// hide an older one for ever.
fn choose(signals: SignalSet, newest: Option<Signal>) -> Option<Signal> {
    both(signals, PASSED_OVER.load(Relaxed))
        .lowest()
        .or(newest.filter(|&signal| signals.contains(signal)))
        .or(signals.lowest())
}

fn both(signals: SignalSet, bits: u64) -> SignalSet {
    SignalSet::from_bits(signals.bits() & bits)
}

/// All signals passed over are returned before others are added to them, so none
/// waits for more than 127 polls that return any signal.
fn pass_over(signals: SignalSet) {
    let before = PASSED_OVER.load(Relaxed) & signals.bits();
    let now = if before == 0 { signals.bits() } else { before };
    PASSED_OVER.store(now, Relaxed);
    put_back(signals);
}

fn put_back(signals: SignalSet) {
    if let Some(lowest) = signals.lowest() {
        words::put_set(signals.bits());
        words::put_word(lowest.number());
    }
}

/// Takes those that no poll has taken since they were put back.
fn withdraw(signals: SignalSet) -> SignalSet {
    if signals.is_empty() {
        return signals;
    }
    let all = SignalSet::from_bits(words::take_set());
    put_back(both(all, !signals.bits()));
    both(all, signals.bits())
}

#[cold]
#[inline(never)]
fn deliver_all() -> SignalSet {
    let (newest, signals) = take();
    PASSED_OVER.store(0, Relaxed);
    for signal in signals {
        remember(signal);
    }
    if let Some(newest) = newest {
        LAST.store(newest.number(), Relaxed);
    }
    signals
}

/// The word's signal, or the lowest if the word arrived late; and all that waited.
fn take() -> (Option<Signal>, SignalSet) {
    let word = words::take_word();
    if word == UNHOSTED {
        CAME_SINCE.store(false, Relaxed);
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
    if !signals.is_empty() {
        CAME_SINCE.store(true, Relaxed);
    }
    let newest = named.filter(|&signal| signals.contains(signal));
    (newest.or(signals.lowest()), signals)
}

fn remember(signal: Signal) {
    add_one(&TIMES[signal.index()]);
    LAST.store(signal.number(), Relaxed);
    add_one(&HEARD);
}

fn add_one(count: &AtomicU32) {
    count.fetch_add(1, Relaxed);
}

#[cfg(target_arch = "wasm32")]
fn die() -> ! {
    core::arch::wasm32::unreachable()
}

#[cfg(not(target_arch = "wasm32"))]
fn die() -> ! {
    panic!("killed")
}

pub(crate) fn is_hosted() -> bool {
    // The set first, so that words.o is linked wherever this is used.
    let knows_set = words::set() != UNKNOWN;
    match words::word() {
        UNHOSTED => false,
        0 => knows_set || !SAW_UNHOSTED.load(Relaxed) || CAME_SINCE.load(Relaxed),
        _ => true,
    }
}

/// Replaces the previous set, which is returned.
pub(crate) fn want(signals: SignalSet) -> SignalSet {
    let mut wanted = signals;
    wanted.remove(Signal::KILL);
    let before = SignalSet::from_bits(WANTED.swap(wanted.bits(), Relaxed));
    say_handled(SignalSet::from_bits(before.bits() | wanted.bits()));
    before
}

/// Adds to the set.
pub(crate) fn want_too(signals: SignalSet) {
    WANTED.fetch_or(signals.bits(), Relaxed);
    say_handled(signals);
}

/// Updates the handled set for the signals of `which`.
pub(crate) fn say_handled(which: SignalSet) {
    let by_handler: SignalSet = which
        .iter()
        .filter(|&it| handler_of(it).is_some())
        .collect();
    let handled = by_handler.bits() | WANTED.load(Relaxed);
    words::say_handled(which.bits(), handled);
}

/// How often `signal` was received.
pub(crate) fn times(signal: Signal) -> u32 {
    TIMES[signal.index()].load(Relaxed)
}

/// How often any signal was received, and which was the last.
pub(crate) fn received() -> (u32, Option<Signal>) {
    (HEARD.load(Relaxed), Signal::new(LAST.load(Relaxed)))
}

/// As at the start of a program.
#[cfg(test)]
pub(crate) fn reset() {
    PASSED_OVER.store(0, Relaxed);
    WANTED.store(0, Relaxed);
    SAW_UNHOSTED.store(false, Relaxed);
    CAME_SINCE.store(false, Relaxed);
}

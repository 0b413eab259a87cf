// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Delivery: from the words to handlers, to a poll's answer, and to what futures
//! look at.
//!
//! Why nothing is lost and nothing comes twice, whenever the host raises: it ORs
//! a signal's bit into the pending set, then stores its number into the word. We
//! take the word first, then the set. A bit that the exchange misses was set
//! after it, so the word is stored after it too, and the next poll finds it. A
//! bit that the exchange took may have its word stored later: that poll does not
//! find it in the set, and the word says nothing.
//!
//! What nobody heard is put back the host's way: into the set, then into the
//! word, there only if the word is 0. If it is not, a poll follows anyway, and
//! finds in the set what was put there before. A signal is in the set, in the
//! hands of one poll, or heard, never two of these: so it is heard once each
//! time that the host ORs it in.
//!
//! A host that knows only the word leaves the set at UNKNOWN: then the word is
//! all there is, and nothing is left to put back.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::handlers::handler_of;
use crate::words::{self, UNHOSTED, UNKNOWN};
use crate::{Signal, SignalSet};

// Relaxed wherever it stands here: in a module with threads these say what
// happened, and order nothing else.

const MOST: usize = Signal::MAX as usize;

#[allow(clippy::declare_interior_mutable_const)] // to fill an array with
const NEVER: AtomicU32 = AtomicU32::new(0);

/// How often each signal was heard, modulo 2^32: answered, handled, or taken.
static TIMES: [AtomicU32; MOST + 1] = [NEVER; MOST + 1];
/// How often any was.
static HEARD: AtomicU32 = AtomicU32::new(0);
static LAST: AtomicU32 = AtomicU32::new(0);

/// What waits since an earlier poll, which answered another.
static PASSED_OVER: AtomicU64 = AtomicU64::new(0);

/// What the module says that it takes from polls.
static WANTED: AtomicU64 = AtomicU64::new(0);

/// Whether a poll found the word as no host leaves it ...
static SAW_UNHOSTED: AtomicBool = AtomicBool::new(false);
/// ... and whether a signal has come after that.
static CAME_SINCE: AtomicBool = AtomicBool::new(false);

/// Runs the handlers of all that have come, and answers one of `wanted`. What is
/// neither handled nor answered keeps waiting.
#[inline(always)]
pub(crate) fn poll(wanted: SignalSet) -> Option<Signal> {
    if words::word() == 0 {
        return None;
    }
    deliver(wanted)
}

/// Takes all that have come, and runs no handler.
#[inline(always)]
pub(crate) fn pending() -> SignalSet {
    if words::word() == 0 {
        return SignalSet::EMPTY;
    }
    deliver_all()
}

/// While a handler runs, what is still to be done waits as if the host had just
/// raised it: a poll inside may do it, and who never comes back, or unwinds,
/// loses nothing.
#[cold]
#[inline(never)]
fn deliver(wanted: SignalSet) -> Option<Signal> {
    let (newest, came) = take();
    let answer = choose(both(came, wanted.bits()), newest);
    let handled: SignalSet = came.iter().filter(|&it| handler_of(it).is_some()).collect();
    let mut rest = handled;
    rest.extend(answer);
    pass_over(both(came, !rest.bits()));
    let mut is_answered = false;
    while let Some(signal) = both(rest, handled.bits()).lowest() {
        rest.remove(signal);
        is_answered |= answer == Some(signal);
        if let Some(handler) = handler_of(signal) {
            remember(signal);
            put_back(rest);
            handler(signal);
            rest = withdraw(rest);
        } else if answer == Some(signal) {
            remember(signal);
        } else {
            // An earlier handler took this one's away: the signal waits again.
            put_back([signal].into_iter().collect());
        }
    }
    let answer = answer?;
    if rest.contains(answer) {
        remember(answer);
    } else if is_answered {
        LAST.store(answer.number(), Relaxed);
    } else {
        return None; // a poll in a handler has told of it
    }
    Some(answer)
}

/// One that an earlier poll passed over, if there is one, else the newest.
/// Otherwise a signal that comes between any two polls, as a timer's, would hide
/// an older one for ever.
fn choose(signals: SignalSet, newest: Option<Signal>) -> Option<Signal> {
    both(signals, PASSED_OVER.load(Relaxed))
        .lowest()
        .or(newest.filter(|&signal| signals.contains(signal)))
        .or(signals.lowest())
}

fn both(signals: SignalSet, bits: u64) -> SignalSet {
    SignalSet::from_bits(signals.bits() & bits)
}

/// Those passed over before are all answered before others are added to them,
/// so none waits for more than 127 polls that answer any signal.
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

/// Those that nobody has taken since they were put back.
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

/// The word's signal, the lowest if that came late; and all that waited.
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

/// In the place of what was wanted before, which is returned.
pub(crate) fn want(signals: SignalSet) -> SignalSet {
    let mut wanted = signals;
    wanted.remove(Signal::KILL);
    let before = SignalSet::from_bits(WANTED.swap(wanted.bits(), Relaxed));
    say_handled(SignalSet::from_bits(before.bits() | wanted.bits()));
    before
}

/// Beside what is wanted already.
pub(crate) fn want_too(signals: SignalSet) {
    WANTED.fetch_or(signals.bits(), Relaxed);
    say_handled(signals);
}

/// Puts what is so now of `which` into the handled set.
pub(crate) fn say_handled(which: SignalSet) {
    let by_handler: SignalSet = which
        .iter()
        .filter(|&it| handler_of(it).is_some())
        .collect();
    let handled = by_handler.bits() | WANTED.load(Relaxed);
    words::say_handled(which.bits(), handled);
}

/// How often `signal` was heard.
pub(crate) fn times(signal: Signal) -> u32 {
    TIMES[signal.index()].load(Relaxed)
}

/// How often any signal was heard, and which was the last.
pub(crate) fn heard() -> (u32, Option<Signal>) {
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

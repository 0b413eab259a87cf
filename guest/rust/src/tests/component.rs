// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The words of a component, with the tests as its host and its clock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::component::{self, put_set, put_word, say_handled, set, take_set, take_word, word};
use crate::turns::MOST;
use crate::Signal;

pub(crate) mod host {
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    pub(super) static RAISED: AtomicU64 = AtomicU64::new(0);
    pub(super) static HANDLED: AtomicU64 = AtomicU64::new(0);
    pub(super) static CALLS: AtomicU64 = AtomicU64::new(0);
    pub(super) static NOW_NS: AtomicU64 = AtomicU64::new(0);

    pub(crate) fn take(handled: u64) -> u64 {
        CALLS.fetch_add(1, SeqCst);
        HANDLED.store(handled, SeqCst);
        RAISED.swap(0, SeqCst)
    }

    pub(crate) fn now_ns() -> u64 {
        NOW_NS.load(SeqCst)
    }
}

use std::sync::atomic::Ordering::SeqCst;

/// The words are the process's: one test at a time.
fn fresh() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    component::reset();
    for number in [&host::RAISED, &host::HANDLED, &host::CALLS, &host::NOW_NS] {
        number.store(0, SeqCst);
    }
    guard
}

fn bit(signal: Signal) -> u64 {
    1 << (signal.number() - 1)
}

fn raise(signal: Signal) {
    host::RAISED.fetch_or(bit(signal), SeqCst);
}

fn calls() -> u64 {
    host::CALLS.load(SeqCst)
}

/// Polls, each after `ns` nanoseconds of other work, until the host is called.
fn polls_until_call(ns: u64) -> u64 {
    let before = calls();
    for polls in 1.. {
        host::NOW_NS.fetch_add(ns, SeqCst);
        word();
        if calls() > before {
            return polls;
        }
    }
    unreachable!()
}

#[test]
fn the_first_poll_calls_the_host() {
    let _guard = fresh();
    raise(Signal::XCPU);
    assert_eq!(word(), Signal::XCPU.number());
    assert_eq!(take_set(), bit(Signal::XCPU));
}

#[test]
fn calls_are_about_100_us_apart_whatever_a_turn_takes() {
    for ns in [1_000, 7_000, 33_000, 99_999] {
        let _guard = fresh();
        for _ in 0..20 {
            polls_until_call(ns);
        }
        for _ in 0..20 {
            let between = polls_until_call(ns) * ns;
            assert!((50_000..=100_000).contains(&between), "{ns}: {between}");
        }
    }
}

#[test]
fn slow_turns_call_at_each_poll() {
    let _guard = fresh();
    for _ in 0..20 {
        assert_eq!(polls_until_call(100_001), 1);
    }
}

#[test]
fn quick_turns_do_not_call_less_often_than_each_256th() {
    let _guard = fresh();
    for ns in [0, 1, 2, 195] {
        for _ in 0..20 {
            polls_until_call(ns);
        }
        assert_eq!(polls_until_call(ns), u64::from(MOST));
    }
}

#[test]
fn after_one_pause_of_any_length_each_poll_calls_and_soon_fewer_do() {
    for pause in [1_000_000_000, u64::MAX / 2] {
        let _guard = fresh();
        for _ in 0..20 {
            polls_until_call(1);
        }
        host::NOW_NS.fetch_add(pause, SeqCst);
        polls_until_call(1);
        assert_eq!(polls_until_call(1), 1);
        for _ in 0..20 {
            polls_until_call(1);
        }
        assert_eq!(polls_until_call(1), u64::from(MOST));
    }
}

#[test]
fn a_clock_that_goes_back_is_no_pause() {
    let _guard = fresh();
    for _ in 0..20 {
        polls_until_call(1);
    }
    host::NOW_NS.store(0, SeqCst);
    polls_until_call(0);
    assert_eq!(polls_until_call(0), u64::from(MOST));
}

#[test]
fn a_word_that_was_put_back_comes_at_the_next_poll_without_a_call() {
    let _guard = fresh();
    for _ in 0..20 {
        polls_until_call(1);
    }
    let before = calls();
    assert_eq!(word(), 0);
    put_set(bit(Signal::TERM));
    put_word(Signal::TERM.number());
    put_word(Signal::INT.number()); // the word is not 0: it keeps its signal
    assert_eq!(word(), Signal::TERM.number());
    assert_eq!(calls(), before);
    assert_eq!(take_word(), Signal::TERM.number());
    assert_eq!((take_set(), set()), (bit(Signal::TERM), 0));
    word();
    assert_eq!(calls(), before + 1);
}

#[test]
fn signals_that_come_while_others_wait_join_them() {
    let _guard = fresh();
    raise(Signal::TERM);
    word();
    raise(Signal::INT);
    say_handled(bit(Signal::INT), bit(Signal::INT));
    assert_eq!(word(), Signal::TERM.number());
    assert_eq!(set(), bit(Signal::TERM) | bit(Signal::INT));
}

#[test]
fn the_host_learns_at_once_which_signals_are_handled() {
    let _guard = fresh();
    let both = bit(Signal::TERM) | bit(Signal::INT);
    say_handled(both, both);
    assert_eq!(host::HANDLED.load(SeqCst), both);
    say_handled(bit(Signal::INT), 0);
    assert_eq!(host::HANDLED.load(SeqCst), bit(Signal::TERM));
    polls_until_call(1);
    assert_eq!(host::HANDLED.load(SeqCst), bit(Signal::TERM));
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Handlers: which signals they receive, and what they may do.

use std::panic::catch_unwind;
use std::sync::atomic::Ordering::SeqCst;
use std::vec::Vec;

use super::{record, recorded, Host, HANDLED, SET, WORD};
use crate::{off, on, poll, signal, want, Signal, SignalSet};

fn panics(_: Signal) {
    panic!("in a handler");
}

fn polls(signal: Signal) {
    record(signal);
    assert_eq!(poll(), None);
}

fn raises(signal: Signal) {
    record(signal);
    if signal == Signal::USR1 {
        SET.fetch_or(1 << (Signal::USR2.number() - 1), SeqCst);
        WORD.store(Signal::USR2.number(), SeqCst);
        assert_eq!(poll(), Some(Signal::USR2));
    }
}

fn handled() -> SignalSet {
    SignalSet::from_bits(HANDLED.load(SeqCst))
}

fn set_of<const N: usize>(signals: [Signal; N]) -> SignalSet {
    signals.into_iter().collect()
}

#[test]
fn the_handled_set_has_what_has_a_handler_or_is_wanted() {
    let _host = Host::new();
    on(Signal::INT, record);
    assert_eq!(handled(), set_of([Signal::INT]));
    assert!(want(set_of([Signal::INT, Signal::TERM])).is_empty());
    assert_eq!(handled(), set_of([Signal::INT, Signal::TERM]));
    off(Signal::INT);
    assert_eq!(handled(), set_of([Signal::INT, Signal::TERM]));
    let before = want(set_of([Signal::HUP, Signal::KILL]));
    assert_eq!(before, set_of([Signal::INT, Signal::TERM]));
    assert_eq!(handled(), set_of([Signal::HUP]));
    let _came = signal(Signal::TERM);
    assert_eq!(handled(), set_of([Signal::HUP, Signal::TERM]));
}

#[test]
fn a_poll_of_what_comes_is_no_handling() {
    let host = Host::new();
    host.raise(Signal::INT);
    assert_eq!(poll(), Some(Signal::INT));
    assert!(handled().is_empty());
}

#[test]
fn on_and_off_return_what_stood_before() {
    let _host = Host::new();
    assert!(on(Signal::INT, record).is_none());
    let before = on(Signal::INT, panics).unwrap();
    before(Signal::USR1);
    assert_eq!(recorded(), [Signal::USR1]);
    let before = off(Signal::INT).unwrap();
    assert!(catch_unwind(|| before(Signal::INT)).is_err());
    assert!(off(Signal::INT).is_none());
}

#[test]
fn sigkill_has_no_handler() {
    let _host = Host::new();
    assert!(on(Signal::KILL, record).is_none());
    assert!(on(Signal::KILL, record).is_none());
    assert!(off(Signal::KILL).is_none());
}

#[test]
fn a_handler_that_was_removed_does_not_run() {
    let host = Host::new();
    on(Signal::INT, record);
    off(Signal::INT);
    host.raise(Signal::INT);
    assert_eq!(poll(), Some(Signal::INT));
    assert_eq!(recorded(), []);
}

fn receives_the_rest(signal: Signal) {
    record(signal);
    assert_eq!(poll(), Some(Signal::TERM));
    assert_eq!(poll(), None);
    record(Signal::HUP);
}

#[test]
fn a_poll_in_a_handler_runs_the_handlers_of_what_came_with_it() {
    let host = Host::new();
    on(Signal::INT, receives_the_rest);
    on(Signal::TERM, polls);
    host.raise(Signal::INT);
    host.raise(Signal::TERM);
    assert_eq!(poll(), None, "the inner poll has returned it");
    assert_eq!(recorded(), [Signal::INT, Signal::TERM, Signal::HUP]);
    assert_eq!(poll(), None);
}

#[test]
fn the_handlers_of_what_came_with_it_run_behind_one_that_does_not_poll() {
    let host = Host::new();
    on(Signal::INT, record);
    on(Signal::TERM, polls);
    host.raise(Signal::INT);
    host.raise(Signal::TERM);
    assert_eq!(poll(), Some(Signal::TERM));
    assert_eq!(recorded(), [Signal::INT, Signal::TERM]);
    assert_eq!(poll(), None);
}

#[test]
fn a_signal_that_comes_in_a_handler_is_received_by_its_poll() {
    let host = Host::new();
    on(Signal::USR1, raises);
    on(Signal::USR2, raises);
    host.raise(Signal::USR1);
    assert_eq!(poll(), Some(Signal::USR1));
    assert_eq!(recorded(), [Signal::USR1, Signal::USR2]);
}

#[test]
fn after_a_handler_that_panicked_the_next_poll_does_the_rest() {
    let host = Host::new();
    on(Signal::INT, panics);
    on(Signal::TERM, record);
    on(Signal::XCPU, record);
    for signal in [Signal::INT, Signal::TERM, Signal::XCPU] {
        host.raise(signal);
    }
    assert!(catch_unwind(poll).is_err());
    assert_eq!(recorded(), []);
    assert!(poll().is_some());
    assert_eq!(recorded(), [Signal::TERM, Signal::XCPU]);
    assert_eq!(poll(), None);
}

#[test]
fn signals_after_a_panicking_handler_stay_pending() {
    let host = Host::new();
    on(Signal::INT, panics);
    for signal in [Signal::INT, Signal::XCPU, Signal::WINCH] {
        host.raise(signal);
    }
    assert!(catch_unwind(poll).is_err());
    let mut returned = Vec::from_iter([poll(), poll()].into_iter().flatten());
    returned.sort();
    assert_eq!(returned, [Signal::XCPU, Signal::WINCH]);
    assert_eq!(poll(), None);
}

fn raises_and_panics(_: Signal) {
    SET.fetch_or(1 << (Signal::WINCH.number() - 1), SeqCst);
    WORD.store(Signal::WINCH.number(), SeqCst);
    panic!("in a handler");
}

#[test]
fn what_is_put_back_does_not_hide_what_is_newer() {
    let host = Host::new();
    on(Signal::HUP, raises_and_panics);
    host.raise(Signal::INT);
    host.raise(Signal::HUP);
    on(Signal::INT, record);
    assert!(catch_unwind(poll).is_err());
    assert_eq!(poll(), Some(Signal::WINCH));
    assert_eq!(recorded(), [Signal::INT]);
}

#[test]
fn a_handled_signal_is_not_returned_once_more() {
    let host = Host::new();
    on(Signal::HUP, record);
    for signal in [Signal::HUP, Signal::XCPU, Signal::INT] {
        host.raise(signal);
    }
    assert_eq!(poll(), Some(Signal::INT));
    assert_eq!(poll(), Some(Signal::XCPU));
    assert_eq!(poll(), None);
    assert_eq!(recorded(), [Signal::HUP]);
}

fn polls_inside(signal: Signal) {
    record(signal);
    assert_eq!(poll(), Some(Signal::XCPU));
    assert_eq!(poll(), Some(Signal::INT));
    assert_eq!(poll(), None);
}

#[test]
fn a_poll_in_a_handler_returns_the_unhandled_signal_that_came_with_it() {
    let host = Host::new();
    on(Signal::HUP, polls_inside);
    for signal in [Signal::HUP, Signal::XCPU, Signal::INT] {
        host.raise(signal);
    }
    assert_eq!(poll(), None, "the inner polls have returned them");
    assert_eq!(recorded(), [Signal::HUP]);
    assert_eq!(poll(), None);
}

fn removes(signal: Signal) {
    record(signal);
    off(Signal::TERM);
}

#[test]
fn a_signal_whose_handler_was_removed_stays_pending() {
    let host = Host::new();
    on(Signal::HUP, removes);
    on(Signal::TERM, record);
    for signal in [Signal::HUP, Signal::TERM, Signal::INT] {
        host.raise(signal);
    }
    assert_eq!(poll(), Some(Signal::INT));
    assert_eq!(recorded(), [Signal::HUP]);
    assert_eq!(poll(), Some(Signal::TERM));
    assert_eq!(poll(), None);
}

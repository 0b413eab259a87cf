// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What a poll, `pending` and `is_hosted` say.

use std::panic::catch_unwind;
use std::sync::atomic::Ordering::SeqCst;
use std::vec::Vec;

use super::{record, recorded, Host, SET, UNKNOWN, WORD};
use crate::{is_hosted, on, pending, poll, Signal, SignalSet};

#[test]
fn without_a_host_a_poll_says_none_and_the_next_costs_its_load() {
    let _host = Host::none();
    assert_eq!(poll(), None);
    assert_eq!(WORD.load(SeqCst), 0);
    assert_eq!(SET.load(SeqCst), UNKNOWN);
    assert_eq!(poll(), None);
}

#[test]
fn a_poll_takes_the_signal() {
    let host = Host::new();
    host.raise(Signal::XCPU);
    assert_eq!(poll(), Some(Signal::XCPU));
    assert_eq!(
        (WORD.load(SeqCst), SET.load(SeqCst)),
        (0, 0),
        "acknowledged"
    );
    assert_eq!(poll(), None);
}

#[test]
fn the_word_counts_alone_where_the_host_knows_no_set() {
    let host = Host::that_knows_only_the_word();
    on(Signal::INT, record);
    on(Signal::TERM, record);
    host.raise(Signal::INT);
    assert_eq!(poll(), Some(Signal::INT));
    assert_eq!(recorded(), [Signal::INT]);
    assert_eq!(SET.load(SeqCst), UNKNOWN);
}

#[test]
fn a_poll_returns_the_newest_and_runs_the_handlers_of_all() {
    let host = Host::new();
    for signal in [Signal::INT, Signal::TERM, Signal::XCPU] {
        on(signal, record);
    }
    host.raise(Signal::XCPU);
    host.raise(Signal::TERM);
    host.raise(Signal::INT);
    host.raise(Signal::TERM);
    assert_eq!(poll(), Some(Signal::TERM));
    assert_eq!(recorded(), [Signal::INT, Signal::TERM, Signal::XCPU]);
}

#[test]
fn a_word_whose_bit_was_taken_is_no_second_signal() {
    let host = Host::new();
    on(Signal::INT, record);
    on(Signal::TERM, record);
    host.raise(Signal::INT);
    host.begin_raise(Signal::TERM);
    assert_eq!(pending().len(), 2);
    WORD.store(Signal::TERM.number(), SeqCst);
    assert_eq!(poll(), None);
    assert_eq!(recorded(), []);
}

#[test]
fn a_bit_whose_word_is_not_there_yet_comes_with_another_word() {
    let host = Host::new();
    host.begin_raise(Signal::TERM);
    WORD.store(Signal::INT.number(), SeqCst); // INT's bit was taken before
    assert_eq!(poll(), Some(Signal::TERM));
}

#[test]
fn numbers_outside_of_1_to_64_are_ignored() {
    let _host = Host::that_knows_only_the_word();
    for number in [65, 66, 0x109, 0xfffe, 0x10000, u32::MAX] {
        WORD.store(number, SeqCst);
        assert_eq!(poll(), None, "{number}");
        assert_eq!(WORD.load(SeqCst), 0);
    }
}

#[test]
fn the_last_signal_is_64() {
    let host = Host::new();
    let last = Signal::new(64).unwrap();
    on(last, record);
    host.raise(last);
    assert_eq!(poll(), Some(last));
    assert_eq!(recorded(), [last]);
}

#[test]
fn sigkill_in_the_word_kills() {
    let host = Host::that_knows_only_the_word();
    host.raise(Signal::KILL);
    assert!(catch_unwind(poll).is_err());
}

#[test]
fn sigkill_in_the_word_kills_though_the_set_knows_nothing_of_it() {
    let _host = Host::new();
    WORD.store(Signal::KILL.number(), SeqCst);
    assert!(catch_unwind(poll).is_err());
}

#[test]
fn sigkill_in_the_set_kills_before_any_handler_runs() {
    let host = Host::new();
    on(Signal::INT, record);
    host.raise(Signal::KILL);
    host.raise(Signal::INT);
    assert!(catch_unwind(poll).is_err());
    assert_eq!(recorded(), []);
}

#[test]
fn sigkill_kills_who_takes_the_set() {
    let host = Host::new();
    host.raise(Signal::KILL);
    assert!(catch_unwind(pending).is_err());
}

#[test]
fn xcpu_is_returned_although_another_came_after_it() {
    let host = Host::new();
    host.raise(Signal::XCPU);
    host.raise(Signal::WINCH);
    let mut polls = 1;
    while poll() != Some(Signal::XCPU) {
        polls += 1;
        assert!(polls <= 2, "it is lost");
    }
    assert_eq!(poll(), None);
}

#[test]
fn the_newest_is_returned_first_and_the_others_by_the_next_polls() {
    let host = Host::new();
    for signal in [Signal::XCPU, Signal::HUP, Signal::INT] {
        host.raise(signal);
    }
    assert_eq!(poll(), Some(Signal::INT));
    assert_eq!(WORD.load(SeqCst), Signal::HUP.number());
    assert_eq!(poll(), Some(Signal::HUP));
    assert_eq!(poll(), Some(Signal::XCPU));
    assert_eq!((WORD.load(SeqCst), SET.load(SeqCst)), (0, 0));
    assert_eq!(poll(), None);
}

#[test]
fn a_signal_that_a_poll_passed_over_is_returned_before_later_ones() {
    let host = Host::new();
    for signal in [Signal::XCPU, Signal::USR2, Signal::WINCH] {
        host.raise(signal);
    }
    assert_eq!(poll(), Some(Signal::WINCH));
    host.raise(Signal::INT);
    for signal in [Signal::USR2, Signal::XCPU, Signal::INT] {
        assert_eq!(poll(), Some(signal));
    }
    assert_eq!(poll(), None);
}

#[test]
fn a_signal_that_comes_between_any_two_polls_hides_no_other() {
    let host = Host::new();
    let waiting: Vec<Signal> = (32..64).filter_map(Signal::new).collect();
    for &signal in &waiting {
        host.raise(signal);
    }
    let mut returned = Vec::new();
    for _ in 0..64 {
        host.raise(Signal::HUP);
        returned.extend(poll());
    }
    assert!(waiting.iter().all(|signal| returned.contains(signal)));
}

#[test]
fn what_was_passed_over_and_then_taken_is_forgotten() {
    let host = Host::new();
    for _ in 0..2 {
        host.raise(Signal::XCPU);
        host.raise(Signal::INT);
        assert_eq!(poll(), Some(Signal::INT));
        assert_eq!(pending(), [Signal::XCPU].into_iter().collect());
    }
}

#[test]
fn of_a_host_that_knows_no_set_nothing_is_put_back() {
    let host = Host::that_knows_only_the_word();
    host.raise(Signal::XCPU);
    host.raise(Signal::INT);
    assert_eq!(poll(), Some(Signal::INT));
    assert_eq!((WORD.load(SeqCst), SET.load(SeqCst)), (0, UNKNOWN));
}

#[test]
fn pending_takes_all_and_runs_nothing() {
    let host = Host::new();
    on(Signal::INT, record);
    host.raise(Signal::INT);
    host.raise(Signal::XCPU);
    let signals = pending();
    assert_eq!(
        signals.iter().collect::<Vec<_>>(),
        [Signal::INT, Signal::XCPU]
    );
    assert_eq!(recorded(), []);
    assert!(pending().is_empty());
    assert_eq!(poll(), None);
}

#[test]
fn pending_without_a_host_is_empty() {
    let _host = Host::none();
    assert_eq!(pending(), SignalSet::EMPTY);
    assert_eq!(pending(), SignalSet::EMPTY);
}

#[test]
fn a_host_is_known_by_the_word_that_it_zeroed() {
    let host = Host::none();
    assert!(!is_hosted());
    drop(host);
    let host = Host::that_knows_only_the_word();
    assert!(is_hosted());
    drop(host);
    let _host = Host::new();
    assert!(is_hosted());
}

#[test]
fn polls_without_a_host_do_not_make_one() {
    let _host = Host::none();
    poll();
    assert!(!is_hosted());
    poll();
    assert!(!is_hosted());
}

#[test]
fn a_host_that_comes_after_a_poll_is_known_by_its_set() {
    let _host = Host::none();
    poll();
    SET.store(0, SeqCst);
    assert!(is_hosted());
}

#[test]
fn a_host_that_comes_after_a_poll_is_known_by_its_signal() {
    let host = Host::none();
    poll();
    host.raise(Signal::USR1);
    assert!(is_hosted());
    poll();
    assert!(is_hosted());
}

#[test]
fn a_host_is_known_while_signals_wait_that_it_did_not_raise_last() {
    let host = Host::none();
    poll();
    WORD.store(0, SeqCst);
    SET.store(0, SeqCst);
    for signal in [Signal::XCPU, Signal::HUP, Signal::INT] {
        host.raise(signal);
    }
    while poll().is_some() {
        assert!(is_hosted());
    }
    assert!(is_hosted());
}

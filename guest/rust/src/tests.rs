// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Delivery, with the tests as its host.

use core::future::{ready, Future};
use core::pin::{pin, Pin};
use core::task::{Context, Poll};
use std::format;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::vec;
use std::vec::Vec;

use crate::words::{SET, UNHOSTED, UNKNOWN, WORD};
use crate::*;

/// The words are the process's: one test at a time is their host.
struct Host(#[allow(dead_code)] MutexGuard<'static, ()>);

static HEARD: Mutex<Vec<Signal>> = Mutex::new(Vec::new());

impl Host {
    /// There is none yet.
    fn none() -> Host {
        static ONE: Mutex<()> = Mutex::new(());
        let host = Host(ONE.lock().unwrap_or_else(PoisonError::into_inner));
        delivery::reset();
        heard();
        WORD.store(UNHOSTED, SeqCst);
        SET.store(UNKNOWN, SeqCst);
        host
    }

    fn that_knows_only_the_word() -> Host {
        let host = Host::none();
        WORD.store(0, SeqCst);
        host
    }

    fn new() -> Host {
        let host = Host::that_knows_only_the_word();
        SET.store(0, SeqCst);
        host
    }

    fn raise(&self, signal: Signal) {
        self.begin_raise(signal);
        WORD.store(signal.number(), SeqCst);
    }

    /// The first half of a raise.
    fn begin_raise(&self, signal: Signal) {
        if SET.load(SeqCst) != UNKNOWN {
            SET.fetch_or(1 << (signal.number() - 1), SeqCst);
        }
    }
}

fn hear(signal: Signal) {
    HEARD
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(signal);
}

fn heard() -> Vec<Signal> {
    core::mem::take(&mut *HEARD.lock().unwrap_or_else(PoisonError::into_inner))
}

// ---------------------------------------------------------------------- poll

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
    on(Signal::INT, hear);
    on(Signal::TERM, hear);
    host.raise(Signal::INT);
    assert_eq!(poll(), Some(Signal::INT));
    assert_eq!(heard(), [Signal::INT]);
    assert_eq!(SET.load(SeqCst), UNKNOWN);
}

#[test]
fn a_poll_answers_the_newest_and_runs_the_handlers_of_all() {
    let host = Host::new();
    for signal in [Signal::INT, Signal::TERM, Signal::XCPU] {
        on(signal, hear);
    }
    host.raise(Signal::XCPU);
    host.raise(Signal::TERM);
    host.raise(Signal::INT);
    host.raise(Signal::TERM);
    assert_eq!(poll(), Some(Signal::TERM));
    assert_eq!(heard(), [Signal::INT, Signal::TERM, Signal::XCPU]);
}

#[test]
fn a_word_whose_bit_was_taken_is_no_second_signal() {
    let host = Host::new();
    on(Signal::INT, hear);
    on(Signal::TERM, hear);
    host.raise(Signal::INT);
    host.begin_raise(Signal::TERM);
    assert_eq!(pending().len(), 2);
    WORD.store(Signal::TERM.number(), SeqCst);
    assert_eq!(poll(), None);
    assert_eq!(heard(), []);
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
    on(last, hear);
    host.raise(last);
    assert_eq!(poll(), Some(last));
    assert_eq!(heard(), [last]);
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
    on(Signal::INT, hear);
    host.raise(Signal::KILL);
    host.raise(Signal::INT);
    assert!(catch_unwind(poll).is_err());
    assert_eq!(heard(), []);
}

#[test]
fn sigkill_kills_who_takes_the_set() {
    let host = Host::new();
    host.raise(Signal::KILL);
    assert!(catch_unwind(pending).is_err());
}

// ------------------------------------------------------------------- pending

#[test]
fn pending_takes_all_and_runs_nothing() {
    let host = Host::new();
    on(Signal::INT, hear);
    host.raise(Signal::INT);
    host.raise(Signal::XCPU);
    let signals = pending();
    assert_eq!(
        signals.iter().collect::<Vec<_>>(),
        [Signal::INT, Signal::XCPU]
    );
    assert_eq!(heard(), []);
    assert!(pending().is_empty());
    assert_eq!(poll(), None);
}

#[test]
fn pending_without_a_host_is_empty() {
    let _host = Host::none();
    assert_eq!(pending(), SignalSet::EMPTY);
    assert_eq!(pending(), SignalSet::EMPTY);
}

// ------------------------------------------------------------------ handlers

fn panics(_: Signal) {
    panic!("in a handler");
}

fn polls(signal: Signal) {
    hear(signal);
    assert_eq!(poll(), None);
}

fn raises(signal: Signal) {
    hear(signal);
    if signal == Signal::USR1 {
        SET.fetch_or(1 << (Signal::USR2.number() - 1), SeqCst);
        WORD.store(Signal::USR2.number(), SeqCst);
        assert_eq!(poll(), Some(Signal::USR2));
    }
}

#[test]
fn on_and_off_return_what_stood_before() {
    let _host = Host::new();
    assert!(on(Signal::INT, hear).is_none());
    let before = on(Signal::INT, panics).unwrap();
    before(Signal::USR1);
    assert_eq!(heard(), [Signal::USR1]);
    let before = off(Signal::INT).unwrap();
    assert!(catch_unwind(|| before(Signal::INT)).is_err());
    assert!(off(Signal::INT).is_none());
}

#[test]
fn sigkill_has_no_handler() {
    let _host = Host::new();
    assert!(on(Signal::KILL, hear).is_none());
    assert!(on(Signal::KILL, hear).is_none());
    assert!(off(Signal::KILL).is_none());
}

#[test]
fn a_handler_that_was_removed_does_not_run() {
    let host = Host::new();
    on(Signal::INT, hear);
    off(Signal::INT);
    host.raise(Signal::INT);
    assert_eq!(poll(), Some(Signal::INT));
    assert_eq!(heard(), []);
}

#[test]
fn a_handler_may_poll() {
    let host = Host::new();
    on(Signal::INT, polls);
    on(Signal::TERM, polls);
    host.raise(Signal::INT);
    host.raise(Signal::TERM);
    assert_eq!(poll(), Some(Signal::TERM));
    assert_eq!(heard(), [Signal::INT, Signal::TERM]);
}

#[test]
fn a_signal_that_comes_in_a_handler_is_heard_by_its_poll() {
    let host = Host::new();
    on(Signal::USR1, raises);
    on(Signal::USR2, raises);
    host.raise(Signal::USR1);
    assert_eq!(poll(), Some(Signal::USR1));
    assert_eq!(heard(), [Signal::USR1, Signal::USR2]);
}

#[test]
fn after_a_handler_that_panicked_the_next_poll_does_the_rest() {
    let host = Host::new();
    on(Signal::INT, panics);
    on(Signal::TERM, hear);
    on(Signal::XCPU, hear);
    for signal in [Signal::INT, Signal::TERM, Signal::XCPU] {
        host.raise(signal);
    }
    assert!(catch_unwind(poll).is_err());
    assert_eq!(heard(), []);
    assert!(poll().is_some());
    assert_eq!(heard(), [Signal::TERM, Signal::XCPU]);
    assert_eq!(poll(), None);
}

// ----------------------------------------------------------------- is_hosted

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

// ------------------------------------------------------------------- futures

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn look<F: Future>(future: Pin<&mut F>) -> (Poll<F::Output>, usize) {
    let woken = Arc::new(Woken::default());
    let waker = woken.clone().into();
    let result = future.poll(&mut Context::from_waker(&waker));
    (result, woken.0.load(SeqCst))
}

#[test]
fn next_wakes_itself_until_a_signal_has_come() {
    let host = Host::new();
    let mut future = pin!(next());
    assert_eq!(look(future.as_mut()), (Poll::Pending, 1));
    assert_eq!(look(future.as_mut()), (Poll::Pending, 1));
    host.raise(Signal::TERM);
    assert_eq!(look(future), (Poll::Ready(Signal::TERM), 0));
}

#[test]
fn handlers_run_in_a_future_too() {
    let host = Host::new();
    on(Signal::TERM, hear);
    host.raise(Signal::TERM);
    assert!(look(pin!(next())).0.is_ready());
    assert_eq!(heard(), [Signal::TERM]);
}

#[test]
fn a_future_of_one_signal_lets_others_pass() {
    let host = Host::new();
    let mut future = pin!(signal(Signal::XCPU));
    host.raise(Signal::TERM);
    assert_eq!(look(future.as_mut()), (Poll::Pending, 1));
    host.raise(Signal::XCPU);
    assert_eq!(look(future), (Poll::Ready(()), 0));
}

#[test]
fn tasks_do_not_take_signals_from_each_other() {
    let host = Host::new();
    let mut one = pin!(signal(Signal::XCPU));
    let mut other = pin!(signal(Signal::XCPU));
    let mut any = pin!(next());
    host.raise(Signal::XCPU);
    assert!(look(one.as_mut()).0.is_ready());
    assert!(look(other.as_mut()).0.is_ready());
    assert_eq!(look(any.as_mut()).0, Poll::Ready(Signal::XCPU));
}

#[test]
fn a_future_sees_what_was_taken_elsewhere() {
    let host = Host::new();
    let (mut came, mut next) = (pin!(signal(Signal::INT)), pin!(next()));
    host.raise(Signal::INT);
    pending();
    assert!(look(came.as_mut()).0.is_ready());
    assert_eq!(look(next.as_mut()).0, Poll::Ready(Signal::INT));
}

#[test]
fn a_future_waits_for_what_comes_after_it_was_made() {
    let host = Host::new();
    host.raise(Signal::INT);
    poll();
    assert!(look(pin!(next())).0.is_pending());
    assert!(look(pin!(signal(Signal::INT))).0.is_pending());
    assert!(look(pin!(next_every(pending_once))).0.is_pending());
}

/// Pending at first, and it does not wake.
fn pending_once() -> impl Future<Output = ()> {
    let mut is_first = true;
    core::future::poll_fn(move |_| match core::mem::replace(&mut is_first, false) {
        true => Poll::Pending,
        false => Poll::Ready(()),
    })
}

#[test]
fn with_a_pause_the_pause_wakes() {
    let host = Host::new();
    let mut future = pin!(next_every(pending_once));
    assert_eq!(look(future.as_mut()), (Poll::Pending, 0));
    assert_eq!(look(future.as_mut()), (Poll::Pending, 0));
    host.raise(Signal::USR1);
    assert_eq!(look(future).0, Poll::Ready(Signal::USR1));
}

#[test]
fn with_a_pause_one_signal_can_be_waited_for() {
    let host = Host::new();
    let mut future = pin!(signal_every(Signal::USR1, pending_once));
    host.raise(Signal::USR2);
    assert!(look(future.as_mut()).0.is_pending());
    host.raise(Signal::USR1);
    assert!(look(future).0.is_ready());
    host.raise(Signal::USR1);
    let made_before = signal_every(Signal::USR1, || ready(()));
    assert!(look(pin!(made_before)).0.is_ready());
}

// ----------------------------------------------------------- signals and sets

#[test]
fn a_signal_is_a_number_from_1_to_64() {
    assert_eq!(Signal::try_from(0), Err(InvalidSignal(0)));
    assert_eq!(Signal::try_from(65), Err(InvalidSignal(65)));
    assert_eq!(Signal::try_from(256 + 2), Err(InvalidSignal(258)));
    for number in 1..=64 {
        assert_eq!(Signal::try_from(number).unwrap().number(), number);
    }
    assert_eq!(
        format!("{}", InvalidSignal(65)),
        "a signal is a number from 1 to 64, not 65"
    );
}

#[test]
fn signals_have_the_names_and_numbers_of_linux() {
    let numbers = [
        (Signal::HUP, 1, "SIGHUP"),
        (Signal::INT, 2, "SIGINT"),
        (Signal::KILL, 9, "SIGKILL"),
        (Signal::USR1, 10, "SIGUSR1"),
        (Signal::USR2, 12, "SIGUSR2"),
        (Signal::ALRM, 14, "SIGALRM"),
        (Signal::TERM, 15, "SIGTERM"),
        (Signal::CONT, 18, "SIGCONT"),
        (Signal::XCPU, 24, "SIGXCPU"),
        (Signal::SYS, 31, "SIGSYS"),
    ];
    for (signal, number, name) in numbers {
        assert_eq!((signal.number(), signal.name()), (number, Some(name)));
    }
    let real_time = Signal::new(40).unwrap();
    assert_eq!(real_time.name(), None);
    assert_eq!(format!("{real_time} {real_time:?}"), "signal 40 signal 40");
    assert_eq!(format!("[{:>8}]", Signal::INT), "[  SIGINT]");
}

#[test]
fn a_set_holds_what_was_put_in() {
    let set: SignalSet = [Signal::XCPU, Signal::INT, Signal::XCPU]
        .into_iter()
        .collect();
    assert_eq!(set.bits(), 1 << 23 | 1 << 1);
    assert_eq!(set, SignalSet::from_bits(set.bits()));
    assert_eq!((set.len(), set.is_empty()), (2, false));
    assert!(set.contains(Signal::INT) && !set.contains(Signal::TERM));
    assert_eq!(format!("{set:?}"), "{SIGINT, SIGXCPU}");
    assert_eq!(set.iter().size_hint(), (2, Some(2)));
    assert_eq!(vec![Signal::INT, Signal::XCPU], Vec::from_iter(&set));
    assert_eq!(SignalSet::from_bits(u64::MAX).iter().count(), 64);
}

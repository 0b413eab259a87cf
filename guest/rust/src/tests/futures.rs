// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Futures, polled by hand.

use core::future::{ready, Future};
use core::pin::{pin, Pin};
use core::task::{Context, Poll};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::task::Wake;

use super::{record, recorded, Host};
use crate::{delivery, next, next_every, on, pending, poll, signal, signal_every, Signal};

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
    on(Signal::TERM, record);
    host.raise(Signal::TERM);
    assert!(look(pin!(next())).0.is_ready());
    assert_eq!(recorded(), [Signal::TERM]);
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
    assert_eq!(pending().len(), 1);
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

#[test]
fn each_of_several_resolves_a_future_of_its_own() {
    let host = Host::new();
    for signal in [Signal::XCPU, Signal::TERM, Signal::WINCH] {
        host.raise(signal);
    }
    for signal in [Signal::WINCH, Signal::TERM, Signal::XCPU] {
        assert_eq!(look(pin!(next())).0, Poll::Ready(signal));
    }
    assert!(look(pin!(next())).0.is_pending());
}

#[test]
fn a_future_of_one_signal_leaves_the_others_to_polls() {
    let host = Host::new();
    let mut came = pin!(signal(Signal::XCPU));
    host.raise(Signal::XCPU);
    host.raise(Signal::TERM);
    assert!(look(came.as_mut()).0.is_ready());
    assert_eq!(poll(), Some(Signal::TERM));
    assert_eq!(poll(), None);
}

#[test]
fn a_signal_counts_once_however_often_it_was_passed_over() {
    let host = Host::new();
    let signals = [Signal::XCPU, Signal::USR2, Signal::HUP, Signal::TERM];
    let times = || signals.map(delivery::times);
    on(Signal::HUP, record);
    let before = times();
    for signal in signals {
        host.raise(signal);
    }
    let mut came = pin!(signal(Signal::USR1));
    for _ in 0..3 {
        assert!(look(came.as_mut()).0.is_pending());
    }
    while poll().is_some() {}
    assert_eq!(times(), before.map(|count| count + 1));
    assert_eq!(recorded(), [Signal::HUP]);
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Signals from another thread at any moment of a poll.

use core::hint;
use core::iter::zip;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;

use super::Host;
use crate::{delivery, on, poll, Signal};

const ROUNDS: u32 = if cfg!(miri) { 20 } else { 4_000 };

/// Longer than any wait that has not lost a signal.
const LOOKS: u32 = 100_000_000;

const HANDLED: usize = 0;
const KINDS: [Signal; 5] = [
    Signal::USR1,
    Signal::XCPU,
    Signal::WINCH,
    Signal::INT,
    Signal::USR2,
];

static CALLS: AtomicU32 = AtomicU32::new(0);

fn count(_: Signal) {
    CALLS.fetch_add(1, SeqCst);
}

/// Raises all kinds, in another order each round, and begins the next one when
/// all were received: so a signal that no poll returns to is seen as lost.
fn raise_all(host: &Host, raised: &[AtomicU32; 5], received: &[AtomicU32; 5]) {
    for round in 1..=ROUNDS {
        for step in 0..KINDS.len() {
            let kind = (step + round as usize) % KINDS.len();
            raised[kind].store(round, SeqCst);
            host.raise(KINDS[kind]);
        }
        let mut looks = 0;
        while received.iter().any(|count| count.load(SeqCst) != round) {
            looks += 1;
            if looks == LOOKS {
                return;
            }
            hint::spin_loop();
        }
    }
}

fn receive_all(raised: &[AtomicU32; 5], received: &[AtomicU32; 5], is_over: &AtomicBool) {
    while !is_over.load(SeqCst) {
        let result = poll();
        received[HANDLED].fetch_max(CALLS.load(SeqCst), SeqCst);
        if let Some(kind) = KINDS.iter().position(|&kind| result == Some(kind)) {
            if kind != HANDLED {
                received[kind].fetch_add(1, SeqCst);
            }
        }
        for (raised, received) in zip(raised, received) {
            assert!(
                received.load(SeqCst) <= raised.load(SeqCst),
                "received twice"
            );
        }
    }
}

fn each_is_received_once(pollers: usize) {
    let host = &Host::new();
    on(KINDS[HANDLED], count);
    CALLS.store(0, SeqCst);
    let before = KINDS.map(delivery::times);
    let raised = &KINDS.map(|_| AtomicU32::new(0));
    let received = &KINDS.map(|_| AtomicU32::new(0));
    let is_over = &AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..pollers {
            scope.spawn(|| receive_all(raised, received, is_over));
        }
        raise_all(host, raised, received);
        is_over.store(true, SeqCst);
    });
    for (kind, (received, before)) in zip(KINDS, zip(received, before)) {
        assert_eq!(received.load(SeqCst), ROUNDS, "{kind}");
        let times = delivery::times(kind).wrapping_sub(before);
        assert_eq!(times, ROUNDS, "{kind}");
    }
}

#[test]
fn each_signal_that_is_raised_is_received_once() {
    each_is_received_once(1);
}

#[test]
fn each_is_received_by_one_of_two_threads() {
    each_is_received_once(2);
}

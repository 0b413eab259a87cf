// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A host, or another thread of the guest, between any two steps of a poll.

use std::boxed::Box;
use std::cell::RefCell;
use std::sync::atomic::Ordering::SeqCst;
use std::thread_local;
use std::vec::Vec;

use super::{record, recorded, Host, SET, WORD};
use crate::{on, poll, Signal};

type Meddler = Box<dyn FnMut()>;

thread_local! {
    /// What happens before each access to a word, in this thread.
    static MEDDLER: RefCell<Option<Meddler>> = const { RefCell::new(None) };
}

/// Its own accesses are not meddled with.
pub(crate) fn step() {
    if let Some(mut meddler) = MEDDLER.take() {
        meddler();
        MEDDLER.set(Some(meddler));
    }
}

/// More than the steps of the polls that three signals need.
const STEPS: usize = 30;

/// All that polls return. `meddle` runs before each step: it receives the number
/// of the step, and may take signals itself.
fn returned(mut meddle: impl FnMut(usize) -> Option<Signal> + 'static) -> Vec<Signal> {
    let mut taken = 0;
    MEDDLER.set(Some(Box::new(move || {
        if let Some(signal) = meddle(taken) {
            record(signal);
        }
        taken += 1;
    })));
    for _ in 0..STEPS {
        if let Some(signal) = poll() {
            record(signal);
        }
    }
    MEDDLER.set(None);
    let mut received = recorded();
    received.sort();
    received
}

const WAITING: [Signal; 2] = [Signal::XCPU, Signal::WINCH];

fn waiting() -> Host {
    let host = Host::new();
    for signal in WAITING {
        host.raise(signal);
    }
    host
}

#[test]
fn a_signal_raised_at_any_two_steps_is_returned_once() {
    for begin in 0..STEPS {
        for end in begin..STEPS {
            let _host = waiting();
            let returned = returned(move |step| {
                if step == begin {
                    SET.fetch_or(1 << (Signal::INT.number() - 1), SeqCst);
                }
                if step == end {
                    WORD.store(Signal::INT.number(), SeqCst);
                }
                None
            });
            let all = [Signal::INT, Signal::XCPU, Signal::WINCH];
            assert_eq!(returned, all, "steps {begin} and {end}");
        }
    }
}

#[test]
fn a_handled_signal_raised_at_any_two_steps_is_handled_once() {
    for begin in 0..STEPS {
        for end in begin..STEPS {
            let _host = waiting();
            on(Signal::INT, |_| record(Signal::ALRM));
            let mut returned = returned(move |step| {
                if step == begin {
                    SET.fetch_or(1 << (Signal::INT.number() - 1), SeqCst);
                }
                if step == end {
                    WORD.store(Signal::INT.number(), SeqCst);
                }
                None
            });
            returned.retain(|&signal| signal != Signal::INT);
            let all = [Signal::ALRM, Signal::XCPU, Signal::WINCH];
            assert_eq!(returned, all, "steps {begin} and {end}");
        }
    }
}

#[test]
fn another_thread_that_polls_at_any_step_neither_loses_nor_doubles_one() {
    for when in 0..STEPS {
        let _host = waiting();
        let returned = returned(move |step| if step == when { poll() } else { None });
        assert_eq!(returned, WAITING, "step {when}");
    }
}

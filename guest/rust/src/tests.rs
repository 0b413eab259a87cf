// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Delivery, with the tests as its host.

mod component;
mod futures;
mod handlers;
mod polls;
mod steps;
mod storm;
mod values;

pub(crate) use component::host as component_host;
pub(crate) use steps::step;

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use crate::words::{HANDLED, SET, UNHOSTED, UNKNOWN, WORD};
use crate::{delivery, handlers as set_handlers, Signal};

/// The words are the process's: one test at a time is their host.
struct Host(#[allow(dead_code)] MutexGuard<'static, ()>);

static RECORDED: Mutex<Vec<Signal>> = Mutex::new(Vec::new());

impl Host {
    /// There is none yet.
    fn none() -> Host {
        static ONE: Mutex<()> = Mutex::new(());
        let host = Host(ONE.lock().unwrap_or_else(PoisonError::into_inner));
        delivery::reset();
        set_handlers::reset();
        recorded();
        WORD.store(UNHOSTED, SeqCst);
        SET.store(UNKNOWN, SeqCst);
        HANDLED.store(0, SeqCst);
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

fn record(signal: Signal) {
    RECORDED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(signal);
}

fn recorded() -> Vec<Signal> {
    core::mem::take(&mut *RECORDED.lock().unwrap_or_else(PoisonError::into_inner))
}

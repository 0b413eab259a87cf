// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A component that receives signals: `component.wasm WHAT`.

use std::future::Future;
use std::hint::black_box;
use std::io::{stdin, stdout, Write};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Waker};
use std::thread::sleep;
use std::time::Duration;

use wasmsig_guest::{is_hosted, off, on, pending, poll, signal, want, Signal, SignalSet};

static HEARD: AtomicU32 = AtomicU32::new(0);

fn hear(signal: Signal) {
    HEARD.fetch_add(1, Relaxed);
    println!("handler of {signal}");
}

fn say(line: &str) {
    println!("{line}");
    stdout().flush().unwrap();
}

fn until_signalled() -> Signal {
    loop {
        if let Some(signal) = poll() {
            return signal;
        }
    }
}

fn until_pending() -> SignalSet {
    loop {
        let signals = pending();
        if !signals.is_empty() {
            return signals;
        }
    }
}

/// An executor of one task. It says so after the first poll, which wants the
/// signal.
fn run(future: impl Future, line: &str) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    let mut is_pending = future.as_mut().poll(&mut context).is_pending();
    say(line);
    while is_pending {
        is_pending = future.as_mut().poll(&mut context).is_pending();
    }
}

fn until_heard() {
    while HEARD.load(Relaxed) == 0 {
        poll();
    }
}

fn compute(turns: u32) -> u32 {
    (0..turns).fold(1, |x, turn| black_box(x * 3 + turn))
}

/// Turns that take a while, after many quick ones.
fn slow_turns() -> Signal {
    for _ in 0..100_000 {
        poll();
    }
    loop {
        compute(1_000_000);
        if let Some(signal) = poll() {
            return signal;
        }
    }
}

fn set(signals: &[Signal]) -> SignalSet {
    signals.iter().copied().collect()
}

/// Without a poll, until the process ends.
fn ignore() -> ! {
    loop {
        compute(1_000_000);
    }
}

fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    match what.as_str() {
        "polls" => {
            say("polls");
            println!("received {}", until_signalled());
        }
        "wants" => {
            want(set(&[Signal::TERM, Signal::HUP]));
            say("wants");
            println!("received {}", until_signalled());
        }
        "handles" => {
            on(Signal::TERM, hear);
            say("handles");
            until_heard();
            println!("and nothing else: {:?}", pending());
        }
        "handled" => {
            on(Signal::TERM, hear);
            off(Signal::TERM);
            say("handled");
            println!("received {}", until_signalled());
        }
        "slow" => {
            say("slow");
            println!("received {}", slow_turns());
        }
        "ignores" => {
            want(set(&[Signal::INT, Signal::TERM]));
            say("ignores");
            ignore();
        }
        "awaits" => {
            run(signal(Signal::TERM), "awaits");
            println!("SIGTERM came");
        }
        "takes" => {
            want(set(&[Signal::TERM]));
            say("takes");
            println!("{:?}", until_pending());
        }
        "reads" => {
            want(set(&[Signal::TERM]));
            say("reads");
            let mut line = String::new();
            stdin().read_line(&mut line).unwrap();
            print!("read {line}");
            println!("received {}", until_signalled());
        }
        "sleeps" => {
            want(set(&[Signal::TERM]));
            say("sleeps");
            sleep(Duration::from_secs(1000));
        }
        "counts" => {
            let turns = 5_000_000;
            let found = (0..turns).filter(|_| poll().is_some()).count();
            println!("{} {found}", is_hosted());
        }
        other => panic!("unknown: {other}"),
    }
}

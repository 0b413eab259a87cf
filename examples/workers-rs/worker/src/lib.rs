// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A Worker that computes digits of pi until it is near its CPU limit, and
//! answers with those that it has.
//!
//!     /          digits of pi, as many as the limit allows
//!     /endless   computes without asking: it is stopped
//!     /alive     whether signals are supported, and how many requests of this
//!                instance were answered

mod spigot;

use std::cell::Cell;

use spigot::Spigot;
use worker::{event, signal, Context, Env, Request, Response, Result};

thread_local! {
    /// A new instance begins with 0.
    static ANSWERED: Cell<u32> = const { Cell::new(0) };
}

#[event(fetch)]
async fn fetch(request: Request, _env: Env, _context: Context) -> Result<Response> {
    let answer = match request.path().as_str() {
        "/" => digits_until_limit(),
        "/endless" => endless(),
        "/alive" => alive(),
        _ => return Response::error("not found", 404),
    };
    ANSWERED.set(ANSWERED.get() + 1);
    Response::ok(answer)
}

/// A digit takes well below a millisecond, so this asks often enough.
fn digits_until_limit() -> String {
    let mut pi = String::new();
    let mut spigot = Spigot::new();
    while !signal::is_near_cpu_limit() {
        pi.push(spigot.next_digit());
    }
    pi.insert(1, '.');
    format!("near the CPU limit after {} digits\n{pi}\n", pi.len() - 1)
}

fn endless() -> String {
    let mut spigot = Spigot::new();
    let mut sum = 0u64;
    loop {
        sum = sum.wrapping_add(spigot.next_digit().into());
        if sum == u64::MAX {
            return sum.to_string(); // never
        }
    }
}

fn alive() -> String {
    format!(
        "signals {}, answered {}\n",
        signal::is_registered(),
        ANSWERED.get()
    )
}

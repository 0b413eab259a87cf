// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A module of wasm-bindgen that receives signals: in a loop, and while it waits.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasmsig_guest::{next_every, poll, Signal};

/// The primes below a limit, or those that there was time for.
#[wasm_bindgen(getter_with_clone)]
pub struct Primes {
    pub found: Vec<u32>,
    /// The signal that ended the search before its end.
    pub signal: Option<String>,
}

#[wasm_bindgen]
pub fn primes_below(limit: u32) -> Primes {
    let mut found: Vec<u32> = Vec::new();
    for n in 2..limit {
        let mut divisors = found.iter().take_while(|&&prime| prime <= n / prime);
        if divisors.all(|prime| n % prime != 0) {
            found.push(n);
        }
        if let Some(signal) = poll() {
            let signal = Some(signal.to_string());
            return Primes { found, signal };
        }
    }
    Primes {
        found,
        signal: None,
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(wake: &js_sys::Function, ms: u32);
}

async fn sleep(ms: u32) {
    let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, ms));
    let _ = JsFuture::from(promise).await;
}

/// Waits for a signal, and lets JavaScript do what it likes meanwhile.
#[wasm_bindgen]
pub async fn wait_for_signal() -> String {
    let signal: Signal = next_every(|| sleep(5)).await;
    signal.to_string()
}

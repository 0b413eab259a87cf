// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A program at a shell: computes until a signal comes, and says which.

use wasmsig_guest::{is_hosted, on, poll, Signal};

fn main() {
    on(Signal::XCPU, |signal| println!("heard {signal}"));
    println!("hosted: {}", is_hosted());
    if std::env::args().nth(1).as_deref() == Some("briefly") {
        println!("{:?}", poll());
        return;
    }
    println!("stopped by {}", spin());
}

#[inline(never)]
fn spin() -> Signal {
    loop {
        if let Some(signal) = poll() {
            return signal;
        }
    }
}

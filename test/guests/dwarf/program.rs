// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A program to debug: iterators, closures, much of the standard library.
use std::collections::BTreeMap;

#[inline(never)]
fn fibonacci(n: u32) -> u32 {
    if n < 2 {
        n
    } else {
        fibonacci(n - 1) + fibonacci(n - 2)
    }
}

#[no_mangle]
pub extern "C" fn work(n: u32) -> u32 {
    let mut words = BTreeMap::new();
    for i in 0..n {
        words.insert(i, format!("{}", fibonacci(i)));
    }
    let thirds: Vec<u32> = (0..n).filter(|i| i % 3 == 0).collect();
    let lengths: usize = words.values().map(|word| word.len()).sum();
    lengths as u32 + thirds.iter().sum::<u32>()
}

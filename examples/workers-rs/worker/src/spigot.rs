// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Decimal digits of pi, one after the other (Gibbons' spigot, 2006): each is
//! final at once, so an interrupted computation has a result.

use std::cmp::Ordering;

/// Least significant limb first, in base 2^32.
#[derive(Clone)]
struct Number(Vec<u32>);

impl Number {
    /// self * factor + other * weight; factors are below 2^31.
    fn combine(&mut self, factor: u64, other: &Number, weight: u64) {
        let mut carry = 0u64;
        let length = self.0.len().max(other.0.len());
        self.0.resize(length, 0);
        for (at, limb) in self.0.iter_mut().enumerate() {
            let theirs = other.0.get(at).copied().unwrap_or(0);
            carry += u64::from(*limb) * factor + u64::from(theirs) * weight;
            *limb = carry as u32;
            carry >>= 32;
        }
        while carry > 0 {
            self.0.push(carry as u32);
            carry >>= 32;
        }
    }

    fn multiply(&mut self, factor: u64) {
        self.combine(factor, &Number(vec![]), 0);
    }

    /// self -= other, which is not above self.
    fn subtract(&mut self, other: &Number) {
        let mut borrow = false;
        for (at, limb) in self.0.iter_mut().enumerate() {
            let theirs = other.0.get(at).copied().unwrap_or(0);
            let (rest, first) = limb.overflowing_sub(theirs);
            let (rest, second) = rest.overflowing_sub(borrow.into());
            *limb = rest;
            borrow = first | second;
        }
    }

    fn compare(&self, other: &Number) -> Ordering {
        let limb = |number: &Number, at: usize| number.0.get(at).copied().unwrap_or(0);
        (0..self.0.len().max(other.0.len()))
            .rev()
            .map(|at| limb(self, at).cmp(&limb(other, at)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

/// What is left of pi, without the digits written so far, lies in
/// `[low / scale, (low + width) / scale]`.
pub struct Spigot {
    low: Number,
    width: Number,
    scale: Number,
    term: u64,
}

impl Spigot {
    pub fn new() -> Spigot {
        Spigot {
            low: Number(vec![3]),
            width: Number(vec![1]),
            scale: Number(vec![1]),
            term: 1,
        }
    }

    pub fn next_digit(&mut self) -> char {
        loop {
            self.take_in_term();
            if let Some(digit) = self.certain_digit() {
                return digit;
            }
        }
    }

    /// Term k replaces the tail x of the series by 2 + k/(2k+1) x.
    fn take_in_term(&mut self) {
        let k = self.term;
        self.term += 1;
        self.low.combine(2 * k + 1, &self.width, k - 1);
        self.width.multiply(k);
        self.scale.multiply(2 * k + 1);
    }

    /// The digit with which every number of the interval begins, taken off.
    fn certain_digit(&mut self) -> Option<char> {
        let mut rest = self.low.clone();
        let mut digit = 0;
        while rest.compare(&self.scale).is_ge() {
            rest.subtract(&self.scale);
            digit += 1;
        }
        let mut end = rest.clone();
        end.combine(1, &self.width, 1);
        if end.compare(&self.scale).is_ge() {
            return None;
        }
        rest.multiply(10);
        self.low = rest;
        self.width.multiply(10);
        char::from_digit(digit, 10)
    }
}

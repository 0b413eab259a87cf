// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A guest that computes decimal digits of pi until a signal ends the work.
//!
//! The same guest as `examples/pi/pi.c`, which says why no wrong digit is ever
//! written: each is final at once, so an interrupted guest has a result.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU8, Ordering::Relaxed};

use wasmsig_guest::{off, on, poll, Signal};

const CAPACITY: usize = 16_000;

#[link(wasm_import_module = "host")]
extern "C" {
    /// Reports to the host, in the middle of a loop, that the signal arrived.
    #[link_name = "received"]
    fn host_received(signal: u32, count: u32);
}

static STOPPING: AtomicBool = AtomicBool::new(false);
/// How many digits there are: a handler runs in the middle of the work.
static COUNT: AtomicU32 = AtomicU32::new(0);
/// No lock around them: a kill may come at any instruction, unlocks nothing, and
/// what there is shall outlive it.
static DIGITS: [AtomicU8; CAPACITY] = [const { AtomicU8::new(0) }; CAPACITY];

/// Pi without the digits written so far lies in
/// `[low / scale, (low + width) / scale]`.
struct Spigot {
    low: Number,
    width: Number,
    scale: Number,
    term: u64,
    digit: u8,
}

/// Least significant limb first. The three numbers share one length.
type Number = Vec<u32>;

impl Spigot {
    fn new() -> Spigot {
        Spigot {
            low: vec![3],
            width: vec![1],
            scale: vec![1],
            term: 1,
            digit: 0,
        }
    }

    /// The next digit, or none when a handler said stop.
    fn next_digit(&mut self) -> Option<u8> {
        while !STOPPING.load(Relaxed) {
            self.take_in_term();
            while self.low_reaches_scale() {
                self.take_scale_off_low();
                self.digit += 1;
            }
            if self.is_certain() {
                return Some(self.drop_digit());
            }
        }
        None
    }

    fn append(&mut self, low: u64, width: u64, scale: u64) {
        if low | width | scale != 0 {
            self.low.push(low as u32);
            self.width.push(width as u32);
            self.scale.push(scale as u32);
        }
    }

    // No sum overflows: the factors are below 2^18, a limb is below 2^32.
    fn take_in_term(&mut self) {
        let k = self.term;
        self.term += 1;
        let (mut low_carry, mut width_carry, mut scale_carry) = (0, 0, 0);
        let widths = self.width.iter_mut().zip(&mut self.scale);
        for (low, (width, scale)) in self.low.iter_mut().zip(widths) {
            let was = [*low, *width, *scale].map(u64::from);
            low_carry += (2 * k + 1) * was[0] + (k - 1) * was[1];
            width_carry += k * was[1];
            scale_carry += (2 * k + 1) * was[2];
            *low = shift_out(&mut low_carry);
            *width = shift_out(&mut width_carry);
            *scale = shift_out(&mut scale_carry);
            poll();
        }
        self.append(low_carry, width_carry, scale_carry);
    }

    fn low_reaches_scale(&self) -> bool {
        self.low.iter().rev().ge(self.scale.iter().rev())
    }

    fn take_scale_off_low(&mut self) {
        let mut borrow = false;
        for (low, &scale) in self.low.iter_mut().zip(&self.scale) {
            let (rest, first) = low.overflowing_sub(scale);
            let (rest, second) = rest.overflowing_sub(borrow.into());
            *low = rest;
            borrow = first | second;
            poll();
        }
    }

    /// Whether low + width < scale, nearly always from the first limbs alone.
    fn is_certain(&self) -> bool {
        let mut margin = 0;
        for i in (0..self.low.len()).rev() {
            let [low, width, scale] =
                [&self.low, &self.width, &self.scale].map(|number| i64::from(number[i]));
            margin = (margin << 32) + scale - low - width;
            match margin {
                ..=-1 => return false,
                2.. => return true,
                _ => {}
            }
        }
        margin > 0
    }

    fn drop_digit(&mut self) -> u8 {
        let (mut low_carry, mut width_carry) = (0, 0);
        for (low, width) in self.low.iter_mut().zip(&mut self.width) {
            low_carry += 10 * u64::from(*low);
            width_carry += 10 * u64::from(*width);
            *low = shift_out(&mut low_carry);
            *width = shift_out(&mut width_carry);
            poll();
        }
        self.append(low_carry, width_carry, 0);
        std::mem::take(&mut self.digit)
    }
}

fn shift_out(carry: &mut u64) -> u32 {
    let limb = *carry as u32;
    *carry >>= 32;
    limb
}

/// Computes until a handler says stop, or to capacity.
fn compute() {
    STOPPING.store(false, Relaxed);
    COUNT.store(0, Relaxed);
    let mut spigot = Spigot::new();
    for (written, place) in DIGITS.iter().enumerate() {
        let Some(digit) = spigot.next_digit() else {
            break;
        };
        place.store(b'0' + digit, Relaxed);
        COUNT.store(written as u32 + 1, Relaxed);
    }
}

/// A handler: runs inside `poll`.
fn stop(signal: Signal) {
    report(signal);
    STOPPING.store(true, Relaxed);
}

/// Reports the signal, and goes on.
fn report(signal: Signal) {
    // SAFETY: it takes two numbers.
    unsafe { host_received(signal.number(), COUNT.load(Relaxed)) }
}

fn compute_until(signal: Signal) -> u32 {
    on(signal, stop);
    compute();
    off(signal);
    COUNT.load(Relaxed)
}

/// Returns how many digits there are when SIGXCPU has come, or at capacity.
#[no_mangle]
pub extern "C" fn until_sigxcpu() -> u32 {
    compute_until(Signal::XCPU)
}

/// The same, for SIGINT.
#[no_mangle]
pub extern "C" fn until_sigint() -> u32 {
    compute_until(Signal::INT)
}

/// The same work by a guest that never stops: at capacity it starts again.
#[no_mangle]
pub extern "C" fn ignoring_sigxcpu() {
    on(Signal::XCPU, report);
    loop {
        compute();
    }
}

/// Where the digits are: ASCII, without the decimal point.
#[no_mangle]
pub extern "C" fn digits() -> *const u8 {
    DIGITS.as_ptr().cast()
}

/// How many there are of the last call, also if that was killed.
#[no_mangle]
pub extern "C" fn count() -> u32 {
    COUNT.load(Relaxed)
}

/// How many digits it computes at most.
#[no_mangle]
pub extern "C" fn capacity() -> u32 {
    CAPACITY as u32
}

/// Next to no work: what a call costs is what the host adds.
#[no_mangle]
pub extern "C" fn echo(value: u32) -> u32 {
    value
}

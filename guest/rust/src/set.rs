// SPDX-License-Identifier: Apache-2.0 OR MIT
use core::fmt;
use core::iter::FusedIterator;

use crate::Signal;

/// A set of signals.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SignalSet(u64);

impl SignalSet {
    /// The set without a signal.
    pub const EMPTY: SignalSet = SignalSet(0);

    /// The set whose bit n-1 is signal n, as in the protocol.
    pub const fn from_bits(bits: u64) -> SignalSet {
        SignalSet(bits)
    }

    /// Bit n-1 is signal n.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether no signal is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many signals are in it.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether `signal` is in it.
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & bit(signal) != 0
    }

    /// Its signals, in ascending order.
    pub const fn iter(self) -> Signals {
        Signals(self)
    }

    pub(crate) const ALL: SignalSet = SignalSet(u64::MAX);

    pub(crate) const fn of(signal: Signal) -> SignalSet {
        SignalSet(bit(signal))
    }

    /// The signal of the lowest number in it.
    pub(crate) fn lowest(self) -> Option<Signal> {
        Signal::new(self.0.trailing_zeros() + 1)
    }

    pub(crate) fn remove(&mut self, signal: Signal) {
        self.0 &= !bit(signal);
    }
}

const fn bit(signal: Signal) -> u64 {
    1 << (signal.number() - 1)
}

impl fmt::Debug for SignalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<T: IntoIterator<Item = Signal>>(signals: T) -> SignalSet {
        let mut set = SignalSet::EMPTY;
        set.extend(signals);
        set
    }
}

impl Extend<Signal> for SignalSet {
    fn extend<T: IntoIterator<Item = Signal>>(&mut self, signals: T) {
        for signal in signals {
            self.0 |= bit(signal);
        }
    }
}

impl IntoIterator for SignalSet {
    type Item = Signal;
    type IntoIter = Signals;

    fn into_iter(self) -> Signals {
        self.iter()
    }
}

impl IntoIterator for &SignalSet {
    type Item = Signal;
    type IntoIter = Signals;

    fn into_iter(self) -> Signals {
        self.iter()
    }
}

/// The signals of a [`SignalSet`], in ascending order.
#[derive(Clone, Debug)]
pub struct Signals(SignalSet);

impl Iterator for Signals {
    type Item = Signal;

    fn next(&mut self) -> Option<Signal> {
        let lowest = self.0.lowest()?;
        self.0.remove(lowest);
        Some(lowest)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl ExactSizeIterator for Signals {}
impl FusedIterator for Signals {}

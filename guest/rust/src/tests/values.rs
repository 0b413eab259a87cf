// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Signals, and sets of them.

use std::vec::Vec;
use std::{format, vec};

use crate::{InvalidSignal, Signal, SignalSet};

#[test]
fn a_signal_is_a_number_from_1_to_64() {
    assert_eq!(Signal::try_from(0), Err(InvalidSignal(0)));
    assert_eq!(Signal::try_from(65), Err(InvalidSignal(65)));
    assert_eq!(Signal::try_from(256 + 2), Err(InvalidSignal(258)));
    for number in 1..=64 {
        assert_eq!(Signal::try_from(number).unwrap().number(), number);
    }
    assert_eq!(
        format!("{}", InvalidSignal(65)),
        "a signal is a number from 1 to 64, not 65"
    );
    let _: &dyn core::error::Error = &InvalidSignal(65);
}

#[test]
fn signals_have_the_names_and_numbers_of_linux() {
    let numbers = [
        (Signal::HUP, 1, "SIGHUP"),
        (Signal::INT, 2, "SIGINT"),
        (Signal::KILL, 9, "SIGKILL"),
        (Signal::USR1, 10, "SIGUSR1"),
        (Signal::USR2, 12, "SIGUSR2"),
        (Signal::ALRM, 14, "SIGALRM"),
        (Signal::TERM, 15, "SIGTERM"),
        (Signal::CONT, 18, "SIGCONT"),
        (Signal::XCPU, 24, "SIGXCPU"),
        (Signal::SYS, 31, "SIGSYS"),
    ];
    for (signal, number, name) in numbers {
        assert_eq!((signal.number(), signal.name()), (number, Some(name)));
    }
    let real_time = Signal::new(40).unwrap();
    assert_eq!(real_time.name(), None);
    assert_eq!(format!("{real_time} {real_time:?}"), "signal 40 signal 40");
    assert_eq!(format!("[{:>8}]", Signal::INT), "[  SIGINT]");
    assert_eq!(format!("[{real_time:>11}]"), "[  signal 40]");
    let unnamed: Vec<Signal> = (32..=64).filter_map(Signal::new).collect();
    for signal in unnamed {
        assert_eq!(format!("{signal}"), format!("signal {}", signal.number()));
    }
}

#[test]
fn a_set_holds_what_was_put_in() {
    let set: SignalSet = [Signal::XCPU, Signal::INT, Signal::XCPU]
        .into_iter()
        .collect();
    assert_eq!(set.bits(), 1 << 23 | 1 << 1);
    assert_eq!(set, SignalSet::from_bits(set.bits()));
    assert_eq!((set.len(), set.is_empty()), (2, false));
    assert!(set.contains(Signal::INT) && !set.contains(Signal::TERM));
    assert_eq!(format!("{set:?}"), "{SIGINT, SIGXCPU}");
    assert_eq!(set.iter().size_hint(), (2, Some(2)));
    assert_eq!(vec![Signal::INT, Signal::XCPU], Vec::from_iter(&set));
    assert_eq!(SignalSet::from_bits(u64::MAX).iter().count(), 64);
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
use core::error::Error;
use core::fmt;
use core::num::NonZeroU8;

/// A signal: a number from 1 to 64, those of Linux on x86-64 on every host.
///
/// ```
/// use wasmsig_guest::Signal;
///
/// assert_eq!(Signal::XCPU.number(), 24);
/// assert_eq!(Signal::try_from(2), Ok(Signal::INT));
/// assert!(Signal::try_from(65).is_err());
/// assert_eq!(Signal::TERM.to_string(), "SIGTERM");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(NonZeroU8);

macro_rules! signals {
    ($($number:literal $constant:ident $name:literal: $meaning:literal)*) => {
        impl Signal {
            $(
                #[doc = concat!($name, ", ", $number, ": ", $meaning, ".")]
                pub const $constant: Signal = Signal::literal($number);
            )*

            /// The signal's name, such as `"SIGINT"`; those above 31 have none.
            pub const fn name(self) -> Option<&'static str> {
                match self.0.get() {
                    $($number => Some($name),)*
                    _ => None,
                }
            }
        }
    };
}

signals! {
    1 HUP "SIGHUP": "the terminal has gone, or the configuration changed"
    2 INT "SIGINT": "interrupted, as by Ctrl-C"
    3 QUIT "SIGQUIT": "quit, as by Ctrl-\\\\"
    4 ILL "SIGILL": "illegal instruction"
    5 TRAP "SIGTRAP": "a trap of a debugger"
    6 ABRT "SIGABRT": "aborted"
    7 BUS "SIGBUS": "bus error"
    8 FPE "SIGFPE": "arithmetic error"
    9 KILL "SIGKILL": "the instance ends at its next poll; cannot be handled"
    10 USR1 "SIGUSR1": "whatever host and guest agree on"
    11 SEGV "SIGSEGV": "invalid memory reference"
    12 USR2 "SIGUSR2": "whatever host and guest agree on"
    13 PIPE "SIGPIPE": "no process reads the pipe"
    14 ALRM "SIGALRM": "a timer has run out"
    15 TERM "SIGTERM": "a request to end"
    16 STKFLT "SIGSTKFLT": "unused"
    17 CHLD "SIGCHLD": "a child has stopped or ended"
    18 CONT "SIGCONT": "goes on after a stop"
    19 STOP "SIGSTOP": "stopped"
    20 TSTP "SIGTSTP": "stopped at the terminal, as by Ctrl-Z"
    21 TTIN "SIGTTIN": "read from the terminal in the background"
    22 TTOU "SIGTTOU": "wrote to the terminal in the background"
    23 URG "SIGURG": "urgent data at a socket"
    24 XCPU "SIGXCPU": "nearly out of CPU time"
    25 XFSZ "SIGXFSZ": "a file has become too large"
    26 VTALRM "SIGVTALRM": "a timer of CPU time has run out"
    27 PROF "SIGPROF": "a profiler's timer has run out"
    28 WINCH "SIGWINCH": "the window has another size"
    29 IO "SIGIO": "input or output is possible"
    30 PWR "SIGPWR": "power fails"
    31 SYS "SIGSYS": "bad system call"
}

impl Signal {
    pub(crate) const MAX: u32 = 64;

    const fn literal(number: u8) -> Signal {
        match NonZeroU8::new(number) {
            Some(number) => Signal(number),
            None => panic!("signal 0"),
        }
    }

    /// The signal of a number, if it is one from 1 to 64.
    pub const fn new(number: u32) -> Option<Signal> {
        match number {
            1..=Signal::MAX => Some(Signal::literal(number as u8)),
            _ => None,
        }
    }

    /// Its number, from 1 to 64.
    pub const fn number(self) -> u32 {
        self.0.get() as u32
    }

    pub(crate) const fn index(self) -> usize {
        self.0.get() as usize
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => {
                // All of two digits: those below 32 have names.
                let mut text = *b"signal 00";
                text[7] += self.0.get() / 10;
                text[8] += self.0.get() % 10;
                f.pad(core::str::from_utf8(&text).unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<u32> for Signal {
    type Error = InvalidSignal;

    fn try_from(number: u32) -> Result<Signal, InvalidSignal> {
        Signal::new(number).ok_or(InvalidSignal(number))
    }
}

impl From<Signal> for u32 {
    fn from(signal: Signal) -> u32 {
        signal.number()
    }
}

/// A number that is not a signal: 0, or more than 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSignal(
    /// The number.
    pub u32,
);

impl fmt::Display for InvalidSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a signal is a number from 1 to 64, not {}", self.0)
    }
}

impl Error for InvalidSignal {}

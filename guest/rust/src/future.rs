// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Futures of signals. No host wakes a task: a signal is a number in memory, and
//! the module must read it. A future checks when it is polled. A signal that any
//! other poll of the module has received resolves it too, so two tasks never
//! compete for one signal. It takes only the signal that it resolves at.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::delivery::{self, received, times};
use crate::{Signal, SignalSet};

/// Resolves at the next signal that any part of the module receives after this
/// call: this future, a handler, [`poll`](crate::poll()) or
/// [`pending`](crate::pending) anywhere. Its output is that signal, or the last one
/// if several were received since its last check. A check runs handlers and takes
/// one signal, as `poll` does. The others wait for the next future.
///
/// It checks, then wakes itself: the executor runs its other tasks and polls it
/// again. That keeps the executor busy. If tasks run as microtasks, as in
/// wasm-bindgen-futures, timers and I/O of JavaScript cannot run: use
/// [`next_every`] there.
///
/// ```
/// # async fn example() {
/// match wasmsig_guest::next().await {
///     signal => println!("received {signal}"),
/// }
/// # }
/// ```
pub fn next() -> Next {
    Next { seen: received().0 }
}

/// Resolves when this future, a handler, or a poll anywhere in the module receives
/// `signal` after this call. A check runs handlers, and takes no other signal. It
/// wakes itself as [`next`] does. From the call on, the module counts as one that
/// handles the signal, as if it were in the set of [`want`](crate::want()).
pub fn signal(signal: Signal) -> Came {
    delivery::want_too(SignalSet::of(signal));
    Came {
        signal,
        seen: times(signal),
    }
}

/// Resolves at the next signal. It checks only when the future that `pause`
/// returns has resolved, usually a timer. Each check calls `pause` again.
///
/// ```
/// # async fn sleep(_: std::time::Duration) {}
/// # async fn example() {
/// let often = std::time::Duration::from_millis(10);
/// let signal = wasmsig_guest::next_every(|| sleep(often)).await;
/// # }
/// ```
pub fn next_every<P: Future>(pause: impl FnMut() -> P) -> impl Future<Output = Signal> {
    let next = next();
    check_every(pause, move || next.check())
}

/// Resolves when `signal` arrives. It checks as [`next_every`] does.
pub fn signal_every<P: Future>(
    signal: Signal,
    pause: impl FnMut() -> P,
) -> impl Future<Output = ()> {
    let came = self::signal(signal);
    check_every(pause, move || came.check())
}

async fn check_every<P: Future, S>(
    mut pause: impl FnMut() -> P,
    check: impl Fn() -> Option<S>,
) -> S {
    loop {
        if let Some(seen) = check() {
            return seen;
        }
        pause().await;
    }
}

/// The future of [`next`].
#[derive(Clone, Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Next {
    seen: u32,
}

impl Next {
    fn check(&self) -> Option<Signal> {
        self.received().or_else(|| {
            delivery::poll(SignalSet::ALL);
            self.received()
        })
    }

    fn received(&self) -> Option<Signal> {
        let (count, last) = received();
        last.filter(|_| count != self.seen)
    }
}

impl Future for Next {
    type Output = Signal;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Signal> {
        or_again(self.check(), context)
    }
}

/// The future of [`signal`](crate::signal()).
#[derive(Clone, Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Came {
    signal: Signal,
    seen: u32,
}

impl Came {
    fn check(&self) -> Option<()> {
        self.received().or_else(|| {
            delivery::poll(SignalSet::of(self.signal));
            self.received()
        })
    }

    fn received(&self) -> Option<()> {
        (times(self.signal) != self.seen).then_some(())
    }
}

impl Future for Came {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        or_again(self.check(), context)
    }
}

fn or_again<S>(seen: Option<S>, context: &Context<'_>) -> Poll<S> {
    match seen {
        Some(seen) => Poll::Ready(seen),
        None => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Futures of signals. No host wakes a task: a signal is a number in memory, so
//! somebody must look. A future looks when it is polled, and is resolved too by
//! what any other poll of the module heard: two tasks never compete for one. And
//! it takes from the others only what it resolves at.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use crate::delivery::{self, heard, times};
use crate::{Signal, SignalSet};

/// Resolves at the next signal that anything in the module hears after this
/// call: this future, a handler, [`poll`](crate::poll()) or
/// [`pending`](crate::pending) anywhere. Its output is that signal; the last, if
/// several were heard since it looked. When it looks itself it runs handlers and
/// takes one signal, as `poll` does: the others wait for the next future.
///
/// It looks, then wakes itself: the executor runs its other tasks and comes
/// back. That keeps the executor busy. Where tasks run as microtasks, as in
/// wasm-bindgen-futures, it even keeps timers and I/O of JavaScript from having
/// their turn: use [`next_every`] there.
///
/// ```
/// # async fn example() {
/// match wasmsig_guest::next().await {
///     signal => println!("heard {signal}"),
/// }
/// # }
/// ```
pub fn next() -> Next {
    Next { seen: heard().0 }
}

/// Resolves when `signal` is heard after this call, by itself, a handler, or a
/// poll anywhere in the module. When it looks it runs handlers, and leaves all
/// other signals to others. It wakes itself as [`next`] does. From the call on the
/// module counts as one that handles the signal, as if [`want`](crate::want())
/// had been told of it too.
pub fn signal(signal: Signal) -> Came {
    delivery::want_too(SignalSet::of(signal));
    Came {
        signal,
        seen: times(signal),
    }
}

/// Resolves at the next signal, and looks only when another future has resolved
/// that `pause` makes anew each time: a timer, in general.
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
    look_every(pause, move || next.look())
}

/// Resolves when `signal` comes, and looks as [`next_every`] does.
pub fn signal_every<P: Future>(
    signal: Signal,
    pause: impl FnMut() -> P,
) -> impl Future<Output = ()> {
    let came = self::signal(signal);
    look_every(pause, move || came.look())
}

async fn look_every<P: Future, S>(mut pause: impl FnMut() -> P, look: impl Fn() -> Option<S>) -> S {
    loop {
        if let Some(seen) = look() {
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
    fn look(&self) -> Option<Signal> {
        self.heard().or_else(|| {
            delivery::poll(SignalSet::ALL);
            self.heard()
        })
    }

    fn heard(&self) -> Option<Signal> {
        let (count, last) = heard();
        last.filter(|_| count != self.seen)
    }
}

impl Future for Next {
    type Output = Signal;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Signal> {
        or_again(self.look(), context)
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
    fn look(&self) -> Option<()> {
        self.heard().or_else(|| {
            delivery::poll(SignalSet::of(self.signal));
            self.heard()
        })
    }

    fn heard(&self) -> Option<()> {
        (times(self.signal) != self.seen).then_some(())
    }
}

impl Future for Came {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        or_again(self.look(), context)
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

// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Which handler each signal has.

use core::mem::transmute;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use crate::{delivery, Signal, SignalSet};

#[allow(clippy::declare_interior_mutable_const)] // to fill an array with
const NO_HANDLER: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Each null or a `fn(Signal)`, which is never null. Relaxed: in a module with
/// threads a handler orders nothing else.
static HANDLERS: [AtomicPtr<()>; Signal::MAX as usize + 1] = [NO_HANDLER; Signal::MAX as usize + 1];

/// Sets the handler of a signal. It runs in [`poll`](crate::poll) when the signal
/// has arrived. Returns the previous one.
///
/// SIGKILL cannot be handled: the call has no effect and returns `None`.
///
/// ```
/// use core::sync::atomic::{AtomicBool, Ordering};
/// use wasmsig_guest::{on, poll, Signal};
///
/// static STOP: AtomicBool = AtomicBool::new(false);
///
/// on(Signal::XCPU, |_| STOP.store(true, Ordering::Relaxed));
/// while !STOP.load(Ordering::Relaxed) {
///     poll();
/// #   break;
/// }
/// ```
///
/// Handlers run at this crate's polls only. A poll that `wasmsig instrument` has
/// added to the module runs none.
pub fn on(signal: Signal, handler: fn(Signal)) -> Option<fn(Signal)> {
    replace(signal, handler as *mut ())
}

/// Removes the handler of a signal, and returns it.
pub fn off(signal: Signal) -> Option<fn(Signal)> {
    replace(signal, ptr::null_mut())
}

fn replace(signal: Signal, handler: *mut ()) -> Option<fn(Signal)> {
    if signal == Signal::KILL {
        return None;
    }
    let before = swap(&HANDLERS[signal.index()], handler);
    delivery::say_handled(SignalSet::of(signal));
    from_pointer(before)
}

#[cfg(target_has_atomic = "ptr")]
fn swap(slot: &AtomicPtr<()>, handler: *mut ()) -> *mut () {
    slot.swap(handler, Relaxed)
}

/// Where no signal arrives, and no other thread can set a handler meanwhile: a
/// processor without such an instruction (thumbv6m) has one core.
#[cfg(not(target_has_atomic = "ptr"))]
fn swap(slot: &AtomicPtr<()>, handler: *mut ()) -> *mut () {
    let before = slot.load(Relaxed);
    slot.store(handler, Relaxed);
    before
}

#[cfg(any(wasmsig_words, wasmsig_component, test))]
pub(crate) fn handler_of(signal: Signal) -> Option<fn(Signal)> {
    from_pointer(HANDLERS[signal.index()].load(Relaxed))
}

fn from_pointer(pointer: *mut ()) -> Option<fn(Signal)> {
    // SAFETY: HANDLERS holds null, which is None, or what `on` made of a
    // `fn(Signal)`.
    unsafe { transmute::<*mut (), Option<fn(Signal)>>(pointer) }
}

/// As at the start of a program.
#[cfg(test)]
pub(crate) fn reset() {
    for slot in &HANDLERS {
        slot.store(ptr::null_mut(), Relaxed);
    }
}

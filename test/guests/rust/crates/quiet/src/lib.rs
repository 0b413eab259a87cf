// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Nothing here polls; with `words` the module shall have the words all the same.

#[cfg(feature = "words")]
wasmsig_guest::words!();

#[no_mangle]
pub extern "C" fn answer() -> u32 {
    #[cfg(feature = "part")]
    return part::ANSWER;
    #[cfg(not(feature = "part"))]
    return 42;
}

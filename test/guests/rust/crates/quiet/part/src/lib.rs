// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A library that asks for the words too. That alone need not bring them.
#![no_std]

wasmsig_guest::words!();

pub const ANSWER: u32 = 42;

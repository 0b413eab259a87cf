// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Puts an object of words/ into an archive, which rustc can link. It is written
//! by hand, so that users of the crate need no archiver and no C compiler.

use std::{env, fs, path::Path};

const LIBRARY: &str = "wasmsig_guest_words";

/// The symbols that an object defines. Some linkers find nothing in an archive
/// without an index.
type Symbols = &'static [&'static str];

/// Of words.o.
const WORDS: Symbols = &[
    "__instance_signal",
    "__instance_signal_handled",
    "__instance_signal_pending",
    "__instance_terminated",
    "wasmsig_guest_words_stand_twice__define_them_in_one_place_only",
    "wasmsig_guest_rust_word",
    "wasmsig_guest_rust_take_word",
    "wasmsig_guest_rust_put_word",
    "wasmsig_guest_rust_set",
    "wasmsig_guest_rust_take_set",
    "wasmsig_guest_rust_put_set",
    "wasmsig_guest_rust_say_handled",
];

/// Of component.o.
const COMPONENT: Symbols = &["wasmsig_guest_rust_component"];

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER_LENGTH: usize = 60;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=words");
    for name in ["words", "component", "atomics"] {
        println!("cargo:rustc-check-cfg=cfg(wasmsig_{name})");
    }
    if variable("CARGO_CFG_TARGET_ARCH") != "wasm32" {
        return;
    }
    let is_component = env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("p2");
    if !is_component {
        link("words", WORDS);
    } else if env::var_os("CARGO_FEATURE_WASIP2").is_some() {
        link("component", COMPONENT);
    }
}

fn link(name: &str, symbols: Symbols) {
    println!("cargo:rustc-cfg=wasmsig_{name}");
    if has_atomics() {
        println!("cargo:rustc-cfg=wasmsig_atomics");
    }
    let object = Path::new(&variable("CARGO_MANIFEST_DIR"))
        .join("words")
        .join(format!("{name}.o"));
    let object = fs::read(&object)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", object.display()));
    let folder = variable("OUT_DIR");
    let archive = Path::new(&folder).join(format!("lib{LIBRARY}.a"));
    fs::write(&archive, archive_of(&object, symbols))
        .unwrap_or_else(|error| panic!("{} cannot be written: {error}", archive.display()));
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:rustc-link-lib=static={LIBRARY}");
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: this is run by cargo"))
}

/// Whether rustc keeps atomic instructions. Stable Rust accepts the feature, but
/// does not report it; so this reads the flags that cargo passes to rustc.
/// Without bulk-memory LLVM drops the feature wherever there is a thread-local.
fn has_atomics() -> bool {
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let has_feature = |name| features.split(',').any(|feature| feature == name);
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    has_feature("bulk-memory") && requested("atomics", &flags).unwrap_or(has_feature("atomics"))
}

/// The last `-C target-feature=...` that names the feature decides.
fn requested(feature: &str, flags: &str) -> Option<bool> {
    flags
        .split('\x1f')
        .flat_map(|flag| flag.split_once("target-feature="))
        .flat_map(|(_, features)| features.split(','))
        .filter_map(|named| match named.split_at(named.len().min(1)) {
            ("+", name) if name == feature => Some(true),
            ("-", name) if name == feature => Some(false),
            _ => None,
        })
        .next_back()
}

/// The archive's index, then the object. The format is that of GNU's ar.
fn archive_of(object: &[u8], symbols: Symbols) -> Vec<u8> {
    let names: Vec<u8> = symbols
        .iter()
        .flat_map(|name| name.bytes().chain([0]))
        .collect();
    let index_length = 4 + 4 * symbols.len() + names.len();
    let object_at = MAGIC.len() + HEADER_LENGTH + index_length + index_length % 2;

    let mut index = big_endian(symbols.len());
    for _ in symbols {
        index.extend(big_endian(object_at));
    }
    index.extend(names);

    let mut archive = MAGIC.to_vec();
    append(&mut archive, "/", &index);
    append(&mut archive, "object.o/", object);
    archive
}

fn append(archive: &mut Vec<u8>, name: &str, content: &[u8]) {
    let length = content.len();
    archive.extend(
        format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{length:<10}`\n",
            0, 0, 0, 644
        )
        .bytes(),
    );
    archive.extend(content);
    if length % 2 == 1 {
        archive.push(b'\n');
    }
}

fn big_endian(number: usize) -> Vec<u8> {
    u32::try_from(number)
        .expect("an archive of a kilobyte")
        .to_be_bytes()
        .to_vec()
}

// SPDX-License-Identifier: Apache-2.0 OR MIT
//! The command `wasm-bindgen` as `worker-build` calls it, without the minutes
//! that installing that command takes.

use std::{env, process};

use wasm_bindgen_cli_support::Bindgen;

fn main() {
    if let Err(error) = run(env::args().skip(1)) {
        eprintln!("wasm-bindgen: {error}");
        process::exit(1);
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    let mut folder = None;
    while let Some(arg) = args.next() {
        let missing = format!("{arg} needs a value");
        match arg.as_str() {
            "--out-dir" => folder = Some(args.next().ok_or(missing)?),
            "--out-name" => drop(bindgen.out_name(&args.next().ok_or(missing)?)),
            "--target" => target(&mut bindgen, &args.next().ok_or(missing)?)?,
            "--typescript" => drop(bindgen.typescript(true)),
            "--no-typescript" => drop(bindgen.typescript(false)),
            "--no-demangle" => drop(bindgen.demangle(false)),
            "--debug" => drop(bindgen.debug(true)),
            "--keep-debug" => drop(bindgen.keep_debug(true)),
            "--experimental-reset-state-function" => drop(bindgen.reset_state_function(true)),
            "--force-enable-abort-handler" => drop(bindgen.force_enable_abort_handler(true)),
            other if other.starts_with('-') => return Err(format!("no option {other}")),
            input => drop(bindgen.input_path(input)),
        }
    }
    let folder = folder.ok_or("no --out-dir")?;
    bindgen
        .generate(folder)
        .map_err(|error| format!("{error:#}"))
}

fn target(bindgen: &mut Bindgen, name: &str) -> Result<(), String> {
    match name {
        "module" => bindgen.module(true),
        "bundler" => bindgen.bundler(true),
        other => return Err(format!("no target {other}")),
    }
    .map(drop)
    .map_err(|error| error.to_string())
}

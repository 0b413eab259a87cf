// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What `wasm-bindgen --target nodejs IN.wasm --out-dir FOLDER` does, without the
//! minutes that installing that command takes.

use std::{env, process};

fn main() {
    let mut args = env::args_os().skip(1);
    let (Some(input), Some(folder)) = (args.next(), args.next()) else {
        eprintln!("Usage: bindgen IN.wasm FOLDER");
        process::exit(2);
    };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    let result = bindgen
        .input_path(input)
        .nodejs(true)
        .and_then(|bindgen| bindgen.generate(folder));
    if let Err(error) = result {
        eprintln!("bindgen: {error:#}");
        process::exit(1);
    }
}

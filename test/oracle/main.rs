// SPDX-License-Identifier: Apache-2.0 OR MIT
//! wasmparser's results for modules, to be compared with the module reader's.
//!
//! Standard input: modules, each with its length before it (4 bytes, the lowest
//! first). Standard output: a line of JSON for each, see compare.mjs.
mod facts;

use std::io::{self, BufWriter, ErrorKind, Read, Write};
use wasmparser::{Parser, Validator, WasmFeatures};

/// The features that the reader supports: WebAssembly 3.0, threads, legacy
/// exceptions, and wide arithmetic.
fn features() -> WasmFeatures {
    WasmFeatures::WASM3
        | WasmFeatures::THREADS
        | WasmFeatures::LEGACY_EXCEPTIONS
        | WasmFeatures::WIDE_ARITHMETIC
        | WasmFeatures::COMPONENT_MODEL
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter < ' ' => {
                out += &format!("\\u{:04x}", letter as u32)
            }
            letter => out.push(letter),
        }
    }
    out + "\""
}

fn fault(at: u64, text: &str) -> String {
    format!("{{\"at\":{at},\"text\":{}}}", quoted(text))
}

fn fault_of(error: wasmparser::Error) -> String {
    fault(error.offset(), error.message())
}

/// `refused`: why it is not valid. `broken`: why it cannot even be read.
/// `later`: it is valid with all proposals that wasmparser knows.
fn line(module: &[u8]) -> String {
    let validate =
        |features| Validator::new_with_features(features).validate_all(module);
    let refused = validate(features()).err().map(fault_of);
    let later = refused.is_some() && validate(WasmFeatures::all()).is_ok();
    let mut parser = Parser::new(0);
    parser.set_features(features());
    let null = || String::from("null");
    let (facts, broken) = match facts::read(parser, module) {
        Ok(facts) if facts.is_beyond => {
            (null(), fault(0, "beyond the features"))
        }
        Ok(_) if Parser::is_component(module) => (null(), null()),
        Ok(facts) => (facts.json(), null()),
        Err(error) => (null(), fault_of(error)),
    };
    format!(
        "{{\"refused\":{},\"later\":{later},\"broken\":{broken},\
         \"component\":{},\"facts\":{facts}}}",
        refused.unwrap_or_else(null),
        Parser::is_component(module),
    )
}

fn next(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return Ok(None)
        }
        result => result?,
    }
    let mut module = vec![0; u32::from_le_bytes(length) as usize];
    input.read_exact(&mut module)?;
    Ok(Some(module))
}

fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut output = BufWriter::new(io::stdout().lock());
    while let Some(module) = next(&mut input)? {
        writeln!(output, "{}", line(&module))?;
    }
    output.flush()
}

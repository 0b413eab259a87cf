// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Modules that always terminate, and calls of their exports:
//!
//!     generate FIRST COUNT
//!
//! The number of a module is the seed of everything about it. Standard output:
//! a case for each module. Numbers are little-endian.
//!
//!     case   number u32, length u32, module, length u32, call...
//!     call   export u32 (its position), fuel u32, is_for_js u8,
//!            results u8, arguments u8, argument...
//!     argument  kind u8 (WASMTIME_I32 ...), 16 bytes
//!
//! Each function head and each turn of a loop takes one of the exported global
//! FUEL, and traps when it is 0. A caller sets it before each call.
mod sections;

use arbitrary::Unstructured;
use sections::Additions;
use std::io::{self, BufWriter, Write};
use wasm_smith::{Config, Module};
use wasmparser::types::TypesRef;
use wasmparser::{
    AbstractHeapType, ExternalKind, FuncType, HeapType, MemoryType, RefType,
    ValType, Validator, WasmFeatures,
};

const FUEL: &str = "differential:fuel";
/// Of a start function.
const FIRST_FUEL: u32 = 1000;
const MOST_CALLS: usize = 24;
const PAGE: u64 = 1 << 16;

// ----------------------------------------------------------------- randomness

/// SplitMix64: it repeats everywhere, and any seed is good.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// True once in `times`.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

// --------------------------------------------------------------------- modules

/// What both engines have without options.
fn features(config: &mut Config, random: &mut Random) {
    config.gc_enabled = random.once_in(4);
    config.exceptions_enabled = random.once_in(3);
    config.memory64_enabled = random.once_in(4);
    config.threads_enabled = random.once_in(4);
    config.simd_enabled = random.once_in(3);
    config.allow_floats = !random.once_in(3);
    config.relaxed_simd_enabled = false; // its results may vary
    config.wide_arithmetic_enabled = false;
    config.custom_page_sizes_enabled = false;
    config.compact_imports_enabled = false;
    config.canonicalize_nans = true; // the bits of a NaN may vary
}

fn sizes(config: &mut Config, random: &mut Random) {
    config.max_instructions = 1 << (5 + random.below(6));
    config.min_funcs = 1;
    config.max_funcs = 1 + random.below(12) as usize;
    config.max_types = 10;
    config.max_memories = 1 + random.below(3) as usize;
    config.min_memories = u32::from(!random.once_in(4));
    config.max_tables = 2;
    config.max_table_elements = 20;
    config.max_memory32_bytes = 4 * PAGE;
    config.max_memory64_bytes = 4 * u128::from(PAGE);
    config.memory_max_size_required = true;
    config.table_max_size_required = true;
    config.limit_arrays_in_const_exprs = true;
    config.max_data_segments = 5;
    config.max_element_segments = 5;
    config.max_elements = 20;
    config.max_globals = 10;
    config.max_tags = 5;
    config.max_values = 4;
    config.max_imports = 6;
}

fn config(random: &mut Random) -> Config {
    let mut config = Config::default();
    features(&mut config, random);
    sizes(&mut config, random);
    config.disallow_traps = !random.once_in(3);
    config.allow_start_export = random.once_in(4);
    config.export_everything = true;
    config.generate_custom_sections = random.once_in(4);
    config.available_imports =
        random.once_in(2).then(sections::available_imports);
    if config.available_imports.is_none() {
        config.max_imports = 0;
    }
    config
}

/// The module with its fuel; None if wasm-smith makes none, or if the module
/// could wait for another thread: it would wait for ever.
fn generate(random: &mut Random) -> Option<(Vec<u8>, u32)> {
    let config = config(random);
    let length = 1 << (11 + random.below(5));
    let entropy = random.bytes(length);
    let mut module =
        Module::new(config, &mut Unstructured::new(&entropy)).ok()?;
    let fuel = module.ensure_termination(FIRST_FUEL).ok()?;
    let bytes = module.to_bytes();
    (!sections::waits(&bytes)).then_some((bytes, fuel))
}

// ----------------------------------------------------------- words of its own

/// The words are in the last 32 bytes of what memory 0 has at first.
fn words(memory: MemoryType, additions: &mut Additions) {
    let address = memory.initial * PAGE - 32;
    for (offset, name) in [
        (0, "__instance_signal"),
        (4, "__instance_terminated"),
        (8, "__instance_signal_pending"),
    ] {
        additions.word(name, address + offset, memory.memory64);
    }
}

fn add_words(
    types: TypesRef,
    functions: &[Function],
    random: &mut Random,
    additions: &mut Additions,
) {
    if types.memory_count() == 0 || !random.once_in(3) {
        return;
    }
    let memory = types.memory_at(0);
    if memory.initial == 0 {
        return;
    }
    words(memory, additions);
    let deliver = functions.iter().find(|function| {
        function.ty.params().is_empty() && function.ty.results().is_empty()
    });
    if let Some(function) = deliver.filter(|_| random.once_in(2)) {
        additions.export(
            "__instance_signal_deliver",
            ExternalKind::Func,
            function.index,
        );
    }
}

// ----------------------------------------------------------------------- calls

struct Function {
    export: u32,
    index: u32,
    ty: FuncType,
}

/// The kind of the value, as in Wasmtime's C API.
fn kind_of(ty: ValType) -> u8 {
    use AbstractHeapType::*;
    let heap = |ty: RefType| match ty.heap_type() {
        HeapType::Abstract { ty, .. } => match ty {
            Func | NoFunc => 5,
            Extern | NoExtern => 6,
            Exn | NoExn => 8,
            _ => 7,
        },
        _ if ty.is_concrete_type_ref() => 9,
        _ => 7,
    };
    match ty {
        ValType::I32 => 0,
        ValType::I64 => 1,
        ValType::F32 => 2,
        ValType::F64 => 3,
        ValType::V128 => 4,
        ValType::Ref(ty) => heap(ty),
    }
}

fn is_for_js(ty: &FuncType) -> bool {
    let types = ty.params().iter().chain(ty.results());
    types.copied().all(|ty| !matches!(kind_of(ty), 4 | 8))
}

/// A number of which the half is one that programs treat specially.
fn number(kind: u8, random: &mut Random) -> u64 {
    const SPECIAL: [u64; 12] = [
        0,
        1,
        2,
        9,
        u64::MAX,
        0x7fff_ffff,
        0x8000_0000,
        0xffff,
        0x1_0000,
        1 << 63,
        u64::MAX >> 1,
        100,
    ];
    let raw = if random.once_in(2) {
        SPECIAL[random.below(SPECIAL.len() as u64) as usize]
    } else {
        random.next() >> random.below(64)
    };
    match kind {
        2 => u64::from((raw as i64 as f32).to_bits()),
        3 => (raw as i64 as f64).to_bits(),
        _ => raw,
    }
}

fn put_argument(kind: u8, random: &mut Random, to: &mut Vec<u8>) {
    let is_reference = kind > 4;
    to.push(kind);
    for part in 0..2 {
        let value = match (is_reference, kind, part) {
            (false, 4, _) | (false, _, 0) => number(kind, random),
            _ => 0,
        };
        to.extend(value.to_le_bytes());
    }
}

fn put_call(function: &Function, random: &mut Random, to: &mut Vec<u8>) {
    let fuel = 1u32 << (4 + random.below(9));
    to.extend(function.export.to_le_bytes());
    to.extend(fuel.to_le_bytes());
    to.push(u8::from(is_for_js(&function.ty)));
    to.push(function.ty.results().len() as u8);
    to.push(function.ty.params().len() as u8);
    for ty in function.ty.params() {
        put_argument(kind_of(*ty), random, to);
    }
}

/// References are null. A function that wants another one cannot be called.
fn is_callable(function: &Function) -> bool {
    function.ty.params().iter().all(|ty| {
        kind_of(*ty) != 9
            && !matches!(ty, ValType::Ref(ty) if !ty.is_nullable())
    })
}

fn calls(functions: &[Function], random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    let callable: Vec<_> =
        functions.iter().filter(|one| is_callable(one)).collect();
    for round in 0..2 {
        for function in callable.iter().take(MOST_CALLS >> round) {
            put_call(function, random, &mut bytes);
        }
    }
    bytes
}

// ----------------------------------------------------------------------- cases

fn exported_functions(types: TypesRef, module: &[u8]) -> Vec<Function> {
    let mut functions = Vec::new();
    for (at, export) in sections::exports(module).iter().enumerate() {
        if export.kind == ExternalKind::Func {
            let id = types.core_function_at(export.index);
            functions.push(Function {
                export: at as u32,
                index: export.index,
                ty: types[id].unwrap_func().clone(),
            });
        }
    }
    functions
}

/// The module of that number and its calls; an empty module if there is none.
fn case(number: u32) -> (Vec<u8>, Vec<u8>) {
    let mut random = Random(u64::from(number));
    let Some((plain, fuel)) = generate(&mut random) else {
        return Default::default();
    };
    let types = Validator::new_with_features(WasmFeatures::all())
        .validate_all(&plain)
        .expect("wasm-smith makes valid modules");
    let functions = exported_functions(types.as_ref(), &plain);
    let mut additions = Additions::new(types.as_ref().global_count());
    additions.export(FUEL, ExternalKind::Global, fuel);
    add_words(types.as_ref(), &functions, &mut random, &mut additions);
    (additions.apply(&plain), calls(&functions, &mut random))
}

fn main() -> io::Result<()> {
    let numbers: Vec<u32> = std::env::args()
        .skip(1)
        .map(|text| text.parse().expect("generate FIRST COUNT"))
        .collect();
    let [first, count] = numbers[..] else {
        panic!("generate FIRST COUNT");
    };
    let mut output = BufWriter::new(io::stdout().lock());
    for number in first..first + count {
        let (module, calls) = case(number);
        output.write_all(&number.to_le_bytes())?;
        for bytes in [module, calls] {
            output.write_all(&(bytes.len() as u32).to_le_bytes())?;
            output.write_all(&bytes)?;
        }
    }
    output.flush()
}

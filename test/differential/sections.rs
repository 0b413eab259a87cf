// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Adds globals and exports to a module, which otherwise stays as it is; and the
//! imports that a module may have.
use wasm_encoder::{
    ConstExpr, Encode, EntityType, GlobalType, ImportSection, MemoryType,
    RawSection, RefType, TableType, TypeSection, ValType,
};
use wasmparser::{BinaryReader, Export, ExternalKind, Parser, Payload};

const GLOBALS: u8 = 6;
const EXPORTS: u8 = 7;

/// New entries of two sections.
pub struct Additions {
    next_global: u32,
    globals: Entries,
    exports: Entries,
}

#[derive(Default)]
struct Entries {
    count: u32,
    bytes: Vec<u8>,
}

impl Entries {
    /// The section's contents with the entries at its end.
    fn after(&self, section: &[u8]) -> Vec<u8> {
        let mut reader = BinaryReader::new(section, 0);
        let count = reader.read_var_u32().expect("a count");
        let mut bytes = Vec::new();
        (count + self.count).encode(&mut bytes);
        bytes.extend(&section[reader.original_position() as usize..]);
        bytes.extend(&self.bytes);
        bytes
    }
}

impl Additions {
    pub fn new(globals: u32) -> Self {
        Additions {
            next_global: globals,
            globals: Entries::default(),
            exports: Entries::default(),
        }
    }

    pub fn export(&mut self, name: &str, kind: ExternalKind, index: u32) {
        let code = match kind {
            ExternalKind::Func => 0u8,
            ExternalKind::Global => 3,
            _ => unreachable!("nothing else is added"),
        };
        self.exports.count += 1;
        name.encode(&mut self.exports.bytes);
        self.exports.bytes.push(code);
        index.encode(&mut self.exports.bytes);
    }

    /// An immutable global with an address, exported by that name.
    pub fn word(&mut self, name: &str, address: u64, is_64_bit: bool) {
        let (ty, value) = if is_64_bit {
            (ValType::I64, ConstExpr::i64_const(address as i64))
        } else {
            (ValType::I32, ConstExpr::i32_const(address as i32))
        };
        let bytes = &mut self.globals.bytes;
        ty.encode(bytes);
        bytes.push(0);
        value.encode(bytes);
        self.globals.count += 1;
        self.export(name, ExternalKind::Global, self.next_global);
        self.next_global += 1;
    }

    pub fn apply(&self, module: &[u8]) -> Vec<u8> {
        let mut made = wasm_encoder::Module::new();
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload.expect("a module of wasm-smith");
            let Some((id, range)) = payload.as_section() else {
                continue;
            };
            let old = &module[range.start as usize..range.end as usize];
            let data = match id {
                GLOBALS => self.globals.after(old),
                EXPORTS => self.exports.after(old),
                _ => old.to_vec(),
            };
            made.section(&RawSection { id, data: &data });
        }
        made.finish()
    }
}

pub fn exports(module: &[u8]) -> Vec<Export<'_>> {
    for payload in Parser::new(0).parse_all(module) {
        if let Ok(Payload::ExportSection(section)) = payload {
            return section.into_iter().map(|item| item.unwrap()).collect();
        }
    }
    Vec::new()
}

/// Whether it has an instruction that waits for other threads.
pub fn waits(module: &[u8]) -> bool {
    use wasmparser::Operator::{MemoryAtomicWait32, MemoryAtomicWait64};
    let mut bodies =
        Parser::new(0)
            .parse_all(module)
            .filter_map(|payload| match payload {
                Ok(Payload::CodeSectionEntry(body)) => Some(body),
                _ => None,
            });
    bodies.any(|body| {
        let operators = body.get_operators_reader().expect("its code");
        operators.into_iter().any(|operator| {
            matches!(
                operator,
                Ok(MemoryAtomicWait32 { .. } | MemoryAtomicWait64 { .. })
            )
        })
    })
}

/// A module with the imports that the drivers provide.
pub fn available_imports() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    types
        .ty()
        .function([ValType::I64, ValType::F64], [ValType::F32]);
    types.ty().function([], []);
    let global = |val_type, mutable| GlobalType {
        val_type,
        mutable,
        shared: false,
    };
    let memory = MemoryType {
        minimum: 1,
        maximum: Some(4),
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    let table = TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 4,
        maximum: Some(16),
        shared: false,
    };
    let mut imports = ImportSection::new();
    for (name, ty) in [
        ("number", EntityType::Function(0)),
        ("mix", EntityType::Function(1)),
        ("event", EntityType::Function(2)),
        ("constant", global(ValType::I32, false).into()),
        ("cell", global(ValType::I64, true).into()),
        ("memory", memory.into()),
        ("table", table.into()),
    ] {
        imports.import("host", name, ty);
    }
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&imports);
    module.finish()
}

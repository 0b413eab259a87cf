// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Memory 0, the words of a module, and a memory of their own, found with
//! wasmparser. It shares no code with the module reader. The whole module is
//! read, including each instruction, but not validated.
use std::fmt::Write;
use wasmparser::{
    ConstExpr, Export, ExternalKind, FunctionBody, Imports, MemArg, MemoryType,
    Operator, Parser, Payload, Result, TypeRef, ValType,
};

const WORDS: [&str; 4] = [
    "__instance_signal",
    "__instance_terminated",
    "__instance_signal_pending",
    "__instance_signal_handled",
];

/// A memory of the words' own. The signal word is at its address 0.
const OWN_MEMORY: &str = "__wasmsig_memory";

#[derive(Clone)]
enum Value {
    Constant(u64),
    Imported(String, String),
    Computed,
}

struct Global {
    kind: &'static str,
    mutable: bool,
    value: Value,
}

struct Memory {
    ty: MemoryType,
    import: Option<(String, String)>,
}

/// A load right after the constant that is its address.
struct Load {
    memory: u32,
    address: Option<u64>,
    atomic: bool,
}

#[derive(Default)]
pub struct Facts {
    memories: Vec<Memory>,
    globals: Vec<Global>,
    exports: Vec<(String, u32, u32)>,
    loads: Vec<Load>,
    /// It uses something that the enabled features do not include.
    pub is_beyond: bool,
}

fn kind_of(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 => "i32",
        ValType::I64 => "i64",
        ValType::F32 => "f32",
        ValType::F64 => "f64",
        ValType::V128 => "v128",
        ValType::Ref(_) => "ref",
    }
}

fn number_of(kind: ExternalKind) -> u32 {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => 0,
        ExternalKind::Table => 1,
        ExternalKind::Memory => 2,
        ExternalKind::Global => 3,
        ExternalKind::Tag => 4,
    }
}

/// Reads all of an iterator of results.
fn all<T>(items: impl IntoIterator<Item = Result<T>>) -> Result<Vec<T>> {
    items.into_iter().collect()
}

pub fn read(parser: Parser, module: &[u8]) -> Result<Facts> {
    let mut facts = Facts::default();
    for payload in parser.parse_all(module) {
        facts.see(payload?)?;
    }
    Ok(facts)
}

impl Facts {
    fn see(&mut self, payload: Payload) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => drop(all(section)?),
            Payload::ImportSection(section) => {
                for imports in section {
                    self.see_imports(imports?);
                }
            }
            Payload::FunctionSection(section) => drop(all(section)?),
            Payload::TableSection(section) => {
                for table in section {
                    if let wasmparser::TableInit::Expr(expression) = table?.init
                    {
                        self.value_of("ref", &expression)?;
                    }
                }
            }
            Payload::MemorySection(section) => {
                for ty in section {
                    let ty = ty?;
                    self.memories.push(Memory { ty, import: None });
                }
            }
            Payload::TagSection(section) => drop(all(section)?),
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    let kind = kind_of(global.ty.content_type);
                    let value = self.value_of(kind, &global.init_expr)?;
                    self.globals.push(Global {
                        kind,
                        mutable: global.ty.mutable,
                        value,
                    });
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let Export { name, kind, index } = export?;
                    self.exports.push((name.into(), number_of(kind), index));
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    self.see_element(element?)?;
                }
            }
            Payload::DataSection(section) => {
                for data in section {
                    if let wasmparser::DataKind::Active {
                        offset_expr, ..
                    } = data?.kind
                    {
                        self.value_of("ref", &offset_expr)?;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.see_body(&body)?,
            Payload::UnknownSection { range, .. } => {
                return Err(wasmparser::BinaryReader::new(&[], range.start)
                    .read_u8()
                    .expect_err("there is nothing"));
            }
            _ => {}
        }
        Ok(())
    }

    fn see_imports(&mut self, imports: Imports) {
        let Imports::Single(_, import) = imports else {
            self.is_beyond = true;
            return;
        };
        let names = (import.module.to_string(), import.name.to_string());
        match import.ty {
            TypeRef::Memory(ty) => self.memories.push(Memory {
                ty,
                import: Some(names),
            }),
            TypeRef::Global(ty) => self.globals.push(Global {
                kind: kind_of(ty.content_type),
                mutable: ty.mutable,
                value: Value::Imported(names.0, names.1),
            }),
            _ => {}
        }
    }

    fn see_element(&mut self, element: wasmparser::Element) -> Result<()> {
        if let wasmparser::ElementKind::Active { offset_expr, .. } =
            &element.kind
        {
            self.value_of("ref", offset_expr)?;
        }
        match element.items {
            wasmparser::ElementItems::Functions(functions) => {
                drop(all(functions)?)
            }
            wasmparser::ElementItems::Expressions(_, expressions) => {
                for expression in expressions {
                    self.value_of("ref", &expression?)?;
                }
            }
        }
        Ok(())
    }

    // --------------------------------------------------------- expressions

    fn value_of(
        &mut self,
        kind: &str,
        expression: &ConstExpr,
    ) -> Result<Value> {
        let mut stack: Vec<Option<u64>> = Vec::new();
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            let operator = operators.read()?;
            self.step(&mut stack, &operator);
        }
        operators.finish()?;
        let value = match (kind, stack.last()) {
            ("i32", Some(Some(value))) => Value::Constant(*value as u32 as u64),
            ("i64", Some(Some(value))) => Value::Constant(*value),
            _ => Value::Computed,
        };
        Ok(value)
    }

    /// None on the stack: known only at instantiation, or no integer.
    fn step(&mut self, stack: &mut Vec<Option<u64>>, operator: &Operator) {
        let mut binary = |calculate: fn(u64, u64) -> u64| {
            let b = stack.pop().flatten();
            let a = stack.pop().flatten();
            stack.push(a.zip(b).map(|(a, b)| calculate(a, b)));
        };
        match operator {
            Operator::I32Add | Operator::I64Add => binary(u64::wrapping_add),
            Operator::I32Sub | Operator::I64Sub => binary(u64::wrapping_sub),
            Operator::I32Mul | Operator::I64Mul => binary(u64::wrapping_mul),
            Operator::I32Const { value } => {
                stack.push(Some(*value as u32 as u64))
            }
            Operator::I64Const { value } => stack.push(Some(*value as u64)),
            Operator::GlobalGet { global_index } => {
                stack.push(self.constant(*global_index));
            }
            Operator::End => {}
            _ => stack.push(None),
        }
    }

    fn constant(&self, index: u32) -> Option<u64> {
        match self.globals.get(index as usize)?.value {
            Value::Constant(value) => Some(value),
            _ => None,
        }
    }

    // ---------------------------------------------------------------- code

    fn see_body(&mut self, body: &FunctionBody) -> Result<()> {
        all(body.get_locals_reader()?)?;
        let mut operators = body.get_operators_reader()?;
        // The constant that the previous instruction put on the stack.
        let mut before: Option<u64> = None;
        while !operators.eof() {
            let operator = operators.read()?;
            self.is_beyond |= OFF.contains(&proposal_of(&operator));
            if let (Some(address), Some((memory, atomic))) =
                (before, load_of(&operator))
            {
                self.loads.push(Load {
                    memory: memory.memory,
                    address: address.checked_add(memory.offset),
                    atomic,
                });
            }
            before = match operator {
                Operator::I32Const { value } => Some(value as u32 as u64),
                Operator::I64Const { value } => Some(value as u64),
                Operator::GlobalGet { global_index } => self
                    .constant(global_index)
                    .filter(|_| !self.globals[global_index as usize].mutable),
                _ => None,
            };
        }
        operators.finish()
    }

    // ---------------------------------------------------------------- JSON

    pub fn json(&self) -> String {
        let words: Vec<String> =
            WORDS.iter().map(|name| self.word(name)).collect();
        let (plain, atomic) = self.direct_polls();
        let mut out = String::new();
        let _ = write!(
            out,
            "{{\"words\":[{}],\"memory\":{},\"own\":{},\
             \"direct\":{{\"plain\":{plain},\"atomic\":{atomic}}}}}",
            words.join(","),
            self.memory(),
            self.own_memory()
                .map_or("null".into(), |index| index.to_string()),
        );
        out
    }

    /// The index of the memory of the words' own, if the module has one.
    fn own_memory(&self) -> Option<u32> {
        let exports_word = self
            .exports
            .iter()
            .any(|(name, ..)| WORDS.contains(&name.as_str()));
        let (.., index) = self
            .exports
            .iter()
            .filter(|_| !exports_word)
            .find(|(name, kind, _)| name == OWN_MEMORY && *kind == 2)?;
        let ty = &self.memories.get(*index as usize)?.ty;
        let is_one_page = ty.initial == 1 && ty.maximum == Some(1);
        (is_one_page && !ty.shared && !ty.memory64).then_some(*index)
    }

    /// The memory and the address of the signal word.
    fn signal(&self) -> Option<(u32, u64)> {
        if let Some(memory) = self.own_memory() {
            return Some((memory, 0));
        }
        let (_, kind, index) =
            self.exports.iter().find(|(name, ..)| name == WORDS[0])?;
        let global = self.globals.get(*index as usize)?;
        match global.value {
            Value::Constant(value) if *kind == 3 && !global.mutable => {
                Some((0, value))
            }
            _ => None,
        }
    }

    /// The minimum that the reader must find.
    fn direct_polls(&self) -> (usize, usize) {
        let Some((memory, signal)) =
            self.signal().filter(|_| !self.memories.is_empty())
        else {
            return (0, 0);
        };
        let count = |atomic| {
            self.loads
                .iter()
                .filter(|load| {
                    load.atomic == atomic
                        && load.memory == memory
                        && load.address == Some(signal)
                })
                .count()
        };
        (count(false), count(true))
    }

    fn word(&self, name: &str) -> String {
        let Some((_, kind, index)) =
            self.exports.iter().find(|export| export.0 == name)
        else {
            return "null".into();
        };
        let start = format!("{{\"kind\":{kind},\"index\":{index}");
        if *kind != 3 {
            return start + "}";
        }
        let Some(global) = self.globals.get(*index as usize) else {
            return start + "}";
        };
        let (source, address, import) = match &global.value {
            Value::Constant(value) => (0, format!("\"{value}\""), None),
            Value::Imported(module, name) => {
                (1, "null".into(), Some((module, name)))
            }
            Value::Computed => (2, "null".into(), None),
        };
        format!(
            "{start},\"type\":\"{}\",\"mutable\":{},\
             \"source\":{source},\"address\":{address},\
             \"module\":{},\"name\":{}}}",
            global.kind,
            global.mutable,
            hex(import.map(|(module, _)| module)),
            hex(import.map(|(_, name)| name)),
        )
    }

    fn memory(&self) -> String {
        let Some(memory) = self.memories.first() else {
            return "{\"count\":0}".into();
        };
        let export = self
            .exports
            .iter()
            .find(|(_, kind, index)| *kind == 2 && *index == 0);
        let import = memory.import.as_ref();
        let maximum = memory.ty.maximum;
        format!(
            "{{\"count\":{},\"imported\":{},\"exported\":{},\
             \"shared\":{},\"is64\":{},\"minimum\":\"{}\",\
             \"maximum\":{},\"export\":{},\"module\":{},\"name\":{}}}",
            self.memories.len(),
            import.is_some(),
            export.is_some(),
            memory.ty.shared,
            memory.ty.memory64,
            memory.ty.initial,
            maximum.map_or("null".into(), |pages| format!("\"{pages}\"")),
            hex(export.map(|(name, ..)| name)),
            hex(import.map(|(module, _)| module)),
            hex(import.map(|(_, name)| name)),
        )
    }
}

/// Names may contain any character, so their bytes are printed.
fn hex(name: Option<&String>) -> String {
    name.map_or("null".into(), |name| {
        let digits: String =
            name.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("\"{digits}\"")
    })
}

/// For a load of at most four bytes: its address, and whether it is atomic.
fn load_of(operator: &Operator) -> Option<(MemArg, bool)> {
    use Operator::*;
    match operator {
        I32Load { memarg }
        | I32Load8S { memarg }
        | I32Load8U { memarg }
        | I32Load16S { memarg }
        | I32Load16U { memarg }
        | I64Load8S { memarg }
        | I64Load8U { memarg }
        | I64Load16S { memarg }
        | I64Load16U { memarg }
        | I64Load32S { memarg }
        | I64Load32U { memarg } => Some((*memarg, false)),
        I32AtomicLoad { memarg }
        | I32AtomicLoad8U { memarg }
        | I32AtomicLoad16U { memarg }
        | I64AtomicLoad8U { memarg }
        | I64AtomicLoad16U { memarg }
        | I64AtomicLoad32U { memarg } => Some((*memarg, true)),
        _ => None,
    }
}

/// Proposals whose instructions wasmparser reads although they are disabled.
const OFF: [&str; 4] = [
    "custom_descriptors",
    "memory_control",
    "shared_everything_threads",
    "stack_switching",
];

macro_rules! define_proposal_of {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $type:ty),* })?
        => $visit:ident ($($arity:tt)*))*) => {
        fn proposal_of(operator: &Operator) -> &'static str {
            match operator {
                $(Operator::$op { .. } => stringify!($proposal),)*
                _ => "",
            }
        }
    };
}

wasmparser::for_each_operator!(define_proposal_of);

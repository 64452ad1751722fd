//! The rows that an attribution ends in. Each list of rows sums to the file; see the crate docs, "Laws".

use serde::{Deserialize, Serialize};

use crate::elf::{SectionKind, mangling};
use crate::units::ByteSize;

/// One section of one binary, or a named range outside the sections (headers, padding).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SectionRow {
    /// Name as in the section header table, or `[ELF header]`, `[program headers]`, `[section headers]`, `[padding]`.
    pub name: String,
    /// What it holds.
    pub kind: SectionKind,
    /// Bytes in the file; 0 for `.bss`.
    pub file_bytes: ByteSize,
    /// Bytes of address space once loaded; 0 for what is not loaded.
    pub memory_bytes: ByteSize,
    /// Bytes in the zip entry's Deflate stream; `None` outside a zip.
    pub compressed_bytes: Option<ByteSize>,
    /// Bytes resident when the function is ready; `None` until measured.
    pub touched_bytes: Option<ByteSize>,
    /// What its attribution rests on; sums to `file_bytes`.
    #[serde(default)]
    pub evidence: Vec<EvidenceRow>,
}

/// Where a crate row's code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CrateKind {
    /// A member of the workspace.
    Workspace,
    /// Any other package of the crate graph.
    Dependency,
    /// The standard library and its private copies of crates.
    Std,
    /// C, C++ or assembly.
    Native,
    /// What the linker and the file format add: headers, padding, dynamic linking.
    Linker,
    /// Bytes that no evidence places.
    Unattributed,
}

/// One crate's share of one binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CrateRow {
    /// Crate name as in source (`serde_json`), or `[linker]`, `[padding]`, `[native]`, `[unattributed]`.
    pub name: String,
    /// Package version; `None` where no crate graph tells it.
    pub version: Option<String>,
    /// Cargo's package id; `None` where no crate graph tells it.
    pub package_id: Option<String>,
    /// Where it comes from.
    pub kind: CrateKind,
    /// All bytes in the file: the sum of the six columns that follow.
    pub file_bytes: ByteSize,
    /// Bytes of code.
    pub code_bytes: ByteSize,
    /// Bytes of constants and data.
    pub data_bytes: ByteSize,
    /// Bytes of unwind tables.
    pub unwind_bytes: ByteSize,
    /// Bytes of relocation tables.
    pub relocation_bytes: ByteSize,
    /// Bytes of `.symtab` entries and their names.
    pub symbol_bytes: ByteSize,
    /// Everything else: debug information, dynamic linking, notes, headers, padding.
    pub other_bytes: ByteSize,
    /// Bytes in the zip entry's Deflate stream; `None` outside a zip.
    pub compressed_bytes: Option<ByteSize>,
    /// Bytes resident when the function is ready; `None` until measured.
    pub touched_bytes: Option<ByteSize>,
    /// File bytes that leave with this crate: its own and those of crates reached only through it. `None` without a crate graph.
    pub retained_bytes: Option<ByteSize>,
    /// Functions with a size, aliases counted once.
    pub functions: u64,
    /// Shortest dependency path from the root package, both ends included; empty without a crate graph.
    pub why: Vec<String>,
    /// What its bytes rest on; sums to `file_bytes`.
    #[serde(default)]
    pub evidence: Vec<EvidenceRow>,
}

impl CrateRow {
    /// The row of a crate without a byte.
    pub(super) fn empty(name: String, version: Option<String>, kind: CrateKind) -> Self {
        Self {
            name,
            version,
            package_id: None,
            kind,
            file_bytes: ByteSize::ZERO,
            code_bytes: ByteSize::ZERO,
            data_bytes: ByteSize::ZERO,
            unwind_bytes: ByteSize::ZERO,
            relocation_bytes: ByteSize::ZERO,
            symbol_bytes: ByteSize::ZERO,
            other_bytes: ByteSize::ZERO,
            compressed_bytes: None,
            touched_bytes: None,
            retained_bytes: None,
            functions: 0,
            why: Vec::new(),
            evidence: Vec::new(),
        }
    }
}

/// What a byte's owner was concluded from, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EvidenceSource {
    /// The linker's map file.
    LinkMap,
    /// A relocation entry.
    Relocation,
    /// A symbol that covers the byte.
    Symbol,
    /// DWARF.
    DebugInfo,
    /// Unwind tables.
    Unwind,
    /// An instruction that refers to the byte.
    Disassembly,
    /// A source path in a panic location.
    PathString,
    /// The file format itself: headers, padding, tables of the dynamic linker.
    Format,
    /// Nothing: the byte is unattributed.
    None,
}

/// How many bytes rest on one kind of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EvidenceRow {
    /// The evidence.
    pub source: EvidenceSource,
    /// Bytes in the file that rest on it.
    pub file_bytes: ByteSize,
}

/// One function or data object. Aliases (identical code folded, several names for one address) are one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FunctionRow {
    /// Demangled name without its hash.
    pub name: String,
    /// The owner's crate name, as in [`CrateRow::name`].
    #[serde(rename = "crate")]
    pub crate_name: String,
    /// The owner's version, as in [`CrateRow::version`].
    pub version: Option<String>,
    /// The section that holds it.
    pub section: String,
    /// Bytes in the file; instances with the same demangled name are summed.
    pub file_bytes: ByteSize,
    /// Bytes in the zip entry's Deflate stream; `None` outside a zip.
    pub compressed_bytes: Option<ByteSize>,
    /// Bytes resident when the function is ready; absent until measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched_bytes: Option<ByteSize>,
    /// How many instances were summed.
    pub instances: u64,
    /// What most of its bytes rest on; absent in reports of versions that did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceSource>,
}

impl FunctionRow {
    /// The name by which two builds of one source know it: without hash, LLVM's suffix, the numbers of closures and those of nameless
    /// constants.
    #[must_use]
    pub fn stable_name(&self) -> String {
        mangling::stable_name(&self.name)
    }
}

/// All copies of one generic function: one row for each item that was instantiated more than once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GenericRow {
    /// Demangled name with `_` for its type arguments.
    pub name: String,
    /// How many copies there are. Folded copies (identical code, several names) count once.
    pub copies: u64,
    /// Bytes of code in the file, all copies together.
    pub file_bytes: ByteSize,
    /// Bytes in the zip entry's Deflate stream; `None` outside a zip.
    pub compressed_bytes: Option<ByteSize>,
    /// The crates whose codegen units hold the copies, largest first.
    pub crates: Vec<GenericShare>,
}

/// One crate's copies of a generic function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GenericShare {
    /// Crate name, as in [`CrateRow::name`].
    pub name: String,
    /// Its version, as in [`CrateRow::version`].
    pub version: Option<String>,
    /// How many copies it holds.
    pub copies: u64,
    /// Their bytes of code in the file.
    pub file_bytes: ByteSize,
}

/// One section, with who is in it: section > crate > function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SectionTree {
    /// The section's name, as in [`SectionRow::name`].
    pub name: String,
    /// Bytes in the file, as in [`SectionRow::file_bytes`].
    pub file_bytes: ByteSize,
    /// Bytes in the zip, as in [`SectionRow::compressed_bytes`].
    pub compressed_bytes: Option<ByteSize>,
    /// By owner; sums to the section.
    pub crates: Vec<CrateTree>,
    /// By the crate that defines the item; sums to the section.
    pub crates_by_definition: Vec<CrateTree>,
    /// By the crate whose codegen unit holds the code; sums to the section.
    pub crates_by_instantiation: Vec<CrateTree>,
}

/// One crate in one section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CrateTree {
    /// Crate name, as in [`CrateRow::name`].
    pub name: String,
    /// Its version, as in [`CrateRow::version`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where it comes from.
    pub kind: CrateKind,
    /// Bytes in the file.
    pub file_bytes: ByteSize,
    /// Bytes in the zip entry's Deflate stream; `None` outside a zip.
    pub compressed_bytes: Option<ByteSize>,
    /// Its functions and data objects there, in the owner view and only where functions are listed; what no symbol names has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<FunctionTree>,
}

/// One function or data object of one crate in one section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FunctionTree {
    /// Demangled name, as in [`FunctionRow::name`].
    pub name: String,
    /// Bytes in the file.
    pub file_bytes: ByteSize,
    /// Bytes in the zip entry's Deflate stream; `None` outside a zip.
    pub compressed_bytes: Option<ByteSize>,
}

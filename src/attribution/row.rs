//! The rows that an attribution ends in. Each list of rows sums to the file; see the crate docs, "Laws".

use serde::{Deserialize, Serialize};

use crate::elf::SectionKind;
use crate::units::ByteSize;

/// One section of one binary, or a named range outside the sections (headers, padding).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// Where a crate row's code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
pub struct CrateRow {
    /// Crate name as in source (`serde_json`), or `[linker]`, `[native]`, `[unattributed]`.
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
}

/// What a byte's owner was concluded from, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
pub struct EvidenceRow {
    /// The evidence.
    pub source: EvidenceSource,
    /// Bytes in the file that rest on it.
    pub file_bytes: ByteSize,
}

/// One function or data object. Aliases (identical code folded, several names for one address) are one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// How many instances were summed.
    pub instances: u64,
}

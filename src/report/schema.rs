//! Schema version 1 of the report. Keys may be added; none may go or change meaning. `null` is 'not known here', never 0.

use serde::{Deserialize, Serialize};

use super::layout::LayoutOutcome;
use crate::attribution::{
    CrateRow, DuplicateCrate, EvidenceRow, FunctionRow, GenericRow, SectionRow, SectionTree, Why,
};
use crate::estimate::Estimate;
use crate::measure::Measurement;
use crate::package::Finding;
use crate::slim::Outcome;
use crate::units::ByteSize;

/// The version that this program writes. It reads 1 up to this.
pub const SCHEMA_VERSION: u32 = 1;

/// JSON Schema (draft 2020-12) of what this version writes, generated from these types. Reports of earlier versions may lack keys that
/// it asks for; [`Report::from_json`] reads them all the same.
pub const REPORT_SCHEMA: &str = include_str!("report.schema.json");

/// Everything that is known about one artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// Version of this layout.
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: Tool,
    /// How it was built; only of what this program has built itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildFacts>,
    /// The file or folder as a whole.
    pub artifact: Artifact,
    /// Every ELF file in it.
    pub binaries: Vec<Binary>,
    /// What its author should know, worst first.
    pub findings: Vec<Finding>,
    /// Packages of which a program holds several versions. Needs a crate graph.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<DuplicateCrate>,
    /// Why a crate is here and what would go with it; only where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// Filled by `estimate`.
    pub estimate: Option<Estimate>,
    /// Filled by `measure`.
    pub measurement: Option<Measurement>,
    /// Filled by `layout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<LayoutOutcome>,
    /// Filled by `slim`.
    pub slim: Option<Outcome>,
}

/// The program that wrote a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tool {
    /// `lambda-slim`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How a program was built: what makes two reports comparable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuildFacts {
    /// The target triple.
    pub target: String,
    /// cargo's profile.
    pub profile: String,
    /// Features of the root package that are on, sorted.
    pub features: Vec<String>,
    /// What `rustc --version` says.
    pub rustc: String,
    /// The commit that was checked out, all digits; `None` outside of git.
    pub commit: Option<String>,
}

/// What kind of artifact was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// A deployment zip.
    Zip,
    /// A folder: an unpacked package.
    Directory,
    /// One bare ELF file.
    Elf,
}

/// The artifact as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Artifact {
    /// Path as given, with `/` between folders.
    pub path: String,
    /// What it is.
    pub kind: ArtifactKind,
    /// Size of the zip as uploaded, central directory included; `None` unless it is a zip.
    pub zip_bytes: Option<ByteSize>,
    /// Headers of the zip: its size less its entries' compressed data. `None` unless it is a zip.
    pub zip_overhead_bytes: Option<ByteSize>,
    /// Sum of the files' sizes.
    pub unzipped_bytes: ByteSize,
    /// SHA-256 of the file in hex; of a folder, over the sorted list of its files' paths, modes and hashes.
    pub sha256: String,
    /// SHA-256 in base64 as Lambda reports it; `None` unless it is a zip.
    pub code_sha256: Option<String>,
    /// The files, sorted by path.
    pub entries: Vec<Entry>,
}

/// One file of the artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Path inside the package, `/` between folders.
    pub path: String,
    /// `bootstrap`, `extension`, `library`, `layer` or `asset`.
    pub role: crate::package::Role,
    /// How the zip holds it; `None` outside a zip.
    pub method: Option<crate::archive::Method>,
    /// Size of the file.
    pub uncompressed_bytes: ByteSize,
    /// Size of its data in the zip; `None` outside a zip.
    pub compressed_bytes: Option<ByteSize>,
    /// Unix permission bits as a decimal number (493 is 0755); `None` where the zip does not say.
    pub unix_mode: Option<u32>,
}

/// One ELF file, attributed to the last byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Binary {
    /// Path inside the package; the file name for a bare ELF.
    pub path: String,
    /// Instruction set.
    pub architecture: crate::elf::Architecture,
    /// Build id in hex.
    pub build_id: Option<String>,
    /// Size of the file.
    pub file_bytes: ByteSize,
    /// Bytes that the loader maps from the file.
    pub loaded_bytes: ByteSize,
    /// True where it has no `.symtab`.
    pub stripped: bool,
    /// Newest glibc version that it asks for, like `2.34`.
    pub needs_glibc: Option<String>,
    /// Where the symbols came from, when not from the file itself.
    #[serde(default)]
    pub symbols_from: Option<String>,
    /// How those symbols were found to be of the same link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbols_matched_by: Option<crate::elf::TwinMatch>,
    /// Compiler and linker, as `.comment` names them; `None` where neither the file nor its symbols' file does.
    #[serde(default)]
    pub toolchain: Option<crate::elf::Toolchain>,
    /// By section; sums to the file.
    pub sections: Vec<SectionRow>,
    /// By owner: the crate that defines the item, or for a generic item of std the most downstream crate among its types.
    pub crates: Vec<CrateRow>,
    /// By the crate that defines the item.
    pub crates_by_definition: Vec<CrateRow>,
    /// By the crate whose codegen unit holds the code.
    pub crates_by_instantiation: Vec<CrateRow>,
    /// By evidence; sums to the file.
    pub evidence: Vec<EvidenceRow>,
    /// Bytes that no evidence places.
    pub unattributed_bytes: ByteSize,
    /// Section > crate > function; functions only with `--by function`. Each level sums to the one above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tree: Vec<SectionTree>,
    /// Functions and data objects; only with `--by function`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<FunctionRow>,
    /// Functions that were instantiated more than once; only with `--by function`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generics: Vec<GenericRow>,
}

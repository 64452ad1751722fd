//! What a measurement says, as the report holds it.

use serde::{Deserialize, Serialize};

use super::anonymous::AnonymousKind;
use super::spread::Spread;
use crate::units::{ByteSize, Millis};

/// A started package at the moment when it asks for its first event: the end of init.
///
/// The plain numbers are medians; those about memory in files are all of one start, the one with the median of
/// `touched_file_bytes`, so that they sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Measurement {
    /// How many starts.
    pub runs: u32,
    /// Pages of the package's files in memory, in bytes. A page that two mappings or processes share counts twice.
    pub touched_file_bytes: ByteSize,
    /// Those of them in mappings that may be executed.
    pub touched_code_bytes: ByteSize,
    /// Memory of no file: heap, stacks, `.bss`.
    pub anonymous_bytes: ByteSize,
    /// Part of `touched_file_bytes` that was written to, and so is a copy: what the dynamic linker relocated, and data.
    pub relocated_dirty_bytes: ByteSize,
    /// Page faults that read nothing from disk.
    pub minor_faults: u64,
    /// Page faults that waited for the disk.
    pub major_faults: u64,
    /// CPU time of all processes.
    pub cpu_ms: Millis,
    /// From the start of the first program to the first byte of the last first request for an event, on this machine.
    pub ready_ms: Millis,
    /// From the event to the first byte of the answer; `None` without `--event`.
    pub first_response_ms: Option<Millis>,
    /// True where the programs had a network of their own.
    pub isolated: bool,
    /// Why they had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_isolated_because: Option<String>,
    /// What ran the programs, where this machine's processor did not. Pages of the package's files are comparable all the same; times, faults and memory
    /// of no file are the emulator's as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emulator: Option<String>,
    /// `touched_file_bytes` and `anonymous_bytes`: what the cold-start model asks for.
    pub touched_bytes: ByteSize,
    /// Time in which no thread ran and none was ready to: init waited. Median.
    pub waiting_ms: Millis,
    /// Entries of relocation tables that the dynamic linker works through, all files of the package.
    pub relocations: u64,
    /// The files of the package that are in memory, largest first. They sum to `touched_file_bytes`.
    pub files: Vec<TouchedFile>,
    /// Files of the system in memory, largest first: the C library, the dynamic linker.
    pub system_files: Vec<SystemFile>,
    /// Anonymous memory by kind. Sums to `anonymous_bytes`.
    pub anonymous: Vec<AnonymousRow>,
    /// How far the starts lie apart.
    pub spread: Spreads,
    /// What the event added; `None` without `--event`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_event: Option<FirstEvent>,
    /// Starts whose files were not in the page cache; `None` without `--cold-cache`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_cache: Option<ColdCache>,
    /// What init waited for, by time. Seen in one more start, which was slowed down by the watching; `None` where nobody watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Vec<Wait>>,
}

/// How far the starts lie apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Spreads {
    /// See [`Measurement::touched_file_bytes`].
    pub touched_file_bytes: Spread<ByteSize>,
    /// See [`Measurement::touched_code_bytes`].
    pub touched_code_bytes: Spread<ByteSize>,
    /// See [`Measurement::anonymous_bytes`].
    pub anonymous_bytes: Spread<ByteSize>,
    /// See [`Measurement::minor_faults`].
    pub minor_faults: Spread<u64>,
    /// See [`Measurement::major_faults`].
    pub major_faults: Spread<u64>,
    /// See [`Measurement::cpu_ms`].
    pub cpu_ms: Spread<Millis>,
    /// See [`Measurement::ready_ms`].
    pub ready_ms: Spread<Millis>,
    /// See [`Measurement::first_response_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_response_ms: Option<Spread<Millis>>,
}

/// A file of the package in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TouchedFile {
    /// Path in the package.
    pub path: String,
    /// Its pages in memory.
    pub touched_bytes: ByteSize,
    /// Those that may be executed.
    pub touched_code_bytes: ByteSize,
    /// Those that were written to.
    pub dirty_bytes: ByteSize,
}

/// A file of the system in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SystemFile {
    /// Where it is.
    pub path: String,
    /// Its pages in memory. The machine's other programs may share them.
    pub touched_bytes: ByteSize,
}

/// One kind of anonymous memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AnonymousRow {
    /// What it is for.
    pub kind: AnonymousKind,
    /// How much.
    pub bytes: ByteSize,
}

/// What the first event added to what init had left. Medians.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FirstEvent {
    /// Pages of the package's files.
    pub touched_file_bytes: ByteSize,
    /// Those of them in mappings that may be executed.
    pub touched_code_bytes: ByteSize,
    /// Memory of no file.
    pub anonymous_bytes: ByteSize,
    /// Page faults that read nothing from disk.
    pub minor_faults: u64,
    /// CPU time of all processes.
    pub cpu_ms: Millis,
    /// How far the starts lie apart in that; `None` in reports of versions that did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ms_spread: Option<Spread<Millis>>,
}

/// Starts after the package's files were put out of the page cache.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ColdCache {
    /// How many starts.
    pub runs: u32,
    /// As [`Measurement::ready_ms`].
    pub ready_ms: Spread<Millis>,
    /// Page faults that waited for the disk.
    pub major_faults: Spread<u64>,
}

/// Something that init waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Wait {
    /// What for, in words: `connect to 10.0.0.1:5432`.
    pub what: String,
    /// When it began, from the start of the program.
    pub since_ms: Millis,
    /// How long it took.
    pub took_ms: Millis,
}

impl Wait {
    /// A wait.
    #[must_use]
    pub const fn new(what: String, since_ms: Millis, took_ms: Millis) -> Self {
        Self { what, since_ms, took_ms }
    }
}

//! What laying a program out did to its start.

use serde::{Deserialize, Serialize};

use crate::attribution::SectionKind;
use crate::estimate::{Change, Interval};
use crate::measure::Measurement;
use crate::units::ByteSize;

/// A program laid out: its order, and its start before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayoutOutcome {
    /// The order file, where one was written or applied.
    pub order_file: Option<String>,
    /// How the linker was told: `symbol-ordering-file` or `linker-script`.
    pub told_by: String,
    /// Whether all functions that are not in the order were put in the order in which they compress best.
    pub for_compression: bool,
    /// Functions of the order: called before the first request for an event.
    pub init_functions: u64,
    /// Functions of the order: called first while the event was handled.
    pub first_event_functions: u64,
    /// Lines of the order that are one function of the program.
    pub matched: u64,
    /// Lines of which only the likely functions could be placed: several have that path.
    pub guessed: u64,
    /// Lines of which the program has no function.
    pub gone: u64,
    /// Code that was placed first.
    pub placed_bytes: ByteSize,
    /// What was given up, one sentence each.
    pub gives_up: Vec<String>,
    /// How the answers to the event were compared; `None` without an event.
    pub answers: Option<String>,
    /// The package of the plain build.
    pub before: LayoutSide,
    /// The package of the program laid out.
    pub after: LayoutSide,
    /// What the change is worth on Lambda; `None` where nothing was measured.
    pub change: Option<Change>,
}

/// A package before or after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayoutSide {
    /// Size of the zip.
    pub zip_bytes: ByteSize,
    /// Sum of its files' sizes.
    pub unzipped_bytes: ByteSize,
    /// Its start; `None` where this machine cannot run it.
    pub measurement: Option<Measurement>,
    /// Touched file memory of the program by kind of section; sums to the program's.
    pub touched: Vec<TouchedKind>,
    /// Predicted `Init Duration`.
    pub init_ms: Option<Interval>,
}

/// Touched file memory in the sections of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TouchedKind {
    /// The kind.
    pub kind: SectionKind,
    /// Pages in memory, in bytes.
    pub touched_bytes: ByteSize,
}

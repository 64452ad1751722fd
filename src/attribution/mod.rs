//! Who owns which byte: the file cut into leaves, each with a section, a crate in three views, and the evidence for it.
//!
//! Promises: every list of rows sums to the file, every compressed column to the zip entry. Bytes that nothing places are
//! `unattributed`, never guessed.

mod attribute;
mod census;
mod claim;
mod claims;
mod code;
mod crate_table;
mod data;
mod debug;
mod duplicates;
mod edges;
mod explain;
mod functions;
mod hints;
mod linked;
mod locations;
mod named;
mod names;
mod natives;
mod owner;
mod pieces;
mod places;
mod range_map;
mod regions;
mod retained;
mod roots;
mod row;
mod rows;
mod runs;
mod tables;
mod tree;
mod versions;
mod why;

pub use crate::elf::SectionKind;
pub use attribute::{Attribution, AttributionError, Compressed, Detail, Subject, attribute};
pub use crate_table::Identities;
pub use duplicates::{DuplicateCrate, DuplicateUser, DuplicateVersion, duplicates};
pub use explain::{MOST_PATHS, Program, WhyQuery, explain};
pub use linked::{NotItsMap, check_link_map};
pub use range_map::RangeMap;
pub use row::{
    CrateKind, CrateRow, CrateTree, EvidenceRow, EvidenceSource, FunctionRow, FunctionTree, GenericRow, GenericShare,
    SectionRow, SectionTree,
};
pub use why::{
    GraphKnowledge, Why, WhyActivation, WhyAsker, WhyAsks, WhyCrate, WhyDependency, WhyDependent, WhyFeature,
    WhyLeaving, WhyNotLinked, WhyOtherUse, WhyPath, WhyStep, WhySwitch,
};

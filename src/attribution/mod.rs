//! Who owns which byte.

mod row;

pub use row::{CrateKind, CrateRow, EvidenceRow, EvidenceSource, FunctionRow, SectionKind, SectionRow};

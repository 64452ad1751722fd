//! The gate: budgets, what changed between two reports, the verdict that CI acts on, and the history of what was checked.
//!
//! This room promises that a limit never goes unapplied in silence: a misspelt `max-` key, a growth limit without a
//! baseline and a zip limit on a bare ELF file are errors, not passes. Its sums are exact: the changes of a binary's
//! crates add up to the change of the file. It formats no sizes; messages hold exact bytes.

mod annotation;
mod baseline;
mod blame;
mod budget;
mod change;
mod check;
mod crate_changes;
mod diff;
mod error;
mod function_changes;
mod gates;
mod growth;
mod history;
mod limit;
mod lock_change;
mod lock_history;
mod pairing;
mod parts;
mod rule_checks;
mod rules;
mod size;
mod tool_change;
mod trend;
mod verdict;

pub use annotation::{Annotation, Manifest, Place, annotations};
pub use budget::Budget;
pub use change::{SizeChange, Status};
pub use check::check;
pub use crate_changes::CrateChange;
pub use diff::{BinaryChange, Diff, EntryChange, SectionChange, diff, diff_with_functions};
pub use error::Error;
pub use function_changes::FunctionChange;
pub use growth::{Growth, Percent};
pub use history::{HISTORY_VERSION, History, MalformedLine, Record, RecordedCrate};
pub use limit::{Limit, PartLimit, TimeGrowth, TimeLimit};
pub use lock_change::LockChange;
pub use lock_history::LockHistory;
pub use rules::{
    BASELINE_ARCHITECTURE_DIFFERS, BASELINE_BINARIES_DIFFER, BASELINE_FEATURES_DIFFER, BASELINE_MISSING,
    BASELINE_PROFILE_DIFFERS, BASELINE_TARGET_DIFFERS, BASELINE_TOOL_DIFFERS, BASELINE_TOOLCHAIN_DIFFERS, Level,
    NEW_DEPENDENCY, QUOTA_SHARE, Rules, SECOND_VERSION,
};
pub use size::parse_size;
pub use tool_change::{BuildTool, ToolChange};
pub use trend::{ArtifactTrend, CRATES_MOVED, CrateTrend, InitTrend, SizeTrend, Trend, TrendPoint, trend};
pub use verdict::{
    Amounts, Blame, CRATE_OVER_BUDGET, CRATES_UNNAMED, FILE_OVER_BUDGET, FUNCTIONS_NAMED, GROWTH_OVER_BUDGET, Gate,
    GrownFunction, INIT_OVER_BUDGET, LIMIT_NAMES_NOTHING, Measure, NO_BUDGET, Part, SECTION_OVER_BUDGET,
    TOUCHED_OVER_BUDGET, UNZIPPED_OVER_BUDGET, Verdict, Violation, ZIP_GROWTH_UNKNOWN, ZIPPED_OVER_BUDGET,
};

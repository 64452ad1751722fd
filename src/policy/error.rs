//! What can be wrong with a budget, or with the question put to the gate.

/// The keys of a budget, for who misspelt one.
const KEYS: &str = "max-zip, max-unzipped, max-file, max-touched, max-init-ms and max-growth";

/// A budget that cannot be read, or that cannot be applied to the reports at hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a number with a unit.
    #[error("size {text:?} is not a number with a unit, like \"500 kB\", \"1.2 MiB\" or \"52428800\" for exact bytes")]
    SizeSyntax {
        /// The text as given.
        text: String,
    },
    /// A number with a unit that is none of the known ones.
    #[error(
        "size {text:?} has the unknown unit {unit:?}: known are B, kB, MB, GB (10^3, 10^6, 10^9) and KiB, MiB, GiB (2^10, 2^20, 2^30)"
    )]
    SizeUnit {
        /// The text as given.
        text: String,
        /// Its unit.
        unit: String,
    },
    /// More than 2^63 bytes.
    #[error("size {text:?} is larger than any file")]
    SizeTooLarge {
        /// The text as given.
        text: String,
    },
    /// Not a percentage.
    #[error("percentage {text:?} is not a number with at most three decimals and a percent sign, like \"2.5%\"")]
    PercentSyntax {
        /// The text as given.
        text: String,
    },
    /// A number that could be percent or bytes.
    #[error("growth {text:?} has no unit: say \"{text}%\" or \"{text} KiB\"")]
    GrowthWithoutUnit {
        /// The text as given.
        text: String,
    },
    /// Not one limit, nor a percentage and a size joined by one `and` or `or`.
    #[error(
        "growth {text:?} is none of \"5%\", \"10 KiB\", \"5% and 10 KiB\" (fails past both) and \"5% or 10 KiB\" (fails past either)"
    )]
    GrowthSyntax {
        /// The text as given.
        text: String,
    },
    /// A key that looks like a limit and is none, so that the limit its author meant would never apply.
    #[error("unknown key {key:?}: the limits are {KEYS}")]
    UnknownKey {
        /// The key as given.
        key: String,
    },
    /// A key of a crate's or section's limits that there is not.
    #[error("unknown key {key:?}: the limits of a part are file, zip and touched")]
    UnknownPartKey {
        /// The key as given.
        key: String,
    },
    /// A key of a rule's table that there is not.
    #[error("unknown key {key:?}: a rule's table has level and at")]
    UnknownRuleKey {
        /// The key as given.
        key: String,
    },
    /// A rule that there is not, so that what its author meant would never apply.
    #[error("unknown rule {code:?}{}", if .near.is_empty() { String::new() } else { format!(": did you mean {near}?") })]
    UnknownRule {
        /// The code as given.
        code: String,
        /// Codes that share a word with it; empty where none does.
        near: String,
    },
    /// A level that there is not.
    #[error("key {key:?}: level {level:?} is none of deny, warn, note and allow")]
    UnknownLevel {
        /// The key.
        key: String,
        /// The level as given.
        level: String,
    },
    /// Neither a size nor growth, nor one of each.
    #[error("limit {text:?} is none of \"1 MB\", \"+5%\" (growth over the baseline) and \"1 MB, +5%\"")]
    LimitSyntax {
        /// The text as given.
        text: String,
    },
    /// Not a whole number of ms.
    #[error("time {text:?} is not a whole number of ms, like \"120\" or \"120 ms\"")]
    TimeSyntax {
        /// The text as given.
        text: String,
    },
    /// A limit on memory, and nothing that was measured.
    #[error(
        "{budget} needs a measured start, and {path:?} has none: give the artifact, or the report of `measure --format json`"
    )]
    TouchedBudgetNeedsMeasurement {
        /// The limit's key.
        budget: String,
        /// The report without a measurement.
        path: String,
    },
    /// A limit on a crate, and no crate that has a name.
    #[error(
        "{budget} cannot be applied to {path:?}: it is stripped, so that no crate has a name; give its unstripped twin or debug file with --symbols"
    )]
    CrateBudgetNeedsNames {
        /// The limit's key.
        budget: String,
        /// The artifact.
        path: String,
    },
    /// A limit on bytes in the zip, and no zip.
    #[error("{budget} needs a zip, and {path:?} is none, or its programs' bytes in it are not known")]
    PartBudgetNeedsZip {
        /// The limit's key.
        budget: String,
        /// The artifact.
        path: String,
    },
    /// A limit on init, and nothing that has one.
    #[error("max-init-ms cannot be applied to {path}: it holds no program that Lambda starts")]
    InitBudgetNeedsProgram {
        /// The artifact.
        path: String,
    },
    /// A key whose value cannot be read.
    #[error("key {key:?}: {source}")]
    Value {
        /// The key.
        key: String,
        /// What is wrong with its value.
        source: Box<Error>,
    },
    /// A key whose value is of the wrong type.
    #[error("key {key:?} is {found}, and must be {expected}")]
    WrongType {
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// The configuration is not a table of keys.
    #[error("the configuration is {found}, and must be a table")]
    NotATable {
        /// What it is.
        found: &'static str,
    },
    /// Growth with nothing to compare with.
    #[error("{budget} {growth:?} needs a baseline to compare with: give --baseline FILE or --baseline-ref GITREF")]
    GrowthNeedsBaseline {
        /// The limit's key.
        budget: String,
        /// The limit as given.
        growth: String,
    },
    /// `max-zip` on an artifact that is no zip.
    #[error("max-zip needs a zip, and {path:?} is {kind}: give the deployment zip, or use max-unzipped")]
    ZipBudgetNeedsZip {
        /// The artifact.
        path: String,
        /// What it is.
        kind: &'static str,
    },
}

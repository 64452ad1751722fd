//! Exit codes, as `diff` and `grep` have them. There are no others.

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Done, and within budget.
    Done = 0,
    /// The gate found a regression or an exceeded budget.
    Violation = 1,
    /// Wrong usage, unreadable or hostile input, failed build, failed proof.
    Trouble = 2,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

//! What text means, apart from how a printer shows that.

/// What a piece of text is, for printers that can show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    /// Headings and what matters most.
    Strong,
    /// Remarks.
    Dim,
    Good,
    Bad,
    Caution,
}

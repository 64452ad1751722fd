//! Where slimming is, for who tells how long it takes.

/// A part of slimming, once it is done. They follow each other in this order; a package that is as small as it gets is compressed twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Each program has been through the named rewrites.
    Rewritten,
    /// Every file is compressed, and what changed is proven beside that.
    CompressedAndProven,
    /// The zip is written and read back.
    Written,
}

impl Stage {
    /// What was done in it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rewritten => "rewrite",
            Self::CompressedAndProven => "deflate and prove",
            Self::Written => "zip and read back",
        }
    }
}

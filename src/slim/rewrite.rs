//! The named rewrites of a program, in the order in which they are tried.

use std::fmt;
use std::str::FromStr;

/// A rewrite, as `--with` and `--without` name it. None of these changes a loaded byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rewrite {
    /// Drops `.symtab`, its strings, and relocations that were kept for tools.
    StripSymbols,
    /// Drops debug information.
    StripDebug,
    /// Drops `.comment`.
    DropComment,
    /// Compresses every entry of the zip anew.
    Recompress,
}

impl Rewrite {
    /// Every rewrite, in the order tried.
    pub const ALL: [Self; 4] = [Self::StripDebug, Self::StripSymbols, Self::DropComment, Self::Recompress];

    /// Its name on the command line and in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StripSymbols => "strip-symbols",
            Self::StripDebug => "strip-debug",
            Self::DropComment => "drop-comment",
            Self::Recompress => "recompress",
        }
    }
}

impl fmt::Display for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no rewrite of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no rewrite is called {name:?}; there are strip-debug, strip-symbols, drop-comment and recompress")]
pub struct UnknownRewrite {
    /// The name asked for.
    pub name: String,
}

impl FromStr for Rewrite {
    type Err = UnknownRewrite;

    fn from_str(name: &str) -> Result<Self, UnknownRewrite> {
        let found = Self::ALL.into_iter().find(|rewrite| rewrite.name() == name);
        found.ok_or_else(|| UnknownRewrite { name: name.to_owned() })
    }
}

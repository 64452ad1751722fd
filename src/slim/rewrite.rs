//! The named rewrites of a program, in the order in which they are tried.

use std::fmt;
use std::str::FromStr;

use super::outcome::Level;

/// A rewrite, as `--with` and `--without` name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rewrite {
    /// Drops debug information.
    StripDebug,
    /// Drops `.symtab`, its strings, and relocations that were kept for tools.
    StripSymbols,
    /// Drops `.comment`.
    DropComment,
    /// Drops the tables of handlers: a panic ends the process.
    AbortOnPanic,
    /// Drops the unwind tables.
    DropBacktraces,
    /// Zeroes code that only landing pads led to.
    DropDeadCode,
    /// Zeroes language-specific unwind tables that no function refers to.
    DropDeadLsdas,
    /// Packs and shares language-specific unwind tables, and orders frame descriptions for Deflate.
    RepackUnwind,
    /// Drops the sorted index of the unwind tables.
    OmitUnwindIndex,
    /// Packs relative relocations, which a start stub then carries out.
    Relr,
    /// Links the program to a fixed address.
    NoAslr,
    /// Zeroes the filling between functions.
    ZeroPadding,
    /// Lets functions that stand side by side share a frame description.
    MergeUnwind,
    /// Lets call sites begin and end at round numbers.
    RoundCallSites,
    /// Drops the section header table.
    DropSectionHeaders,
    /// Compresses every entry of the zip anew.
    Recompress,
}

impl Rewrite {
    /// Every rewrite, in the order tried: what reads relocations before what packs them, section headers last of all edits.
    pub const ALL: [Self; 16] = [
        Self::StripDebug,
        Self::StripSymbols,
        Self::DropComment,
        Self::AbortOnPanic,
        Self::DropBacktraces,
        Self::DropDeadCode,
        Self::DropDeadLsdas,
        Self::RepackUnwind,
        Self::OmitUnwindIndex,
        Self::NoAslr,
        Self::Relr,
        Self::ZeroPadding,
        Self::MergeUnwind,
        Self::RoundCallSites,
        Self::DropSectionHeaders,
        Self::Recompress,
    ];

    /// Its name on the command line and in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StripDebug => "strip-debug",
            Self::StripSymbols => "strip-symbols",
            Self::DropComment => "drop-comment",
            Self::AbortOnPanic => "abort-on-panic",
            Self::DropBacktraces => "drop-backtraces",
            Self::DropDeadCode => "drop-dead-code",
            Self::DropDeadLsdas => "drop-dead-lsdas",
            Self::RepackUnwind => "repack-unwind",
            Self::OmitUnwindIndex => "omit-unwind-index",
            Self::Relr => "relr",
            Self::NoAslr => "no-aslr",
            Self::ZeroPadding => "zero-padding",
            Self::MergeUnwind => "merge-unwind",
            Self::RoundCallSites => "round-call-sites",
            Self::DropSectionHeaders => "drop-section-headers",
            Self::Recompress => "recompress",
        }
    }

    /// The lowest level that does it unasked; `None` where it has to be asked for.
    #[must_use]
    pub const fn level(self) -> Option<Level> {
        match self {
            Self::StripDebug | Self::StripSymbols | Self::DropComment | Self::Recompress => Some(Level::Strict),
            Self::DropDeadLsdas | Self::RepackUnwind | Self::ZeroPadding | Self::MergeUnwind | Self::RoundCallSites => {
                Some(Level::Default)
            }
            Self::AbortOnPanic
            | Self::DropBacktraces
            | Self::DropDeadCode
            | Self::OmitUnwindIndex
            | Self::Relr
            | Self::NoAslr
            | Self::DropSectionHeaders => None,
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::StripDebug => "drop debug information",
            Self::StripSymbols => "drop symbol tables",
            Self::DropComment => "drop .comment: the versions of compiler and linker",
            Self::AbortOnPanic => "drop the tables of handlers, which only a caught panic needs",
            Self::DropBacktraces => "drop all unwind tables",
            Self::DropDeadCode => "zero code that only handlers led to, after abort-on-panic or drop-backtraces",
            Self::DropDeadLsdas => "zero exception tables that no function refers to",
            Self::RepackUnwind => "pack, share and order unwind tables, each entry proven equal",
            Self::OmitUnwindIndex => "drop the sorted index of the unwind tables",
            Self::MergeUnwind => "let neighbouring functions share unwind tables, each row and handler proven equal",
            Self::RoundCallSites => {
                "let exception tables change from call to call at round numbers, each call proven equal"
            }
            Self::Relr => "pack relative relocations, which a start stub then carries out",
            Self::NoAslr => "link the program to a fixed address",
            Self::ZeroPadding => "zero the filling between functions where nothing can execute it",
            Self::DropSectionHeaders => "drop the section header table",
            Self::Recompress => "compress every entry of the zip anew",
        }
    }

    /// What the program or its users lose by it, in words; `None` where that is nothing.
    #[must_use]
    pub const fn gives_up(self) -> Option<&'static str> {
        match self {
            Self::AbortOnPanic => Some(
                "caught panics: a panic in the handler ends the environment instead of one request, and nothing is dropped on the way",
            ),
            Self::DropBacktraces => {
                Some("backtraces, profilers that unwind, and caught panics: any panic ends the environment")
            }
            Self::DropDeadCode => Some(
                "the proof: which code is dead is found by following instructions and checked twice, but only a start of the program can tell",
            ),
            Self::OmitUnwindIndex => Some(
                "fast panics: each frame is searched for in all frame descriptions, milliseconds per panic in a large program",
            ),
            Self::Relr => Some(
                "the RELRO program header, which checkers look for (its protection stays); GNU strip, run on the result, breaks it",
            ),
            Self::NoAslr => Some(
                "the random address of the program itself; libraries, heap and stack keep theirs; addr2line needs addresses less 0x400000",
            ),
            Self::DropSectionHeaders => Some(
                "section names: readelf -S, objdump and debuggers see none, and no tool can slim or analyse it by section again",
            ),
            _ => None,
        }
    }

    /// Every name, as a list in words.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no rewrite of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no rewrite is called {name:?}; there are {}", Rewrite::names())]
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

//! What rewrites say that they changed. The proof holds them to it: whatever is not declared here must be equal.

use std::ops::Range;

/// What became of unwinding. Ordered by how much is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Unwinding {
    /// Every function has the same frame description, the same handlers and its place in the index; where they stand may differ.
    #[default]
    Same,
    /// As above, but there is no index.
    WithoutIndex,
    /// Every function has the same frame description; handlers (LSDAs) are gone.
    WithoutHandlers,
    /// There is none.
    None,
}

/// What became of relocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Relocations {
    /// The same table.
    #[default]
    Same,
    /// The relative ones stand as a packed table that code of ours, the new entry point, carries out before the old one.
    Packed {
        /// Address of the packed table (`RELR` words).
        table: u64,
        /// Its size in bytes.
        table_size: u64,
        /// Address of the start stub, the new entry point.
        stub: u64,
        /// Size of the stub in bytes.
        stub_size: u64,
    },
    /// The program stands at a fixed address: the relative ones are carried out in the file.
    Fixed {
        /// What is added to every address.
        base: u64,
    },
}

/// Declared changes to the loaded part of a program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Ranges of the file whose loaded bytes may differ, in any order; they may overlap.
    pub ranges: Vec<Range<u64>>,
    /// What became of unwinding. `.eh_frame`, its index and `.gcc_except_table` must lie in `ranges` as far as they differ.
    pub unwinding: Unwinding,
    /// What became of relocations.
    pub relocations: Relocations,
    /// Code that nothing can reach any more, which was zeroed: ranges of the file. They lie in `ranges` as well.
    pub dead_code: Vec<Range<u64>>,
    /// The section header table is gone.
    pub section_headers_dropped: bool,
}

impl Changes {
    /// Changes to bytes alone.
    #[must_use]
    pub fn of_ranges(ranges: Vec<Range<u64>>) -> Self {
        Self { ranges, ..Self::default() }
    }

    /// Both, one after the other.
    pub(super) fn add(&mut self, later: Self) {
        self.ranges.extend(later.ranges);
        self.unwinding = self.unwinding.max(later.unwinding);
        if later.relocations != Relocations::Same {
            self.relocations = later.relocations;
        }
        self.dead_code.extend(later.dead_code);
        self.section_headers_dropped |= later.section_headers_dropped;
    }
}

//! Sizes of the parts of a package that a limit can name.

use std::collections::BTreeMap;

use super::verdict::Measure;
use crate::attribution::CrateKind;
use crate::report::Report;
use crate::units::ByteSize;

/// Sizes of one part, summed over the package's programs.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartSize {
    file: ByteSize,
    zip: Option<ByteSize>,
    touched: Option<ByteSize>,
    /// Whether `*` speaks of it.
    pub(super) is_any: bool,
}

impl PartSize {
    const NONE: Self =
        Self { file: ByteSize::ZERO, zip: Some(ByteSize::ZERO), touched: Some(ByteSize::ZERO), is_any: false };

    pub(super) const fn in_measure(&self, measure: Measure) -> Option<ByteSize> {
        match measure {
            Measure::Zipped => self.zip,
            Measure::Touched => self.touched,
            Measure::Unzipped | Measure::File | Measure::Init => Some(self.file),
        }
    }

    fn add(&mut self, file: ByteSize, zip: Option<ByteSize>, touched: Option<ByteSize>, is_any: bool) {
        self.file += file;
        self.zip = self.zip.zip(zip).map(|(sum, size)| sum + size);
        self.touched = self.touched.zip(touched).map(|(sum, size)| sum + size);
        self.is_any |= is_any;
    }
}

/// What has a limit by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    Crate,
    Section,
}

impl PartKind {
    /// The name of its table in a budget.
    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Crate => "crates",
            Self::Section => "sections",
        }
    }

    /// The form of a name by which parts are the same.
    pub(super) fn key(self, name: &str) -> String {
        match self {
            // A crate's name in symbols has `_` where its package may have `-`.
            Self::Crate => name.replace('-', "_"),
            Self::Section => name.to_owned(),
        }
    }
}

/// The parts of one report, by key.
#[derive(Debug, Default)]
pub(super) struct Parts {
    sizes: BTreeMap<String, (String, PartSize)>,
}

impl Parts {
    pub(super) fn of(report: &Report, kind: PartKind) -> Self {
        let mut parts = Self::default();
        for binary in &report.binaries {
            match kind {
                PartKind::Crate => {
                    for row in &binary.crates {
                        let of_graph = is_of_graph(row.kind);
                        let sum = parts.entry(kind, &row.name);
                        sum.add(row.file_bytes, row.compressed_bytes, row.touched_bytes, of_graph);
                    }
                }
                PartKind::Section => {
                    for row in &binary.sections {
                        let sum = parts.entry(kind, &row.name);
                        sum.add(row.file_bytes, row.compressed_bytes, row.touched_bytes, true);
                    }
                }
            }
        }
        parts
    }

    fn entry(&mut self, kind: PartKind, name: &str) -> &mut PartSize {
        let (_, sum) = self.sizes.entry(kind.key(name)).or_insert_with(|| (name.to_owned(), PartSize::NONE));
        sum
    }

    /// The part's name as the report has it, and its sizes.
    pub(super) fn get(&self, key: &str) -> Option<(&str, PartSize)> {
        self.sizes.get(key).map(|(name, size)| (name.as_str(), *size))
    }

    /// Sizes of a part; nothing of one that is not there.
    pub(super) fn size(&self, key: &str) -> PartSize {
        self.get(key).map_or(PartSize::NONE, |(_, size)| size)
    }

    /// Keys and names in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str, PartSize)> {
        self.sizes.iter().map(|(key, (name, size))| (key.as_str(), name.as_str(), *size))
    }
}

/// What stands in the crate graph, unlike std and what has no crate.
pub(super) const fn is_of_graph(kind: CrateKind) -> bool {
    matches!(kind, CrateKind::Workspace | CrateKind::Dependency | CrateKind::Native)
}

/// Whether a report names the crates of its programs; true of one that has no programs.
pub(super) fn names_crates(report: &Report) -> bool {
    let mut rows = report.binaries.iter().flat_map(|binary| &binary.crates);
    report.binaries.is_empty() || rows.any(|row| is_of_graph(row.kind))
}

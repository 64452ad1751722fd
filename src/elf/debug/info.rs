//! Compile units, and whose each byte of the debug sections is.

use std::ops::Range;

use rayon::prelude::*;

use super::charge::Charges;
use super::reference::References;
use super::section::DebugSections;
use super::unit::{Dwarf, RangeReader, Texts, Unit, read_units};
use crate::elf::Image;

/// One compile unit: what a compiler made in one go. rustc makes one for each codegen unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DebugUnit {
    /// `DW_AT_name`. rustc writes the root file of the crate, then the codegen unit:
    /// `src/main.rs/@/hello.f2e1f5fbf8b8a1d5-cgu.0`. Empty where the unit has none.
    pub name: String,
    /// `DW_AT_comp_dir`: the folder that relative names start from.
    pub directory: Option<String>,
    /// `DW_AT_language`, as DWARF numbers languages: 0x1c is Rust.
    pub language: Option<u16>,
    /// `DW_AT_producer`: the compiler, with its version.
    pub producer: Option<String>,
    /// Addresses of its code, sorted and merged; none of code that the linker dropped.
    pub ranges: Vec<Range<u64>>,
}

/// A run of bytes in a debug section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugBytes {
    /// Bytes of the file.
    pub range: Range<u64>,
    /// The unit that they are there for, as an index into [`DebugInfo::units`]. `None` for what units of several crates share,
    /// what no unit refers to, and what could not be read.
    pub unit: Option<u32>,
}

/// What debug information says about a file, and about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DebugInfo {
    /// Compile units in the order of `.debug_info`.
    pub units: Vec<DebugUnit>,
    /// Every byte of every debug section: sorted, without overlaps.
    pub bytes: Vec<DebugBytes>,
}

/// Reads all debug information of a file. What is odd in it costs the units concerned, never the rest; a file without debug
/// information gives an empty result.
///
/// ```no_run
/// # use lambda_slim::elf::{Image, debug_info};
/// # let data = std::fs::read("bootstrap")?;
/// # let image = Image::parse(&data)?;
/// let info = debug_info(&image);
/// let charged = info.bytes.iter().filter(|bytes| bytes.unit.is_some());
/// let size: u64 = charged.map(|bytes| bytes.range.end - bytes.range.start).sum();
/// println!("{} units take {size} bytes of debug information", info.units.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn debug_info(image: &Image<'_>) -> DebugInfo {
    let sections = DebugSections::all(image);
    if sections.sections().is_empty() {
        return DebugInfo::default();
    }
    let dwarf = Dwarf::new(image, &sections);
    let units = read_units(&dwarf);
    let references: Vec<_> = units.par_iter().with_max_len(1).map(|unit| References::of(unit, &dwarf)).collect();
    let described = describe(&dwarf, &units);
    let charges = Charges::new(&units, &references, &described);
    let bytes = sections.sections().par_iter().with_max_len(1).flat_map_iter(|section| charges.charge(section));
    DebugInfo { bytes: bytes.collect(), units: described }
}

fn describe(dwarf: &Dwarf<'_>, units: &[Unit<'_>]) -> Vec<DebugUnit> {
    let mut ranges = RangeReader::new(dwarf);
    let mut texts = Texts::new();
    let compile_units = units.iter().filter(|unit| unit.is_compile_unit());
    let described = compile_units.filter_map(|unit| {
        let root = unit.root.as_ref()?;
        Some(DebugUnit {
            name: texts.take(root.name).unwrap_or_default(),
            directory: texts.take(root.directory),
            language: root.language,
            producer: texts.take(root.producer),
            ranges: ranges.of(unit),
        })
    });
    described.collect()
}

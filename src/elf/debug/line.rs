//! Source files of addresses, from line programs. Only programs of units that hold a requested address are run.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use rayon::prelude::*;

use super::section::DebugSections;
use super::unit::{Dwarf, RangeReader, Unit, read_units};
use crate::elf::Image;

/// The longest path, in bytes: `PATH_MAX` of Linux. Longer ones are no files.
const MAX_PATH: usize = 4096;

/// The source files of some addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceFiles {
    /// Full paths as the compiler wrote them, each once, in the order of the addresses that first need them. A relative name stands
    /// behind its folder and the unit's `DW_AT_comp_dir`; `..` is left in.
    pub files: Vec<String>,
    /// For each address asked for, an index into `files`; `None` where no line table covers it.
    pub of: Vec<Option<u32>>,
}

/// For each address, the source file of the line table row that covers it. Code that was inlined there has the file that it was
/// inlined from; the entry of a function is the function's own.
///
/// Addresses must be sorted; those out of order may be left without a file.
#[must_use]
pub fn source_files(image: &Image<'_>, addresses: &[u64]) -> SourceFiles {
    let mut found = SourceFiles { files: Vec::new(), of: vec![None; addresses.len()] };
    let sections = DebugSections::named(image, &Dwarf::SECTIONS);
    if addresses.is_empty() || sections.sections().is_empty() {
        return found;
    }
    let dwarf = Dwarf::new(image, &sections);
    let units = read_units(&dwarf);
    let asked = units_with(&dwarf, &units, addresses);
    let tables: Vec<_> = asked.par_iter().with_max_len(1).map(|unit| rows(unit, &dwarf, addresses)).collect();
    // One after the other, so that of two tables that cover an address the first in the file is heard, always.
    let mut open = Open::new(addresses.len());
    let mut paths = Paths::default();
    for (unit, table) in asked.into_iter().zip(&tables) {
        paths.start_unit();
        for row in &table.rows {
            while let Some(index) = open.first(row.addresses.start).filter(|&index| index < row.addresses.end) {
                open.close(index);
                if let Some(place) = found.of.get_mut(index) {
                    *place = paths.number(row.file, || table.path(row.file, unit, &dwarf));
                }
            }
        }
    }
    paths.into_sorted(&mut found);
    found
}

/// Units whose code holds an address, one for each line program.
fn units_with<'unit, 'data>(
    dwarf: &Dwarf<'data>,
    units: &'unit [Unit<'data>],
    addresses: &[u64],
) -> Vec<&'unit Unit<'data>> {
    let mut ranges = RangeReader::new(dwarf);
    let mut seen = HashSet::new();
    let holds_one = |range: &Range<u64>| {
        let first = addresses.get(addresses.partition_point(|&address| address < range.start));
        first.is_some_and(|&address| address < range.end)
    };
    let asked = units.iter().filter(|unit| unit.is_compile_unit() && ranges.of(unit).iter().any(holds_one));
    asked.filter(|unit| unit.root.as_ref().and_then(|root| root.line).is_some_and(|line| seen.insert(line))).collect()
}

/// A row that covers addresses asked for.
struct Row {
    /// Indices of these addresses.
    addresses: Range<usize>,
    /// Number of the file in its line program.
    file: u64,
}

type Header<'data> = gimli::LineProgramHeader<super::unit::Slice<'data>>;

struct LineTable<'data> {
    header: Option<Header<'data>>,
    rows: Vec<Row>,
}

/// Runs the line program of a unit, up to what cannot be read.
fn rows<'data>(unit: &Unit<'data>, dwarf: &Dwarf<'data>, addresses: &[u64]) -> LineTable<'data> {
    let Some(program) = unit.line_program(dwarf) else { return LineTable { header: None, rows: Vec::new() } };
    let header = program.header().clone();
    let mut found = Vec::new();
    let mut rows = program.rows();
    // Address and file of the row before, and the first address asked for from there on.
    let mut last: Option<(u64, u64, usize)> = None;
    let mut is_code = false;
    while let Ok(Some((_, row))) = rows.next_row() {
        let address = row.address();
        let mut next = 0;
        match last {
            None => {
                is_code = dwarf.code_in(address..address.saturating_add(1)).is_some();
                if is_code {
                    next = addresses.partition_point(|&asked| asked < address);
                }
            }
            Some((start, file, first)) => {
                next = first;
                if is_code && start < address && addresses.get(first).is_some_and(|&asked| asked < address) {
                    let behind = addresses.get(first..).unwrap_or_default();
                    next = first + behind.partition_point(|&asked| asked < address);
                    found.push(Row { addresses: first..next, file });
                }
            }
        }
        last = (!row.end_sequence()).then(|| (address, row.file_index(), next));
    }
    LineTable { header: Some(header), rows: found }
}

impl<'data> LineTable<'data> {
    /// Full path of a file.
    fn path(&self, file: u64, unit: &Unit<'data>, dwarf: &Dwarf<'data>) -> Option<String> {
        let (header, root) = (self.header.as_ref()?, unit.root.as_ref()?);
        let text = |value| dwarf.text(value, &root.bases, unit.encoding);
        let file = header.file(file)?;
        let mut path = Path::default();
        if let Some(directory) = root.directory {
            path.join(directory);
        }
        // DWARF 5 names the unit's folder as folder 0, and may give the others relative to it.
        let folders = if header.version() >= 5 {
            [Some(0), Some(file.directory_index())]
        } else {
            [None, Some(file.directory_index())]
        };
        for folder in folders.into_iter().flatten() {
            if folder == 0 && header.version() < 5 {
                continue;
            }
            if let Some(folder) = header.directory(folder).and_then(text) {
                path.join(folder);
            }
        }
        path.join(text(file.path_name())?);
        path.finish()
    }
}

/// A path while it is joined.
#[derive(Default)]
struct Path(Vec<u8>);

impl Path {
    fn join(&mut self, part: &[u8]) {
        if part.is_empty() {
            return;
        }
        if is_absolute(part) {
            self.0.clear();
        } else if !self.0.is_empty() && !self.0.ends_with(b"/") && !self.0.ends_with(b"\\") {
            self.0.push(separator(&self.0));
        }
        self.0.extend_from_slice(part);
    }

    fn finish(self) -> Option<String> {
        let fits = !self.0.is_empty() && self.0.len() <= MAX_PATH;
        fits.then(|| String::from_utf8_lossy(&self.0).into_owned())
    }
}

/// Also as Windows writes it: functions are cross-compiled from there.
fn is_absolute(path: &[u8]) -> bool {
    matches!(path, [b'/' | b'\\', ..] | [b'a'..=b'z' | b'A'..=b'Z', b':', ..])
}

fn separator(path: &[u8]) -> u8 {
    if is_absolute(path) && path.first() != Some(&b'/') && !path.contains(&b'/') { b'\\' } else { b'/' }
}

/// Paths by number, each once.
#[derive(Default)]
struct Paths {
    files: Vec<String>,
    by_path: HashMap<String, u32>,
    /// By the number in the line program of the unit at hand.
    of_unit: HashMap<u64, Option<u32>>,
}

impl Paths {
    fn start_unit(&mut self) {
        self.of_unit.clear();
    }

    fn number(&mut self, file: u64, path: impl FnOnce() -> Option<String>) -> Option<u32> {
        let (files, by_path) = (&mut self.files, &mut self.by_path);
        *self.of_unit.entry(file).or_insert_with(|| {
            let path = path()?;
            if let Some(&known) = by_path.get(&path) {
                return Some(known);
            }
            let number = u32::try_from(files.len()).ok()?;
            by_path.insert(path.clone(), number);
            files.push(path);
            Some(number)
        })
    }

    /// Numbers the files anew, in the order of addresses.
    fn into_sorted(mut self, found: &mut SourceFiles) {
        let mut numbers: Vec<Option<u32>> = vec![None; self.files.len()];
        for place in found.of.iter_mut().flatten() {
            let Some(number) = numbers.get_mut(*place as usize) else { continue };
            *place = *number.get_or_insert_with(|| {
                let file = self.files.get_mut(*place as usize).map(std::mem::take);
                found.files.push(file.unwrap_or_default());
                found.files.len() as u32 - 1
            });
        }
    }
}

/// Which addresses have no file yet. Passing over those that have takes no time, so that tables that cover the same addresses
/// over and over cost no more than their rows.
struct Open(Vec<u32>);

impl Open {
    /// Addresses past the 32-bit numbers are closed from the start: no file has as many.
    fn new(count: usize) -> Self {
        Self((0..=u32::try_from(count).unwrap_or(u32::MAX)).collect())
    }

    /// The first open one from `index` on; the one behind the last is never closed.
    fn first(&mut self, index: usize) -> Option<usize> {
        let mut root = index;
        loop {
            let next = *self.0.get(root)? as usize;
            if next == root {
                break;
            }
            root = next;
        }
        let mut at = index;
        while at != root {
            at = std::mem::replace(self.0.get_mut(at)?, root as u32) as usize;
        }
        Some(root)
    }

    fn close(&mut self, index: usize) {
        if let Some(next) = self.0.get_mut(index) {
            *next = index as u32 + 1;
        }
    }
}

//! The code of a program: sections that can be executed, the functions in them, and what lies between these.

use std::ops::Range;

use object::elf;

use super::error::CannotFollow;
use crate::elf::frames::{FrameTables, Lsda};
use crate::elf::image::Image;
use crate::elf::section::SectionKind;

/// How many times the size of the file the addresses of its code may span: a bit is kept for each.
const MAX_SPREAD: u64 = 4;

/// A function, as its frame description says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    /// Addresses.
    pub(super) range: Range<u64>,
    /// Addresses of its landing pads, sorted.
    pub(super) pads: Vec<u64>,
}

struct CodeSection<'data> {
    range: Range<u64>,
    bytes: &'data [u8],
    offset: u64,
}

/// All code, by address.
pub(super) struct Code<'data> {
    /// Sorted and disjoint.
    sections: Vec<CodeSection<'data>>,
    /// Sorted and disjoint, each inside a section of compiled code.
    pub(super) functions: Vec<Function>,
}

impl<'data> Code<'data> {
    pub(super) fn of(image: &Image<'data>, tables: &FrameTables) -> Result<Self, CannotFollow> {
        let executable = |flags: u64| flags & elf::SHF_EXECINSTR.0 != 0;
        let mut sections = Vec::new();
        let mut compiled = Vec::new();
        for section in image.sections().iter().filter(|s| s.is_loaded() && s.is_in_file() && executable(s.flags)) {
            let range = section.address..section.address.saturating_add(section.size);
            if section.kind() == SectionKind::Code && section.name.starts_with(".text") {
                compiled.push(range.clone());
            }
            let bytes = image.bytes(&section.file_range).unwrap_or_default();
            sections.push(CodeSection { range, bytes, offset: section.file_range.start });
        }
        sections.sort_by_key(|section| (section.range.start, section.range.end));
        if sections.windows(2).any(|pair| pair[1].range.start < pair[0].range.end) {
            return Err(CannotFollow::Overlap { what: "sections of code" });
        }
        let ends = sections.first().zip(sections.last()).map(|(first, last)| (first.range.start, last.range.end));
        let span = ends.map_or(0, |(start, end)| end - start);
        if span > image.file_size().saturating_mul(MAX_SPREAD) {
            return Err(CannotFollow::Spread { span });
        }
        compiled.sort_by_key(|section| section.start);
        let functions = functions(tables, &compiled, image.file_size())?;
        Ok(Self { sections, functions })
    }

    /// The section that holds an address.
    fn section(&self, address: u64) -> Option<&CodeSection<'data>> {
        let next = self.sections.partition_point(|section| section.range.end <= address);
        self.sections.get(next).filter(|section| section.range.contains(&address))
    }

    /// True where the address is one of code.
    pub(super) fn contains(&self, address: u64) -> bool {
        self.section(address).is_some()
    }

    /// The bytes of a range of addresses inside one section.
    pub(super) fn bytes(&self, range: &Range<u64>) -> &'data [u8] {
        let inside = |section: &CodeSection<'data>| {
            let start = usize::try_from(range.start - section.range.start).ok()?;
            section.bytes.get(start..start.checked_add(usize::try_from(range.end.checked_sub(range.start)?).ok()?)?)
        };
        self.section(range.start).and_then(inside).unwrap_or_default()
    }

    /// Where an address of code stands in the file.
    pub(super) fn offset(&self, address: u64) -> Option<u64> {
        let section = self.section(address)?;
        Some(section.offset + (address - section.range.start))
    }

    /// Number of the function that holds an address.
    pub(super) fn owner(&self, address: u64) -> Option<usize> {
        let next = self.functions.partition_point(|function| function.range.end <= address);
        self.functions.get(next).filter(|function| function.range.contains(&address)).map(|_| next)
    }

    /// Ranges of code that no frame description is for: assembly, the linker's own, and filling.
    pub(super) fn gaps(&self) -> Vec<Range<u64>> {
        let mut gaps = Vec::new();
        for section in &self.sections {
            let mut at = section.range.start;
            let first = self.functions.partition_point(|function| function.range.end <= at);
            let inside = self.functions.get(first..).unwrap_or_default();
            for function in inside.iter().take_while(|function| function.range.start < section.range.end) {
                gaps.push(at..function.range.start);
                at = function.range.end;
            }
            gaps.push(at..section.range.end);
        }
        gaps.retain(|gap| !gap.is_empty());
        gaps
    }
}

/// `compiled` are the sections of compiled code, by address. Functions may share tables of handlers, but together they have no more landing
/// pads than the file has bytes.
fn functions(tables: &FrameTables, compiled: &[Range<u64>], file_size: u64) -> Result<Vec<Function>, CannotFollow> {
    let mut functions = Vec::with_capacity(tables.fdes.len());
    let mut budget = file_size;
    for fde in &tables.fdes {
        let start = fde.address();
        let range = start..start.checked_add(fde.function_size).ok_or(CannotFollow::Function { address: start })?;
        // The linker's own stubs have frame descriptions as well: they stay.
        let section = compiled.get(compiled.partition_point(|section| section.end <= range.start));
        let is_compiled = section.is_some_and(|section| section.start <= range.start && range.end <= section.end);
        if !is_compiled || range.is_empty() {
            continue;
        }
        let lsda = fde.lsda_address().and_then(|address| tables.lsdas.get(tables.lsda_at(address)?));
        let pads = lsda.map_or_else(Vec::new, Lsda::landing_pads);
        budget = budget.checked_sub(pads.len() as u64).ok_or(CannotFollow::Overlap { what: "tables of handlers" })?;
        functions.push(Function { range, pads: pads.iter().map(|pad| start.saturating_add(*pad)).collect() });
    }
    functions.sort_by_key(|function| (function.range.start, function.range.end));
    if functions.windows(2).any(|pair| pair[1].range.start < pair[0].range.end) {
        return Err(CannotFollow::Overlap { what: "frame descriptions" });
    }
    Ok(functions)
}

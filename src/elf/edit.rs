//! Editing: sections that are not loaded are dropped, everything that is loaded stays byte for byte at its place.
//!
//! Only three fields of the ELF header change: where the section header table is, how long it is, and which section holds the
//! names. Neither the kernel nor the dynamic linker reads them.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, FileHeader64, SectionHeader64, Sym64};
use object::pod;

use super::error::ElfError;
use super::image::{HEADER_SIZE, Image, SECTION_HEADER_SIZE};
use super::section::{Section, SectionKind};

/// Why a file is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotEdit {
    /// Bytes behind what is loaded that no header describes: the program may read them from its own file.
    #[error(
        "{size} bytes are appended behind the ELF image (from offset {offset:#x}); the program may read them from its own file"
    )]
    AppendedData {
        /// Where they start.
        offset: u64,
        /// How many.
        size: u64,
    },
    /// There is no section header table to drop anything from.
    #[error("it has no section headers: nothing is left to drop")]
    NoSections,
    /// The names of the sections cannot be written anew.
    #[error("the names of the sections lie in section {name:?}, which is loaded or no string table")]
    SectionNames {
        /// The section that the ELF header says holds them.
        name: String,
    },
    /// A section to be dropped lies inside what is loaded.
    #[error("section {name:?} is not marked as loaded, yet lies inside a segment or a header")]
    DroppedIsLoaded {
        /// Its name.
        name: String,
    },
    /// A section to be dropped is one that a loaded section refers to.
    #[error("loaded section {by:?} refers to section {name:?}, which would be dropped")]
    StillReferred {
        /// The section to be dropped.
        name: String,
        /// The section that refers to it.
        by: String,
    },
    /// A section that is not loaded would be lost with its header.
    #[error("section {name:?} is not loaded and would be lost with the section headers")]
    SectionLost {
        /// Its name.
        name: String,
    },
    /// A header table leaves the file.
    #[error(transparent)]
    Elf(#[from] ElfError),
}

/// What a section is dropped as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Droppable {
    /// `.symtab`, its names, and relocations that the linker kept for tools.
    Symbols,
    /// Debug information.
    Debug,
    /// `.comment`: which compiler and linker made the file.
    Comment,
}

impl Droppable {
    /// What `section` may be dropped as; `None` for all that is loaded, and for what is not known to be useless at run time.
    #[must_use]
    pub fn of(section: &Section) -> Option<Self> {
        if section.is_loaded() || section.index == 0 {
            return None;
        }
        match section.kind() {
            SectionKind::Symbols => Some(Self::Symbols),
            // Kept by --emit-relocs: they speak of what is linked already.
            SectionKind::Relocation if section.info != 0 => Some(Self::Symbols),
            SectionKind::Debug => Some(Self::Debug),
            _ if section.name == ".comment" => Some(Self::Comment),
            _ => None,
        }
    }
}

/// The file without the sections for which `drop` is true, and with the section header table behind what is left.
///
/// # Errors
/// [`CannotEdit`] says why the file has to stay as it is.
pub fn without_sections(image: &Image<'_>, drop: impl Fn(&Section) -> bool) -> Result<Vec<u8>, CannotEdit> {
    check_appended(image)?;
    if image.sections().is_empty() {
        return Err(CannotEdit::NoSections);
    }
    let dropped = dropped(image, drop);
    check_dropped(image, &dropped)?;
    check_names(image)?;

    // Up to the last byte that a segment, the program headers or a loaded section needs, everything stays.
    let fixed_end = fixed_end(image);
    let mut file = image.bytes(&(0..fixed_end)).unwrap_or_default().to_vec();
    blank_dropped(image, &dropped, &mut file);

    let numbers = renumber(image, &dropped);
    let names_number = numbers.get(image.section_names_index()).copied().flatten().filter(|&number| number != 0);
    let mut names = Names::of(image, &dropped);
    let mut headers = Vec::new();
    for section in image.sections() {
        let Some(number) = numbers[section.index] else { continue };
        debug_assert_eq!(number as usize, headers.len());
        let mut header = header_of(image, section)?;
        if dropped[section.index] || section.index == 0 {
            headers.push(empty_header());
            continue;
        }
        header.sh_name.set(LE, names.place(&section.name, header.sh_name.get(LE)));
        header.sh_link.set(LE, renumbered(&numbers, section.link));
        if links_by_info(section) {
            header.sh_info.set(LE, renumbered(&numbers, section.info));
        }
        if section.is_in_file() && section.file_range.end > fixed_end && section.index != image.section_names_index() {
            align(&mut file, section.align);
            header.sh_offset.set(LE, file.len() as u64);
            file.extend_from_slice(image.bytes(&section.file_range).unwrap_or_default());
        }
        headers.push(header);
    }
    if let Some(header) = names_number.and_then(|number| headers.get_mut(number as usize)) {
        header.sh_offset.set(LE, file.len() as u64);
        header.sh_size.set(LE, names.bytes.len() as u64);
        file.extend_from_slice(&names.bytes);
    }
    align(&mut file, 8);
    let table_offset = file.len() as u64;
    file.extend_from_slice(pod::bytes_of_slice(&headers));
    set_header(&mut file, table_offset, headers.len(), names_number.unwrap_or(0));
    Ok(file)
}

/// The file without its section header table and the names of the sections, cut behind the last byte that is loaded.
///
/// # Errors
/// [`CannotEdit`] says why the file has to stay as it is; a section that is not loaded and holds bytes is one reason.
pub fn without_section_headers(image: &Image<'_>) -> Result<Vec<u8>, CannotEdit> {
    check_appended(image)?;
    if image.sections().is_empty() {
        return Err(CannotEdit::NoSections);
    }
    check_names(image)?;
    let lost =
        image.sections().iter().find(|s| !s.is_loaded() && s.is_in_file() && s.index != image.section_names_index());
    if let Some(lost) = lost {
        return Err(CannotEdit::SectionLost { name: lost.name.clone() });
    }
    let mut file = image.bytes(&(0..fixed_end(image))).unwrap_or_default().to_vec();
    blank_dropped(image, &vec![false; image.sections().len()], &mut file);
    set_header(&mut file, 0, 0, 0);
    Ok(file)
}

/// So many zeroes behind everything are padding. patchelf leaves one, and so does `auditwheel` with it in most Python wheels
/// (seen in those of numpy 2.4 and Pillow 13, 2026-11-24).
const MOST_PADDING: u64 = 4096;

/// Refuses bytes behind the loaded part that no header describes: behind the last section, or between two where linkers leave
/// zeroes. Editing would lose them.
fn check_appended(image: &Image<'_>) -> Result<(), CannotEdit> {
    let tables = [image.program_headers_range(), image.section_headers_range()];
    let sections = image.sections().iter().filter(|s| s.is_in_file()).map(|s| s.file_range.clone());
    let mut described: Vec<_> = sections.chain(tables).collect();
    described.sort_by_key(|range| (range.start, range.end));
    let mut at = fixed_end(image);
    for range in described {
        let hole = at..range.start.max(at);
        if image.bytes(&hole).is_some_and(|bytes| bytes.iter().any(|&byte| byte != 0)) {
            return Err(CannotEdit::AppendedData { offset: hole.start, size: hole.end - hole.start });
        }
        at = at.max(range.end);
    }
    let tail = at..image.file_size();
    let is_padding = tail.end.saturating_sub(at) < MOST_PADDING
        && image.bytes(&tail).is_none_or(|bytes| bytes.iter().all(|&byte| byte == 0));
    if at < image.file_size() && !is_padding {
        return Err(CannotEdit::AppendedData { offset: at, size: image.file_size() - at });
    }
    Ok(())
}

/// What goes: what the caller says, relocations that speak of it, and the empty headers of an earlier edit. The names of the
/// sections stay, whatever their section is called.
fn dropped(image: &Image<'_>, drop: impl Fn(&Section) -> bool) -> Vec<bool> {
    let mut dropped: Vec<bool> = image.sections().iter().map(drop).collect();
    for section in image.sections().iter().filter(|s| !s.is_loaded()) {
        let relocation = section.kind() == SectionKind::Relocation && section.info != 0;
        let of_dropped = relocation && dropped.get(section.info as usize).copied().unwrap_or(false);
        dropped[section.index] |= of_dropped || section.sh_type == elf::SHT_NULL.0;
    }
    for kept in [0, image.section_names_index()] {
        if let Some(dropped) = dropped.get_mut(kept) {
            *dropped = false;
        }
    }
    dropped
}

fn check_dropped(image: &Image<'_>, dropped: &[bool]) -> Result<(), CannotEdit> {
    let fixed = fixed_ranges(image);
    for section in image.sections().iter().filter(|s| dropped[s.index] && s.is_in_file()) {
        if fixed.iter().any(|fixed| overlap(fixed, &section.file_range)) {
            return Err(CannotEdit::DroppedIsLoaded { name: section.name.clone() });
        }
    }
    let referring = |s: &&Section| !dropped[s.index] && s.is_loaded() && !names_no_symbol(image, s);
    for section in image.sections().iter().filter(referring) {
        let target = image.sections().get(section.link as usize);
        if let Some(target) = target.filter(|t| dropped[t.index]) {
            return Err(CannotEdit::StillReferred { name: target.name.clone(), by: section.name.clone() });
        }
    }
    Ok(())
}

/// True for relocations of which none names a symbol: GNU ld links those of a static program (`R_*_IRELATIVE` alone) to `.symtab`.
fn names_no_symbol(image: &Image<'_>, section: &Section) -> bool {
    let entry_size = match elf::SectionType(section.sh_type) {
        elf::SHT_RELA => 24,
        elf::SHT_REL => 16,
        _ => return false,
    };
    let entries = image.bytes(&section.file_range).unwrap_or_default().chunks_exact(entry_size);
    // `r_info` follows the offset; its upper half is the symbol's number.
    entries.remainder().is_empty() && entries.clone().all(|entry| entry[12..16] == [0; 4])
}

fn check_names(image: &Image<'_>) -> Result<(), CannotEdit> {
    match image.sections().get(image.section_names_index()).filter(|names| names.index != 0) {
        Some(names) if names.is_loaded() || names.sh_type != elf::SHT_STRTAB.0 => {
            Err(CannotEdit::SectionNames { name: names.name.clone() })
        }
        _ => Ok(()),
    }
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

/// What may not change: the headers, and all that a segment holds.
fn fixed_ranges(image: &Image<'_>) -> Vec<Range<u64>> {
    let segments = image.segments().iter().filter(|s| s.is_in_file()).map(|s| s.file_range.clone());
    segments.chain([image.header_range(), image.program_headers_range()]).collect()
}

fn fixed_end(image: &Image<'_>) -> u64 {
    let sections = image.sections().iter().filter(|s| s.is_loaded() && s.is_in_file()).map(|s| s.file_range.end);
    fixed_ranges(image).into_iter().map(|range| range.end).chain(sections).max().unwrap_or(HEADER_SIZE)
}

/// What is dropped from between loaded parts leaves zeroes: its place cannot be used, since nothing moves.
fn blank_dropped(image: &Image<'_>, dropped: &[bool], file: &mut [u8]) {
    let fixed = fixed_ranges(image);
    let old_table = Some(image.section_headers_range());
    let sections = image.sections().iter().filter(|s| dropped[s.index] || s.index == image.section_names_index());
    let free = |range: &Range<u64>| !fixed.iter().any(|fixed| overlap(fixed, range));
    for range in sections.map(|s| s.file_range.clone()).chain(old_table).filter(free) {
        let end = usize::try_from(range.end).unwrap_or(usize::MAX).min(file.len());
        let start = usize::try_from(range.start).unwrap_or(usize::MAX).min(end);
        file[start..end].fill(0);
    }
}

/// The string table of section names, as it goes into the edited file.
struct Names {
    bytes: Vec<u8>,
    /// Another section's names lie in the same table: then it stays as it is.
    shared: bool,
}

impl Names {
    fn of(image: &Image<'_>, dropped: &[bool]) -> Self {
        let own = image.section_names_index();
        let shared = image.sections().iter().any(|s| s.index != 0 && !dropped[s.index] && s.link as usize == own);
        let old = image.sections().get(own).filter(|_| shared).and_then(|names| image.bytes(&names.file_range));
        Self { bytes: old.map_or_else(|| vec![0], <[u8]>::to_vec), shared }
    }

    /// Where `name` stands.
    fn place(&mut self, name: &str, old: u32) -> u32 {
        if self.shared {
            return old;
        }
        if name.is_empty() {
            return 0;
        }
        let at = u32::try_from(self.bytes.len()).unwrap_or(0);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        at
    }
}

/// New section numbers. Symbol tables hold numbers of sections; the loaded ones may not change, and those that stay are not
/// written anew. So a dropped section that stands before one that a symbol names leaves an empty header in its place.
fn renumber(image: &Image<'_>, dropped: &[bool]) -> Vec<Option<u32>> {
    let last_named = last_named_by_symbols(image, dropped);
    let mut next = 0;
    image
        .sections()
        .iter()
        .map(|section| {
            let kept = !dropped[section.index] || section.index < last_named;
            let number = kept.then_some(next);
            next += u32::from(kept);
            number
        })
        .collect()
}

/// The last section that an entry of a symbol table which stays belongs to.
fn last_named_by_symbols(image: &Image<'_>, dropped: &[bool]) -> usize {
    let is_table = |s: &&Section| matches!(elf::SectionType(s.sh_type), elf::SHT_SYMTAB | elf::SHT_DYNSYM);
    let tables = image.sections().iter().filter(|s| !dropped[s.index]).filter(is_table);
    let entries = tables.filter_map(|table| {
        let bytes = image.bytes(&table.file_range)?;
        let (entries, _) = pod::slice_from_bytes::<Sym64<LE>>(bytes, bytes.len() / size_of::<Sym64<LE>>()).ok()?;
        Some(entries)
    });
    let numbers = entries.flatten().map(|entry| usize::from(entry.st_shndx.get(LE).0));
    numbers.filter(|&number| number < image.sections().len()).max().unwrap_or(0)
}

fn renumbered(numbers: &[Option<u32>], old: u32) -> u32 {
    numbers.get(old as usize).copied().flatten().unwrap_or(0)
}

/// True where `sh_info` is a section number.
fn links_by_info(section: &Section) -> bool {
    let relocation = matches!(elf::SectionType(section.sh_type), elf::SHT_RELA | elf::SHT_REL);
    section.info != 0 && (relocation || section.flags & elf::SHF_INFO_LINK.0 != 0)
}

fn header_of(image: &Image<'_>, section: &Section) -> Result<SectionHeader64<LE>, ElfError> {
    let start = image.section_headers_range().start + section.index as u64 * SECTION_HEADER_SIZE;
    let bytes = image.bytes(&(start..start + SECTION_HEADER_SIZE)).unwrap_or_default();
    let (header, _) = pod::from_bytes::<SectionHeader64<LE>>(bytes).map_err(|()| ElfError::Malformed {
        what: "section header",
        offset: start,
        why: "it leaves the file",
    })?;
    Ok(*header)
}

fn empty_header() -> SectionHeader64<LE> {
    let zeroes = [0; SECTION_HEADER_SIZE as usize];
    let (header, _) = pod::from_bytes::<SectionHeader64<LE>>(&zeroes).expect("64 bytes are one header");
    *header
}

fn align(file: &mut Vec<u8>, align: u64) {
    let align = usize::try_from(align).unwrap_or(1).clamp(1, 4096);
    file.resize(file.len().next_multiple_of(align), 0);
}

fn set_header(file: &mut [u8], table_offset: u64, count: usize, names: u32) {
    let (header, _) = pod::from_bytes_mut::<FileHeader64<LE>>(file).expect("the ELF header was read from these bytes");
    header.e_shoff.set(LE, table_offset);
    header.e_shnum.set(LE, u16::try_from(count).expect("dropping sections does not add any"));
    header.e_shstrndx.set(LE, elf::SymbolSection(u16::try_from(names).expect("a section number of the table")));
}

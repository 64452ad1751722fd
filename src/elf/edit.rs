//! Editing: sections that are not loaded are dropped, everything that is loaded stays byte for byte at its place.
//!
//! Only three fields of the ELF header change: where the section header table is, how long it is, and which section holds the
//! names. Neither the kernel nor the dynamic linker reads them.

use object::LittleEndian as LE;
use object::elf::{self, FileHeader64, SectionHeader64};
use object::pod;

use super::error::ElfError;
use super::image::{HEADER_SIZE, Image, SECTION_HEADER_SIZE};
use super::section::{Section, SectionClass};

/// Why a file is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotEdit {
    /// Bytes follow that no header describes: the program may read them from its own file.
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
    /// A section to be dropped lies inside what is loaded.
    #[error("section {name:?} is not marked as loaded, yet lies inside a loaded segment")]
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
    /// A header table leaves the file.
    #[error(transparent)]
    Elf(#[from] ElfError),
}

/// Bytes of the ELF header that an edit may change: `e_shoff`, and `e_shnum` with `e_shstrndx`.
pub const EDITED_HEADER_FIELDS: [std::ops::Range<u64>; 2] = [40..48, 60..64];

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
        match section.class() {
            SectionClass::Symbols => Some(Self::Symbols),
            // Kept by --emit-relocs: they speak of what is linked already.
            SectionClass::Relocation if section.info != 0 => Some(Self::Symbols),
            SectionClass::Debug => Some(Self::Debug),
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
    let dropped: Vec<bool> = image.sections().iter().map(drop).collect();
    check_dropped(image, &dropped)?;

    // Up to the last byte that a segment, the program headers or a loaded section needs, everything stays.
    let fixed_end = fixed_end(image);
    let mut file = image.bytes(&(0..fixed_end)).unwrap_or_default().to_vec();
    blank_dropped(image, &dropped, &mut file);

    let numbers = renumber(image, &dropped);
    let mut headers = Vec::new();
    let mut names = vec![0];
    let names_number = numbers.get(image.section_names_index()).copied().flatten();
    for section in image.sections() {
        let Some(number) = numbers[section.index] else { continue };
        debug_assert_eq!(number as usize, headers.len());
        let mut header = header_of(image, section)?;
        if dropped[section.index] || section.index == 0 {
            headers.push(empty_header());
            continue;
        }
        header.sh_name.set(LE, u32::try_from(names.len()).unwrap_or(0));
        names.extend_from_slice(section.name.as_bytes());
        names.push(0);
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
        header.sh_size.set(LE, names.len() as u64);
        file.extend_from_slice(&names);
    }
    align(&mut file, 8);
    let table_offset = file.len() as u64;
    file.extend_from_slice(pod::bytes_of_slice(&headers));
    set_header(&mut file, table_offset, headers.len(), names_number.unwrap_or(0));
    Ok(file)
}

fn check_appended(image: &Image<'_>) -> Result<(), CannotEdit> {
    let end = image.described_end();
    if end < image.file_size() {
        return Err(CannotEdit::AppendedData { offset: end, size: image.file_size() - end });
    }
    Ok(())
}

fn check_dropped(image: &Image<'_>, dropped: &[bool]) -> Result<(), CannotEdit> {
    let loaded = image.loaded_ranges();
    for section in image.sections().iter().filter(|s| dropped[s.index]) {
        let range = &section.file_range;
        let overlaps = loaded.iter().any(|l| range.start < l.end && l.start < range.end);
        if overlaps && section.is_in_file() {
            return Err(CannotEdit::DroppedIsLoaded { name: section.name.clone() });
        }
    }
    for section in image.sections().iter().filter(|s| !dropped[s.index] && s.is_loaded()) {
        let target = image.sections().get(section.link as usize);
        if let Some(target) = target.filter(|t| dropped[t.index]) {
            return Err(CannotEdit::StillReferred { name: target.name.clone(), by: section.name.clone() });
        }
    }
    Ok(())
}

fn fixed_end(image: &Image<'_>) -> u64 {
    let segments = image.segments().iter().map(|s| s.file_range.end);
    let sections = image.sections().iter().filter(|s| s.is_loaded()).map(|s| s.file_range.end);
    let tables = [HEADER_SIZE, image.program_headers_range().end];
    segments.chain(sections).chain(tables).max().unwrap_or(HEADER_SIZE)
}

/// What is dropped from between loaded parts leaves zeroes: its place cannot be used, since nothing moves.
fn blank_dropped(image: &Image<'_>, dropped: &[bool], file: &mut [u8]) {
    let old_table = Some(image.section_headers_range());
    let sections = image.sections().iter().filter(|s| dropped[s.index] || s.index == image.section_names_index());
    let unloaded = |range: &std::ops::Range<u64>| {
        !image.loaded_ranges().iter().any(|l| range.start < l.end && l.start < range.end)
    };
    for range in sections.map(|s| s.file_range.clone()).chain(old_table).filter(unloaded) {
        let end = usize::try_from(range.end).unwrap_or(usize::MAX).min(file.len());
        let start = usize::try_from(range.start).unwrap_or(usize::MAX).min(end);
        file[start..end].fill(0);
    }
}

/// New section numbers. Loaded symbol tables hold numbers of loaded sections, and loaded bytes may not change: so a dropped
/// section that stands before a loaded one leaves an empty header in its place.
fn renumber(image: &Image<'_>, dropped: &[bool]) -> Vec<Option<u32>> {
    let last_loaded = image.sections().iter().rposition(Section::is_loaded).unwrap_or(0);
    let mut next = 0;
    image
        .sections()
        .iter()
        .map(|section| {
            let kept = !dropped[section.index] || section.index < last_loaded;
            let number = kept.then_some(next);
            next += u32::from(kept);
            number
        })
        .collect()
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

//! The separate debug file: what stripping takes from a program, for debuggers and symbolizers to find by its build id.
//!
//! As `objcopy --only-keep-debug` and `eu-strip -f` write it: every section header stays, in its place and with its address, but
//! what is loaded keeps no bytes. Notes keep theirs, because the build id is one; so does the path of the dynamic
//! linker, without which readelf complains. Symbols and debug information stay byte for byte, compressed or not.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, FileHeader64, ProgramHeader64, SectionHeader64};
use object::pod;

use super::error::ElfError;
use super::image::{HEADER_SIZE, Image, PROGRAM_HEADER_SIZE};
use super::section::Section;
use super::segment::Segment;

/// Why there is no debug file of a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoDebugFile {
    /// It holds neither a symbol table nor debug information.
    #[error("it has no symbol table and no debug information")]
    Stripped,
    /// A header table leaves the file.
    #[error(transparent)]
    Elf(#[from] ElfError),
}

/// Larger than any page that Linux has on these machines. What a header states beyond it is not believed.
const MAX_SEGMENT_ALIGN: u64 = 65_536;
/// What is not loaded needs no more than this.
const MAX_SECTION_ALIGN: u64 = 64;
/// Notes follow each other with less than this between them.
const NOTE_PADDING: u64 = 8;

/// The debug file of a program that has not been stripped yet: its symbols, its debug information, and its build id.
///
/// The result is at most the size of the program and 64 KiB for each of its segments.
///
/// ```no_run
/// let program = std::fs::read("bootstrap")?;
/// let image = lambda_slim::elf::Image::parse(&program)?;
/// std::fs::write("bootstrap.debug", lambda_slim::elf::debug_file(&image)?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`NoDebugFile::Stripped`] where there is nothing to keep.
pub fn debug_file(image: &Image<'_>) -> Result<Vec<u8>, NoDebugFile> {
    if image.is_stripped() && !image.sections().iter().any(|s| s.is_debug_information() && s.is_in_file()) {
        return Err(NoDebugFile::Stripped);
    }
    let mut layout = Layout::of(image);
    let offsets = layout.place_all();
    layout.align(8);
    let table_offset = layout.file.len() as u64;
    for (section, offset) in image.sections().iter().zip(offsets) {
        let mut header: SectionHeader64<LE> = read(image, image.section_headers_range(), section.index)?;
        if !layout.is_kept(section) && section.sh_type != elf::SHT_NULL.0 {
            header.sh_type.set(LE, elf::SHT_NOBITS);
        }
        if section.index != 0 {
            header.sh_offset.set(LE, offset);
        }
        layout.file.extend_from_slice(pod::bytes_of(&header));
    }
    for (index, segment) in image.segments().iter().enumerate() {
        let mut header: ProgramHeader64<LE> = read(image, image.program_headers_range(), index)?;
        let place = layout.place_of_segment(index, segment);
        header.p_offset.set(LE, place.start);
        header.p_filesz.set(LE, place.end - place.start);
        let at = HEADER_SIZE as usize + index * PROGRAM_HEADER_SIZE as usize;
        layout.file[at..at + PROGRAM_HEADER_SIZE as usize].copy_from_slice(pod::bytes_of(&header));
    }
    let mut file = layout.file;
    let (header, _) = pod::from_bytes_mut::<FileHeader64<LE>>(&mut file).expect("the ELF header was put there first");
    header.e_phoff.set(LE, if image.segments().is_empty() { 0 } else { HEADER_SIZE });
    header.e_shoff.set(LE, table_offset);
    Ok(file)
}

/// The debug file as it grows.
struct Layout<'image, 'data> {
    image: &'image Image<'data>,
    file: Vec<u8>,
    /// Sections whose bytes are kept although they are loaded.
    kept_loaded: Vec<bool>,
    /// Of each segment that has kept bytes: where its first byte would stand in the debug file, and how many bytes of it are there.
    segments: Vec<Option<(u64, u64)>>,
    /// Kept ranges of the program that are loaded.
    kept_ranges: Vec<Range<u64>>,
}

impl<'image, 'data> Layout<'image, 'data> {
    fn of(image: &'image Image<'data>) -> Self {
        let headers_end = HEADER_SIZE + image.segments().len() as u64 * PROGRAM_HEADER_SIZE;
        let mut file = image.bytes(&image.header_range()).unwrap_or_default().to_vec();
        file.resize(usize::try_from(headers_end).unwrap_or(HEADER_SIZE as usize), 0);
        let at_usual_place = image.program_headers_range() == (HEADER_SIZE..headers_end);
        let holds_headers = |s: &Segment| at_usual_place && s.is_load() && s.file_range.start == 0;
        let headers = 0..if at_usual_place { headers_end } else { HEADER_SIZE };
        let with_headers =
            |s: &Segment| (holds_headers(s) && s.file_range.end >= headers_end).then_some((0, headers_end));
        Self {
            image,
            file,
            kept_loaded: kept_loaded(image),
            segments: image.segments().iter().map(with_headers).collect(),
            kept_ranges: Vec::from([headers]),
        }
    }

    fn is_kept(&self, section: &Section) -> bool {
        !section.is_loaded() || self.kept_loaded.get(section.index).copied().unwrap_or(false)
    }

    /// Puts all kept bytes into the file, what is loaded first, and says where each section stands; one without bytes stands where
    /// the next one with bytes would.
    fn place_all(&mut self) -> Vec<u64> {
        let mut order: Vec<&Section> = self.image.sections().iter().collect();
        order.sort_by_key(|s| (!s.is_loaded(), s.file_range.start, s.index));
        let mut offsets = vec![0; order.len()];
        for section in order {
            let kept = self.is_kept(section) && section.is_in_file();
            match (kept, section.is_loaded()) {
                (true, true) => self.align_loaded(section),
                (true, false) => self.align(section.align.clamp(1, MAX_SECTION_ALIGN)),
                (false, _) => {}
            }
            if let Some(offset) = offsets.get_mut(section.index) {
                *offset = self.file.len() as u64;
            }
            if kept {
                self.file.extend_from_slice(self.image.bytes(&section.file_range).unwrap_or_default());
            }
        }
        offsets
    }

    /// Moves to where `section` stands as far from its segment's start as it did, so that the segment still maps it to its address.
    fn align_loaded(&mut self, section: &Section) {
        let range = &section.file_range;
        self.kept_ranges.push(range.clone());
        let holds = |s: &Segment| s.is_load() && s.file_range.start <= range.start && range.end <= s.file_range.end;
        let Some((index, segment)) = self.image.segments().iter().enumerate().find(|(_, s)| holds(s)) else {
            return self.align(section.align.clamp(1, MAX_SECTION_ALIGN));
        };
        let now = self.file.len() as u64;
        let inside = range.start - segment.file_range.start;
        let placed = self.segments.get(index).copied().flatten();
        let start = placed.map_or_else(|| congruent(now.saturating_sub(inside), segment), |(start, _)| start);
        let Some(target) = start.checked_add(inside).filter(|&target| target >= now) else {
            // Segments that overlap in the file, as no linker writes them.
            return self.align(section.align.clamp(1, MAX_SECTION_ALIGN));
        };
        self.file.resize(usize::try_from(target).unwrap_or(self.file.len()), 0);
        if let Some(place) = self.segments.get_mut(index) {
            *place = Some((start, range.end - segment.file_range.start));
        }
    }

    fn align(&mut self, align: u64) {
        let align = usize::try_from(align).unwrap_or(1).max(1);
        self.file.resize(self.file.len().next_multiple_of(align), 0);
    }

    /// Where the bytes of a segment are in the debug file; empty where it has none any more.
    fn place_of_segment(&self, index: usize, segment: &Segment) -> Range<u64> {
        let nothing = || {
            let offset = congruent(0, segment);
            offset..offset
        };
        if !segment.is_in_file() {
            return nothing();
        }
        if segment.is_load() {
            let place = self.segments.get(index).copied().flatten();
            return place.map_or_else(nothing, |(start, size)| start..start + size);
        }
        let range = &segment.file_range;
        let places = self.image.segments().iter().zip(&self.segments);
        let mut holding = places.filter_map(|(load, place)| {
            let (start, size) = (*place)?;
            let inside = range.start.checked_sub(load.file_range.start)?;
            (range.end - load.file_range.start <= size).then(|| start + inside)
        });
        match holding.next().filter(|_| self.is_all_kept(range)) {
            Some(start) => start..start + (range.end - range.start),
            None => nothing(),
        }
    }

    /// True where kept sections, or the headers, fill the range, save for the padding between notes.
    fn is_all_kept(&self, range: &Range<u64>) -> bool {
        // They were added in the order of the file.
        let reached = self.kept_ranges.iter().fold(range.start, |at, kept| {
            let goes_on = kept.start < at.saturating_add(NOTE_PADDING) && kept.end > at;
            if goes_on { kept.end } else { at }
        });
        reached >= range.end
    }
}

/// What is loaded and keeps its bytes all the same: notes, the path of the dynamic linker, and strings that what is kept needs.
fn kept_loaded(image: &Image<'_>) -> Vec<bool> {
    let interpreter = image.segments().iter().find(|s| s.is_interp()).map(|s| &s.file_range);
    let is_kept = |s: &Section| {
        s.sh_type == elf::SHT_NOTE.0 || Some(&s.file_range) == interpreter || s.index == image.section_names_index()
    };
    let mut kept: Vec<bool> = image.sections().iter().map(|s| s.is_loaded() && s.is_in_file() && is_kept(s)).collect();
    for table in image.sections().iter().filter(|s| s.sh_type == elf::SHT_SYMTAB.0 && !s.is_loaded()) {
        let strings = image.sections().get(table.link as usize).filter(|s| s.is_loaded() && s.is_in_file());
        if let Some(kept) = strings.and_then(|strings| kept.get_mut(strings.index)) {
            *kept = true;
        }
    }
    kept
}

/// The first offset from `from` on that stands to a page as the segment's own does.
fn congruent(from: u64, segment: &Segment) -> u64 {
    let align = if segment.align.is_power_of_two() { segment.align.min(MAX_SEGMENT_ALIGN) } else { 1 };
    let remainder = segment.file_range.start % align;
    from + (align + remainder - from % align) % align
}

/// Entry `index` of a header table that was checked when the image was read.
fn read<T: pod::Pod + Copy>(image: &Image<'_>, table: Range<u64>, index: usize) -> Result<T, ElfError> {
    let start = table.start + index as u64 * size_of::<T>() as u64;
    let bytes = image.bytes(&(start..start + size_of::<T>() as u64)).unwrap_or_default();
    let (entry, _) = pod::from_bytes::<T>(bytes).map_err(|()| ElfError::Malformed {
        what: "header table",
        offset: start,
        why: "it leaves the file",
    })?;
    Ok(*entry)
}

//! What data refers to: words that the loader moves with the program, or, in a program of fixed addresses, that need no loader.

use object::LittleEndian as LE;
use object::elf::{self, Sym64};
use object::pod;

use super::targets::{any_contains, merged};
use crate::elf::image::Image;
use crate::elf::relocation::{RelocationEntry, relocation_entries, relr_entries};
use crate::elf::section::SectionKind;
use crate::elf::{Architecture, Segment};

/// A word of data that holds an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PointerInData {
    /// Address of the word.
    pub place: u64,
    /// Address that will stand there, before the program is moved.
    pub target: u64,
}

/// Bytes of a word that holds an address.
const WORD: usize = size_of::<u64>();

/// The words of data that the loader relocates to an address of the program itself: by relative relocations, packed or not,
/// and by those that ask for a symbol which the program defines. Sorted by place, one for each.
///
/// A program of fixed addresses needs none of them, so every aligned word of its data that is an address inside a loaded
/// section counts: some are numbers.
#[must_use]
pub fn data_pointers(image: &Image<'_>) -> Vec<PointerInData> {
    let mut pointers = Vec::new();
    let symbols = dynamic_symbols(image);
    let entries = relocation_entries(image);
    pointers.extend(entries.iter().filter_map(|entry| {
        let target = entry.target.or_else(|| target_by_symbol(image.architecture(), entry, symbols))?;
        Some(PointerInData { place: entry.place, target })
    }));
    packed_pointers(image, &mut pointers);
    if image.is_fixed() {
        words_that_are_addresses(image, &mut pointers);
    }
    // Stable: what the loader is told comes before what is only a likely address.
    pointers.sort_by_key(|pointer| pointer.place);
    pointers.dedup_by_key(|pointer| pointer.place);
    pointers
}

fn dynamic_symbols<'data>(image: &Image<'data>) -> &'data [Sym64<LE>] {
    let table = image.sections().iter().find(|section| section.sh_type == elf::SHT_DYNSYM.0 && section.is_in_file());
    let bytes = table.and_then(|table| image.bytes(&table.file_range)).unwrap_or_default();
    pod::slice_from_bytes(bytes, bytes.len() / size_of::<Sym64<LE>>()).map_or(&[], |(symbols, _)| symbols)
}

/// The address that an entry asks for by a symbol; `None` for imports, thread-local data and what is computed otherwise.
fn target_by_symbol(architecture: Architecture, entry: &RelocationEntry, symbols: &[Sym64<LE>]) -> Option<u64> {
    let r_type = elf::RelocationType(entry.r_type);
    let is_address = match architecture {
        Architecture::X86_64 => {
            matches!(r_type, elf::R_X86_64_64 | elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT)
        }
        Architecture::Arm64 => {
            matches!(r_type, elf::R_AARCH64_ABS64 | elf::R_AARCH64_GLOB_DAT | elf::R_AARCH64_JUMP_SLOT)
        }
    };
    let symbol = symbols.get(usize::try_from(entry.symbol?).ok()?).filter(|_| is_address)?;
    let defined = symbol.st_shndx.get(LE) != elf::SHN_UNDEF && symbol.st_type() != elf::STT_TLS;
    defined.then(|| symbol.st_value.get(LE).wrapping_add_signed(entry.addend))
}

/// Packed tables name places alone: the address stands there already.
fn packed_pointers(image: &Image<'_>, pointers: &mut Vec<PointerInData>) {
    // Each word of the file is one pointer at most. Segments that lay the same bytes at many addresses are an attack.
    let limit = image.data().len() / WORD;
    let mut segment: Option<&Segment> = None;
    let places = relr_entries(image).into_iter().flat_map(|entry| entry.places());
    for place in places.take(limit) {
        // Places come in order: nearly all lie in the segment of the one before.
        let known = segment.and_then(|segment| segment.offset_of(place));
        let offset = known.or_else(|| {
            segment = image.segments().iter().find(|segment| segment.offset_of(place).is_some());
            segment?.offset_of(place)
        });
        // No linker relocates what the file does not hold; to go on would ask every segment for every place.
        let Some(target) = offset.and_then(|offset| word_at(image, offset)) else { return };
        pointers.push(PointerInData { place, target });
    }
}

fn word_at(image: &Image<'_>, offset: u64) -> Option<u64> {
    let bytes = image.bytes(&(offset..offset.checked_add(WORD as u64)?))?;
    bytes.first_chunk().map(|word| u64::from_le_bytes(*word))
}

fn words_that_are_addresses(image: &Image<'_>, pointers: &mut Vec<PointerInData>) {
    let loaded = image.sections().iter().filter(|section| section.memory_size() > 0);
    // Sections in the file do not overlap there, but their addresses may say anything.
    let ranges = merged(loaded.map(|section| section.address..section.address.saturating_add(section.size)).collect());
    for section in image.sections().iter().filter(|section| section.is_loaded()) {
        let is_data = matches!(section.kind(), SectionKind::Data | SectionKind::Rodata) || section.name == ".got";
        let bytes = image.bytes(&section.file_range).unwrap_or_default();
        if !is_data || section.is_nobits() {
            continue;
        }
        let unaligned = (section.address.wrapping_neg() % WORD as u64) as usize;
        let (words, _) = bytes.get(unaligned..).unwrap_or_default().as_chunks::<WORD>();
        let start = section.address.wrapping_add(unaligned as u64);
        pointers.extend(words.iter().enumerate().filter_map(|(number, word)| {
            let target = u64::from_le_bytes(*word);
            let place = start.wrapping_add((number * WORD) as u64);
            any_contains(&ranges, target).then_some(PointerInData { place, target })
        }));
    }
}

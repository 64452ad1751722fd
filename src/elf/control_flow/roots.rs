//! What refers to code from outside of code: the entry point, symbols, and words that the loader relocates.

use object::elf;

use super::code::Code;
use super::error::CannotFollow;
use crate::elf::image::Image;
use crate::elf::references::data_pointers;
use crate::elf::relocation::relocation_entries;

const DT_INIT: u64 = 12;
const DT_FINI: u64 = 13;
const DYNAMIC_ENTRY: usize = 16;

/// References to code that are not of code.
pub(super) struct Roots {
    /// Addresses of code, sorted, each once.
    pub(super) addresses: Vec<u64>,
}

impl Roots {
    pub(super) fn of(image: &Image<'_>, code: &Code<'_>) -> Result<Self, CannotFollow> {
        let mut addresses = vec![image.entry()];
        if !code.contains(image.entry()) && image.entry() != 0 {
            return Err(CannotFollow::Entry { address: image.entry() });
        }
        // Slots of the GOT are among them, used or not: a relocation leads to each.
        addresses.extend(data_pointers(image).iter().map(|pointer| pointer.target));
        addresses.extend(
            relocation_entries(image)
                .iter()
                .filter(|entry| entry.r_type == elf::R_X86_64_IRELATIVE.0)
                .map(|entry| entry.addend.cast_unsigned()),
        );
        let symbols = image.dynamic_symbols().map_err(|_| CannotFollow::Symbols)?;
        addresses.extend(symbols.iter().filter(|symbol| symbol.defined).map(|symbol| symbol.address));
        addresses.extend(initialisers(image));
        addresses.retain(|&address| code.contains(address));
        addresses.sort_unstable();
        addresses.dedup();
        Ok(Self { addresses })
    }
}

/// `DT_INIT` and `DT_FINI`. Their arrays are words that the loader relocates.
fn initialisers(image: &Image<'_>) -> Vec<u64> {
    let dynamic = image.segments().iter().find(|segment| segment.is_dynamic());
    let bytes = dynamic.and_then(|segment| image.bytes(&segment.file_range)).unwrap_or_default();
    let (entries, _) = bytes.as_chunks::<DYNAMIC_ENTRY>();
    let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
    let tagged = entries.iter().map(|entry| (word(&entry[..8]), word(&entry[8..])));
    tagged.filter(|(tag, _)| matches!(*tag, DT_INIT | DT_FINI)).map(|(_, address)| address).collect()
}

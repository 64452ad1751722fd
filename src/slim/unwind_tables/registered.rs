//! Frame descriptions that a program hands to its unwinder by address.

use crate::elf::{FrameTables, Image};
use crate::slim::referred::referred;

/// How `__register_frame` and its like begin, of libgcc and LLVM's libunwind.
const REGISTERS: &str = "__register_frame";

/// Fails where the program may point into `.eh_frame`, so that its entries have to stay where they are. GNU's start files of static
/// programs do (`crtbeginT.o`: `__EH_FRAME_BEGIN__`, which is not where the table begins); all else finds it by the program headers.
pub(super) fn may_move(image: &Image<'_>, tables: &FrameTables) -> Result<(), &'static str> {
    const UNKNOWN: &str = "who registers its frame descriptions is not known";
    let dynamic = image.dynamic().map_err(|_| UNKNOWN)?;
    let is_static = dynamic.interpreter.is_none() && dynamic.needed.is_empty();
    if !is_static {
        let symbols = image.dynamic_symbols().map_err(|_| UNKNOWN)?;
        if !symbols.iter().any(|symbol| symbol.name.starts_with(REGISTERS)) {
            return Ok(());
        }
    }
    // An address of the table is that of an entry, or of what ends it. In a program of fixed addresses a number may look like one.
    let entries = tables.cies.iter().map(|cie| &cie.range).chain(tables.fdes.iter().map(|fde| &fde.range));
    let mut places: Vec<_> = entries.flat_map(|entry| [entry.start, entry.end]).collect();
    places.sort_unstable();
    places.dedup();
    let places = places.into_iter().map(|place| tables.frames.address.saturating_add(place as u64));
    let places: Vec<_> = places.map(|place| place..place.saturating_add(1)).collect();
    match referred(image, &places).contains(&true) {
        true => Err("something points into .eh_frame, so that it may be registered by address"),
        false => Ok(()),
    }
}

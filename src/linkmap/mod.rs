//! The linker's map file: who placed which bytes. Knows no ELF; text in, ranges of addresses out.
//!
//! A linker that is asked for a map (`-Wl,-Map=FILE`, zig's `--print-map`) writes down which input section of which object
//! file it placed at which address. For a Rust program this is the strongest evidence there is for who brought a byte along: it
//! names the codegen unit of everything, of data and unwind tables too, which no symbol names. [`LinkMap::parse`] reads the maps
//! of lld (zig's linker included), mold, GNU ld and gold.
//!
//! What comes out is what was placed: input sections with a size, sorted, none overlapping another, each inside its output
//! section, whatever the text says. Symbol rows, assignments of a linker script, padding and discarded sections are left out.
//! What the linker made itself (merged strings, tables) has no object.
//!
//! The text is hostile: no line of it can make this room panic, and memory stays a small multiple of the text. Text that is none of
//! these maps, that holds more than one, or that breaks off after its heading, is refused with an error.
//!
//! Large maps are cut at line starts and scanned in parallel. The size of the parts does not change the result.

mod columns;
mod error;
mod format;
mod join;
mod lines;
mod link_map;
mod piece;
mod rows;
mod script;
#[cfg(test)]
mod tests;

pub use error::LinkMapError;
pub use format::MapFormat;
pub use link_map::LinkMap;
pub use piece::{OutputSection, Piece};

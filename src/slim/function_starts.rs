//! Who asks the unwinder at which address the frame description of a function begins.
//!
//! Personality routines do, to count offsets from there, and are not meant. `_Unwind_FindEnclosingFunction` tells anybody else. In Rust that
//! is std's `Backtrace`, which every `anyhow` error captures if `RUST_BACKTRACE` is set: it leaves out the frames above its own `capture` or `force_capture`, which
//! it knows by comparing addresses with theirs (std 1.95, `Backtrace::create`). It is told the right thing as long as these two have
//! descriptions of their own. Profilers that sum by function ask for other reasons: there all have to keep theirs.

use crate::elf::mangling::demangle;
use crate::elf::{Dynamic, Image, Symbol, SymbolKind, code_references, relocation_entries};

use super::came_in::CameIn;
use super::exceptions::{Imports, SILENT_LIBRARIES};
use super::referred::referred;

const FIND_FUNCTION: &str = "_Unwind_FindEnclosingFunction";
/// A library beside [`SILENT_LIBRARIES`] that does not ask.
const CPLUSPLUS_LIBRARY: &str = "libstdc++.so.6";
/// In the paths of the function that asks and of those that it looks for.
const STD_BACKTRACE: &str = "std::backtrace::Backtrace";
/// A slot of the global offset table.
const SLOT: u64 = 8;

/// Addresses of the functions that have to keep descriptions of their own, sorted.
///
/// # Errors
/// Why all have to: who may ask.
pub(super) fn must_be_told(
    image: &Image<'_>,
    came_in: CameIn<'_, '_>,
    imports: &Imports<'_>,
) -> Result<Vec<u64>, String> {
    let dynamic = image.dynamic().map_err(|why| why.to_string())?;
    let exported = image.dynamic_symbols().map_err(|why| why.to_string())?;
    if is_library(image, &dynamic) || exported.iter().any(|symbol| symbol.defined && symbol.name == FIND_FUNCTION) {
        return Err(format!("who loads it may ask where its frame descriptions begin ({FIND_FUNCTION})"));
    }
    let is_known = |library: &str| SILENT_LIBRARIES.contains(&library) || library == CPLUSPLUS_LIBRARY;
    if let Some(library) = dynamic.needed.iter().find(|library| !is_known(library)) {
        return Err(format!("{library} may ask where its frame descriptions begin ({FIND_FUNCTION})"));
    }
    let is_imported = imports.has(FIND_FUNCTION);
    if dynamic.interpreter.is_some() && !is_imported && !imports.lack_the_unwinder() {
        return Ok(Vec::new());
    }
    let symbols = came_in.named.symbols().map_err(|why| why.to_string())?;
    if is_imported {
        return of_std_alone(image, came_in.program, &symbols);
    }
    // The unwinder is linked in, or not used: only symbols tell. Linkers make those of its functions local ones, all of which `strip -x` removes.
    if !symbols.iter().any(|symbol| symbol.kind == SymbolKind::Function && symbol.is_local) {
        return Err(format!(
            "the unwinder is linked in, and without local symbols (--symbols) it is not known whether {FIND_FUNCTION} is used"
        ));
    }
    // Linked in with the rest of the unwinder, it may still be called by nobody.
    let functions = symbols.iter().filter(|symbol| symbol.name == FIND_FUNCTION);
    let mut entries: Vec<_> = functions.map(|symbol| symbol.address..symbol.address.saturating_add(1)).collect();
    entries.sort_by_key(|entry| entry.start);
    entries.dedup();
    match referred(came_in.program, &entries).contains(&true) {
        true => Err(format!("{FIND_FUNCTION}, which tells where frame descriptions begin, is linked in and used")),
        false => Ok(Vec::new()),
    }
}

/// The functions that std's `Backtrace` looks for, where nobody else asks.
fn of_std_alone(image: &Image<'_>, came_in: &Image<'_>, symbols: &[Symbol<'_>]) -> Result<Vec<u64>, String> {
    let asks = |by: &str| Err(format!("it imports {FIND_FUNCTION}, which tells where frame descriptions begin{by}"));
    if symbols.is_empty() {
        return asks("; with the program's symbols (--symbols) it could be seen whether std's Backtrace alone asks");
    }
    if image.is_fixed() != came_in.is_fixed() {
        return asks(", and stands at other addresses than its symbols");
    }
    let mut of_std: Vec<_> = symbols
        .iter()
        .filter(|symbol| symbol.defined && symbol.kind == SymbolKind::Function && symbol.size > 0)
        .filter(|symbol| demangle(symbol.name).contains(STD_BACKTRACE))
        .map(|symbol| symbol.address..symbol.address.saturating_add(symbol.size))
        .collect();
    of_std.sort_by_key(|function| (function.start, function.end));
    let imported = came_in.dynamic_symbols().map_err(|why| why.to_string())?;
    let is_it = |number: u32| imported.iter().any(|s| s.index == number as usize && s.name == FIND_FUNCTION);
    let mut slots: Vec<_> = relocation_entries(came_in)
        .iter()
        .filter(|entry| entry.symbol.is_some_and(is_it))
        .map(|entry| entry.place..entry.place.saturating_add(SLOT))
        .collect();
    slots.sort_by_key(|slot| slot.start);
    slots.dedup();
    let mut calls = Vec::new();
    for section in came_in.sections().iter().filter(|section| section.is_loaded() && section.is_in_file()) {
        let code = came_in.bytes(&section.file_range).unwrap_or_default();
        if section.kind() == crate::elf::SectionKind::Code {
            code_references(came_in.architecture(), code, section.address, &slots, &mut calls);
        }
    }
    let by_std = |from: u64| of_std.iter().any(|function| function.contains(&from));
    match calls.iter().find(|call| !by_std(call.from)) {
        // More than the slot that calls go through is a pointer for somebody else.
        None if slots.len() == 1 && !calls.is_empty() => {
            Ok(of_std.into_iter().map(|function| function.start).collect())
        }
        None => asks(", and who calls it cannot be seen"),
        Some(_) => asks(", and not for std's Backtrace alone"),
    }
}

fn is_library(image: &Image<'_>, dynamic: &Dynamic) -> bool {
    let is_static = dynamic.interpreter.is_none() && dynamic.needed.is_empty() && image.entry() != 0;
    dynamic.soname.is_some() || dynamic.interpreter.is_none() && !is_static
}

//! The functions of a program, by its symbols.

use std::collections::BTreeMap;

use crate::elf::{ElfError, Image, SectionKind, SymbolKind};

/// A function of a program: what one address holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function<'data> {
    /// Its first byte, before relocation.
    pub address: u64,
    /// Bytes of code: of the longest symbol there.
    pub size: u64,
    /// Its names as mangled, sorted, each once. More than one where the compiler or linker found functions to be equal.
    pub names: Vec<&'data str>,
}

/// The functions of a program, by address: symbols of functions (`STT_FUNC`) that are defined in executable sections. Empty where the
/// program is stripped.
///
/// # Errors
/// [`ElfError`] where the symbol table is malformed.
pub fn functions<'data>(image: &Image<'data>) -> Result<Vec<Function<'data>>, ElfError> {
    let mut code: Vec<_> = image.sections().iter().filter(|section| section.kind() == SectionKind::Code).collect();
    code.sort_by_key(|section| section.address);
    let is_code = |address: u64| {
        let after = code.partition_point(|section| section.address <= address);
        let section = after.checked_sub(1).and_then(|at| code.get(at));
        section.is_some_and(|section| address - section.address < section.size)
    };
    let mut by_address: BTreeMap<u64, Function<'data>> = BTreeMap::new();
    for symbol in image.symbols()? {
        // A name with control characters is no line of an order, and no line of what linkers read.
        let is_line = !symbol.name.is_empty() && !symbol.name.contains(char::is_control);
        if symbol.kind != SymbolKind::Function || !symbol.defined || !is_line || !is_code(symbol.address) {
            continue;
        }
        let new = || Function { address: symbol.address, size: 0, names: Vec::new() };
        let function = by_address.entry(symbol.address).or_insert_with(new);
        function.size = function.size.max(symbol.size);
        function.names.push(symbol.name);
    }
    let mut functions: Vec<_> = by_address.into_values().collect();
    for function in &mut functions {
        function.names.sort_unstable();
        function.names.dedup();
    }
    Ok(functions)
}

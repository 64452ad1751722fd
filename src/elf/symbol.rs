//! `.symtab`: names for addresses.

use object::LittleEndian as LE;
use object::elf::{self, Sym64};

use super::error::ElfError;
use super::image::Image;
use super::strings::{NameBudget, name_at};

/// What a symbol names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SymbolKind {
    /// Code.
    Function,
    /// Data.
    Object,
    /// Data of a thread.
    ThreadLocal,
    /// The source or object file of the local symbols that follow.
    File,
    /// A section, a label without type, or anything else.
    Other,
}

/// One entry of `.symtab`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'data> {
    /// Number in the table.
    pub index: usize,
    /// Name as mangled; bytes that are not UTF-8 make it empty.
    pub name: &'data str,
    /// What it names.
    pub kind: SymbolKind,
    /// Address before relocation; for thread-local data, of its initial image. 0 where undefined.
    pub address: u64,
    /// Size in bytes; 0 where the compiler did not say.
    pub size: u64,
    /// False for an import.
    pub defined: bool,
    /// True where no other object sees it.
    pub is_local: bool,
    /// The name of the `STT_FILE` symbol that stands before it, for local symbols.
    pub file: Option<&'data str>,
    /// Offset in the file of its entry.
    pub entry_offset: u64,
    /// Offset in the file of its name.
    pub name_offset: u64,
}

/// Bytes of one entry of `.symtab`.
pub const SYMBOL_ENTRY_SIZE: u64 = size_of::<Sym64<LE>>() as u64;

impl<'data> Image<'data> {
    /// The entries of `.symtab`, in its order; empty where the file is stripped.
    ///
    /// # Errors
    /// Where the table or its strings are malformed.
    pub fn symbols(&self) -> Result<Vec<Symbol<'data>>, ElfError> {
        read(self, elf::SHT_SYMTAB)
    }

    /// The entries of `.dynsym`: imports and exports, which stripping leaves.
    ///
    /// # Errors
    /// Where the table or its strings are malformed.
    pub fn dynamic_symbols(&self) -> Result<Vec<Symbol<'data>>, ElfError> {
        read(self, elf::SHT_DYNSYM)
    }

    /// True where the file has no `.symtab`.
    #[must_use]
    pub fn is_stripped(&self) -> bool {
        !self.sections().iter().any(|s| s.sh_type == elf::SHT_SYMTAB.0 && s.is_in_file())
    }
}

fn read<'data>(image: &Image<'data>, table: elf::SectionType) -> Result<Vec<Symbol<'data>>, ElfError> {
    let Some(table) = image.sections().iter().find(|s| s.sh_type == table.0 && s.is_in_file()) else {
        return Ok(Vec::new());
    };
    let malformed = |why| ElfError::Malformed { what: "symbol table", offset: table.file_range.start, why };
    let strings = image
        .sections()
        .get(table.link as usize)
        .filter(|s| s.sh_type == elf::SHT_STRTAB.0)
        .ok_or_else(|| malformed("its string table is missing"))?;
    let bytes = image.bytes(&table.file_range).ok_or_else(|| malformed("it leaves the file"))?;
    let names = image.bytes(&strings.file_range).ok_or_else(|| malformed("its string table leaves the file"))?;
    let (entries, rest) = object::pod::slice_from_bytes::<Sym64<LE>>(bytes, bytes.len() / size_of::<Sym64<LE>>())
        .map_err(|()| malformed("it cannot be read as entries"))?;
    if !rest.is_empty() {
        return Err(malformed("its size is not a multiple of 24"));
    }
    let tls_address = image.segments().iter().find(|s| s.is_tls()).map_or(0, |s| s.address);

    let mut symbols = Vec::with_capacity(entries.len());
    let mut file = None;
    let mut budget = NameBudget::new(names, entries.len());
    for (index, entry) in entries.iter().enumerate().skip(1) {
        let name_start = entry.st_name.get(LE) as usize;
        let name = name_at(names, name_start).ok_or_else(|| malformed("a name leaves its string table"))?;
        budget.spend(name).ok_or_else(|| malformed("its names are many times longer than its string table"))?;
        let kind = kind_of(entry);
        let local = entry.st_bind() == elf::STB_LOCAL;
        if kind == SymbolKind::File {
            // An empty name ends the reach of the file before it: lld and GNU ld write one before what belongs to no file.
            file = (!name.is_empty()).then_some(name);
        }
        let defined = entry.st_shndx.get(LE) != elf::SHN_UNDEF;
        let base = if kind == SymbolKind::ThreadLocal { tls_address } else { 0 };
        symbols.push(Symbol {
            index,
            name,
            kind,
            address: base.wrapping_add(entry.st_value.get(LE)),
            size: entry.st_size.get(LE),
            defined,
            is_local: local,
            file: file.filter(|_| local),
            entry_offset: table.file_range.start + index as u64 * SYMBOL_ENTRY_SIZE,
            name_offset: strings.file_range.start + name_start as u64,
        });
    }
    Ok(symbols)
}

fn kind_of(entry: &Sym64<LE>) -> SymbolKind {
    match entry.st_type() {
        elf::STT_FUNC | elf::STT_GNU_IFUNC => SymbolKind::Function,
        elf::STT_OBJECT | elf::STT_COMMON => SymbolKind::Object,
        elf::STT_TLS => SymbolKind::ThreadLocal,
        elf::STT_FILE => SymbolKind::File,
        _ => SymbolKind::Other,
    }
}

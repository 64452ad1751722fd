//! Sections: ranges of the file with a name and a purpose.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, SectionHeader64};

/// One section header, checked: `file_range` lies inside the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Number in the section header table.
    pub index: usize,
    /// Name; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// `sh_type`.
    pub sh_type: u32,
    /// `sh_flags`.
    pub flags: u64,
    /// Address once loaded, before relocation.
    pub address: u64,
    /// Bytes in the file; empty for `SHT_NOBITS`.
    pub file_range: Range<u64>,
    /// `sh_size`.
    pub size: u64,
    /// `sh_addralign`.
    pub align: u64,
    /// `sh_link`.
    pub link: u32,
    /// `sh_info`.
    pub info: u32,
    /// `sh_entsize`.
    pub entry_size: u64,
}

/// What the ELF standard calls a section's type, as far as attribution and rewriting ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionClass {
    /// Executable instructions.
    Code,
    /// Constants.
    Rodata,
    /// Writable data, or data written once by the loader.
    Data,
    /// Unwind tables.
    Unwind,
    /// Relocation tables.
    Relocation,
    /// What the dynamic linker reads.
    Dynamic,
    /// `.symtab`, its strings and index table.
    Symbols,
    /// Debug information.
    Debug,
    /// Notes.
    Note,
    /// The names of the sections.
    Header,
    /// Anything else.
    Other,
}

impl Section {
    pub(super) fn from_header(index: usize, name: String, header: &SectionHeader64<LE>) -> Self {
        let offset = header.sh_offset.get(LE);
        let size = header.sh_size.get(LE);
        let in_file = header.sh_type.get(LE) != elf::SHT_NOBITS && header.sh_type.get(LE) != elf::SHT_NULL;
        let end = if in_file { offset.saturating_add(size) } else { offset };
        Self {
            index,
            name,
            sh_type: header.sh_type.get(LE).0,
            flags: header.sh_flags.get(LE).0,
            address: header.sh_addr.get(LE),
            file_range: offset..end,
            size,
            align: header.sh_addralign.get(LE),
            link: header.sh_link.get(LE),
            info: header.sh_info.get(LE),
            entry_size: header.sh_entsize.get(LE),
        }
    }

    /// True where the loader maps it (`SHF_ALLOC`).
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.flags & elf::SHF_ALLOC.0 != 0
    }

    /// True where it takes no room in the file (`.bss`).
    #[must_use]
    pub fn is_nobits(&self) -> bool {
        self.sh_type == elf::SHT_NOBITS.0
    }

    /// True where it holds bytes of the file.
    #[must_use]
    pub fn is_in_file(&self) -> bool {
        !self.file_range.is_empty()
    }

    /// Bytes of address space that it takes once loaded; thread-local zeroes take none of their own.
    #[must_use]
    pub fn memory_size(&self) -> u64 {
        let thread_local_zeroes = self.is_nobits() && self.flags & elf::SHF_TLS.0 != 0;
        if self.is_loaded() && !thread_local_zeroes { self.size } else { 0 }
    }

    /// True for debug information that nothing loads.
    #[must_use]
    pub fn is_debug_information(&self) -> bool {
        let debug_name = self.name.starts_with(".debug_")
            || self.name.starts_with(".zdebug_")
            || self.name.starts_with(".stab")
            || matches!(self.name.as_str(), ".gdb_index" | ".gnu_debugdata" | ".line");
        debug_name && !self.is_loaded()
    }

    /// What it holds, from its type first, then its flags, then its name.
    #[must_use]
    pub fn class(&self) -> SectionClass {
        if !self.is_loaded() {
            return self.class_unloaded();
        }
        match elf::SectionType(self.sh_type) {
            elf::SHT_RELA | elf::SHT_REL | elf::SHT_RELR => return SectionClass::Relocation,
            elf::SHT_NOTE => return SectionClass::Note,
            elf::SHT_DYNAMIC
            | elf::SHT_DYNSYM
            | elf::SHT_STRTAB
            | elf::SHT_HASH
            | elf::SHT_GNU_HASH
            | elf::SHT_GNU_VERSYM
            | elf::SHT_GNU_VERNEED
            | elf::SHT_GNU_VERDEF => return SectionClass::Dynamic,
            _ => {}
        }
        match self.name.as_str() {
            ".eh_frame" | ".eh_frame_hdr" | ".ARM.exidx" | ".ARM.extab" => return SectionClass::Unwind,
            ".interp" | ".got" | ".got.plt" | ".plt" | ".plt.got" | ".plt.sec" | ".iplt" => {
                return SectionClass::Dynamic;
            }
            name if name.starts_with(".gcc_except_table") => return SectionClass::Unwind,
            _ => {}
        }
        if self.flags & elf::SHF_EXECINSTR.0 != 0 {
            SectionClass::Code
        } else if self.flags & elf::SHF_WRITE.0 != 0 {
            SectionClass::Data
        } else {
            SectionClass::Rodata
        }
    }

    fn class_unloaded(&self) -> SectionClass {
        match elf::SectionType(self.sh_type) {
            elf::SHT_SYMTAB | elf::SHT_SYMTAB_SHNDX => SectionClass::Symbols,
            elf::SHT_STRTAB if self.name == ".strtab" => SectionClass::Symbols,
            elf::SHT_STRTAB if self.name == ".shstrtab" => SectionClass::Header,
            elf::SHT_RELA | elf::SHT_REL | elf::SHT_RELR => SectionClass::Relocation,
            elf::SHT_NOTE => SectionClass::Note,
            _ if self.is_debug_information() => SectionClass::Debug,
            _ => SectionClass::Other,
        }
    }
}

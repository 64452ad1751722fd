//! Sections: ranges of the file with a name and a purpose.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, SectionHeader64};
use serde::{Deserialize, Serialize};

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

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SectionKind {
    /// Executable instructions.
    Code,
    /// Constants, strings, vtables that need no relocation.
    Rodata,
    /// Writable data, and data that is written once by the loader.
    Data,
    /// `.eh_frame`, `.eh_frame_hdr`, `.gcc_except_table` and their ARM twins.
    Unwind,
    /// Relocation tables.
    Relocation,
    /// What the dynamic linker reads: symbols, strings, hashes, versions, `.dynamic`, `.got`, `.interp`.
    Dynamic,
    /// `.symtab` and its strings: not loaded.
    Symbols,
    /// Debug information: not loaded.
    Debug,
    /// Notes, the build id among them.
    Note,
    /// ELF header, program headers, section headers and their names.
    Header,
    /// Bytes between sections.
    Padding,
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
    pub fn kind(&self) -> SectionKind {
        if !self.is_loaded() {
            return self.kind_unloaded();
        }
        match elf::SectionType(self.sh_type) {
            elf::SHT_RELA | elf::SHT_REL | elf::SHT_RELR => return SectionKind::Relocation,
            elf::SHT_NOTE => return SectionKind::Note,
            elf::SHT_DYNAMIC
            | elf::SHT_DYNSYM
            | elf::SHT_STRTAB
            | elf::SHT_HASH
            | elf::SHT_GNU_HASH
            | elf::SHT_GNU_VERSYM
            | elf::SHT_GNU_VERNEED
            | elf::SHT_GNU_VERDEF => return SectionKind::Dynamic,
            _ => {}
        }
        match self.name.as_str() {
            ".eh_frame" | ".eh_frame_hdr" | ".ARM.exidx" | ".ARM.extab" => return SectionKind::Unwind,
            ".interp" | ".got" | ".got.plt" | ".plt" | ".plt.got" | ".plt.sec" | ".iplt" => {
                return SectionKind::Dynamic;
            }
            name if name.starts_with(".gcc_except_table") => return SectionKind::Unwind,
            _ => {}
        }
        if self.flags & elf::SHF_EXECINSTR.0 != 0 {
            SectionKind::Code
        } else if self.flags & elf::SHF_WRITE.0 != 0 {
            SectionKind::Data
        } else {
            SectionKind::Rodata
        }
    }

    fn kind_unloaded(&self) -> SectionKind {
        match elf::SectionType(self.sh_type) {
            elf::SHT_SYMTAB | elf::SHT_SYMTAB_SHNDX => SectionKind::Symbols,
            elf::SHT_STRTAB if self.name == ".strtab" => SectionKind::Symbols,
            elf::SHT_STRTAB if self.name == ".shstrtab" => SectionKind::Header,
            elf::SHT_RELA | elf::SHT_REL | elf::SHT_RELR => SectionKind::Relocation,
            elf::SHT_NOTE => SectionKind::Note,
            _ if self.is_debug_information() => SectionKind::Debug,
            _ => SectionKind::Other,
        }
    }
}

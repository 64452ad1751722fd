//! Segments: what the loader does with the file.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf::{self, ProgramHeader64};

/// One program header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// `p_type`.
    pub p_type: u32,
    /// `p_flags`.
    pub flags: u32,
    /// Bytes in the file.
    pub file_range: Range<u64>,
    /// Address once loaded, before relocation.
    pub address: u64,
    /// `p_memsz`.
    pub memory_size: u64,
    /// `p_align`.
    pub align: u64,
}

impl Segment {
    pub(super) fn from_header(header: &ProgramHeader64<LE>) -> Self {
        let offset = header.p_offset.get(LE);
        Self {
            p_type: header.p_type.get(LE).0,
            flags: header.p_flags.get(LE).0,
            file_range: offset..offset.saturating_add(header.p_filesz.get(LE)),
            address: header.p_vaddr.get(LE),
            memory_size: header.p_memsz.get(LE),
            align: header.p_align.get(LE),
        }
    }

    /// True where the loader maps it (`PT_LOAD`).
    #[must_use]
    pub fn is_load(&self) -> bool {
        self.p_type == elf::PT_LOAD.0
    }

    /// True where it holds bytes of the file.
    #[must_use]
    pub fn is_in_file(&self) -> bool {
        !self.file_range.is_empty()
    }

    /// True where its bytes may be executed.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.is_load() && self.flags & elf::PF_X.0 != 0
    }

    /// True for the dynamic section (`PT_DYNAMIC`).
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.p_type == elf::PT_DYNAMIC.0
    }

    /// True for the template of thread-local data (`PT_TLS`).
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.p_type == elf::PT_TLS.0
    }

    /// True for the path of the dynamic linker (`PT_INTERP`).
    #[must_use]
    pub fn is_interp(&self) -> bool {
        self.p_type == elf::PT_INTERP.0
    }

    /// True for notes (`PT_NOTE`).
    #[must_use]
    pub fn is_note(&self) -> bool {
        self.p_type == elf::PT_NOTE.0
    }

    /// Offset in the file of a loaded address, where the file backs it.
    #[must_use]
    pub fn offset_of(&self, address: u64) -> Option<u64> {
        let inside = address.checked_sub(self.address)?;
        let size = self.file_range.end - self.file_range.start;
        (self.is_load() && inside < size).then(|| self.file_range.start + inside)
    }
}

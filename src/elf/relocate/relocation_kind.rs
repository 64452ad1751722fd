//! What an entry of a relocation table asks for. Types that are not listed are refused.

use object::elf;

use crate::elf::Architecture;

/// What an entry of a relocation table asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RelocationKind {
    /// Addend plus where the program is.
    Relative,
    /// What the function at addend plus where the program is returns.
    IndirectFunction,
    /// Address of a symbol; the loader may leave it for the first call, and then adds where the program is.
    JumpSlot,
    /// Bytes of a library.
    Copy,
    /// Two words about thread-local data.
    TlsDescriptor,
    /// One word that says nothing about where the program is but through a symbol.
    Word,
}

impl RelocationKind {
    pub(super) fn of(architecture: Architecture, r_type: elf::RelocationType) -> Option<Self> {
        match architecture {
            Architecture::X86_64 => Self::of_x86_64(r_type),
            Architecture::Arm64 => Self::of_arm64(r_type),
        }
    }

    fn of_x86_64(r_type: elf::RelocationType) -> Option<Self> {
        Some(match r_type {
            elf::R_X86_64_RELATIVE => Self::Relative,
            elf::R_X86_64_IRELATIVE => Self::IndirectFunction,
            elf::R_X86_64_JUMP_SLOT => Self::JumpSlot,
            elf::R_X86_64_COPY => Self::Copy,
            elf::R_X86_64_TLSDESC => Self::TlsDescriptor,
            elf::R_X86_64_64
            | elf::R_X86_64_GLOB_DAT
            | elf::R_X86_64_DTPMOD64
            | elf::R_X86_64_DTPOFF64
            | elf::R_X86_64_TPOFF64 => Self::Word,
            _ => return None,
        })
    }

    fn of_arm64(r_type: elf::RelocationType) -> Option<Self> {
        Some(match r_type {
            elf::R_AARCH64_RELATIVE => Self::Relative,
            elf::R_AARCH64_IRELATIVE => Self::IndirectFunction,
            elf::R_AARCH64_JUMP_SLOT => Self::JumpSlot,
            elf::R_AARCH64_COPY => Self::Copy,
            elf::R_AARCH64_TLSDESC => Self::TlsDescriptor,
            elf::R_AARCH64_ABS64
            | elf::R_AARCH64_GLOB_DAT
            | elf::R_AARCH64_TLS_DTPMOD
            | elf::R_AARCH64_TLS_DTPREL
            | elf::R_AARCH64_TLS_TPREL => Self::Word,
            _ => return None,
        })
    }
}

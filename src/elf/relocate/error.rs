//! Why a program is relocated as it was.

/// Why a program is relocated as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotRelocate {
    /// `ET_EXEC`.
    #[error("it is loaded at a fixed address already (ET_EXEC)")]
    FixedAddress,
    /// A shared object without an interpreter that is not marked as a program.
    #[error("it is a shared library: the program that loads it decides when it is relocated")]
    SharedLibrary,
    /// Static and position-independent: its own code relocates it.
    #[error("it is a static program that relocates itself (static-pie), which is not proven to go on")]
    RelocatesItself,
    /// Another dynamic linker than that of glibc.
    #[error("its dynamic linker {path:?} is not that of glibc, for which this is proven")]
    Interpreter {
        /// What `PT_INTERP` names.
        path: String,
    },
    /// Not proven on this architecture.
    #[error("not proven on {architecture} here")]
    Architecture {
        /// Which.
        architecture: String,
    },
    /// What the program headers say is not what a linker writes.
    #[error("its program headers are not what a linker writes: {why}")]
    ProgramHeaders {
        /// What is wrong.
        why: &'static str,
    },
    /// What the dynamic section says is not what a linker writes.
    #[error("its dynamic section is not what a linker writes: {why}")]
    Dynamic {
        /// What is wrong.
        why: &'static str,
    },
    /// An entry of the dynamic section of which it is not known whether it holds an address.
    #[error("dynamic tag {tag:#x} is not known: it may hold an address")]
    DynamicTag {
        /// The tag.
        tag: i64,
    },
    /// A segment of which it is not known what its address means.
    #[error("program header type {p_type:#x} is not known")]
    SegmentType {
        /// `p_type`.
        p_type: u32,
    },
    /// An entry that is not carried out by adding up addresses.
    #[error("relocation type {r_type} at {place:#x} is not known")]
    RelocationType {
        /// `ELF64_R_TYPE`.
        r_type: u32,
        /// Address of the place.
        place: u64,
    },
    /// `R_*_IRELATIVE`: code of the program runs while it is being relocated.
    #[error("the loader calls a function of it while it relocates (IFUNC at {place:#x}), which would be too early")]
    IndirectFunction {
        /// Address of the place.
        place: u64,
    },
    /// `DT_PREINIT_ARRAY`: code of the program runs before the entry point.
    #[error("it has functions that the loader calls before the entry point (DT_PREINIT_ARRAY)")]
    PreinitArray,
    /// Libraries can refer to something in the program before the entry point.
    #[error("it exports {name:?}, which libraries may use before the entry point")]
    Exported {
        /// The symbol.
        name: String,
    },
    /// Two relocations, or a relocation and what describes the program, claim the same bytes.
    #[error("two relocations, or one and a header, claim the word at {place:#x}")]
    Overlap {
        /// Address of the place.
        place: u64,
    },
    /// A place outside what may be written.
    #[error("the relocation at {place:#x} is of a place that is not writable data in the file")]
    Place {
        /// Address of the place.
        place: u64,
    },
    /// Its relative relocations are packed already.
    #[error("its relative relocations are packed already (RELR)")]
    PackedAlready,
    /// There is nothing to do.
    #[error("it has no relative relocations that could be packed")]
    NothingToPack,
    /// There is no program header that the stub's segment could take the place of.
    #[error("it has no PT_GNU_RELRO of a page or more: there is no program header for the start stub")]
    NoRelro,
    /// The packed table and the stub are larger than what they replace.
    #[error("stub and packed table take {needed} bytes, and there are {room}")]
    NoRoom {
        /// Bytes that they take.
        needed: u64,
        /// Bytes that there are.
        room: u64,
    },
    /// Addresses do not fit in the instructions that hold them.
    #[error("it is too large: addresses would not fit in 31 bits")]
    TooLarge,
    /// A symbol table cannot be read.
    #[error("its {table} is not what a linker writes: {why}")]
    Symbols {
        /// Which.
        table: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// What is not loaded names addresses that would change.
    #[error("section {name:?} names addresses that would change; drop it first")]
    NamesAddresses {
        /// Its name.
        name: String,
    },
}

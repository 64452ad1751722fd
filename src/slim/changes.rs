//! What rewrites say that they changed. The proof holds them to it: whatever is not declared here must be equal.

use std::ops::Range;

/// What became of unwinding. Ordered by how much is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Unwinding {
    /// Every function has the same frame description, the same handlers and its place in the index; where they stand may differ.
    #[default]
    Same,
    /// As above, but there is no index.
    WithoutIndex,
    /// Every function has the same frame description; handlers (LSDAs) are gone.
    WithoutHandlers,
    /// There is none.
    None,
}

/// What became of relocations. Each says all that holds of the program after it, beside [`Changes::ranges`]; what is not named
/// here is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Relocations {
    /// The same table.
    #[default]
    Same,
    /// The relative ones stand as a packed table that code of ours, the new entry point, carries out before the old one.
    ///
    /// * ELF header: `e_entry` is `stub`.
    /// * Program headers: as many, in the same order. The one `PT_GNU_RELRO` became a `PT_LOAD` of flags R and X with
    ///   `p_vaddr` = `p_paddr` = `stub` and `p_filesz` = `p_memsz` = `stub_size`, behind every other `PT_LOAD` in the table and in
    ///   memory (its pages overlap none of theirs), with the largest of their `p_align`. Its bytes lie in what was the table of
    ///   `DT_RELA`, so the file maps them twice: once there, readable only, and once here.
    /// * Dynamic section: the values of `DT_RELASZ` and `DT_RELACOUNT` differ, nothing else.
    /// * What was the table of `DT_RELA` holds, in this order and without overlap: the entries that stay, as they were and in
    ///   their order (`DT_RELASZ` bytes; the first `DT_RELACOUNT` of them are relative), the stub, the packed table (`table` is
    ///   its address in the old mapping), zeroes.
    /// * An entry is gone exactly if the packed table names its place. It was relative, and its addend stands at its place now:
    ///   the old relative entries are, as pairs of place and addend, those that stayed and the pairs of each place named and
    ///   the word that stands there. No other relocation touches such a place; none lies in the `p_filesz` bytes of
    ///   `PT_TLS`, which the loader copies before the stub runs.
    /// * The stub ends with a jump (`e9`, 32 bits) to the old entry point, and makes read-only the pages that `PT_GNU_RELRO`
    ///   named: from `relro_start`, its start rounded down to 4096, to `relro_end`, its end rounded down.
    /// * Section headers, where there are any: `sh_size` of the section at `DT_RELA` is `DT_RELASZ`.
    Packed {
        /// Address of the packed table (`RELR` words).
        table: u64,
        /// Its size in bytes.
        table_size: u64,
        /// Address of the start stub, the new entry point.
        stub: u64,
        /// Size of the stub in bytes.
        stub_size: u64,
        /// First address that the stub makes read-only.
        relro_start: u64,
        /// First address behind what it makes read-only.
        relro_end: u64,
    },
    /// The program stands at a fixed address: the relative ones are carried out in the file. "Moved" below means that `base` was
    /// added, a multiple of every alignment in the program headers.
    ///
    /// * ELF header: `e_type` is `ET_EXEC`, `e_entry` moved.
    /// * Program headers: `p_vaddr` and `p_paddr` moved, but for `PT_NULL` and a `PT_GNU_STACK` of address 0.
    /// * Dynamic section: same tags in the same order. Moved: `DT_PLTGOT`, `DT_HASH`, `DT_STRTAB`, `DT_SYMTAB`, `DT_RELA`,
    ///   `DT_INIT`, `DT_FINI`, `DT_JMPREL`, `DT_INIT_ARRAY`, `DT_FINI_ARRAY`, `DT_PREINIT_ARRAY`, `DT_GNU_HASH`, `DT_VERSYM`,
    ///   `DT_VERDEF`, `DT_VERNEED`, `DT_TLSDESC_PLT`, `DT_TLSDESC_GOT`. `DT_FLAGS_1` lost `DF_1_PIE`; `DT_RELASZ` and
    ///   `DT_RELACOUNT` differ.
    /// * `.dynsym` and `.symtab`: `st_value` moved of what is defined in a section (not absolute) and not thread-local.
    /// * Relocations that stay, in their order: `r_offset` moved; `r_addend` moved of `IRELATIVE` ones. No relative one
    ///   stays: addend plus `base` stands at their place. Behind those that stay in the table of `DT_RELA`,
    ///   zeroes. For each jump slot of `DT_JMPREL`, the word at its place moved unless it is 0: the loader would have moved it.
    /// * The first word at `DT_PLTGOT` moved where it was the address of the dynamic section.
    /// * Section headers: `sh_addr` of loaded sections moved; `sh_size` of the section at `DT_RELA` is `DT_RELASZ`.
    /// * Code: see [`Changes::address_loads`].
    Fixed {
        /// What is added to every address.
        base: u64,
    },
}

/// Declared changes to the loaded part of a program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Ranges of the file whose loaded bytes may differ, in any order; they may overlap.
    pub ranges: Vec<Range<u64>>,
    /// What became of unwinding. `.eh_frame`, its index and `.gcc_except_table` must lie in `ranges` as far as they differ.
    pub unwinding: Unwinding,
    /// Neighbouring functions may share one frame description.
    ///
    /// * A new description covers whole old ones that did not overlap and were for some address each, in the order of their addresses, and
    ///   between them nothing but filling, 63 bytes of it at most: zeroes, or whole instructions that do nothing, loaded as code.
    ///   No other old description touches its range, not even one for no address that stands in it or at its beginning.
    ///   A function that has a description of its own may have it in other words by the same rules.
    /// * For every address of an old one the row of the call frame table is the same (CFA, every register's rule, arguments), also where
    ///   unwinders disagree: `DW_CFA_GNU_args_size` comes to the same whether `DW_CFA_restore_state` takes it back or not, and
    ///   `DW_CFA_restore` is for no register of which the common part says something.
    /// * The common part is the same but for its personality, which a description without handlers and personality may get from
    ///   those of its neighbours that are in the new one as well.
    /// * Handlers: the call sites of the new one, cut at the old one's first and last address, are those of the old one: the same
    ///   addresses, landing pads and actions. Where neighbouring call sites of no landing pad and no action touch, they may be one.
    ///   An old description without handlers has one call site from its first to its last address, of no landing pad
    ///   and no action, by which unwinding goes on as it does without. Call sites are in order, none is empty, and they overlap nowhere, as
    ///   those of the old ones; each with a landing pad or an action lies within one function. Landing pads count from the
    ///   beginning of the description, in old and new. Handlers of an unknown format stay in a description of their own.
    ///   With [`Unwinding::WithoutHandlers`] the new one may have none, or one call site of no landing pad and no action for a function.
    /// * The index has one entry for each new description of whose old ones it had one, for its first address. It was sorted, and is.
    ///   Every address of a function that it led to is found, and no other.
    ///
    /// What changes is the beginning of the function that an unwinder knows for an address (`_Unwind_FindEnclosingFunction`,
    /// `_Unwind_GetRegionStart`): it is that of the first neighbour.
    pub merged_frames: bool,
    /// Call sites may begin and end elsewhere, as far as no call ends there: exceptions come to a function by its calls alone, and an unwinder looks
    /// up the last byte of the call.
    ///
    /// * For every address of a function at which an instruction that calls may end, its last byte, however code is cut into instructions:
    ///   the landing pad and the actions are those that were found there; where none was found, none is.
    ///   On `x86_64` such an instruction may begin at any byte before; on arm64 at multiples of four.
    /// * A function without handlers has none, or together with others (`merged_frames`) at these addresses no landing pad and no action.
    /// * Call sites are in order, none is empty, they overlap nowhere, and lie in the addresses that the description is for.
    /// * Handlers of functions with types that are not null are as they were, and all are where a signal makes frames (augmentation
    ///   `S`) of any function of the program: past such a frame an unwinder looks up the address itself, and code that switches stacks
    ///   (corosensei) returns to places that no call is before.
    pub rounded_call_sites: bool,
    /// What became of relocations.
    pub relocations: Relocations,
    /// Code that nothing can reach any more, which was zeroed: ranges of the file. They lie in `ranges` as well.
    pub dead_code: Vec<Range<u64>>,
    /// Offsets in the file, ascending, of instructions of seven bytes that were `lea r64, [rip + x]` (`48` or `4c`, `8d`, ModRM
    /// with mod 0 and r/m 5, 32 bits of distance) and are `mov r32, imm32` and a `nop`, for the same register and address: `b8` to
    /// `bf`, the address, `66 90`; or for `r8` to `r15` `41`, `b8` to `bf`, the address, `90`. Only with [`Relocations::Fixed`].
    /// They lie in `ranges` as well.
    pub address_loads: Vec<u64>,
    /// The section header table is gone.
    pub section_headers_dropped: bool,
}

impl Changes {
    /// Changes to bytes alone.
    #[must_use]
    pub fn of_ranges(ranges: Vec<Range<u64>>) -> Self {
        Self { ranges, ..Self::default() }
    }

    /// Both, one after the other.
    pub(super) fn add(&mut self, later: Self) {
        self.ranges.extend(later.ranges);
        self.unwinding = self.unwinding.max(later.unwinding);
        self.merged_frames |= later.merged_frames;
        self.rounded_call_sites |= later.rounded_call_sites;
        if later.relocations != Relocations::Same {
            self.relocations = later.relocations;
        }
        self.dead_code.extend(later.dead_code);
        self.address_loads.extend(later.address_loads);
        self.section_headers_dropped |= later.section_headers_dropped;
    }
}

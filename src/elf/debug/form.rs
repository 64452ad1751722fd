//! Attribute forms reduced to what finding references needs: how many bytes to pass over, and where a reference stands.
//!
//! One abbreviation becomes a short list of steps: fixed sizes run together, and only attributes that point into another
//! section are looked at. Every step takes at least one byte, so that steps are bounded by the bytes of the unit.

use gimli::{AttributeSpecification, DwAt, DwForm, Encoding};

/// A section that attributes point into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Str,
    LineStr,
    StrOffsets,
    Addr,
    Ranges,
    RngLists,
    Loc,
    LocLists,
    Macro,
    MacInfo,
}

impl Target {
    pub(super) const COUNT: usize = 10;

    pub(super) fn of_section(name: &str) -> Option<Self> {
        Some(match name {
            ".debug_str" => Self::Str,
            ".debug_line_str" => Self::LineStr,
            ".debug_str_offsets" => Self::StrOffsets,
            ".debug_addr" => Self::Addr,
            ".debug_ranges" => Self::Ranges,
            ".debug_rnglists" => Self::RngLists,
            ".debug_loc" => Self::Loc,
            ".debug_loclists" => Self::LocLists,
            ".debug_macro" => Self::Macro,
            ".debug_macinfo" => Self::MacInfo,
            _ => return None,
        })
    }
}

/// A table that attributes point into by number, from a base that the unit states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Strings,
    Addresses,
    RangeLists,
    LocationLists,
}

/// Size of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// So many bytes, little-endian; at most eight.
    Fixed(u8),
    Uleb,
}

/// One step through the attributes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Skip(u32),
    SkipUleb,
    /// A length, then as many bytes.
    Block(Width),
    /// Up to and with a zero.
    CString,
    /// The form stands before the value.
    Indirect(DwAt),
    Offset(Target, u8),
    Index(Table, Width),
}

/// The step that an attribute takes; `None` for an unknown form, behind which nothing can be read.
/// `Skip(0)` for what takes no byte.
pub(super) fn step(name: DwAt, form: DwForm, encoding: Encoding) -> Option<Step> {
    let word = encoding.format.word_size();
    Some(match form {
        gimli::DW_FORM_flag_present | gimli::DW_FORM_implicit_const => Step::Skip(0),
        gimli::DW_FORM_data1 | gimli::DW_FORM_ref1 | gimli::DW_FORM_flag => Step::Skip(1),
        gimli::DW_FORM_data2 | gimli::DW_FORM_ref2 => Step::Skip(2),
        gimli::DW_FORM_ref4 | gimli::DW_FORM_ref_sup4 => Step::Skip(4),
        gimli::DW_FORM_ref8 | gimli::DW_FORM_ref_sig8 | gimli::DW_FORM_ref_sup8 => Step::Skip(8),
        gimli::DW_FORM_data16 => Step::Skip(16),
        gimli::DW_FORM_addr => Step::Skip(u32::from(encoding.address_size)),
        gimli::DW_FORM_ref_addr if encoding.version <= 2 => Step::Skip(u32::from(encoding.address_size)),
        gimli::DW_FORM_ref_addr
        | gimli::DW_FORM_strp_sup
        | gimli::DW_FORM_GNU_strp_alt
        | gimli::DW_FORM_GNU_ref_alt => Step::Skip(u32::from(word)),
        gimli::DW_FORM_udata | gimli::DW_FORM_sdata | gimli::DW_FORM_ref_udata => Step::SkipUleb,
        gimli::DW_FORM_block1 => Step::Block(Width::Fixed(1)),
        gimli::DW_FORM_block2 => Step::Block(Width::Fixed(2)),
        gimli::DW_FORM_block4 => Step::Block(Width::Fixed(4)),
        gimli::DW_FORM_block | gimli::DW_FORM_exprloc => Step::Block(Width::Uleb),
        gimli::DW_FORM_string => Step::CString,
        gimli::DW_FORM_indirect => Step::Indirect(name),
        gimli::DW_FORM_strp => Step::Offset(Target::Str, word),
        gimli::DW_FORM_line_strp => Step::Offset(Target::LineStr, word),
        gimli::DW_FORM_sec_offset => offset(name, word, encoding),
        // Before DWARF 4 offsets had no form of their own.
        gimli::DW_FORM_data4 if encoding.version <= 3 => offset(name, 4, encoding),
        gimli::DW_FORM_data8 if encoding.version <= 3 => offset(name, 8, encoding),
        gimli::DW_FORM_data4 => Step::Skip(4),
        gimli::DW_FORM_data8 => Step::Skip(8),
        gimli::DW_FORM_strx | gimli::DW_FORM_GNU_str_index => Step::Index(Table::Strings, Width::Uleb),
        gimli::DW_FORM_strx1 => Step::Index(Table::Strings, Width::Fixed(1)),
        gimli::DW_FORM_strx2 => Step::Index(Table::Strings, Width::Fixed(2)),
        gimli::DW_FORM_strx3 => Step::Index(Table::Strings, Width::Fixed(3)),
        gimli::DW_FORM_strx4 => Step::Index(Table::Strings, Width::Fixed(4)),
        gimli::DW_FORM_addrx | gimli::DW_FORM_GNU_addr_index => Step::Index(Table::Addresses, Width::Uleb),
        gimli::DW_FORM_addrx1 => Step::Index(Table::Addresses, Width::Fixed(1)),
        gimli::DW_FORM_addrx2 => Step::Index(Table::Addresses, Width::Fixed(2)),
        gimli::DW_FORM_addrx3 => Step::Index(Table::Addresses, Width::Fixed(3)),
        gimli::DW_FORM_addrx4 => Step::Index(Table::Addresses, Width::Fixed(4)),
        gimli::DW_FORM_rnglistx => Step::Index(Table::RangeLists, Width::Uleb),
        gimli::DW_FORM_loclistx => Step::Index(Table::LocationLists, Width::Uleb),
        _ => return None,
    })
}

/// GCC's list of views that go with a location list: <https://gcc.gnu.org/wiki/DW_AT_GNU_locviews>, read 2026-11-24.
const GNU_LOCVIEWS: DwAt = DwAt(0x2137);

/// What an offset points into follows from the attribute.
fn offset(name: DwAt, size: u8, encoding: Encoding) -> Step {
    let target = match name {
        gimli::DW_AT_ranges | gimli::DW_AT_start_scope if encoding.version >= 5 => Target::RngLists,
        gimli::DW_AT_ranges | gimli::DW_AT_start_scope => Target::Ranges,
        gimli::DW_AT_location
        | gimli::DW_AT_string_length
        | gimli::DW_AT_return_addr
        | gimli::DW_AT_frame_base
        | gimli::DW_AT_segment
        | gimli::DW_AT_static_link
        | gimli::DW_AT_use_location
        | gimli::DW_AT_vtable_elem_location
        | GNU_LOCVIEWS => {
            if encoding.version >= 5 {
                Target::LocLists
            } else {
                Target::Loc
            }
        }
        gimli::DW_AT_macros | gimli::DW_AT_GNU_macros => Target::Macro,
        gimli::DW_AT_macro_info => Target::MacInfo,
        _ => return Step::Skip(u32::from(size)),
    };
    Step::Offset(target, size)
}

/// The steps through all attributes of an entry.
pub(super) fn steps(specs: &[AttributeSpecification], encoding: Encoding, into: &mut Vec<Step>) -> Option<()> {
    let start = into.len();
    for spec in specs {
        match (step(spec.name(), spec.form(), encoding)?, into.get_mut(start..).and_then(|steps| steps.last_mut())) {
            (Step::Skip(0), _) => {}
            (Step::Skip(more), Some(Step::Skip(size))) => *size = size.checked_add(more)?,
            (step, _) => into.push(step),
        }
    }
    Some(())
}

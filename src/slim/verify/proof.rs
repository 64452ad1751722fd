//! The proof as a whole: headers, bytes, and an account of whatever was declared.

use std::ops::Range;

use goblin::elf::Elf;
use goblin::elf::program_header::PT_LOAD;
use goblin::options::ParseOptions;

use crate::slim::changes::{Changes, Relocations, Unwinding};

use super::bytes::undeclared_are_equal;
use super::calls::Calls;
use super::code::{self, Gaps};
use super::cursor::{difference, merged};
use super::error::VerifyError;
use super::frames::Contents;
use super::headers::{self, Reading};
use super::loaded::Loaded;
use super::relocations;
use super::unwinding::{self, Sections, Tables};
use super::{address_loads, fixed, packed};

/// `e_shoff`, `e_shentsize`, `e_shnum`, `e_shstrndx`: where section headers are. The loader reads none of them.
const SECTION_HEADER_FIELDS: [Range<u64>; 2] = [0x28..0x30, 0x3a..0x40];
/// `e_type`, `e_entry`.
const TYPE_AND_ENTRY: [Range<u64>; 2] = [0x10..0x12, 0x18..0x20];

/// Proves that `after` is the same program as `before`, but for `changes`, each of which has to keep its meaning.
///
/// # Errors
/// [`VerifyError`] names the first difference.
pub fn same_program(before: &[u8], after: &[u8], changes: &Changes) -> Result<(), VerifyError> {
    let (old, new, reading) = parse_both(before, after, changes)?;
    headers::same(&old, &new, [before, after], changes, reading)?;
    let files = Files {
        old_loaded: Loaded::new(&old, before),
        // The same bytes of the file stand at the same addresses, or all of them moved alike: the headers were compared. What a
        // start stub's own segment shows once more is compared where it stood.
        new_loaded: Loaded::new(&old, after),
        old,
        new,
    };
    let fields = files.compared_fields(changes);
    let changed = undeclared_are_equal(&files.old_loaded, &files.new_loaded, &changes.ranges, &fields)?;
    let nothing_claimed = changes.unwinding == Unwinding::Same
        && !changes.merged_frames
        && !changes.rounded_call_sites
        && changes.relocations == Relocations::Same
        && changes.dead_code.is_empty();
    if changed.is_empty() && nothing_claimed { Ok(()) } else { files.account_for(&changed, changes) }
}

/// Both files as goblin reads them: strictly. Where it cannot read the original so (a symbol number in a relocation that is out of range),
/// it reads both leniently, unless addresses or relocations change; the bytes are compared all the same.
fn parse_both<'a>(
    before: &'a [u8],
    after: &'a [u8],
    changes: &Changes,
) -> Result<(Elf<'a>, Elf<'a>, Reading), VerifyError> {
    let strict = ParseOptions::default();
    let (options, reading) = match parse(before, "original", &strict) {
        Err(_) if changes.relocations == Relocations::Same => (ParseOptions::permissive(), Reading::Lenient),
        _ => (strict, Reading::Strict),
    };
    Ok((parse(before, "original", &options)?, parse(after, "slimmed", &options)?, reading))
}

fn parse<'a>(data: &'a [u8], which: &'static str, options: &ParseOptions) -> Result<Elf<'a>, VerifyError> {
    let elf = Elf::parse_with_opts(data, options)
        .map_err(|error| VerifyError::Unreadable { which, why: error.to_string() })?;
    if !elf.is_64 || !elf.little_endian {
        return Err(VerifyError::Unreadable { which, why: "not a 64-bit little-endian file".to_owned() });
    }
    Ok(elf)
}

struct Files<'data> {
    old: Elf<'data>,
    new: Elf<'data>,
    old_loaded: Loaded<'data>,
    new_loaded: Loaded<'data>,
}

impl<'data> Files<'data> {
    /// Header fields that are compared by what they say.
    fn compared_fields(&self, changes: &Changes) -> Vec<Range<u64>> {
        let mut fields = SECTION_HEADER_FIELDS.to_vec();
        if changes.relocations != Relocations::Same {
            fields.extend(TYPE_AND_ENTRY);
            let size = u64::from(self.old.header.e_phentsize) * u64::from(self.old.header.e_phnum);
            fields.push(self.old.header.e_phoff..self.old.header.e_phoff.saturating_add(size));
        }
        fields
    }

    /// Proves of every range in `changed` that it means the same as before.
    fn account_for(&self, changed: &[Range<u64>], changes: &Changes) -> Result<(), VerifyError> {
        let mut contents = Contents::new();
        let (before, mut covered) = self.unwinding(changes, &mut contents)?;
        let dynamic = relocations::read(&self.old, 0);
        covered.extend(self.relocations(&dynamic, changes)?);
        let targets = code::targets(&self.old, &self.old_loaded, &dynamic);
        if !changes.dead_code.is_empty() {
            covered.extend(code::dead_code(&changes.dead_code, &targets, &self.old_loaded, &self.new_loaded)?);
        }
        let left = difference(changed, &merged(covered));
        let frames = before.as_ref().map(|tables| &tables.frames);
        code::filling(&left, &self.old, frames, &targets, &self.old_loaded, &self.new_loaded)
    }

    /// Proves what is claimed of unwinding. Hands back the tables of the original, and the file ranges that this accounts for.
    fn unwinding(
        &self,
        changes: &Changes,
        contents: &mut Contents<'data>,
    ) -> Result<(Option<Tables<'data>>, Vec<Range<u64>>), VerifyError> {
        let sections = Sections::of(&self.old);
        let before = match unwinding::read(&self.old, &self.old_loaded, 0, &sections, contents) {
            Ok(Some(before)) => before,
            Ok(None) => return Ok((None, Vec::new())),
            // Nothing is accounted for, so their bytes have to be as they were.
            Err(_) if changes.unwinding == Unwinding::Same => return Ok((None, Vec::new())),
            Err(trouble) => return Err(unwinding::unreadable("original", trouble)),
        };
        let moved_by = headers::moved_by(changes);
        let after = unwinding::read(&self.new, &self.new_loaded, moved_by, &sections, contents)
            .map_err(|trouble| unwinding::unreadable("slimmed", trouble))?;
        let after = after.ok_or(VerifyError::Index { what: "is gone" })?;
        let gaps = Gaps::new(&self.old, &self.new_loaded);
        let calls = Calls::new(&self.old, &self.new_loaded);
        let accounted = unwinding::same(&before, &after, changes, contents, &gaps, &calls)?;
        if !changes.dead_code.is_empty() {
            let dead = merged(changes.dead_code.clone());
            code::no_landing_pad(&dead, &after.frames, contents, &self.old_loaded)?;
        }
        let covered = unwinding::covered(&before, accounted, &self.old_loaded, &sections);
        Ok((Some(before), covered))
    }

    fn relocations(&self, old: &relocations::Dynamic, changes: &Changes) -> Result<Vec<Range<u64>>, VerifyError> {
        let before = (&self.old, old, &self.old_loaded);
        match changes.relocations {
            Relocations::Same => {
                relocations::words_stay(old, &self.old_loaded, &self.new_loaded)?;
                Ok(Vec::new())
            }
            Relocations::Packed { table, table_size, stub, stub_size, relro_start, relro_end } => {
                let new = relocations::read(&self.new, 0);
                let relro = relro_start..relro_end;
                let segment =
                    self.new.program_headers.iter().find(|header| header.p_type == PT_LOAD && header.p_vaddr == stub);
                let stub_range =
                    segment.map_or(0..0, |segment| segment.p_offset..segment.p_offset.saturating_add(stub_size));
                let place = packed::Place { table: (table, table_size), stub: (stub, stub_size), stub_range, relro };
                packed::same(before, (&new, &self.new_loaded), &place)
            }
            Relocations::Fixed { base } => {
                let new = relocations::read(&self.new, base);
                let mut covered = fixed::same(before, (&new, &self.new_loaded), base)?;
                let loads = address_loads::same(&self.old_loaded, &self.new_loaded, &changes.address_loads, base)?;
                covered.extend(loads);
                Ok(covered)
            }
        }
    }
}

//! Changed code: what was declared dead, and filling between functions. Nothing that can be read without decoding instructions leads
//! there.

use std::ops::Range;

use goblin::elf::Elf;
use goblin::elf::dynamic::{DT_FINI, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, DT_INIT, DT_INIT_ARRAY, DT_INIT_ARRAYSZ};
use goblin::elf::header::{EM_AARCH64, ET_EXEC};

use super::cursor::{Cursor, difference, merged, touching};
use super::error::VerifyError;
use super::frames::{Contents, Frames};
use super::headers::tag;
use super::loaded::Loaded;
use super::relocations::Dynamic;

const NO_FILLING: &str = "it is no filling between functions";

/// Addresses that something outside the code leads to, and what: sorted.
pub(super) fn targets(elf: &Elf<'_>, loaded: &Loaded<'_>, dynamic: &Dynamic) -> Vec<(u64, &'static str)> {
    let mut targets = vec![(elf.entry, "it is the entry point")];
    targets
        .extend([DT_INIT, DT_FINI].into_iter().filter_map(|name| Some((tag(elf, name)?, "it runs at start or end"))));
    let defined = elf.dynsyms.iter().filter(|symbol| symbol.st_shndx != 0);
    targets.extend(defined.map(|symbol| (symbol.st_value, "a dynamic symbol is there")));
    targets.extend(dynamic.relative.iter().map(|&(_, addend)| (addend, "a relocated word points there")));
    let addends = dynamic.others.iter().filter_map(|other| other.addend);
    targets.extend(addends.map(|addend| (addend.cast_unsigned(), "a relocation leads there")));
    for (at, size) in [(DT_INIT_ARRAY, DT_INIT_ARRAYSZ), (DT_FINI_ARRAY, DT_FINI_ARRAYSZ)] {
        let array = tag(elf, at).zip(tag(elf, size)).and_then(|(at, size)| loaded.bytes(at, size));
        targets.extend(pointers(array.unwrap_or_default()).map(|target| (target, "it runs at start or end")));
    }
    if elf.header.e_type == ET_EXEC {
        // Addresses stand in the data as they are. A number that only looks like one costs a rewrite, no more.
        let data = difference(loaded.file_ranges(), &loaded.code());
        for range in data {
            let aligned = range.start.next_multiple_of(8)..range.end;
            let bytes = loaded.file_bytes(&aligned).unwrap_or_default();
            targets.extend(
                pointers(bytes).filter(|&word| loaded.offset(word).is_some()).map(|word| (word, "a word points there")),
            );
        }
    }
    targets.sort_unstable();
    targets
}

fn pointers(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word))
}

/// What leads into the file range `range`, if anything does.
fn leads_into(targets: &[(u64, &'static str)], loaded: &Loaded<'_>, range: &Range<u64>) -> Option<(u64, &'static str)> {
    let start = loaded.address(range.start);
    let end = start.saturating_add(range.end - range.start);
    let first = targets.partition_point(|(target, _)| *target < start);
    targets.get(first).copied().filter(|(target, _)| *target < end)
}

/// Proves that nothing leads into `dead`, and that it is zeroed code. Hands back the ranges, merged.
pub(super) fn dead_code(
    dead: &[Range<u64>],
    targets: &[(u64, &'static str)],
    before: &Loaded<'_>,
    after: &Loaded<'_>,
) -> Result<Vec<Range<u64>>, VerifyError> {
    let dead = merged(dead.to_vec());
    if let Some(stray) = difference(&dead, &before.code()).first() {
        return Err(VerifyError::NotDead { address: before.address(stray.start), what: "it is not loaded as code" });
    }
    for range in &dead {
        let bytes = after.file_bytes(range).unwrap_or_default();
        if let Some(at) = bytes.iter().position(|&byte| byte != 0) {
            let address = before.address(range.start + at as u64);
            return Err(VerifyError::NotDead { address, what: "it is not zeroed" });
        }
        if let Some((address, what)) = leads_into(targets, before, range) {
            return Err(VerifyError::NotDead { address, what });
        }
    }
    Ok(dead)
}

/// Proves that no handler that is left has a landing pad in `dead`.
pub(super) fn no_landing_pad(
    dead: &[Range<u64>],
    frames: &Frames<'_>,
    contents: &Contents<'_>,
    loaded: &Loaded<'_>,
) -> Result<(), VerifyError> {
    // Every function has its own call sites, even where tables are shared; more than this the file has no room for.
    let mut budget = loaded.size().saturating_add(65_536);
    for frame in &frames.list {
        let Some(lsda) = contents.lsdas.get(frame.says.lsda) else { continue };
        budget = budget.saturating_sub(lsda.sites.len() as u64);
        if budget == 0 {
            return Err(VerifyError::NotDead { address: frame.begin, what: "there are too many call sites to tell" });
        }
        for site in lsda.sites.iter().filter(|site| site.pad != 0) {
            let pad = lsda.base.unwrap_or(frame.begin).wrapping_add(site.pad);
            let hit = loaded.offset(pad).is_some_and(|offset| !touching(dead, &(offset..offset + 1)).is_empty());
            if hit {
                return Err(VerifyError::NotDead { address: pad, what: "a landing pad is there" });
            }
        }
    }
    Ok(())
}

/// Proves of each byte in `ranges` that differs: it was filling behind the end of a function and is zero now, in code that no frame
/// description covers and nothing leads to.
pub(super) fn filling(
    ranges: &[Range<u64>],
    elf: &Elf<'_>,
    frames: Option<&Frames<'_>>,
    targets: &[(u64, &'static str)],
    before: &Loaded<'_>,
    after: &Loaded<'_>,
) -> Result<(), VerifyError> {
    let code = before.code();
    let described = frames.map(|frames| {
        let extent = |frame: &super::frames::Frame| before.range(frame.begin, frame.end - frame.begin);
        merged(frames.list.iter().filter_map(extent).collect())
    });
    let arm64 = elf.header.e_machine == EM_AARCH64;
    for range in ranges {
        for run in runs(before, after, range) {
            let start = run.start;
            let unexplained = |why| Err(VerifyError::Unexplained { address: before.address(start), why });
            if !difference(std::slice::from_ref(&run), &code).is_empty() {
                return unexplained("it is neither code nor part of a table that may change");
            }
            let Some(described) = &described else {
                return unexplained("there are no frame descriptions to tell what is between functions");
            };
            if !touching(described, &run).is_empty() {
                return unexplained("it lies in a function");
            }
            let (Some(old), Some(new)) = (before.file_bytes(&run), after.file_bytes(&run)) else {
                return unexplained(NO_FILLING);
            };
            let was_filling = if arm64 { arm64_filling(old, start) } else { x86_64_filling(old) };
            if !was_filling || new.iter().any(|&byte| byte != 0) {
                return unexplained(NO_FILLING);
            }
            if let Some((address, _)) = leads_into(targets, before, &run) {
                return Err(VerifyError::Unexplained { address, why: "something leads there" });
            }
        }
    }
    Ok(())
}

/// What stands between the functions of a file.
pub(super) struct Gaps<'f> {
    loaded: &'f Loaded<'f>,
    code: Vec<Range<u64>>,
    arm64: bool,
}

impl<'f> Gaps<'f> {
    pub(super) fn new(elf: &Elf<'_>, loaded: &'f Loaded<'_>) -> Self {
        Self { loaded, code: loaded.code(), arm64: elf.header.e_machine == EM_AARCH64 }
    }

    /// Size of the file in bytes.
    pub(super) fn file_size(&self) -> u64 {
        self.loaded.size()
    }

    /// Whether nothing but filling stands from `start` to `end`: whole instructions that do nothing, or zeroes, loaded as code.
    pub(super) fn is_filling(&self, start: u64, end: u64) -> bool {
        let range = end.checked_sub(start).and_then(|size| self.loaded.range(start, size));
        let range = range.filter(|range| difference(std::slice::from_ref(range), &self.code).is_empty());
        range.and_then(|range| self.loaded.file_bytes(&range)).is_some_and(|bytes| {
            if bytes.iter().all(|&byte| byte == 0) {
                true
            } else if self.arm64 {
                start.is_multiple_of(4) && bytes.len().is_multiple_of(4) && arm64_filling(bytes, start)
            } else {
                x86_64_filling_end(bytes) == Some(bytes.len())
            }
        })
    }
}

/// The runs of bytes within `range` that became zero, with the zeroes between them.
fn runs(before: &Loaded<'_>, after: &Loaded<'_>, range: &Range<u64>) -> Vec<Range<u64>> {
    let bytes = |loaded: &Loaded<'_>| loaded.file_bytes(range).unwrap_or_default().to_vec();
    let (old, new) = (bytes(before), bytes(after));
    let mut runs: Vec<Range<u64>> = Vec::new();
    let mut open: Option<Range<u64>> = None;
    for (at, (old, new)) in (range.start..).zip(old.iter().zip(&new)) {
        if old != new {
            open.get_or_insert(at..at).end = at + 1;
        } else if *old != 0 {
            runs.extend(open.take());
        }
    }
    runs.extend(open);
    runs
}

/// Breakpoints, and the instructions that do nothing as Intel recommends them, whole to the last, whose zeroes may follow.
fn x86_64_filling(bytes: &[u8]) -> bool {
    x86_64_filling_end(bytes).is_some()
}

/// Where the last of these instructions ends, which may be past the end of `bytes`.
fn x86_64_filling_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        let prefixes = bytes.iter().skip(at).take_while(|&&byte| byte == 0x66 || byte == 0x2e).count();
        let mut cursor = Cursor::new(bytes, at + prefixes);
        match cursor.u8() {
            Some(0x00 | 0xcc) if prefixes == 0 => {}
            Some(0x90) => {}
            Some(0x0f) => {
                let (Some(0x1f), Some(form)) = (cursor.u8(), cursor.u8()) else {
                    // `0f 1f 00`: the zero is part of the run only where something follows.
                    let cut =
                        cursor.at() >= bytes.len() && bytes.get(at + prefixes + 1).is_none_or(|&byte| byte == 0x1f);
                    return cut.then_some(bytes.len() + 1);
                };
                let (mode, register) = (form >> 6, form & 7);
                let scaled = usize::from(mode != 3 && register == 4);
                let offset = match mode {
                    1 => 1,
                    2 => 4,
                    0 if register == 5 => 4,
                    _ => 0,
                };
                // The rest is zeroes, which did not change.
                let rest = bytes.iter().skip(cursor.at()).take(scaled + offset);
                if rest.clone().any(|&byte| byte != 0) {
                    return None;
                }
                at = cursor.at() + scaled + offset;
                continue;
            }
            _ => return None,
        }
        at = cursor.at();
    }
    Some(at)
}

/// Whole instructions: none at all (`udf #0`), `nop`, or `brk`.
fn arm64_filling(bytes: &[u8], offset: u64) -> bool {
    // The run may begin and end with zeroes of an instruction.
    let lead = (offset % 4) as usize;
    let mut whole = vec![0; lead];
    whole.extend(bytes);
    whole.resize(whole.len().next_multiple_of(4), 0);
    whole.as_chunks::<4>().0.iter().all(|word| {
        let word = u32::from_le_bytes(*word);
        word == 0 || word == 0xd503_201f || word & 0xffe0_001f == 0xd420_0000
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_instructions_that_do_nothing_are_filling() {
        let long = [0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0];
        for bytes in [
            &[0xcc, 0xcc][..],
            &[0x66, 0x90],
            &[0x0f, 0x1f, 0x40, 0],
            &[0x0f, 0x1f, 0x44, 0, 0, 0x90],
            &long,
            &long[..6],
        ] {
            assert!(x86_64_filling(bytes), "{bytes:x?}");
        }
        // The last zeroes may be those of the next function, or its first byte the end of an instruction.
        for cut in [&[0x0f, 0x1f, 0x40][..], &[0x0f], &[0x0f, 0x1f], &[0xcc, 0x0f, 0x1f, 0x44, 0], &long[..6]] {
            assert!(x86_64_filling_end(cut).is_none_or(|end| end > cut.len()), "{cut:x?}");
        }
        assert_eq!(x86_64_filling_end(&long), Some(long.len()));
        assert_eq!(x86_64_filling_end(&[0x90, 0x66]), None);
        // ret; jmp; nopw with a displacement that is none; mov.
        for bytes in [
            &[0xc3][..],
            &[0xeb, 2, 0x90, 0x90],
            &[0x0f, 0x1f, 0x40, 8],
            &[0x66, 0xcc],
            &[0x0f, 0x0b],
            &[0x48, 0x89, 0xc3],
        ] {
            assert!(!x86_64_filling(bytes), "{bytes:x?}");
        }
        assert!(arm64_filling(&0xd503_201f_u32.to_le_bytes(), 8));
        assert!(arm64_filling(&0xd420_0020_u32.to_le_bytes(), 8));
        assert!(!arm64_filling(&0xd65f_03c0_u32.to_le_bytes(), 8));
    }
}

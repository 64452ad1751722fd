//! What a program asks of the dynamic linker, read from its segments as the loader does: section headers may be gone.

use std::cmp::Ordering;
use std::fmt;

use object::LittleEndian as LE;
use object::elf::{self, Dyn64, NoteHeader64, Vernaux, Verneed};
use object::pod;

use super::error::ElfError;
use super::image::Image;
use super::strings::{NameBudget, name_at};

/// No version of glibc is spelled in more bytes: `2.2.5` has five.
const MAX_VERSION_SIZE: usize = 32;

/// A version of the GNU C library, as symbol versions name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlibcVersion(Vec<u32>);

impl GlibcVersion {
    /// From `2.34`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_VERSION_SIZE {
            return None;
        }
        let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        parts.filter(|parts| parts.len() >= 2).map(Self)
    }
}

impl PartialOrd for GlibcVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GlibcVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

/// What a program asks of the dynamic linker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dynamic {
    /// The dynamic linker's path; `None` for shared libraries and static programs.
    pub interpreter: Option<String>,
    /// Libraries needed (`DT_NEEDED`), in order.
    pub needed: Vec<String>,
    /// Own name of a shared library.
    pub soname: Option<String>,
    /// Search path stored in the file (`DT_RUNPATH`, else `DT_RPATH`).
    pub runpath: Option<String>,
    /// Newest `GLIBC_x.y` asked for.
    pub glibc: Option<GlibcVersion>,
}

const NT_GNU_BUILD_ID: u32 = 3;
/// Linkers write 8, 16 or 20 bytes; `--build-id=0x…` whatever the user says. More is no identity.
const MAX_BUILD_ID_SIZE: usize = 256;
/// Segments may share bytes: many that each walk the same long notes are an attack on our time. Linkers write up to 3.
const MAX_NOTE_SEGMENTS: usize = 64;

impl Image<'_> {
    /// What the file asks of the dynamic linker.
    ///
    /// # Errors
    /// Where the dynamic section or what it points at is malformed.
    pub fn dynamic(&self) -> Result<Dynamic, ElfError> {
        read(self)
    }

    /// The build id (`NT_GNU_BUILD_ID`) in hex.
    #[must_use]
    pub fn build_id(&self) -> Option<String> {
        build_id(self)
    }
}

fn read(image: &Image<'_>) -> Result<Dynamic, ElfError> {
    let mut dynamic = Dynamic { interpreter: interpreter(image), ..Dynamic::default() };
    let Some(segment) = image.segments().iter().find(|s| s.is_dynamic() && !s.file_range.is_empty()) else {
        return Ok(dynamic);
    };
    let malformed = |why| ElfError::Malformed { what: "dynamic section", offset: segment.file_range.start, why };
    let bytes = image.bytes(&segment.file_range).ok_or_else(|| malformed("it leaves the file"))?;
    let (entries, _) = pod::slice_from_bytes::<Dyn64<LE>>(bytes, bytes.len() / size_of::<Dyn64<LE>>())
        .map_err(|()| malformed("it cannot be read as entries"))?;
    // The loader stops at the first DT_NULL.
    let end = entries.iter().position(|e| e.d_tag.get(LE) == elf::DT_NULL).unwrap_or(entries.len());
    let entries = &entries[..end];
    let value = |tag| entries.iter().find(|e| e.d_tag.get(LE) == tag).map(|e| e.d_val.get(LE));

    let strings = match (value(elf::DT_STRTAB), value(elf::DT_STRSZ)) {
        (Some(address), Some(size)) => {
            let start = image.offset_of(address).ok_or_else(|| malformed("its string table is not in the file"))?;
            let end = start.checked_add(size).ok_or_else(|| malformed("its string table has no end"))?;
            image.bytes(&(start..end)).ok_or_else(|| malformed("its string table leaves the file"))?
        }
        _ => return Ok(dynamic),
    };
    let mut budget = NameBudget::new(strings, entries.len());
    for entry in entries {
        let mut text = || {
            let start =
                usize::try_from(entry.d_val.get(LE)).map_err(|_| malformed("a name leaves its string table"))?;
            let name = name_at(strings, start).ok_or_else(|| malformed("a name leaves its string table"))?;
            budget.spend(name).ok_or_else(|| malformed("its names are many times longer than its string table"))?;
            Ok::<String, ElfError>(name.to_owned())
        };
        match entry.d_tag.get(LE) {
            elf::DT_NEEDED => dynamic.needed.push(text()?),
            elf::DT_SONAME => dynamic.soname = Some(text()?),
            elf::DT_RUNPATH => dynamic.runpath = Some(text()?),
            elf::DT_RPATH if dynamic.runpath.is_none() => dynamic.runpath = Some(text()?),
            _ => {}
        }
    }
    if let Some(address) = value(elf::DT_VERNEED) {
        let offset = image.offset_of(address).ok_or_else(|| malformed("its version table is not in the file"))?;
        dynamic.glibc = newest_glibc(image, offset, strings)?;
    }
    Ok(dynamic)
}

/// More versions than any program asks for. Hostile links can make every library share one long list: the walk must end.
const MAX_VERSIONS: usize = 65_536;

/// Walks the version requirements; every link points forward.
fn newest_glibc(image: &Image<'_>, offset: u64, strings: &[u8]) -> Result<Option<GlibcVersion>, ElfError> {
    let malformed = |why| ElfError::Malformed { what: "version requirements", offset, why };
    let at = |offset: u64| usize::try_from(offset).ok().and_then(|o| image.data().get(o..));
    let mut newest = None;
    let mut versions = 0;
    let mut budget = NameBudget::new(strings, MAX_VERSIONS);
    let mut need_offset = offset;
    loop {
        let bytes = at(need_offset).ok_or_else(|| malformed("they leave the file"))?;
        let (need, _) = pod::from_bytes::<Verneed<LE>>(bytes).map_err(|()| malformed("they leave the file"))?;
        let mut aux_offset = need_offset + u64::from(need.vn_aux.get(LE));
        for _ in 0..need.vn_cnt.get(LE) {
            versions += 1;
            if versions > MAX_VERSIONS {
                return Err(malformed("they list more than 65,536 versions"));
            }
            let bytes = at(aux_offset).ok_or_else(|| malformed("a version leaves the file"))?;
            let (aux, _) =
                pod::from_bytes::<Vernaux<LE>>(bytes).map_err(|()| malformed("a version leaves the file"))?;
            let name = name_at(strings, aux.vna_name.get(LE) as usize)
                .ok_or_else(|| malformed("a version's name leaves its string table"))?;
            budget.spend(name).ok_or_else(|| malformed("their names are many times longer than their string table"))?;
            let version = name.strip_prefix("GLIBC_").and_then(GlibcVersion::parse);
            newest = newest.max(version);
            match u64::from(aux.vna_next.get(LE)) {
                0 => break,
                step => aux_offset += step,
            }
        }
        match u64::from(need.vn_next.get(LE)) {
            0 => return Ok(newest),
            step => need_offset += step,
        }
    }
}

fn interpreter(image: &Image<'_>) -> Option<String> {
    let segment = image.segments().iter().find(|s| s.is_interp())?;
    let bytes = image.bytes(&segment.file_range)?;
    name_at(bytes, 0).map(str::to_owned)
}

/// The build id, from the note segments, else from a note section (a debug file keeps those).
fn build_id(image: &Image<'_>) -> Option<String> {
    let segments = image.segments().iter().filter(|s| s.is_note()).take(MAX_NOTE_SEGMENTS);
    let segments = segments.map(|s| (&s.file_range, s.align));
    let sections = image.sections().iter().filter(|s| s.sh_type == elf::SHT_NOTE.0).map(|s| (&s.file_range, s.align));
    segments.chain(sections).find_map(|(range, align)| build_id_in(image.bytes(range)?, align))
}

fn build_id_in(mut notes: &[u8], align: u64) -> Option<String> {
    // Notes are padded to 4 bytes, or to 8 where the segment says so (GNU property notes).
    let align = if align == 8 { 8 } else { 4 };
    let padded = |size: u32| (size as usize).checked_next_multiple_of(align);
    loop {
        let (header, rest) = pod::from_bytes::<NoteHeader64<LE>>(notes).ok()?;
        let name = rest.get(..header.n_namesz.get(LE) as usize)?;
        let rest = rest.get((header.n_namesz.get(LE) as usize).checked_next_multiple_of(4)?..)?;
        let description = rest.get(..header.n_descsz.get(LE) as usize)?;
        if name == b"GNU\0" && header.n_type.get(LE).0 == NT_GNU_BUILD_ID {
            let description = Some(description).filter(|id| id.len() <= MAX_BUILD_ID_SIZE)?;
            return Some(description.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        notes = rest.get(padded(header.n_descsz.get(LE))?..)?;
    }
}

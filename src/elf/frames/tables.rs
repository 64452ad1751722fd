//! All unwind tables of a program, taken apart.

use std::collections::HashMap;
use std::ops::Range;

use super::super::image::Image;
use super::super::relocation::{relocation_entries, relr_entries};
use super::super::section::Section;
use super::entry::{Cie, ENTRY_HEADER, Fde, read_cie, read_fde};
use super::error::FramesError;
use super::index::{Index, read_index};
use super::lsda::{Lsda, read_lsda};
use super::read::Reader;

/// Where a table stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePlace {
    /// Bytes of the file.
    pub file_range: Range<u64>,
    /// Address once loaded, before relocation.
    pub address: u64,
}

impl TablePlace {
    fn of(section: &Section) -> Self {
        Self { file_range: section.file_range.clone(), address: section.address }
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        usize::try_from(self.file_range.end - self.file_range.start).unwrap_or(0)
    }

    fn contains(&self, address: u64) -> bool {
        address.checked_sub(self.address).is_some_and(|inside| inside < self.size() as u64)
    }
}

/// The unwind tables of a program. Fields may refer to each other by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameTables {
    /// `.eh_frame`.
    pub frames: TablePlace,
    /// `.gcc_except_table`, where there is one.
    pub lsda_table: Option<TablePlace>,
    /// `.eh_frame_hdr`, where there is one with a table.
    pub index: Option<Index>,
    /// CIEs in the order of the table.
    pub cies: Vec<Cie>,
    /// FDEs in the order of the table.
    pub fdes: Vec<Fde>,
    /// The LSDAs that FDEs point at, by place; disjoint.
    pub lsdas: Vec<Lsda>,
}

impl FrameTables {
    /// Takes the tables of a program apart.
    ///
    /// # Errors
    /// [`FramesError`]: why they have to stay as they are.
    pub fn read(image: &Image<'_>) -> Result<Self, FramesError> {
        let section = |name: &str| {
            let mut found = image.sections().iter().filter(|s| s.name == name && s.is_loaded() && s.is_in_file());
            found.next().filter(|_| found.next().is_none())
        };
        let frames = TablePlace::of(section(".eh_frame").ok_or(FramesError::None)?);
        let lsda_table = section(".gcc_except_table").map(TablePlace::of);
        let index = section(".eh_frame_hdr").map(TablePlace::of);
        check_not_relocated(image, [Some(&frames), lsda_table.as_ref(), index.as_ref()])?;
        let (cies, fdes) = read_entries(image, &frames)?;
        let lsdas = read_lsdas(image, lsda_table.as_ref(), &frames, &fdes)?;
        let bytes = |place: &TablePlace| image.bytes(&place.file_range).unwrap_or_default();
        let index = match index {
            None => None,
            Some(place) => match read_index(bytes(&place), place.clone(), frames.address) {
                Ok(index) => Some(index),
                Err(FramesError::NoIndex) => None,
                Err(why) => return Err(why),
            },
        };
        Ok(Self { frames, lsda_table, index, cies, fdes, lsdas })
    }

    /// The number of the LSDA that starts at `address`.
    #[must_use]
    pub fn lsda_at(&self, address: u64) -> Option<usize> {
        let inside = address.checked_sub(self.lsda_table.as_ref()?.address)?;
        self.lsdas.binary_search_by_key(&inside, |lsda| lsda.range.start as u64).ok()
    }
}

fn check_not_relocated<const N: usize>(image: &Image<'_>, tables: [Option<&TablePlace>; N]) -> Result<(), FramesError> {
    let inside =
        |place: u64| tables.iter().flatten().any(|table| (0..8).any(|byte| table.contains(place.wrapping_add(byte))));
    let relocated = relocation_entries(image).into_iter().map(|entry| entry.place).find(|&place| inside(place));
    let packed =
        || relr_entries(image).iter().flat_map(|entry| entry.places().collect::<Vec<_>>()).find(|&place| inside(place));
    match relocated.or_else(packed) {
        Some(place) => Err(FramesError::Relocated { place }),
        None => Ok(()),
    }
}

fn read_entries(image: &Image<'_>, frames: &TablePlace) -> Result<(Vec<Cie>, Vec<Fde>), FramesError> {
    let data = image.bytes(&frames.file_range).unwrap_or_default();
    let (mut cies, mut fdes) = (Vec::new(), Vec::new());
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    let mut at = 0;
    while at < data.len() {
        let what = "the frame entry";
        let unknown = |why| FramesError::Unknown { what, offset: frames.file_range.start + at as u64, why };
        let mut reader = Reader::new(data, at);
        let length = reader.u32().ok_or_else(|| unknown("it is cut short"))?;
        if length == 0 {
            // The terminator: readers stop here, so nothing may follow.
            if data.iter().skip(at).any(|&byte| byte != 0) {
                return Err(unknown("entries follow behind the end of the table"));
            }
            break;
        }
        if length == u32::MAX {
            return Err(unknown("its length is of 64 bits"));
        }
        let end = at.checked_add(4 + length as usize).filter(|&end| end <= data.len());
        let range = at..end.filter(|&end| end >= at + ENTRY_HEADER).ok_or_else(|| unknown("it leaves the table"))?;
        let back = reader.u32().ok_or_else(|| unknown("it is cut short"))? as usize;
        if back == 0 {
            numbers.insert(at, cies.len());
            cies.push(read_cie(data, frames.address, range.clone()).map_err(unknown)?);
        } else {
            // The distance is counted from the field that holds it.
            let number = (at + 4).checked_sub(back).and_then(|cie| numbers.get(&cie).copied());
            let number = number.ok_or_else(|| unknown("it refers to no entry before it"))?;
            fdes.push(read_fde(data, frames.address, range.clone(), &cies[number], number).map_err(unknown)?);
        }
        at = range.end;
    }
    Ok((cies, fdes))
}

/// The LSDAs that FDEs point at. An LSDA that is not where one may be, or that shares bytes with another, is unknown.
fn read_lsdas(
    image: &Image<'_>,
    table: Option<&TablePlace>,
    frames: &TablePlace,
    fdes: &[Fde],
) -> Result<Vec<Lsda>, FramesError> {
    let unknown = |offset, why| FramesError::Unknown { what: "the LSDA", offset, why };
    let mut starts = Vec::new();
    for fde in fdes {
        let Some(address) = fde.lsda_address() else { continue };
        let inside = table.filter(|table| table.contains(address)).map(|table| (address - table.address) as usize);
        let from = frames.file_range.start + fde.range.start as u64;
        let why = "its LSDA is not in .gcc_except_table";
        starts.push(inside.ok_or(FramesError::Unknown { what: "the frame entry", offset: from, why })?);
    }
    starts.sort_unstable();
    starts.dedup();
    let Some(table) = table else { return Ok(Vec::new()) };
    let data = image.bytes(&table.file_range).unwrap_or_default();
    let mut lsdas: Vec<Lsda> = Vec::with_capacity(starts.len());
    for start in starts {
        let offset = table.file_range.start + start as u64;
        if lsdas.last().is_some_and(|last| last.range.end > start) {
            return Err(unknown(offset, "it overlaps the one before it"));
        }
        lsdas.push(read_lsda(data, table.address, start).map_err(|why| unknown(offset, why))?);
    }
    Ok(lsdas)
}

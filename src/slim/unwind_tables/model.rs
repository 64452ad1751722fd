//! What unwind tables say, without where it stands.

use std::collections::{BTreeMap, HashMap};

use crate::elf::{Cie, FrameTables, Image, Lsda, Pointer, PointerEncoding, ProgramShape, TablePlace};

/// The unwind tables of a program.
#[derive(Debug, Clone)]
pub(in crate::slim) struct UnwindModel {
    /// Distinct common parts, in the order of the table.
    pub(super) commons: Vec<Common>,
    /// Frame descriptions, in the order of the table.
    pub(super) frames: Vec<Frame>,
    /// Distinct LSDAs.
    pub(super) lsdas: Vec<Handlers>,
    /// Numbers of the LSDAs of the tables that they were read from.
    pub(super) sources: Vec<usize>,
    /// Functions of the index, with the numbers of their frame descriptions; `None` where there is no index.
    pub(super) index: Option<Vec<(u64, usize)>>,
}

/// A common part (CIE).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Common {
    /// The entry, with zeroes where the personality is pointed at.
    pub(super) bytes: Vec<u8>,
    pub(super) function_encoding: PointerEncoding,
    pub(super) lsda_encoding: Option<PointerEncoding>,
    pub(super) personality: Option<Pointer>,
    /// Bytes by which instructions advance.
    pub(super) code_alignment: u64,
    /// Factors, return address and initial instructions: what stays of it without personality.
    pub(super) rules: (Vec<u8>, Vec<u8>),
    pub(super) is_special: bool,
}

/// A frame description (FDE).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Number of its common part.
    pub(super) common: usize,
    pub(super) address: u64,
    pub(super) size: u64,
    /// Number of its LSDA.
    pub(super) lsda: Option<usize>,
    /// Call frame instructions, without filling where that can be told.
    pub(super) program: Vec<u8>,
}

impl Frame {
    pub(super) fn end(&self) -> u64 {
        self.address.saturating_add(self.size)
    }
}

/// An LSDA.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Handlers {
    /// The table, with zeroes where types are pointed at.
    pub(super) bytes: Vec<u8>,
    /// Types that are not null: where they are pointed at, how, and what they are.
    pub(super) types: Vec<(usize, PointerEncoding, u64)>,
}

/// Numbers for what is equal, in the order of first meeting.
fn distinct<T: Clone + Eq + std::hash::Hash>(all: impl Iterator<Item = T>) -> (Vec<T>, Vec<usize>) {
    let mut numbers: HashMap<T, usize> = HashMap::new();
    let mut things = Vec::new();
    let of_each = all.map(|thing| {
        *numbers.entry(thing).or_insert_with_key(|thing| {
            things.push(thing.clone());
            things.len() - 1
        })
    });
    let of_each = of_each.collect();
    (things, of_each)
}

impl UnwindModel {
    /// Numbers of the frame descriptions, by address.
    pub(super) fn by_address(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..self.frames.len()).collect();
        numbers.sort_by_key(|&number| (self.frames[number].address, self.frames[number].size, number));
        numbers
    }

    /// Whether a frame description shares no address with another, by number. Where they do, which one is found is left as it is. One for no address
    /// counts as one for the first.
    pub(super) fn apart(&self) -> Vec<bool> {
        let order = self.by_address();
        let mut apart = vec![false; self.frames.len()];
        let mut end = 0;
        for (place, &number) in order.iter().enumerate() {
            let frame = &self.frames[number];
            let next = order.get(place + 1).map_or(u64::MAX, |&next| self.frames[next].address);
            apart[number] = frame.size > 0 && frame.address >= end && frame.end() <= next;
            end = end.max(frame.end()).max(frame.address.saturating_add(1));
        }
        apart
    }

    /// The same with other LSDAs in the place of some, by number.
    pub(super) fn with_lsdas(&self, lsdas: BTreeMap<usize, Handlers>) -> Self {
        let mut changed = self.lsdas.clone();
        for (number, lsda) in lsdas {
            changed[number] = lsda;
        }
        // What was told apart before may be equal now.
        let (lsdas, number_of) = distinct(changed.into_iter());
        let frames =
            self.frames.iter().map(|frame| Frame { lsda: frame.lsda.map(|lsda| number_of[lsda]), ..frame.clone() });
        let (commons, index) = (self.commons.clone(), self.index.clone());
        Self { commons, frames: frames.collect(), lsdas, sources: Vec::new(), index }
    }

    /// # Errors
    /// In words, what the tables say that cannot be written at another place.
    pub(in crate::slim) fn of(image: &Image<'_>, tables: &FrameTables) -> Result<Self, &'static str> {
        let bytes = |place: &TablePlace| image.bytes(&place.file_range).unwrap_or_default();
        let frame_bytes = bytes(&tables.frames);
        let lsda_bytes = tables.lsda_table.as_ref().map_or(&[][..], bytes);
        let (commons, common_of) = distinct(tables.cies.iter().map(|cie| common(frame_bytes, cie)));
        let (lsdas, lsda_of) = distinct(tables.lsdas.iter().map(|lsda| handlers(lsda_bytes, lsda)));
        let mut sources = vec![0; lsdas.len()];
        for (source, &number) in lsda_of.iter().enumerate().rev() {
            sources[number] = source;
        }
        let frames = tables.fdes.iter().map(|fde| {
            let common = common_of[fde.cie];
            let start = fde.range.start + fde.instructions.start;
            let program = frame_bytes.get(start..fde.range.end).unwrap_or_default();
            let shape = commons.get(common).and_then(|common| ProgramShape::of(&common.rules.1, program));
            Frame {
                common,
                address: fde.address(),
                size: fde.function_size,
                lsda: fde.lsda_address().and_then(|address| tables.lsda_at(address)).map(|number| lsda_of[number]),
                program: program[..shape.map_or(program.len(), |shape| shape.size)].to_vec(),
            }
        });
        let frames = frames.collect();
        let index = tables.index.as_ref().map(|index| {
            let by_address = |number: usize| tables.frames.address + tables.fdes[number].range.start as u64;
            let numbers: HashMap<u64, usize> =
                (0..tables.fdes.len()).map(|number| (by_address(number), number)).collect();
            let entries = index.entries.iter().map(|entry| match numbers.get(&entry.fde) {
                Some(&number) if tables.fdes[number].address() == entry.function => Ok((entry.function, number)),
                _ => Err("an entry of the index is not for the function that it states"),
            });
            entries.collect::<Result<Vec<_>, _>>()
        });
        Ok(Self { commons, frames, lsdas, sources, index: index.transpose()? })
    }
}

fn common(table: &[u8], cie: &Cie) -> Common {
    let mut bytes = table.get(cie.range.clone()).unwrap_or_default().to_vec();
    let part = |range: &std::ops::Range<usize>| bytes.get(range.clone()).unwrap_or_default().to_vec();
    let mut initial = part(&cie.instructions);
    if let Some(shape) = ProgramShape::of(&[], &initial) {
        initial.truncate(shape.size);
    }
    let rules = (part(&cie.factors), initial);
    if let Some(personality) = cie.personality {
        bytes[personality.at..personality.at + personality.encoding.size()].fill(0);
    }
    Common {
        bytes,
        function_encoding: cie.function_encoding,
        lsda_encoding: cie.lsda_encoding,
        personality: cie.personality,
        code_alignment: cie.code_alignment,
        rules,
        is_special: cie.is_special,
    }
}

fn handlers(table: &[u8], lsda: &Lsda) -> Handlers {
    let mut bytes = table.get(lsda.range.clone()).unwrap_or_default().to_vec();
    for pointer in &lsda.types {
        bytes[pointer.at..pointer.at + pointer.encoding.size()].fill(0);
    }
    Handlers { bytes, types: lsda.types.iter().map(|pointer| (pointer.at, pointer.encoding, pointer.target)).collect() }
}

//! Frame descriptions: what `gimli` reads of `.eh_frame`, numbered so that equal contents have equal numbers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;
use std::rc::Rc;

use gimli::{
    BaseAddresses, CallFrameInstruction, CommonInformationEntry, EhFrame, EndianSlice, LittleEndian, Pointer,
    UnwindSection, Vendor,
};

use super::cursor::{Cursor, zero_at};
use super::loaded::Loaded;
use super::lsda::{Lsda, LsdaTrouble, decode};

pub(super) type Bytes<'data> = EndianSlice<'data, LittleEndian>;
type Cie<'data> = CommonInformationEntry<Bytes<'data>>;

/// Why unwind tables cannot be read: where, and in whose words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) address: u64,
    pub(super) why: String,
}

/// Equal things get equal numbers, from 1, in both files.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    numbers: HashMap<Rc<T>, u32>,
    things: Vec<Rc<T>>,
}

impl<T: Hash + Eq> Numbered<T> {
    fn new() -> Self {
        Self { numbers: HashMap::new(), things: Vec::new() }
    }

    fn number(&mut self, thing: T) -> u32 {
        if let Some(&known) = self.numbers.get(&thing) {
            return known;
        }
        let thing = Rc::new(thing);
        self.things.push(Rc::clone(&thing));
        let number = u32::try_from(self.things.len()).unwrap_or(u32::MAX);
        self.numbers.insert(thing, number);
        number
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        let index = (number as usize).checked_sub(1)?;
        self.things.get(index).map(|thing| &**thing)
    }
}

/// What frame descriptions have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Common {
    pub(super) version: u8,
    pub(super) code_alignment: u64,
    pub(super) data_alignment: i64,
    pub(super) return_register: u16,
    pub(super) signal: bool,
    /// Whether it is the place of a pointer, and the address.
    pub(super) personality: Option<(bool, u64)>,
    /// Number of the initial instructions.
    pub(super) instructions: u32,
}

/// All that was read in either file, by number.
#[derive(Debug)]
pub(super) struct Contents<'data> {
    pub(super) commons: Numbered<Common>,
    programs: Numbered<Cow<'data, [u8]>>,
    pub(super) lsdas: Numbered<Lsda>,
}

impl Contents<'_> {
    pub(super) fn new() -> Self {
        Self { commons: Numbered::new(), programs: Numbered::new(), lsdas: Numbered::new() }
    }
}

/// What a frame description says, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Says {
    pub(super) common: u32,
    /// The same without the personality.
    pub(super) bare_common: u32,
    pub(super) program: u32,
    /// 0 where there is none.
    pub(super) lsda: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Where it is in `.eh_frame`.
    pub(super) offset: usize,
    pub(super) begin: u64,
    pub(super) end: u64,
    pub(super) says: Says,
    /// True where a walk from the beginning comes to it: no terminator stands before it.
    pub(super) in_walk: bool,
}

/// The frame descriptions of a file, in the order of `.eh_frame`.
#[derive(Debug)]
pub(super) struct Frames<'data> {
    pub(super) section: EhFrame<Bytes<'data>>,
    pub(super) bases: BaseAddresses,
    pub(super) list: Vec<Frame>,
    /// Address of `.eh_frame`.
    pub(super) address: u64,
    /// How many bytes of it were read, the terminator included.
    pub(super) size: u64,
    /// Addresses that language-specific data covers, in the order of their beginnings.
    pub(super) lsda_extents: Vec<Range<u64>>,
    /// Beginnings of language-specific data in an unknown format.
    pub(super) unknown_lsdas: Vec<u64>,
}

/// Reads all frame descriptions from `address` on. `known_end` is where the section ends if that is known; otherwise the first
/// terminator ends it.
pub(super) fn read<'data>(
    loaded: &Loaded<'data>,
    vendor: Vendor,
    address: u64,
    known_end: Option<u64>,
    contents: &mut Contents<'data>,
) -> Result<Frames<'data>, Trouble> {
    let trouble = |why: &str| Trouble { address, why: why.to_owned() };
    let data = loaded.from(address).ok_or_else(|| trouble("no segment loads it"))?;
    let data = match known_end.and_then(|end| usize::try_from(end.checked_sub(address)?).ok()) {
        Some(size) => data.get(..size).ok_or_else(|| trouble("its section ends past its segment"))?,
        None => data,
    };
    let mut section = EhFrame::new(data, LittleEndian);
    section.set_address_size(8);
    section.set_vendor(vendor);
    let bases = BaseAddresses::default().set_eh_frame(address);
    let frames = Frames {
        section,
        bases,
        list: Vec::new(),
        address,
        size: 0,
        lsda_extents: Vec::new(),
        unknown_lsdas: Vec::new(),
    };
    // Legitimate tables take at least four bytes for each item.
    let budget = loaded.size() / 4 + 65_536;
    let mut reader = Reader { loaded, data, frames, contents, cies: HashMap::new(), lsdas: HashMap::new(), budget };
    reader.walk(known_end.is_some())?;
    Ok(reader.frames)
}

struct Reader<'data, 'a> {
    loaded: &'a Loaded<'data>,
    data: &'data [u8],
    frames: Frames<'data>,
    contents: &'a mut Contents<'data>,
    /// By offset: the entry, and its numbers with and without the personality.
    cies: HashMap<usize, (Cie<'data>, u32, u32)>,
    /// By address.
    lsdas: HashMap<u64, u32>,
    budget: u64,
}

impl<'data> Reader<'data, '_> {
    fn trouble(&self, offset: usize, why: impl Into<String>) -> Trouble {
        Trouble { address: self.frames.address.wrapping_add(offset as u64), why: why.into() }
    }

    fn walk(&mut self, end_is_known: bool) -> Result<(), Trouble> {
        let (mut at, mut in_walk) = (0, true);
        while at < self.data.len() {
            let mut cursor = Cursor::new(self.data, at);
            let Some(length) = cursor.unsigned(4) else {
                // Less than a length is filling.
                return if in_walk { Err(self.trouble(at, "it ends in the middle of an entry")) } else { Ok(()) };
            };
            if length == 0 {
                in_walk = false;
                at += 4;
                self.frames.size = at as u64;
                if end_is_known {
                    continue;
                }
                return Ok(());
            }
            if length == 0xffff_ffff {
                return Err(self.trouble(at, "an entry of the 64-bit format"));
            }
            let past = cursor.clone().take(length as usize).map(|_| cursor.at() + length as usize);
            let past =
                past.ok_or_else(|| self.trouble(at, format!("an entry of {length} bytes leaves its section")))?;
            match cursor.unsigned(4) {
                // Common parts are read where a frame description refers to them.
                Some(0) => {}
                Some(_) => self.frame(at, past, in_walk)?,
                None => return Err(self.trouble(at, "an entry without room for its head")),
            }
            at = past;
            self.frames.size = at as u64;
        }
        Ok(())
    }

    fn frame(&mut self, offset: usize, past: usize, in_walk: bool) -> Result<(), Trouble> {
        let section = self.frames.section;
        let gimli = |why: gimli::Error| why.to_string();
        let partial = section.partial_fde_from_offset(&self.frames.bases, offset.into());
        let partial = partial.map_err(|why| self.trouble(offset, gimli(why)))?.cie_offset().0;
        let (cie, common, bare_common) = self.common(partial).map_err(|why| self.trouble(offset, why))?;
        let fde = section.fde_from_offset(&self.frames.bases, offset.into(), |_, _, _| Ok(cie.clone()));
        let fde = fde.map_err(|why| self.trouble(offset, gimli(why)))?;
        let cie = fde.cie();
        let head = || {
            let mut at = Cursor::new(self.data, offset.checked_add(8)?);
            let encoding = cie.fde_address_encoding().map_or(0, |encoding| encoding.0);
            skip(&mut at, encoding)?;
            skip(&mut at, encoding)?;
            let mut lsda = None;
            if self.has_z(cie) {
                let size = usize::try_from(at.uleb128()?).ok()?;
                let data = at.at();
                at.take(size)?;
                lsda = cie.lsda_encoding().map(|encoding| (data, encoding.0));
            }
            Some((at.at(), lsda))
        };
        let (start, lsda) = head().ok_or_else(|| self.trouble(offset, "its head cannot be read"))?;
        let raw = self.data.get(start..past).ok_or_else(|| self.trouble(offset, "its instructions leave the entry"))?;
        let program = program(&mut self.contents.programs, raw, fde.instructions(&section, &self.frames.bases));
        let lsda = match (lsda, fde.lsda()) {
            // Zero is no pointer, whatever it would count from.
            (Some((at, encoding)), Some(pointer)) if !self.is_zero(at, encoding) => {
                let Pointer::Direct(address) = pointer else {
                    return Err(self.trouble(offset, "an indirect pointer to language-specific data"));
                };
                self.lsda(address).map_err(|why| self.trouble(offset, why))?
            }
            _ => 0,
        };
        let (begin, end) = (fde.initial_address(), fde.initial_address().wrapping_add(fde.len()));
        if end < begin {
            return Err(self.trouble(offset, "its range wraps around"));
        }
        let says = Says { common, bare_common, program, lsda };
        self.frames.list.push(Frame { offset, begin, end, says, in_walk });
        Ok(())
    }

    /// gimli does not say whether the augmentation begins with `z`.
    fn has_z(&self, cie: &Cie<'data>) -> bool {
        self.data.get(cie.offset() + 9) == Some(&b'z')
    }

    fn is_zero(&self, at: usize, encoding: u8) -> bool {
        let mut cursor = Cursor::new(self.data, at);
        let skipped = skip(&mut cursor, encoding).and_then(|()| self.data.get(at..cursor.at()));
        skipped.is_none_or(|bytes| bytes.iter().all(|&byte| byte == 0))
    }

    /// The common part at `offset`, and its numbers.
    fn common(&mut self, offset: usize) -> Result<(Cie<'data>, u32, u32), String> {
        if let Some((cie, full, bare)) = self.cies.get(&offset) {
            return Ok((cie.clone(), *full, *bare));
        }
        let section = self.frames.section;
        let cie = section.cie_from_offset(&self.frames.bases, offset.into()).map_err(|why| why.to_string())?;
        let raw = self.initial_instructions(&cie).ok_or("the head of its common part cannot be read")?;
        let instructions = program(&mut self.contents.programs, raw, cie.instructions(&section, &self.frames.bases));
        let personality = cie.personality().map(|pointer| match pointer {
            Pointer::Direct(address) => (false, address),
            Pointer::Indirect(address) => (true, address),
        });
        let common = Common {
            version: cie.version(),
            code_alignment: cie.code_alignment_factor(),
            data_alignment: cie.data_alignment_factor(),
            return_register: cie.return_address_register().0,
            signal: cie.is_signal_trampoline(),
            personality,
            instructions,
        };
        let bare = self.contents.commons.number(Common { personality: None, ..common.clone() });
        let full = self.contents.commons.number(common);
        self.cies.insert(offset, (cie.clone(), full, bare));
        Ok((cie, full, bare))
    }

    fn initial_instructions(&self, cie: &Cie<'data>) -> Option<&'data [u8]> {
        let past = cie.offset().checked_add(4)?.checked_add(cie.entry_len())?;
        let string_end = zero_at(self.data, cie.offset() + 9)?;
        let mut at = Cursor::new(self.data, string_end + 1);
        at.uleb128()?;
        at.sleb128()?;
        if cie.version() == 1 {
            at.u8()?;
        } else {
            at.uleb128()?;
        }
        if self.has_z(cie) {
            let size = at.uleb128()?;
            at.take(usize::try_from(size).ok()?)?;
        }
        self.data.get(at.at()..past)
    }

    /// Number of the language-specific data at `address`.
    fn lsda(&mut self, address: u64) -> Result<u32, String> {
        if let Some(&known) = self.lsdas.get(&address) {
            return Ok(known);
        }
        let decoded = match self.loaded.from(address) {
            Some(bytes) => decode(bytes, address, &mut self.budget),
            None => Err(LsdaTrouble::Unknown),
        };
        let number = match decoded {
            Ok((lsda, size)) => {
                self.frames.lsda_extents.push(address..address.saturating_add(size as u64));
                self.contents.lsdas.number(lsda)
            }
            Err(LsdaTrouble::Unknown) => {
                self.frames.unknown_lsdas.push(address);
                self.contents.lsdas.number(Lsda { unreadable_at: Some(address), ..Lsda::default() })
            }
            Err(LsdaTrouble::Budget) => return Err("its language-specific data lies over that of others".to_owned()),
        };
        self.lsdas.insert(address, number);
        Ok(number)
    }
}

/// Number of a program of call frame instructions: its bytes, without the filling at its end.
fn program<'data>(
    programs: &mut Numbered<Cow<'data, [u8]>>,
    raw: &'data [u8],
    mut steps: gimli::CallFrameInstructionIter<'_, Bytes<'data>>,
) -> u32 {
    let (mut nops, mut places) = (0, Vec::new());
    let readable = loop {
        match steps.next() {
            Ok(Some(CallFrameInstruction::Nop)) => nops += 1,
            Ok(Some(CallFrameInstruction::SetLoc { address })) => places.extend(address.to_le_bytes()),
            Ok(Some(_)) => nops = 0,
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    if !places.is_empty() {
        // Their bytes may count from where they stand: what they mean goes beside them.
        return programs.number(Cow::Owned([raw, &places].concat()));
    }
    // What cannot be read is compared whole.
    let filling = if readable { nops } else { 0 };
    let program = raw.get(..raw.len().saturating_sub(filling)).unwrap_or(raw);
    programs.number(Cow::Borrowed(program))
}

/// Passes over a pointer.
fn skip(at: &mut Cursor<'_>, encoding: u8) -> Option<()> {
    match encoding & 0x0f {
        0x00 | 0x04 | 0x0c => at.take(8).map(|_| ()),
        0x01 | 0x09 => at.uleb128().map(|_| ()),
        0x02 | 0x0a => at.take(2).map(|_| ()),
        0x03 | 0x0b => at.take(4).map(|_| ()),
        _ => None,
    }
}

//! Frame descriptions of neighbouring functions, written as one: by an encoder of the tests' own, that can be told to write it wrong.

use std::collections::BTreeMap;
use std::ops::Range;

use lambda_slim::slim::{Changes, VerifyError};

use crate::subject::{ARM64, Fde, Subject, X86_64, put32, put64};

/// One frame description for several functions. Tests change what they want to be wrong.
#[derive(Clone)]
pub(crate) struct Merged<'s> {
    pub(crate) subject: &'s Subject,
    /// Those that it takes the place of, in the order of their addresses.
    pub(crate) olds: Vec<Fde>,
    /// Where the common part is.
    pub(crate) cie: usize,
    pub(crate) begin: u64,
    pub(crate) end: u64,
    pub(crate) program: Vec<u8>,
    /// File range for its language-specific data, and what is written there.
    pub(crate) handlers: Option<(Range<usize>, Vec<u8>)>,
    pub(crate) stands: Stands,
}

/// Where the new description is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    BesideItsLike,
    BehindTheTerminator,
}

/// A call site from the beginning of the description: start, length, pad, action.
pub(crate) type Site = [u64; 4];

pub(crate) fn end(fde: &Fde) -> u64 {
    fde.begin + u64::from(fde.size)
}

impl<'s> Merged<'s> {
    /// As it should be, without handlers.
    pub(crate) fn new(subject: &'s Subject, olds: &[Fde]) -> Self {
        let [first, .., last] = olds else { panic!("two at least") };
        let mut merged = Self {
            subject,
            olds: olds.to_vec(),
            cie: first.cie,
            begin: first.begin,
            end: end(last),
            program: Vec::new(),
            handlers: None,
            stands: Stands::BesideItsLike,
        };
        merged.program = merged.program_with(|_| 0, 0x0b);
        merged
    }

    /// The programs one after the other; `late` says by how much the one of a number begins too late, `back` what is done there.
    pub(crate) fn program_with(&self, late: impl Fn(usize) -> i64, back: u8) -> Vec<u8> {
        let mut program = Vec::new();
        let mut at = self.begin;
        for (number, old) in self.olds.iter().enumerate() {
            if number > 0 {
                let to = old.begin.wrapping_add_signed(late(number));
                let distance = u16::try_from(to - at).expect("functions are small");
                program.push(3);
                program.extend(distance.to_le_bytes());
                program.push(back);
            }
            if number + 1 < self.olds.len() {
                program.push(0x0a);
            }
            let steps = steps(self.subject, old);
            program.extend(&self.subject.data[old.cfi.start..steps.end]);
            // A program that began too late ends too late.
            at = old.begin.wrapping_add_signed(if number > 0 { late(number) } else { 0 }) + steps.advanced;
        }
        program
    }

    /// Call sites of all functions. Those without handlers have one, of no pad and no action.
    pub(crate) fn sites(&self) -> Vec<Site> {
        let mut sites = Vec::new();
        for old in &self.olds {
            let from = old.begin - self.begin;
            match old.lsda {
                None => sites.push([from, u64::from(old.size), 0, 0]),
                Some(lsda) => sites.extend(self.subject.call_sites(lsda).0.iter().map(|site| {
                    let [start, length, pad, action] = [0, 1, 2, 3].map(|field| self.subject.uleb_at(&site[field]));
                    assert_eq!(action, 0, "only cleanups are written");
                    [from + start, length, if pad == 0 { 0 } else { from + pad }, 0]
                })),
            }
        }
        sites
    }

    /// Writes `sites` to `place`, with the common part of the first function that has handlers.
    pub(crate) fn with_handlers(mut self, place: &Range<usize>, sites: &[Site]) -> Self {
        let mut table = Vec::new();
        sites.iter().flatten().for_each(|&field| push_uleb(&mut table, field));
        let mut lsda = vec![0xff, 0xff, 1];
        push_uleb(&mut lsda, table.len() as u64);
        lsda.extend(table);
        // An action record for wrong call sites: a cleanup.
        lsda.extend([0, 0]);
        assert!(lsda.len() <= place.len(), "{} bytes in {place:x?}", lsda.len());
        self.cie = self.olds.iter().find(|old| old.lsda.is_some()).map_or(self.cie, |old| old.cie);
        self.handlers = Some((place.clone(), lsda));
        self
    }

    /// Writes the frame descriptions anew, with this one in place of the old ones, and the index for them.
    pub(crate) fn write(&self, data: &mut [u8]) {
        let subject = self.subject;
        if let Some((place, lsda)) = &self.handlers {
            data[place.clone()].fill(0);
            data[place.start..place.start + lsda.len()].copy_from_slice(lsda);
        }
        let section = subject.section(".eh_frame");
        data[section.clone()].fill(0);
        let by_place: BTreeMap<usize, &Fde> = subject.fdes.iter().map(|fde| (fde.at, fde)).collect();
        let host = subject.fdes.iter().rfind(|fde| fde.cie == self.cie).expect("a description of this common part");
        let mut cies = BTreeMap::new();
        let mut index = BTreeMap::new();
        let (mut at, mut to) = (section.start, section.start);
        while subject.u32(at) != 0 {
            let past = at + 4 + subject.u32(at) as usize;
            let gone = self.olds.iter().any(|old| old.at == at);
            if !gone {
                data[to..to + (past - at)].copy_from_slice(&subject.data[at..past]);
            }
            match by_place.get(&at) {
                None => {
                    cies.insert(at, to);
                    move_personality(subject, at, data, to);
                    to += past - at;
                }
                Some(fde) if !gone => {
                    put32(data, to + 4, (to + 4 - cies[&fde.cie]) as u32);
                    put_relative(subject, data, to + 8, 4, fde.begin);
                    if let Some((field, lsda)) = fde.lsda_field.as_ref().zip(fde.lsda) {
                        put_relative(subject, data, to + (field.start - at), field.len(), subject.address(lsda));
                    }
                    index.insert(fde.begin, subject.address(to));
                    to += past - at;
                }
                Some(_) => {}
            }
            if host.at == at && self.stands == Stands::BesideItsLike {
                index.insert(self.begin, subject.address(to));
                to = self.entry(data, to, cies[&self.cie]);
            }
            at = past;
        }
        if self.stands == Stands::BehindTheTerminator {
            index.insert(self.begin, subject.address(to + 4));
            self.entry(data, to + 4, cies[&self.cie]);
        }
        let header = subject.section(".eh_frame_hdr");
        data[header.start + 12..header.end].fill(0);
        put32(data, header.start + 8, index.len() as u32);
        let base = subject.address(header.start);
        for (number, (from, to)) in index.into_iter().enumerate() {
            put32(data, header.start + 12 + 8 * number, from.wrapping_sub(base) as u32);
            put32(data, header.start + 16 + 8 * number, to.wrapping_sub(base) as u32);
        }
    }

    /// Writes the description itself; where the next may stand.
    fn entry(&self, data: &mut [u8], to: usize, cie: usize) -> usize {
        put32(data, to + 4, (to + 4 - cie) as u32);
        put_relative(self.subject, data, to + 8, 4, self.begin);
        put32(data, to + 12, (self.end - self.begin) as u32);
        let of_cie = self.subject.fdes.iter().find(|fde| fde.cie == self.cie).expect("one");
        let size = usize::from(self.subject.data[of_cie.at + 16]);
        data[to + 16] = size as u8;
        if let Some((place, _)) = &self.handlers {
            put_relative(self.subject, data, to + 17, size, self.subject.address(place.start));
        }
        let program = to + 17 + size;
        data[program..program + self.program.len()].copy_from_slice(&self.program);
        let past = to + (program + self.program.len() - to).next_multiple_of(4);
        put32(data, to, (past - to - 4) as u32);
        past
    }
}

pub(crate) fn put_relative(subject: &Subject, data: &mut [u8], at: usize, width: usize, target: u64) {
    let distance = target.wrapping_sub(subject.address(at));
    if width == 4 { put32(data, at, distance as u32) } else { put64(data, at, distance) }
}

fn move_personality(subject: &Subject, cie: usize, data: &mut [u8], to: usize) {
    if !subject.data[cie + 9..].starts_with(b"zPLR") {
        return;
    }
    // Behind the string, the alignment factors and the return register of one byte each, and the size.
    let field = cie + 9 + 5 + 4;
    let encoding = subject.data[field];
    assert!(matches!(encoding, 0x9b | 0x9c), "{encoding:#x}");
    let width = if encoding == 0x9b { 4 } else { 8 };
    let distance = if width == 4 {
        i64::from(subject.u32(field + 1).cast_signed()).cast_unsigned()
    } else {
        subject.u64(field + 1)
    };
    put_relative(subject, data, to + (field + 1 - cie), width, subject.address(field + 1).wrapping_add(distance));
}

pub(crate) fn push_uleb(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// What a program of call frame instructions does, as far as the tests need to know.
pub(crate) struct Steps {
    /// Past its last instruction that is no filling.
    pub(crate) end: usize,
    /// How far it advances.
    pub(crate) advanced: u64,
    /// Whether it saves a register, and never says that it is as before.
    pub(crate) leaves_a_rule: bool,
}

pub(crate) fn steps(subject: &Subject, fde: &Fde) -> Steps {
    assert_eq!(
        subject.data[fde.cie + 9..].iter().position(|&byte| byte == 0).map(|end| subject.data[fde.cie + 10 + end]),
        Some(1)
    );
    let (mut at, mut steps) = (fde.cfi.start, Steps { end: fde.cfi.start, advanced: 0, leaves_a_rule: false });
    let mut restores = false;
    while at < fde.cfi.end {
        let step = subject.data[at];
        at += 1;
        let uleb = |count: usize, at: &mut usize| (0..count).map(|_| subject.uleb(at)).last().unwrap_or(0);
        match step {
            0 => continue,
            0x40..0x80 => steps.advanced += u64::from(step & 0x3f),
            0x80..0xc0 => {
                uleb(1, &mut at);
                steps.leaves_a_rule = true;
            }
            0xc0.. => restores = true,
            2 => (steps.advanced, at) = (steps.advanced + u64::from(subject.data[at]), at + 1),
            3 => {
                let distance = u16::from_le_bytes([subject.data[at], subject.data[at + 1]]);
                (steps.advanced, at) = (steps.advanced + u64::from(distance), at + 2);
            }
            4 => (steps.advanced, at) = (steps.advanced + u64::from(subject.u32(at)), at + 4),
            0x05 | 0x09 | 0x0c | 0x11..=0x12 | 0x14..=0x15 => _ = uleb(2, &mut at),
            0x06 | 0x07 | 0x08 | 0x0d | 0x0e | 0x13 | 0x2e => _ = uleb(1, &mut at),
            0x0a | 0x0b | 0x2d => restores |= step != 0x2d,
            0x0f => at += uleb(1, &mut at) as usize,
            0x10 | 0x16 => at += uleb(2, &mut at) as usize,
            _ => panic!("{step:#x} in {fde:x?}"),
        }
        steps.end = at;
    }
    steps.leaves_a_rule &= !restores;
    steps
}

pub(crate) fn declared(subject: &Subject) -> Changes {
    Changes { merged_frames: true, ..Changes::of_ranges(subject.unwind_tables()) }
}

fn by_address(subject: &Subject) -> Vec<Fde> {
    let mut fdes = subject.fdes.clone();
    fdes.sort_by_key(|fde| fde.begin);
    fdes
}

/// Nothing but what linkers and assemblers put between functions.
fn is_filling(subject: &Subject, from: u64, to: u64) -> bool {
    let Some(size) = to.checked_sub(from).filter(|&size| size < 64) else { return false };
    if size == 0 {
        return true;
    }
    let bytes = &subject.data[subject.offset(from - 1) + 1..][..size as usize];
    let arm64 = |word: &[u8]| word == [0; 4] || word == [0x1f, 0x20, 3, 0xd5];
    bytes.iter().all(|&byte| byte == 0xcc || byte == 0) || bytes.chunks(4).all(arm64)
}

/// The first functions side by side, so many of them, for which `fits` holds; nothing in their programs is remembered.
pub(crate) fn neighbours(subject: &Subject, count: usize, fits: impl Fn(&[Fde]) -> bool) -> Option<Vec<Fde>> {
    let fdes = by_address(subject);
    let simple = |fde: &Fde| {
        let program = &subject.data[fde.cfi.clone()];
        fde.size > 1 && !program.contains(&0x0a) && !program.contains(&0x0b)
    };
    let beside = |fdes: &[Fde]| {
        fdes.iter().all(simple)
            && fdes.windows(2).all(|pair| is_filling(subject, end(&pair[0]), pair[1].begin))
            && end(&fdes[count - 1]) - fdes[0].begin < 0x8000
    };
    fdes.windows(count).find(|fdes| beside(fdes) && fits(fdes)).map(<[Fde]>::to_vec)
}

pub(crate) fn plain(fdes: &[Fde]) -> bool {
    fdes.iter().all(|fde| fde.lsda.is_none() && fde.cie == fdes[0].cie)
}

/// Programs of Rust, and by how much code advances at least.
pub(crate) fn subjects() -> [(&'static Subject, i64); 2] {
    [(&*ARM64, 4), (&*X86_64, 1)]
}

#[track_caller]
pub(crate) fn after(merged: &Merged<'_>) -> Result<(), VerifyError> {
    merged.subject.after_edit(&declared(merged.subject), |data| merged.write(data))
}

#[track_caller]
pub(crate) fn names(error: Result<(), VerifyError>, fde: &Fde, part: &str) {
    let Err(VerifyError::Frame { begin, end: past, what }) = error else { panic!("{part} of {fde:x?}: {error:?}") };
    assert_eq!((begin, past, what), (fde.begin, end(fde), part));
}

pub(crate) fn missing(fde: &Fde) -> Result<(), VerifyError> {
    Err(VerifyError::FrameMissing { begin: fde.begin, end: end(fde) })
}

pub(crate) fn no_row(address: u64) -> Result<(), VerifyError> {
    Err(VerifyError::Lookup { address, what: "row" })
}

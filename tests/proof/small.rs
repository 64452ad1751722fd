//! Small programs of the tests' own: some code, its frame descriptions, their index, and language-specific data. All have the same layout,
//! so that two of them differ in what they say alone.

use lambda_slim::slim::{Changes, VerifyError, same_program};

use crate::merging::{Site, push_uleb};
use crate::subject::{put32, put64};

pub(crate) const X86_64: u16 = 62;
pub(crate) const ARM64: u16 = 183;

/// Bytes of the file stand so much higher in memory.
const BASE: u64 = 0x1_0000;
const INDEX: usize = 0x100;
const FRAMES: usize = 0x200;
const LSDAS: usize = 0x600;
/// Room for one table.
const LSDA: usize = 0x80;
const TEXT: usize = 0xa00;
/// Where the code of a program begins, behind some that does nothing.
const CODE: usize = TEXT + 16;
const END: usize = 0x1000;
const NAMES: &[u8] = b"\0.eh_frame_hdr\0.eh_frame\0.gcc_except_table\0.text\0.shstrtab\0";

/// What a function has for handlers.
#[derive(Debug, Clone)]
pub(crate) enum Handlers {
    /// No personality either.
    None,
    /// A personality alone.
    Null,
    /// Action 1 is a cleanup, action 3 is for the one type.
    Sites(Vec<Site>),
}

/// A frame description, for a range of the code.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) handlers: Handlers,
    /// Call frame instructions.
    pub(crate) program: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct Small {
    pub(crate) machine: u16,
    pub(crate) code: Vec<u8>,
    pub(crate) frames: Vec<Described>,
    /// Address of the one type.
    pub(crate) of_type: u32,
    /// The frame of this number is made by a signal, and any behind it.
    pub(crate) signal: usize,
    /// Nothing stands before the code in its segment.
    pub(crate) bare_start: bool,
}

pub(crate) fn described(from: u64, to: u64, handlers: Handlers) -> Described {
    Described { from, to, handlers, program: Vec::new() }
}

impl Small {
    pub(crate) fn new(machine: u16, code: &[u8], frames: &[Described]) -> Self {
        let frames = frames.to_vec();
        Self { machine, code: code.to_vec(), frames, of_type: 0, signal: usize::MAX, bare_start: false }
    }

    /// The same with one description for all code, of these call sites.
    pub(crate) fn with_sites(&self, sites: &[Site]) -> Self {
        let handlers = Handlers::Sites(sites.to_vec());
        Self { frames: vec![described(0, self.code.len() as u64, handlers)], ..self.clone() }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut file = vec![0; END];
        self.headers(&mut file);
        let filling: &[u8] = if self.machine == ARM64 { &[0x1f, 0x20, 3, 0xd5] } else { &[0x90; 4] };
        (TEXT..CODE).step_by(4).for_each(|at| file[at..at + 4].copy_from_slice(filling));
        file[CODE..CODE + self.code.len()].copy_from_slice(&self.code);
        file[INDEX..INDEX + 4].copy_from_slice(&[1, 0x1b, 3, 0x3b]);
        put32(&mut file, INDEX + 4, (FRAMES - INDEX - 4) as u32);
        put32(&mut file, INDEX + 8, self.frames.len() as u32);
        let mut to = FRAMES;
        for (number, frame) in self.frames.iter().enumerate() {
            let cie = to;
            to = Self::cie(&mut file, to, !matches!(frame.handlers, Handlers::None), number >= self.signal);
            put32(&mut file, INDEX + 12 + 8 * number, (CODE + frame.from as usize - INDEX) as u32);
            put32(&mut file, INDEX + 16 + 8 * number, (to - INDEX) as u32);
            to = self.fde(&mut file, to, cie, number, frame);
        }
        assert!(to + 4 <= LSDAS);
        file.extend(NAMES);
        let sections = file.len();
        put64(&mut file, 0x28, sections as u64);
        for (name, kind, range) in [
            ("", 0, 0..0),
            (".eh_frame_hdr", 1, INDEX..FRAMES),
            (".eh_frame", 1, FRAMES..LSDAS),
            (".gcc_except_table", 1, LSDAS..TEXT),
            (".text", 1, TEXT..END),
            (".shstrtab", 3, END..sections),
        ] {
            let header = file.len();
            file.resize(header + 64, 0);
            let name = format!("\0{name}\0");
            let at = NAMES.windows(name.len()).position(|bytes| bytes == name.as_bytes()).map_or(0, |at| at + 1);
            put32(&mut file, header, at as u32);
            put32(&mut file, header + 4, kind);
            if kind == 1 {
                put64(&mut file, header + 8, if range.start == TEXT { 6 } else { 2 });
                put64(&mut file, header + 16, BASE + range.start as u64);
            }
            put64(&mut file, header + 24, range.start as u64);
            put64(&mut file, header + 32, range.len() as u64);
        }
        file
    }

    fn headers(&self, file: &mut [u8]) {
        file[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\0");
        file[16] = 3;
        file[18..20].copy_from_slice(&self.machine.to_le_bytes());
        file[20] = 1;
        put64(file, 0x20, 64);
        file[0x34] = 64;
        file[0x36] = 56;
        file[0x38] = 3;
        file[0x3a] = 64;
        file[0x3c] = 6;
        file[0x3e] = 5;
        let text = if self.bare_start { CODE } else { TEXT };
        let segments = [(1, 4, 0..TEXT), (1, 5, text..END), (0x6474_e550, 4, INDEX..FRAMES)];
        for (number, (kind, flags, range)) in segments.into_iter().enumerate() {
            let header = 64 + 56 * number;
            put32(file, header, kind);
            put32(file, header + 4, flags);
            put64(file, header + 8, range.start as u64);
            put64(file, header + 16, BASE + range.start as u64);
            put64(file, header + 24, BASE + range.start as u64);
            put64(file, header + 32, range.len() as u64);
            put64(file, header + 40, range.len() as u64);
            put64(file, header + 48, 1);
        }
    }

    fn cie(file: &mut [u8], at: usize, personality: bool, signal: bool) -> usize {
        let mut entry = vec![0, 0, 0, 0, 0, 0, 0, 0, 1];
        entry.extend(if personality { "zPLR" } else { "zR" }.as_bytes());
        entry.extend(if signal { "S\0" } else { "\0" }.as_bytes());
        entry.extend([1, 0x78, 16]);
        if personality {
            entry.extend([7, 0x1b]);
            entry.extend((TEXT as u32).wrapping_sub((at + entry.len()) as u32).to_le_bytes());
            entry.extend([0x1b, 0x1b]);
        } else {
            entry.extend([1, 0x1b]);
        }
        // The frame is at 8 behind register 7; register 16 is saved in it.
        entry.extend([0x0c, 7, 8, 0x90, 1]);
        entry_at(file, at, entry)
    }

    fn fde(&self, file: &mut [u8], at: usize, cie: usize, number: usize, frame: &Described) -> usize {
        let relative = |target: usize, field: usize| (target as u32).wrapping_sub(field as u32).to_le_bytes();
        let mut entry = vec![0, 0, 0, 0];
        entry.extend(((at + 4 - cie) as u32).to_le_bytes());
        entry.extend(relative(CODE + frame.from as usize, at + 8));
        entry.extend(((frame.to - frame.from) as u32).to_le_bytes());
        match &frame.handlers {
            Handlers::None => entry.push(0),
            Handlers::Null => entry.extend([4, 0, 0, 0, 0]),
            Handlers::Sites(sites) => {
                let place = LSDAS + LSDA * number;
                let table = self.lsda(sites);
                assert!(table.len() <= LSDA && place + LSDA <= TEXT, "no room for {sites:x?}");
                file[place..place + table.len()].copy_from_slice(&table);
                entry.push(4);
                entry.extend(relative(place, at + 17));
            }
        }
        entry.extend(&frame.program);
        entry_at(file, at, entry)
    }

    fn lsda(&self, sites: &[Site]) -> Vec<u8> {
        let mut table = Vec::new();
        sites.iter().flatten().for_each(|&field| push_uleb(&mut table, field));
        let mut behind = vec![1];
        push_uleb(&mut behind, table.len() as u64);
        behind.extend(table);
        // A cleanup; the first type.
        behind.extend([0, 0, 1, 0]);
        behind.extend(self.of_type.to_le_bytes());
        let mut lsda = vec![0xff, 3];
        push_uleb(&mut lsda, behind.len() as u64);
        lsda.extend(behind);
        lsda
    }

    /// What the proof says of `after` in the place of this one.
    #[track_caller]
    pub(crate) fn becomes(&self, after: &Self, changes: &Changes) -> Result<(), VerifyError> {
        same_program(&self.write(), &after.write(), changes)
    }
}

/// Writes an entry of `.eh_frame`; where the next may stand.
fn entry_at(file: &mut [u8], at: usize, mut entry: Vec<u8>) -> usize {
    entry.resize(entry.len().next_multiple_of(4), 0);
    let length = entry.len() as u32 - 4;
    file[at..at + entry.len()].copy_from_slice(&entry);
    put32(file, at, length);
    at + entry.len()
}

/// All unwind tables may differ.
pub(crate) fn tables() -> Changes {
    Changes::of_ranges(std::iter::once(INDEX as u64..TEXT as u64).collect())
}

/// The address of a place in the code.
pub(crate) fn address(at: u64) -> u64 {
    BASE + CODE as u64 + at
}

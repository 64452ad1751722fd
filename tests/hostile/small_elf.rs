//! A byte builder for ELF files: small, valid, every field known. What a test wants wrong it overwrites afterwards.

use lambda_slim::elf::Architecture;

pub(crate) const EHDR: usize = 64;
pub(crate) const PHDR: usize = 56;
pub(crate) const SHDR: usize = 64;
const ALLOC: u64 = 2;

pub(crate) const PROGBITS: u32 = 1;
pub(crate) const SYMTAB: u32 = 2;
pub(crate) const STRTAB: u32 = 3;
pub(crate) const DYNAMIC: u32 = 6;
pub(crate) const NOTE: u32 = 7;
pub(crate) const NOBITS: u32 = 8;
pub(crate) const VERNEED: u32 = 0x6fff_fffe;

pub(crate) const PT_LOAD: u32 = 1;
pub(crate) const PT_DYNAMIC: u32 = 2;
pub(crate) const PT_INTERP: u32 = 3;
pub(crate) const PT_NOTE: u32 = 4;

/// A section to be.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) kind: u32,
    pub(crate) loaded: bool,
    pub(crate) data: Vec<u8>,
    pub(crate) link: u32,
    pub(crate) info: u32,
    /// The segment that covers just this section, besides the one that loads it.
    pub(crate) segment: Option<u32>,
    /// `sh_size` of a section without bytes.
    pub(crate) zeroes: u64,
}

impl Part {
    pub(crate) fn new(name: &'static str, kind: u32, loaded: bool, data: impl Into<Vec<u8>>) -> Self {
        Self { name, kind, loaded, data: data.into(), link: 0, info: 0, segment: None, zeroes: 0 }
    }

    pub(crate) fn in_segment(self, segment: u32) -> Self {
        Self { segment: Some(segment), ..self }
    }

    pub(crate) fn link(self, link: u32) -> Self {
        Self { link, ..self }
    }
}

/// A program: sections in order, loaded ones first; one segment loads them at addresses equal to their offsets.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) architecture: Architecture,
    pub(crate) parts: Vec<Part>,
    /// Further program headers, as they are.
    pub(crate) more_segments: Vec<[u8; PHDR]>,
}

impl Program {
    fn segment_count(&self) -> usize {
        1 + self.parts.iter().filter(|part| part.segment.is_some()).count() + self.more_segments.len()
    }

    /// Where the data of each part lies.
    pub(crate) fn offsets(&self) -> Vec<usize> {
        let mut at = EHDR + self.segment_count() * PHDR;
        let mut offsets = Vec::new();
        for part in &self.parts {
            at = at.next_multiple_of(8);
            offsets.push(at);
            at += part.data.len();
        }
        offsets
    }

    pub(crate) fn place(&self, name: &str) -> usize {
        self.offsets()[self.index(name)]
    }

    fn index(&self, name: &str) -> usize {
        self.parts.iter().position(|part| part.name == name).expect("a part of that name")
    }

    pub(crate) fn part(&mut self, name: &str) -> &mut Part {
        let index = self.index(name);
        &mut self.parts[index]
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let offsets = self.offsets();
        let loaded_end = self.parts.iter().zip(&offsets).filter(|(part, _)| part.loaded);
        let loaded_end = loaded_end.map(|(part, offset)| offset + part.data.len()).max().unwrap_or(EHDR);

        let mut file = vec![0; EHDR];
        file.extend(segment(PT_LOAD, 7, 0, loaded_end, 0x1000));
        for (part, &offset) in self.parts.iter().zip(&offsets) {
            if let Some(kind) = part.segment {
                file.extend(segment(kind, 4, offset, part.data.len(), 8));
            }
        }
        file.extend(self.more_segments.concat());
        for (part, &offset) in self.parts.iter().zip(&offsets) {
            file.resize(offset, 0);
            file.extend(&part.data);
        }
        let mut names = vec![0];
        let mut headers = vec![0; SHDR];
        let names_at = file.len();
        let own = Part::new(".shstrtab", STRTAB, false, []);
        let all = self.parts.iter().zip(offsets).chain([(&own, names_at)]);
        for (part, offset) in all {
            let name = names.len();
            names.extend(part.name.as_bytes());
            names.push(0);
            let size = if part.kind == NOBITS { part.zeroes } else { part.data.len() as u64 };
            let address = if part.loaded { offset as u64 } else { 0 };
            headers.extend(section(part, name, address, offset, size));
        }
        let own_size = headers.len() - SHDR + 32;
        headers[own_size..own_size + 8].copy_from_slice(&(names.len() as u64).to_le_bytes());
        file.extend(names);
        file.resize(file.len().next_multiple_of(8), 0);
        let table = file.len();
        let count = headers.len() / SHDR;
        file.extend(headers);
        self.header(&mut file, table, count);
        file
    }

    fn header(&self, file: &mut [u8], table: usize, count: usize) {
        let machine: u16 = if self.architecture == Architecture::Arm64 { 183 } else { 62 };
        file[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\0");
        put(file, 16, 3_u16.to_le_bytes());
        put(file, 18, machine.to_le_bytes());
        put(file, 20, 1_u32.to_le_bytes());
        put(file, 32, (EHDR as u64).to_le_bytes());
        put(file, 40, (table as u64).to_le_bytes());
        put(file, 52, (EHDR as u16).to_le_bytes());
        put(file, 54, (PHDR as u16).to_le_bytes());
        put(file, 56, (self.segment_count() as u16).to_le_bytes());
        put(file, 58, (SHDR as u16).to_le_bytes());
        put(file, 60, (count as u16).to_le_bytes());
        put(file, 62, (count as u16 - 1).to_le_bytes());
    }
}

pub(crate) fn put<const N: usize>(file: &mut [u8], at: usize, bytes: [u8; N]) {
    file[at..at + N].copy_from_slice(&bytes);
}

pub(crate) fn segment(kind: u32, flags: u32, offset: usize, size: usize, align: u64) -> [u8; PHDR] {
    let mut header = [0; PHDR];
    put(&mut header, 0, kind.to_le_bytes());
    put(&mut header, 4, flags.to_le_bytes());
    for (at, value) in
        [(8, offset as u64), (16, offset as u64), (24, offset as u64), (32, size as u64), (40, size as u64)]
    {
        put(&mut header, at, value.to_le_bytes());
    }
    put(&mut header, 48, align.to_le_bytes());
    header
}

fn section(part: &Part, name: usize, address: u64, offset: usize, size: u64) -> [u8; SHDR] {
    let mut header = [0; SHDR];
    let code = if part.name == ".text" { 4 } else { 0 };
    put(&mut header, 0, (name as u32).to_le_bytes());
    put(&mut header, 4, part.kind.to_le_bytes());
    put(&mut header, 8, (if part.loaded { ALLOC | code } else { 0 }).to_le_bytes());
    put(&mut header, 16, address.to_le_bytes());
    put(&mut header, 24, (offset as u64).to_le_bytes());
    put(&mut header, 32, size.to_le_bytes());
    put(&mut header, 40, part.link.to_le_bytes());
    put(&mut header, 44, part.info.to_le_bytes());
    put(&mut header, 48, 8_u64.to_le_bytes());
    put(&mut header, 56, (if part.kind == SYMTAB { 24_u64 } else { 0 }).to_le_bytes());
    header
}

/// A symbol table and its strings.
#[derive(Default)]
pub(crate) struct Symbols {
    pub(crate) table: Vec<u8>,
    pub(crate) names: Vec<u8>,
}

impl Symbols {
    pub(crate) fn new() -> Self {
        Self { table: vec![0; 24], names: vec![0] }
    }

    /// Adds a symbol; `info` is binding and type, as in `st_info`.
    pub(crate) fn add(&mut self, name: &str, info: u8, section: u16, address: u64, size: u64) {
        let at = self.names.len() as u32;
        self.names.extend(name.as_bytes());
        self.names.push(0);
        self.entry(at, info, section, address, size);
    }

    /// Adds a symbol whose name stands in the table already.
    pub(crate) fn entry(&mut self, name: u32, info: u8, section: u16, address: u64, size: u64) {
        self.table.extend(name.to_le_bytes());
        self.table.extend([info, 0]);
        self.table.extend(section.to_le_bytes());
        self.table.extend(address.to_le_bytes());
        self.table.extend(size.to_le_bytes());
    }
}

pub(crate) const LOCAL_FILE: u8 = 4;
pub(crate) const LOCAL_FUNCTION: u8 = 2;
pub(crate) const GLOBAL_FUNCTION: u8 = 0x12;
pub(crate) const GLOBAL_OBJECT: u8 = 0x11;

/// `DT_*` entries.
pub(crate) fn dynamic(entries: &[(u64, u64)]) -> Vec<u8> {
    entries
        .iter()
        .chain(&[(0, 0)])
        .flat_map(|(tag, value)| [tag.to_le_bytes(), value.to_le_bytes()])
        .flatten()
        .collect()
}

/// A program with one of everything that the reader reads.
pub(crate) fn whole(architecture: Architecture) -> Program {
    const STRINGS: &[u8] = b"\0libc.so.6\0GLIBC_2.34\0GLIBC_2.17\0libz.so.1\0";
    let note = [&[4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0][..], b"GNU\0", &[7; 20]].concat();
    let mut needs = Vec::new();
    for half in [1_u16, 2] {
        needs.extend(half.to_le_bytes());
    }
    for word in [1_u32, 16, 0] {
        needs.extend(word.to_le_bytes());
    }
    for (name, next) in [(11_u32, 16_u32), (22, 0)] {
        needs.extend([0; 8]);
        needs.extend(name.to_le_bytes());
        needs.extend(next.to_le_bytes());
    }
    let interpreter = match architecture {
        Architecture::X86_64 => b"/lib64/ld-linux-x86-64.so.2\0".to_vec(),
        Architecture::Arm64 => b"/lib/ld-linux-aarch64.so.1\0".to_vec(),
    };
    let code: Vec<u8> = (0..2000_u32).map(|i| ((i * i) >> 3) as u8).collect();
    let mut bss = Part::new(".bss", NOBITS, true, []);
    bss.zeroes = 4096;
    let mut program = Program {
        architecture,
        more_segments: vec![],
        parts: vec![
            Part::new(".interp", PROGBITS, true, interpreter).in_segment(PT_INTERP),
            Part::new(".note.gnu.build-id", NOTE, true, note).in_segment(PT_NOTE),
            Part::new(".dynstr", STRTAB, true, STRINGS),
            Part::new(".gnu.version_r", VERNEED, true, needs).link(3),
            Part::new(".text", PROGBITS, true, code),
            Part::new(".rodata", PROGBITS, true, *b"constants of the program, and a path: src/main.rs"),
            Part::new(".eh_frame", PROGBITS, true, [1; 96]),
            Part::new(".dynamic", DYNAMIC, true, dynamic(&[(0, 0); 6])).link(3).in_segment(PT_DYNAMIC),
            bss,
            Part::new(".comment", PROGBITS, false, *b"rustc version 1.95\0"),
            Part::new(".debug_info", PROGBITS, false, [5; 300]),
            Part::new(".debug_str", PROGBITS, false, [b'x'; 200]),
            Part::new(".symtab", SYMTAB, false, []).link(14),
            Part::new(".strtab", STRTAB, false, []),
        ],
    };
    let (strings, needs) = (program.place(".dynstr") as u64, program.place(".gnu.version_r") as u64);
    let entries = [(1, 1), (1, 33), (5, strings), (10, STRINGS.len() as u64), (0x6fff_fffe, needs), (0x6fff_ffff, 1)];
    program.part(".dynamic").data = dynamic(&entries);

    let (text, rodata) = (program.place(".text") as u64, program.place(".rodata") as u64);
    let mut symbols = Symbols::new();
    symbols.add("mycrate.1a2b3c4d5e6f7788-cgu.0", LOCAL_FILE, 0xfff1, 0, 0);
    symbols.add("_ZN7mycrate4main17h0123456789abcdefE", LOCAL_FUNCTION, 5, text, 300);
    let drop = "_ZN4core3ptr48drop_in_place$LT$serde_json..value..Value$GT$17h00112233445566ffE";
    symbols.add(drop, LOCAL_FUNCTION, 5, text + 300, 200);
    symbols.add(
        "_RINvMNtCsgEmfK2I1SDS_4core3stre12trim_matchesNvC7mycrate3fooEB2_",
        LOCAL_FUNCTION,
        5,
        text + 500,
        250,
    );
    symbols.add("_RNvCs1234_5hyper6encode", LOCAL_FUNCTION, 5, text + 700, 400);
    symbols.add("memcpy", GLOBAL_FUNCTION, 5, text + 1100, 100);
    symbols.add("_ZN10serde_json5TABLE17h0123456789abcdefE", GLOBAL_OBJECT, 6, rodata, 32);
    symbols.add("__libc_start_main", GLOBAL_FUNCTION, 0, 0, 0);
    program.part(".symtab").info = 7;
    program.part(".symtab").data = symbols.table;
    program.part(".strtab").data = symbols.names;
    program
}

/// Offset of a field of a section header; the section is found by its place in the table.
pub(crate) fn section_field(file: &[u8], section: usize, field: usize) -> usize {
    let table = u64::from_le_bytes(file[40..48].try_into().expect("8 bytes")) as usize;
    table + section * SHDR + field
}

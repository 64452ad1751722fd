//! A small program with whole unwind tables, filling between its functions and relocations, so that every rewrite has something to do.

use std::ops::Range;

use lambda_slim::elf::Architecture;
use object::{Object, ObjectSection};

use crate::small_elf::{DYNAMIC, PROGBITS, PT_DYNAMIC, PT_INTERP, Part, Program, STRTAB, dynamic};

const RELA: u32 = 4;
const PT_GNU_EH_FRAME: u32 = 0x6474_e550;
const PT_GNU_RELRO: u32 = 0x6474_e552;
const FUNCTIONS: usize = 64;
const FUNCTION_SIZE: usize = 48;
/// Of which so many are code.
const CODE_SIZE: usize = 37;
const FDE_SIZE: usize = 32;
const LSDA_SIZE: usize = 28;

/// Every second function has handlers, and for each of them stands a table that no function uses, as lld leaves them behind.
pub(crate) fn program(architecture: Architecture) -> Vec<u8> {
    const STRINGS: &[u8] = b"\0libc.so.6\0";
    let interpreter = match architecture {
        Architecture::X86_64 => b"/lib64/ld-linux-x86-64.so.2\0".to_vec(),
        Architecture::Arm64 => b"/lib/ld-linux-aarch64.so.1\0".to_vec(),
    };
    let mut program = Program {
        architecture,
        more_segments: vec![],
        parts: vec![
            Part::new(".interp", PROGBITS, true, interpreter).in_segment(PT_INTERP),
            Part::new(".dynstr", STRTAB, true, STRINGS),
            Part::new(".rela.dyn", RELA, true, vec![0; FUNCTIONS * 24]),
            Part::new(".gcc_except_table", PROGBITS, true, vec![0; FUNCTIONS * LSDA_SIZE]),
            Part::new(".eh_frame_hdr", PROGBITS, true, vec![0; 12 + FUNCTIONS * 8]).in_segment(PT_GNU_EH_FRAME),
            Part::new(".eh_frame", PROGBITS, true, vec![0; 24 + 32 + FUNCTIONS * FDE_SIZE + 4]),
            Part::new(".text", PROGBITS, true, vec![0; FUNCTIONS * FUNCTION_SIZE]),
            Part::new(".data.rel.ro", PROGBITS, true, vec![0; (1 + FUNCTIONS) * 8]).in_segment(PT_GNU_RELRO),
            Part::new(".dynamic", DYNAMIC, true, dynamic(&[(0, 0); 8])).link(2).in_segment(PT_DYNAMIC),
            Part::new(".comment", PROGBITS, false, *b"rustc version 1.95\0"),
            Part::new(".debug_info", PROGBITS, false, [5; 300]),
        ],
    };
    let place = |name: &str| program.place(name) as u64;
    let relative: u64 = if architecture == Architecture::Arm64 { 1027 } else { 8 };
    let (text, data, relocations) = (place(".text"), place(".data.rel.ro"), place(".rela.dyn"));
    let entries = [
        (1, 1),
        (5, place(".dynstr")),
        (10, STRINGS.len() as u64),
        (7, relocations),
        (8, FUNCTIONS as u64 * 24),
        (9, 24),
        (0x6fff_fff9, FUNCTIONS as u64),
        (0x6fff_fffb, 0x0800_0001),
    ];
    let tables = tables(&program);
    let relocations = (0..FUNCTIONS as u64).flat_map(|number| {
        [data + 8 + number * 8, relative, text + number * FUNCTION_SIZE as u64].map(u64::to_le_bytes).concat()
    });
    let relocations = relocations.collect();
    program.part(".rela.dyn").data = relocations;
    program.part(".dynamic").data = dynamic(&entries);
    for (name, contents) in tables {
        let part = program.part(name);
        assert_eq!(part.data.len(), contents.len(), "{name}");
        part.data = contents;
    }
    program.part(".text").data = (0..FUNCTIONS).flat_map(|number| function(architecture, number)).collect();
    let mut file = program.build();
    file[24..32].copy_from_slice(&text.to_le_bytes());
    file
}

fn function(architecture: Architecture, number: usize) -> [u8; FUNCTION_SIZE] {
    let mut code = [0; FUNCTION_SIZE];
    match architecture {
        Architecture::X86_64 => {
            // push rbp; call itself and mov eax, imm32, in turns; pop rbp; ret; int3.
            code[0] = 0x55;
            for at in (1..CODE_SIZE - 6).step_by(5) {
                code[at] = 0xb8;
                code[at + 1] = (number * 7 + at) as u8;
                if at % 2 == 1 {
                    code[at] = 0xe8;
                    code[at + 1..at + 5].copy_from_slice(&(-(at as i32 + 5)).to_le_bytes());
                }
            }
            code[CODE_SIZE - 6..CODE_SIZE - 2].fill(0x90);
            code[CODE_SIZE - 2..CODE_SIZE].copy_from_slice(&[0x5d, 0xc3]);
            code[CODE_SIZE..].fill(0xcc);
        }
        Architecture::Arm64 => {
            for (at, word) in code[..CODE_SIZE - 1].as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let calls_itself = 0x9400_0000 | (0x0400_0000 - at as u32);
                let loads = 0xd280_0000 | (number as u32) << 5;
                *word = if at % 2 == 1 { calls_itself } else { loads }.to_le_bytes();
            }
            code[CODE_SIZE - 5..CODE_SIZE - 1].copy_from_slice(&0xd65f_03c0_u32.to_le_bytes());
        }
    }
    code
}

fn tables(program: &Program) -> Vec<(&'static str, Vec<u8>)> {
    let (lsdas, index, frames, text) =
        [".gcc_except_table", ".eh_frame_hdr", ".eh_frame", ".text"].map(|name| program.place(name)).into();
    let relative = |to: usize, from: usize| (to as i32 - from as i32).to_le_bytes();
    // Two common parts: with handlers, and without.
    let mut table = vec![20, 0, 0, 0, 0, 0, 0, 0, 1, b'z', b'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0];
    table.extend([28, 0, 0, 0, 0, 0, 0, 0, 1, b'z', b'P', b'L', b'R', 0, 1, 0x78, 16, 7, 0x9b]);
    let personality = program.place(".data.rel.ro");
    table.extend(relative(personality, frames + table.len()));
    table.extend([0x1b, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0]);
    let mut entries = Vec::new();
    for number in 0..FUNCTIONS {
        let (at, handled) = (table.len(), number % 2 == 0);
        let function = text + number * FUNCTION_SIZE;
        entries.extend(relative(function, index));
        entries.extend(relative(frames + at, index));
        table.extend((FDE_SIZE as u32 - 4).to_le_bytes());
        let common = if handled { 24 } else { 0 };
        table.extend((at as u32 + 4 - common).to_le_bytes());
        table.extend(relative(function, frames + at + 8));
        table.extend((CODE_SIZE as u32).to_le_bytes());
        if handled {
            table.push(4);
            table.extend(relative(lsdas + number * LSDA_SIZE, frames + at + 17));
        } else {
            table.push(0);
        }
        table.extend([0x41, 0x0e, 16, 0x86, 2, 0x40 | (number as u8 % 8 + 1), 0x0a]);
        table.resize(at + FDE_SIZE, 0);
    }
    table.extend([0; 4]);
    let mut head = vec![1, 0x1b, 3, 0x3b];
    head.extend(relative(frames, index + 4));
    head.extend((FUNCTIONS as u32).to_le_bytes());
    head.extend(entries);
    let handlers = (0..FUNCTIONS).flat_map(|number| {
        let step = number as u8 % 5;
        // Four call sites, one action, and a type that is none: everything is caught.
        let sites = [0, 3, 20, 0, 3 + step, 2, 24, 1, 10 + step, 3, 0, 0, 14 + step, 3, 20, 1];
        let mut lsda = vec![0xff, 0x9b, 24, 0x01, 16];
        lsda.extend(sites);
        lsda.extend([1, 0, 0]);
        lsda.resize(LSDA_SIZE - 1, 0);
        lsda.insert(23, 0);
        lsda
    });
    vec![(".gcc_except_table", handlers.collect()), (".eh_frame_hdr", head), (".eh_frame", table)]
}

/// The fields of unwind tables and relocations, some of a large one, in a file that was not damaged yet.
pub(crate) fn fields(file: &[u8]) -> Vec<Range<usize>> {
    const MOST: usize = 600;
    let sections = object::File::parse(file).expect("a sound fixture");
    let mut fields = Vec::new();
    for (name, width) in [(".eh_frame", 4), (".eh_frame_hdr", 4), (".gcc_except_table", 1), (".rela.dyn", 8)] {
        let Some((start, size)) = sections.section_by_name(name).and_then(|section| section.file_range()) else {
            continue;
        };
        let (start, size) = (start as usize, size as usize);
        let step = (size / width / MOST).max(1) * width;
        fields.extend((start..start + size - width).step_by(step).map(|at| at..at + width));
        // Single bytes as well: encodings, LEB128.
        fields.extend((start..start + size).step_by((size / MOST).max(1)).map(|at| at..at + 1));
    }
    fields
}

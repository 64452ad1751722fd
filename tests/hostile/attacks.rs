//! Inputs made to take for ever, or all memory: quadratic tables, loops, names that unfold. Each is small and must be done with soon.

use std::fs;
use std::time::{Duration, Instant};

use lambda_slim::archive::Limits;
use lambda_slim::elf::mangling;
use lambda_slim::elf::{Architecture, Droppable, Image, without_sections};
use lambda_slim::host;
use lambda_slim::slim::{Changes, same_program};

use crate::judge;
use crate::raw::{self, Raw};
use crate::say;
use crate::small_elf::{
    GLOBAL_FUNCTION, LOCAL_FUNCTION, NOTE, PHDR, PROGBITS, PT_NOTE, Part, Program, Symbols, dynamic, section_field,
    segment, whole,
};

/// They take tens of milliseconds to two seconds in the dev profile; what is quadratic takes minutes. The machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    say(&format!("attack: {what}: {} ms", took.as_millis()));
    assert!(took < PATIENCE, "{what} took {took:?}");
    result
}

fn program() -> Program {
    whole(Architecture::X86_64)
}

fn with_symbols(symbols: Symbols) -> Vec<u8> {
    let mut program = program();
    program.part(".symtab").data = symbols.table;
    program.part(".strtab").data = symbols.names;
    program.build()
}

#[test]
fn many_symbols_with_one_long_name() {
    let mut symbols = Symbols::new();
    symbols.add(&"a".repeat(60_000), GLOBAL_FUNCTION, 5, 0x400, 8);
    for address in 0..100_000 {
        symbols.entry(1, GLOBAL_FUNCTION, 5, 0x400 + address % 900, 8);
    }
    let file = with_symbols(symbols);
    soon("100,000 symbols that share a name of 60,000 bytes", || judge::elf(&file, &[]));
    let error = Image::parse(&file).expect("sound headers").symbols().expect_err("refused").to_string();
    assert!(error.contains("many times longer"), "{error}");
}

#[test]
fn many_names_that_are_suffixes_of_one() {
    let mut symbols = Symbols::new();
    symbols.add(&"b".repeat(60_000), GLOBAL_FUNCTION, 5, 0x400, 8);
    for start in 0..60_000 {
        symbols.entry(1 + start, GLOBAL_FUNCTION, 5, 0x400, 8);
    }
    let file = with_symbols(symbols);
    soon("60,000 suffixes of one name", || judge::elf(&file, &[]));
}

#[test]
fn many_overlapping_symbols() {
    let mut symbols = Symbols::new();
    let name = "_ZN7mycrate4main17h0123456789abcdefE";
    symbols.add(name, LOCAL_FUNCTION, 5, 0x100, 64);
    for number in 0..100_000_u64 {
        symbols.entry(1, LOCAL_FUNCTION, 5, 0x40 + number % 2000, 1 + number % 3000);
    }
    let file = with_symbols(symbols);
    soon("100,000 symbols over each other", || judge::elf(&file, &[]));
}

/// Each symbol covers all sections, whose bytes are the format's already.
#[test]
fn many_symbols_over_many_sections() {
    let mut program = program();
    let notes = (0..20_000).map(|_| Part::new(".note", NOTE, true, [1]));
    program.parts.splice(0..0, notes);
    let mut symbols = Symbols::new();
    symbols.add("cover", GLOBAL_FUNCTION, 5, 0x40, 160_000);
    for number in 0..50_000 {
        symbols.entry(1, GLOBAL_FUNCTION, 5, 0x40, 160_000 - number % 1000);
    }
    program.part(".symtab").link = 20_014;
    program.part(".symtab").data = symbols.table;
    program.part(".strtab").data = symbols.names;
    let file = program.build();
    soon("50,000 symbols over 20,000 sections", || judge::elf(&file, &[]));
}

#[test]
fn as_many_sections_as_there_can_be() {
    let mut program = program();
    let more = 65_279 - program.parts.len() - 2;
    program.parts.extend((0..more).map(|_| Part::new(".more", PROGBITS, false, [2])));
    let file = program.build();
    soon("65,279 sections", || judge::elf(&file, &[]));
    assert_eq!(Image::parse(&file).expect("sound").sections().len(), 65_279);
}

#[test]
fn many_sections_with_one_long_name() {
    let mut file = {
        let mut program = program();
        program.parts.extend((0..60_000).map(|_| Part::new(".more", PROGBITS, false, [2])));
        program.parts.push(Part::new("x", PROGBITS, false, []));
        program.build()
    };
    // All of them named by the beginning of one long run without a zero: the names of the sections themselves.
    let table = u64::from_le_bytes(file[40..48].try_into().expect("8 bytes")) as usize;
    let count = usize::from(u16::from_le_bytes([file[60], file[61]]));
    let names = table + (count - 1) * 64 + 24;
    let names = u64::from_le_bytes(file[names..names + 8].try_into().expect("8 bytes")) as usize;
    file[names + 1..names + 60_000].fill(b'n');
    for section in 1..count {
        file[table + section * 64..][..4].copy_from_slice(&1_u32.to_le_bytes());
    }
    soon("60,000 sections that share a name of 60,000 bytes", || judge::elf(&file, &[]));
    let error = Image::parse(&file).expect_err("refused").to_string();
    assert!(error.contains("many times longer"), "{error}");
}

#[test]
fn more_sections_than_the_header_can_say() {
    let mut program = program();
    program.parts.extend((0..66_000).map(|_| Part::new("", PROGBITS, false, [2])));
    let mut file = program.build();
    let table = u64::from_le_bytes(file[40..48].try_into().expect("8 bytes")) as usize;
    file[60..62].copy_from_slice(&[0, 0]);
    file[table + 32..table + 40].copy_from_slice(&66_000_u64.to_le_bytes());
    let error = soon("66,000 sections", || Image::parse(&file).expect_err("refused").to_string());
    assert_eq!(error, "section header table has 66000 entries, the limit is 65279");
}

#[test]
fn many_segments_over_the_same_notes() {
    let mut program = program();
    let note = [&[4, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0][..], b"GNU\0"].concat();
    program.part(".note.gnu.build-id").data = note.repeat(100_000);
    // Their count moves what they cover, so their place is known after a first try.
    program.more_segments = vec![[0; PHDR]; 1100];
    let (offset, size) = (program.place(".note.gnu.build-id"), 1_600_000);
    program.more_segments = vec![segment(PT_NOTE, 4, offset, size, 4); 1100];
    let file = program.build();
    soon("1,100 segments over 100,000 notes", || judge::elf(&file, &[]));
    program.more_segments = vec![segment(PT_NOTE, 4, offset, size, 4); 60_000];
    let error = Image::parse(&program.build()).expect_err("refused").to_string();
    assert!(error.starts_with("program header table has 60004 entries"), "{error}");
}

#[test]
fn version_needs_that_share_one_list() {
    let mut program = program();
    let long = [b"GLIBC_", &b"1.".repeat(30_000)[..], b"1\0"].concat();
    let mut needs = Vec::new();
    for number in 0..4000_u32 {
        // All lists begin behind the last library.
        needs.extend([1_u16.to_le_bytes(), u16::MAX.to_le_bytes()].concat());
        needs.extend([1_u32, 16 * (4000 - number), if number < 3999 { 16 } else { 0 }].map(u32::to_le_bytes).concat());
    }
    for number in 0..4000_u32 {
        needs.extend([0; 8]);
        needs.extend([0, if number < 3999 { 16_u32 } else { 0 }].map(u32::to_le_bytes).concat());
    }
    program.part(".gnu.version_r").data = needs;
    program.part(".dynstr").data = long.clone();
    let (strings, needs) = (program.place(".dynstr") as u64, program.place(".gnu.version_r") as u64);
    let entries = [(5, strings), (10, long.len() as u64), (0x6fff_fffe, needs), (0x6fff_ffff, 1), (1, 0), (1, 0)];
    program.part(".dynamic").data = dynamic(&entries);
    let file = program.build();
    soon("4,000 libraries that share a list of 4,000 versions", || judge::elf(&file, &[]));
    let error = Image::parse(&file).expect("sound headers").dynamic().expect_err("refused").to_string();
    assert!(error.contains("version requirements"), "{error}");
}

#[test]
fn many_needed_libraries_with_one_long_name() {
    let mut program = program();
    let long = [&b"n".repeat(60_000)[..], b"\0"].concat();
    program.part(".dynstr").data = long.clone();
    program.part(".dynamic").data = dynamic(&vec![(1, 0); 100_000]);
    let strings = program.place(".dynstr") as u64;
    let mut entries = vec![(5, strings), (10, long.len() as u64)];
    entries.extend(vec![(1, 0); 99_998]);
    program.part(".dynamic").data = dynamic(&entries);
    let file = program.build();
    soon("100,000 needed libraries with a name of 60,000 bytes", || judge::elf(&file, &[]));
    let error = Image::parse(&file).expect("sound headers").dynamic().expect_err("refused").to_string();
    assert!(error.contains("many times longer"), "{error}");
}

/// A tuple of two back references to the tuple before it, and so on: each of its few bytes doubles the text.
fn doubling(levels: usize) -> String {
    let mut name = String::from("_RINvC1a1f");
    let mut last = None;
    for _ in 0..levels {
        let at = name.len() - 2;
        match last {
            None => name.push_str("TmmmmmmE"),
            Some(last) => name.push_str(&format!("TB{0}B{0}E", base_62(last))),
        }
        last = Some(at);
    }
    name.push('E');
    name
}

fn base_62(number: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    match number {
        0 => "_".to_owned(),
        _ => {
            let (mut rest, mut digits) = (number - 1, vec![b'_']);
            loop {
                digits.push(DIGITS[rest % 62]);
                rest /= 62;
                if rest == 0 {
                    break;
                }
            }
            digits.reverse();
            String::from_utf8(digits).expect("ASCII")
        }
    }
}

#[test]
fn names_that_unfold() {
    assert!(mangling::demangle(&doubling(3)).contains("(u32, u32"), "{}", mangling::demangle(&doubling(3)));
    let bomb = doubling(60);
    assert!(mangling::demangle(&bomb).len() < 100 * bomb.len());
    let mut symbols = Symbols::new();
    for number in 0..5_000_u64 {
        symbols.add(&format!("{bomb}.{number}"), LOCAL_FUNCTION, 5, 0x400 + number % 900, 8);
    }
    let file = with_symbols(symbols);
    soon("5,000 names of 60 nested back references", || judge::elf(&file, &[]));
}

#[test]
fn names_that_are_deep() {
    let mut symbols = Symbols::new();
    for (index, open) in ["RR", "TT", "S", "AA", "FE", "NvNv", "IB_IB_"].iter().enumerate() {
        let name = format!("_RINvC1a1f{}E", open.repeat(20_000));
        symbols.add(&name, LOCAL_FUNCTION, 5, 0x400 + index as u64 * 8, 8);
    }
    for number in 0..300_u64 {
        let parts = "1a".repeat(10_000) + &"6$LT$$GT$".repeat(300);
        symbols.add(&format!("_ZN{parts}{number}17h0123456789abcdefE"), LOCAL_FUNCTION, 5, 0x500 + number, 8);
        let angles = "$LT$".repeat(2000);
        let size = angles.len();
        symbols.add(&format!("_ZN{size}{angles}17h0123456789abcdefE"), LOCAL_FUNCTION, 5, 0x600 + number, 8);
    }
    let file = with_symbols(symbols);
    soon("names nested 20,000 deep, and legacy names of 20,000 parts", || judge::elf(&file, &[]));
}

#[test]
fn as_many_entries_as_a_zip_can_say() {
    let entries: Vec<Raw> = (0..65_535).map(|number| Raw::stored(format!("assets/{number:05}.txt"), b"")).collect();
    let zip = raw::zip(&entries);
    soon("65,535 entries", || judge::zip(&zip, &[]));
    let mut limits = Limits::default();
    limits.entries = 65_534;
    let error = lambda_slim::archive::Archive::parse(&zip, &limits).expect_err("refused").to_string();
    assert_eq!(error, "the zip holds 65535 entries, the limit is 65534");
}

#[test]
fn many_programs_that_need_what_many_files_are_not() {
    let mut program = program();
    program.parts.truncate(8);
    let file = program.build();
    let mut entries: Vec<Raw> = (0..100).map(|n| Raw::deflated(&format!("lib/lib{n}.so"), &file)).collect();
    entries.extend((0..30_000).map(|n| Raw::stored(format!("assets/{n}"), b"x")));
    let zip = raw::zip(&entries);
    soon("100 libraries beside 30,000 files", || judge::zip(&zip, &[]));
}

#[test]
fn a_folder_with_many_files() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..10_000 {
        fs::write(folder.path().join(format!("{number:05}")), b"x").expect("written");
    }
    let artifact = soon("a folder with 10,000 files", || host::open(folder.path()).expect("readable"));
    let host::ArtifactContent::Directory(files) = artifact.content else { panic!("a folder") };
    assert_eq!(files.len(), 10_000);
}

/// `.bss` takes no room in the file: the offset that it states describes no byte, and once spoiled the edited file.
#[test]
fn the_offset_of_a_section_without_bytes_decides_nothing() {
    let mut file = program().build();
    let sound = Image::parse(&file).expect("sound");
    let section = sound.sections().iter().find(|section| section.name == ".bss").expect("a .bss").index;
    let (end, offset) = (sound.described_end(), section_field(&file, section, 24));
    file[offset..offset + 8].copy_from_slice(&(1_u64 << 50).to_le_bytes());
    let image = Image::parse(&file).expect("sound");
    assert_eq!(image.described_end(), end);
    let edited = without_sections(&image, |section| Droppable::of(section).is_some()).expect("editable");
    assert!(edited.len() < file.len());
    same_program(&file, &edited, &Changes::default()).expect("the same program");
}

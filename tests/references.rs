//! Who refers to what, judged by tools that we did not write: `objdump` for instructions, `readelf` for what the loader and the
//! linker wrote down, and the linker's own relocations against our reading of the instructions.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::slice;

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::elf::{
    Architecture, CodeReference, EmittedReference, Image, PointerInData, Section, SectionKind, code_references,
    code_references_at_fixed_addresses, data_pointers, emitted_references, relocation_entries, relr_entries,
};
use proptest::prelude::*;
use support::functions::package;
use support::skip::skip;

/// Operands before immediate values of every size, a jump table, a table of pointers, thread-local data.
const PROGRAM: &str = r#"
#include <stdio.h>
static int table[1000] = {4, 5}; static short number = 3; static char byte; static long sum; int shared[10];
static __thread int counter = 3;
static const char *const names[] = {"a", "bb", "ccc", "dddd"};
__attribute__((noinline)) const char *pick(int x) {
    switch (x) {
    case 0: return "zero"; case 1: return names[2]; case 2: puts("x"); return "two"; case 3: sum = 1234567; return "three";
    case 4: number = 777; return "four"; case 5: byte = 1; return "five"; case 6: return "six"; case 7: shared[2] = 99; return "seven";
    default: return names[x & 3];
    }
}
int main(int count, char **words) {
    counter += count;
    if (table[3] == 12345) number += 300;
    if (byte == 7) byte <<= 3;
    shared[1] *= 1000;
    sum += (long)&table[count];
    printf("%d %s %s %ld\n", table[count] + counter, "ran", pick(count), sum);
    return 0;
}
"#;

fn linked(folder: &Path, name: &str, flags: &[&str]) -> Option<PathBuf> {
    let (source, path) = (folder.join("program.c"), folder.join(name));
    fs::write(&source, PROGRAM).expect("written");
    let output = Command::new("cc").arg(&source).args(flags).arg("-o").arg(&path).output();
    if output.is_ok_and(|output| output.status.success()) {
        return Some(path);
    }
    skip(name, "cc does not link it here");
    None
}

fn packaged(folder: &Path, name: &str) -> PathBuf {
    let zip = fs::read(package(&format!("{name}.zip"))).expect("a fixture");
    let archive = Archive::parse(&zip, &Limits::default()).expect("a sound zip");
    let program = archive.entries().iter().find(|entry| entry.path() == "bootstrap").expect("its program");
    let path = folder.join(name);
    fs::write(&path, program.read().expect("sound data")).expect("written");
    path
}

fn said(tool: &str, arguments: &[&str], file: &Path) -> Option<String> {
    let Ok(output) = Command::new(tool).args(arguments).arg(file).env("LC_ALL", "C").output() else {
        skip(&format!("{} as {tool} sees it", file.display()), "no such tool here");
        return None;
    };
    assert!(output.status.success(), "{tool} {}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()
}

fn code_sections<'i>(image: &'i Image<'_>) -> impl Iterator<Item = &'i Section> {
    image.sections().iter().filter(|section| section.kind() == SectionKind::Code || section.name.starts_with(".plt"))
}

/// What the code of a program refers to, wherever that is.
fn all_references(image: &Image<'_>) -> Vec<CodeReference> {
    let everywhere = 0..u64::MAX;
    let find = if image.is_fixed() { code_references_at_fixed_addresses } else { code_references };
    let mut found = Vec::new();
    for section in code_sections(image) {
        let code = image.bytes(&section.file_range).unwrap_or_default();
        find(image.architecture(), code, section.address, slice::from_ref(&everywhere), &mut found);
    }
    found
}

/// Address and text of each instruction as objdump sees it.
fn disassembled(tool: &str, file: &Path) -> Option<Vec<(u64, String)>> {
    let listing = said(tool, &["-d", "-w", "--no-show-raw-insn"], file)?;
    let instruction = |line: &str| {
        let (address, text) = line.split_once(":\t")?;
        Some((hex(address.trim())?, text.to_owned()))
    };
    Some(listing.lines().filter_map(instruction).collect())
}

/// `address: text # 1234 <name>` of an operand relative to the instruction, and `call 1234 <name>`.
fn operand_x86_64(text: &str) -> Option<u64> {
    if let Some((instruction, comment)) = text.split_once('#') {
        let relative = instruction.contains("(%rip)");
        return relative.then(|| hex(comment.split_whitespace().next()?)).flatten();
    }
    let mut words = text.split_whitespace().skip_while(|word| {
        ["bnd", "notrack", "data16", "addr32", "cs", "ds"].contains(word) || word.starts_with("rex")
    });
    let mnemonic = words.next()?;
    let branches = mnemonic.starts_with('j') || mnemonic.starts_with("call") || mnemonic.starts_with("loop");
    branches.then(|| hex(words.next()?)).flatten()
}

/// Operands that stand in one instruction: those of pairs are no text of objdump's.
fn operand_arm64(text: &str) -> Option<u64> {
    let mut words = text.split(['\t', ' ', ',']).filter(|word| !word.is_empty());
    let mnemonic = words.next()?;
    let count = match mnemonic {
        "b" | "bl" => 0,
        "adr" | "cbz" | "cbnz" => 1,
        "tbz" | "tbnz" => 2,
        "ldr" | "ldrsw" => 1,
        _ if mnemonic.starts_with("b.") => 0,
        _ => return None,
    };
    words.nth(count).filter(|word| !word.starts_with(['#', '['])).and_then(hex)
}

#[test]
fn relative_operands_point_where_objdump_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files: Vec<PathBuf> = ["hello-unstripped", "arm64"].map(|name| packaged(folder.path(), name)).to_vec();
    files.extend(linked(folder.path(), "pie", &["-O2", "-pie", "-fPIE"]));
    for file in files {
        let data = fs::read(&file).expect("readable");
        let image = Image::parse(&data).expect("sound");
        let (tool, operand): (_, fn(&str) -> Option<u64>) = match image.architecture() {
            Architecture::X86_64 => ("objdump", operand_x86_64),
            Architecture::Arm64 => ("aarch64-linux-gnu-objdump", operand_arm64),
        };
        let Some(instructions) = disassembled(tool, &file) else { continue };
        let said: BTreeSet<(u64, u64)> =
            instructions.iter().filter_map(|(from, text)| Some((*from, operand(text)?))).collect();
        let all = all_references(&image);
        let mut found: BTreeSet<(u64, u64)> = all.iter().map(|reference| (reference.from, reference.to)).collect();
        if image.architecture() == Architecture::Arm64 {
            let of_pair: BTreeSet<u64> = instructions
                .iter()
                .filter(|(_, text)| text.contains('[') || text.starts_with("add"))
                .map(|(from, _)| *from)
                .collect();
            found.retain(|(from, _)| !of_pair.contains(from));
        }
        assert!(said.len() > 20, "{}: {}", file.display(), said.len());
        assert_eq!(found, said, "{}", file.display());
    }
}

/// What the linker resolved, in sections that are code: type, place and the sum of symbol and addend, as readelf sees it.
fn relocations_by_readelf(file: &Path) -> Option<Vec<(String, String, u64, u64)>> {
    let listing = said("readelf", &["-rW"], file)?;
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in listing.lines() {
        if let Some(rest) = line.strip_prefix("Relocation section '.rela") {
            section = rest.split('\'').next().unwrap_or_default().to_owned();
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let [place, _, r_type, value, _, sign, addend] = words[..] else { continue };
        let (Some(place), Some(value), Some(addend)) = (hex(place), hex(value), hex(addend)) else { continue };
        let sum = if sign == "-" { value.wrapping_sub(addend) } else { value.wrapping_add(addend) };
        if value != 0 {
            rows.push((section.clone(), r_type.to_owned(), place, sum));
        }
    }
    Some(rows)
}

#[test]
fn kept_relocations_mean_what_the_instructions_refer_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let keep = "-Wl,--emit-relocs";
    let files = [
        linked(folder.path(), "kept-pie", &["-O2", "-pie", "-fPIE", keep]),
        linked(folder.path(), "kept-fixed", &["-O2", "-no-pie", "-fno-pie", keep]),
    ];
    for file in files.into_iter().flatten() {
        let data = fs::read(&file).expect("readable");
        let image = Image::parse(&data).expect("sound");
        let emitted = emitted_references(&image);
        assert!(emitted.is_sorted() && emitted.len() > 40, "{}", emitted.len());
        let by_place: BTreeMap<u64, u64> = emitted.iter().map(|found| (found.place, found.target)).collect();
        let found: BTreeSet<(u64, u64)> =
            all_references(&image).iter().map(|reference| (reference.from, reference.to)).collect();
        let Some(rows) = relocations_by_readelf(&file) else { return };
        let mut judged = 0;
        for (section, r_type, place, sum) in rows {
            let target = *by_place.get(&place).unwrap_or_else(|| panic!("{r_type} at {place:#x} is missing"));
            match (section.as_str(), r_type.as_str()) {
                (".text", "R_X86_64_PC32" | "R_X86_64_PLT32" | "R_X86_64_32" | "R_X86_64_32S") => {
                    let inside = place.saturating_sub(14)..=place;
                    let same =
                        found.range((*inside.start(), 0)..=(*inside.end(), u64::MAX)).any(|(_, to)| *to == target);
                    assert!(same, "{r_type} at {place:#x} means {target:#x}");
                    judged += 1;
                }
                (".data" | ".data.rel.ro" | ".init_array" | ".eh_frame", _) => assert_eq!(target, sum, "{place:#x}"),
                _ => {}
            }
        }
        assert!(judged > 20, "{judged}");
    }
}

#[test]
fn a_jump_table_refers_to_the_first_instructions_of_its_cases() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(file) = linked(folder.path(), "kept-pie", &["-O2", "-pie", "-fPIE", "-Wl,--emit-relocs"]) else { return };
    let data = fs::read(&file).expect("readable");
    let image = Image::parse(&data).expect("sound");
    let Some(instructions) = disassembled("objdump", &file) else { return };
    let starts: BTreeSet<u64> = instructions.iter().map(|(from, _)| *from).collect();
    let rodata = image.sections().iter().find(|section| section.name == ".rodata").expect("constants");
    let inside = rodata.address..rodata.address + rodata.size;
    let table: Vec<EmittedReference> =
        emitted_references(&image).into_iter().filter(|found| inside.contains(&found.place)).collect();
    assert!(table.len() >= 8, "{table:x?}");
    assert!(table.iter().all(|entry| starts.contains(&entry.target)), "{table:x?}");
}

#[test]
fn pointers_in_data_are_those_that_readelf_lists() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files: Vec<PathBuf> = ["hello-unstripped", "arm64"].map(|name| packaged(folder.path(), name)).to_vec();
    files.extend(linked(folder.path(), "pie", &["-O2", "-pie", "-fPIE"]));
    for file in files {
        let data = fs::read(&file).expect("readable");
        let Some(listing) = said("readelf", &["-rW"], &file) else { return };
        let relative = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [place, _, r_type, addend] = words[..] else { return None };
            let target = r_type.ends_with("_RELATIV") || r_type.ends_with("_RELATIVE");
            target.then(|| Some(PointerInData { place: hex(place)?, target: hex(addend)? })).flatten()
        };
        let listed: BTreeSet<PointerInData> = listing.lines().filter_map(relative).collect();
        let image = Image::parse(&data).expect("sound");
        let found: BTreeSet<PointerInData> = data_pointers(&image).into_iter().collect();
        assert!(listed.is_subset(&found) && !listed.is_empty(), "{}", file.display());
        let with_symbol = relocation_entries(&image).iter().filter(|entry| entry.symbol.is_some()).count();
        assert!(found.len() <= listed.len() + with_symbol, "{}", file.display());
    }
}

#[test]
fn packed_relocations_name_the_places_of_unpacked_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let packed = linked(folder.path(), "packed", &["-O2", "-pie", "-fPIE", "-Wl,-z,pack-relative-relocs"]);
    let Some(file) = packed else { return };
    let data = fs::read(&file).expect("readable");
    let image = Image::parse(&data).expect("sound");
    let entries = relr_entries(&image);
    if entries.is_empty() {
        return skip("packed relocations", "the linker here does not pack them");
    }
    let places: Vec<u64> = entries.iter().flat_map(|entry| entry.places()).collect();
    let Some(listing) = said("readelf", &["-rW"], &file) else { return };
    let listed: Vec<u64> = listing.lines().filter(|line| line.len() == 16).filter_map(hex).collect();
    assert_eq!(places, listed);
    let pointers: BTreeMap<u64, u64> =
        data_pointers(&image).into_iter().map(|pointer| (pointer.place, pointer.target)).collect();
    for place in places {
        let offset = image.offset_of(place).expect("in the file");
        let word = image.bytes(&(offset..offset + 8)).and_then(|bytes| bytes.first_chunk()).expect("a word");
        assert_eq!(pointers.get(&place), Some(&u64::from_le_bytes(*word)));
    }
}

#[test]
fn a_program_of_fixed_addresses_has_the_pointers_that_its_linker_resolved() {
    let folder = tempfile::tempdir().expect("a folder");
    let flags = ["-O2", "-no-pie", "-fno-pie", "-Wl,--emit-relocs"];
    let Some(file) = linked(folder.path(), "fixed", &flags) else { return };
    let data = fs::read(&file).expect("readable");
    let image = Image::parse(&data).expect("sound");
    let found: BTreeMap<u64, u64> =
        data_pointers(&image).into_iter().map(|pointer| (pointer.place, pointer.target)).collect();
    let Some(rows) = relocations_by_readelf(&file) else { return };
    let words: Vec<_> = rows.iter().filter(|(_, r_type, _, _)| r_type == "R_X86_64_64").collect();
    assert!(words.len() > 8, "{}", words.len());
    assert!(words.iter().all(|(_, _, place, sum)| found.get(place) == Some(sum)), "{words:x?}");
}

/// Everything that is read here, of a file that may be damaged.
fn read_all(data: &[u8]) {
    let Ok(image) = Image::parse(data) else { return };
    let words = data.len() / 8;
    assert!(data_pointers(&image).len() <= 3 * words);
    assert!(emitted_references(&image).len() <= words);
    assert!(relocation_entries(&image).len() <= words && relr_entries(&image).len() <= words);
    assert!(all_references(&image).len() <= 3 * data.len());
}

#[test]
fn damaged_files_are_read_without_a_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [
        linked(folder.path(), "kept-pie", &["-O2", "-pie", "-fPIE", "-Wl,--emit-relocs,-z,pack-relative-relocs"]),
        linked(folder.path(), "kept-fixed", &["-O2", "-no-pie", "-fno-pie", "-Wl,--emit-relocs"]),
    ];
    for file in files.into_iter().flatten() {
        let data = fs::read(&file).expect("readable");
        let word = prop_oneof![any::<u64>(), Just(u64::MAX), Just(0), Just(1), 0..data.len() as u64];
        let changes = proptest::collection::vec((0..data.len() - 8, word), 1..4);
        proptest!(ProptestConfig::with_cases(400), |(changes in changes)| {
            let mut data = data.clone();
            for (at, word) in changes {
                data[at..at + 8].copy_from_slice(&word.to_le_bytes());
            }
            read_all(&data);
        });
    }
}

proptest! {
    #[test]
    fn any_bytes_are_code_that_refers_inside_the_targets_in_order(
        code in proptest::collection::vec(any::<u8>(), 0..2000),
        address in any::<u64>(),
        start in any::<u64>(),
    ) {
        let target = start..start.saturating_add(1 << 40);
        for architecture in [Architecture::X86_64, Architecture::Arm64] {
            for find in [code_references, code_references_at_fixed_addresses] {
                let mut found = Vec::new();
                find(architecture, &code, address, &[0..start / 2, target.clone()], &mut found);
                let offsets: Vec<u64> = found.iter().map(|reference| reference.from.wrapping_sub(address)).collect();
                prop_assert!(offsets.is_sorted() && offsets.iter().all(|&offset| offset < code.len() as u64));
                prop_assert!(found.iter().all(|found| target.contains(&found.to) || found.to < start / 2));
            }
        }
    }
}

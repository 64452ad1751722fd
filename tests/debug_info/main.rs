//! Debug information, judged by tools that we did not write: `readelf`, `addr2line`, `llvm-symbolizer`, and by compressing it with
//! `objcopy`, which must change nothing that is read.
//!
//! The subjects: the checked-in functions (std's DWARF 4), programs that rustc compiles here as DWARF 4 and 5, and C programs as
//! DWARF 2 to 5, with types of their own section and with dropped functions.

mod subjects;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lambda_slim::elf::{DebugInfo, Image, Section, SymbolKind, debug_info, source_files};
use subjects::{FIRST, SECOND, SHARING, Subject, Subjects, c_programs, everything};
use support::skip::skip;

/// What a tool says to some input; `None` where there is no such tool.
fn said(tool: &str, arguments: &[&str], file: &Path, input: &str) -> Option<String> {
    let mut command = Command::new(tool);
    command.args(arguments).arg(file).env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.stderr(Stdio::null()).spawn() else {
        skip(&format!("{} as {tool} sees it", file.display()), "no such tool here");
        return None;
    };
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("it was asked");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn size(range: &Range<u64>) -> u64 {
    range.end - range.start
}

fn debug_sections<'image>(image: &'image Image<'_>) -> Vec<&'image Section> {
    let mut sections: Vec<_> = image.sections().iter().filter(|s| s.is_debug_information() && s.is_in_file()).collect();
    sections.sort_by_key(|section| section.file_range.start);
    sections
}

/// Sorted, not overlapping, in one debug section each, and all of them.
fn check_bytes(name: &str, image: &Image<'_>, info: &DebugInfo) {
    let mut pieces = info.bytes.iter().peekable();
    for section in debug_sections(image) {
        let mut at = section.file_range.start;
        while let Some(piece) = pieces.next_if(|piece| piece.range.start < section.file_range.end) {
            assert_eq!(piece.range.start, at, "{name}: a gap or overlap in {}", section.name);
            assert!(piece.range.end > at && piece.range.end <= section.file_range.end, "{name}: {piece:?}");
            assert!(piece.unit.is_none_or(|unit| (unit as usize) < info.units.len()), "{name}: {piece:?}");
            at = piece.range.end;
        }
        assert_eq!(at, section.file_range.end, "{name}: {} is not all there", section.name);
    }
    assert!(pieces.next().is_none(), "{name}: bytes outside the debug sections");
}

fn function_addresses(image: &Image<'_>) -> Vec<u64> {
    let symbols = image.symbols().expect("sound symbols");
    let functions = symbols.iter().filter(|symbol| symbol.kind == SymbolKind::Function && symbol.address != 0);
    functions.map(|symbol| symbol.address).collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn bytes_are_sorted_disjoint_and_all_of_the_debug_sections() {
    for subject in &everything().list {
        let image = subject.image();
        let info = debug_info(&image);
        check_bytes(&subject.name, &image, &info);
        assert_eq!(info, debug_info(&image), "{}: twice is not the same as once", subject.name);
    }
}

#[test]
fn more_than_95_percent_of_debug_bytes_have_a_unit() {
    let subjects = everything();
    let mut names = vec!["hello-unstripped"];
    names.extend(subjects.list.iter().map(|s| s.name.as_str()).filter(|n| n.starts_with("rust") && !n.contains("fat")));
    for subject in names.into_iter().filter_map(|name| subjects.get(name)) {
        let info = debug_info(&subject.image());
        let all: u64 = info.bytes.iter().map(|bytes| size(&bytes.range)).sum();
        let charged: u64 = info.bytes.iter().filter(|b| b.unit.is_some()).map(|bytes| size(&bytes.range)).sum();
        assert!(charged * 100 > all * 95, "{}: {charged} of {all} bytes", subject.name);
    }
}

#[test]
fn units_are_those_that_readelf_lists() {
    for subject in &everything().list {
        let Some(listing) = said("readelf", &["--debug-dump=info", "--dwarf-depth=1"], &subject.path, "") else {
            return;
        };
        let mut names: Vec<Option<String>> = Vec::new();
        let mut is_unit = false;
        for line in listing.lines() {
            if line.contains("Abbrev Number") {
                is_unit = line.contains("DW_TAG_compile_unit");
                names.extend(is_unit.then_some(None));
            } else if is_unit && line.contains("DW_AT_name") {
                let name =
                    line.rsplit_once("): ").map_or_else(|| line.rsplit_once(": ").expect("a value").1, |(_, n)| n);
                *names.last_mut().expect("a unit") = Some(name.trim().to_owned());
            }
        }
        let units = debug_info(&subject.image()).units;
        let ours: Vec<_> = units.into_iter().map(|unit| Some(unit.name).filter(|name| !name.is_empty())).collect();
        assert_eq!(ours, names, "{}", subject.name);
    }
}

#[test]
fn code_ranges_are_those_of_debug_aranges() {
    let mut compared = 0;
    for subject in &everything().list {
        let image = subject.image();
        let Some(listing) = said("readelf", &["--debug-dump=aranges"], &subject.path, "") else { return };
        let Some(units) = said("readelf", &["--debug-dump=info", "--dwarf-depth=1"], &subject.path, "") else { return };
        // Compile units by offset, in their order.
        let mut offsets = Vec::new();
        let mut last = 0;
        for line in units.lines() {
            if let Some((_, offset)) = line.split_once("Unit @ offset ") {
                last = u64::from_str_radix(offset.trim_end_matches(':').trim_start_matches("0x"), 16).expect("hex");
            }
            offsets.extend(line.contains("DW_TAG_compile_unit").then_some(last));
        }
        let code: Vec<_> = image.sections().iter().filter(|s| s.is_loaded() && s.flags & 4 != 0).collect();
        let mut listed: BTreeMap<u64, Vec<Range<u64>>> = BTreeMap::new();
        let mut offset = 0;
        for line in listing.lines() {
            if let Some((_, value)) = line.split_once("Offset into .debug_info:") {
                offset = u64::from_str_radix(value.trim().trim_start_matches("0x"), 16).expect("hex");
                listed.entry(offset).or_default();
            }
            let words: Vec<_> = line.split_whitespace().map(|word| u64::from_str_radix(word, 16)).collect();
            if let [Ok(start), Ok(length)] = words[..]
                && length > 0
                && code.iter().any(|s| (s.address..s.address + s.size).contains(&start))
            {
                listed.get_mut(&offset).expect("a set").push(start..start + length);
            }
        }
        for (unit, offset) in debug_info(&image).units.iter().zip(offsets) {
            let Some(ranges) = listed.get_mut(&offset) else { continue };
            ranges.sort_by_key(|range| range.start);
            let mut merged: Vec<Range<u64>> = Vec::new();
            for range in ranges.drain(..) {
                match merged.last_mut().filter(|last| range.start <= last.end) {
                    Some(last) => last.end = last.end.max(range.end),
                    None => merged.push(range),
                }
            }
            assert_eq!(unit.ranges, merged, "{}: {}", subject.name, unit.name);
            compared += usize::from(!merged.is_empty());
        }
    }
    assert!(compared > 20, "only {compared} units to compare");
}

/// `a/./b/../c` is `a/c`: tools differ in how much of this they do.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty()) => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn files_by(tool: &str, arguments: &[&str], subject: &Subject, addresses: &[u64]) -> Option<Vec<Option<String>>> {
    let input: String = addresses.iter().map(|address| format!("{address:#x}\n")).collect();
    let said = said(tool, arguments, &subject.path, &input)?;
    let file = |line: &str| line.rsplit_once(':').map(|(file, _)| normal(file)).filter(|file| !file.starts_with("??"));
    Some(said.lines().filter(|line| !line.is_empty()).map(file).collect())
}

#[test]
fn source_files_are_those_of_llvm_symbolizer_and_addr2line() {
    for subject in &everything().list {
        let image = subject.image();
        let addresses = function_addresses(&image);
        let found = source_files(&image, &addresses);
        let ours: Vec<_> = found.of.iter().map(|file| file.map(|file| normal(&found.files[file as usize]))).collect();
        assert_eq!(found.files.iter().collect::<BTreeSet<_>>().len(), found.files.len(), "{}", subject.name);

        let llvm = ["--no-inlines", "--output-style=GNU", "--functions=none", "-e"];
        if let Some(theirs) = files_by("llvm-symbolizer", &llvm, subject, &addresses) {
            assert_eq!(ours, theirs, "{}", subject.name);
        }
        // Where no line table covers an address, addr2line gives the symbol table's file. Of LLVM's DWARF 5 it numbers the files
        // wrong (binutils 2.40).
        if !subject.name.starts_with("rust-dwarf5")
            && let Some(theirs) = files_by("addr2line", &["-e"], subject, &addresses)
        {
            let pairs = addresses.iter().zip(ours.iter().zip(&theirs));
            for (address, (ours, theirs)) in pairs.filter(|(_, (ours, _))| ours.is_some()) {
                assert_eq!(ours, theirs, "{} at {address:#x}", subject.name);
            }
        }
    }
}

#[test]
fn functions_that_the_linker_dropped_have_no_address() {
    for subject in c_programs().filter(|subject| subject.name.ends_with("dropped")) {
        let image = subject.image();
        for unit in debug_info(&image).units {
            let inside = |range: &Range<u64>| {
                image
                    .sections()
                    .iter()
                    .any(|s| s.flags & 4 != 0 && s.address <= range.start && range.end <= s.address + s.size)
            };
            assert!(!unit.ranges.is_empty() && unit.ranges.iter().all(inside), "{}: {unit:?}", subject.name);
        }
    }
}

#[test]
fn a_string_belongs_to_the_unit_that_alone_points_at_it() {
    for subject in c_programs() {
        let info = debug_info(&subject.image());
        let debug_str = subject.image().sections().iter().find(|s| s.name == ".debug_str").expect("strings").clone();
        for (text, unit) in [("field_of_first", "first.c"), ("field_of_second", "second.c")] {
            let bytes = &subject.data[debug_str.file_range.start as usize..debug_str.file_range.end as usize];
            let at = bytes.windows(text.len()).position(|window| window == text.as_bytes()).expect("the string");
            let at = debug_str.file_range.start + at as u64;
            let piece = info.bytes.iter().find(|piece| piece.range.contains(&at)).expect("a piece");
            let owner = piece.unit.map(|unit| info.units[unit as usize].name.as_str());
            assert_eq!(owner, Some(unit), "{}: {text}", subject.name);
        }
    }
}

#[test]
fn compression_changes_nothing_that_is_read() {
    let mut subjects = Subjects::new("packed");
    for plain in everything().list.iter().filter(|subject| subject.name != "arm64") {
        for kind in ["zlib", "zlib-gnu", "zstd"] {
            let name = format!("{}-{kind}", plain.name);
            let mut objcopy = Command::new("objcopy");
            objcopy.arg(format!("--compress-debug-sections={kind}")).arg(&plain.path).arg(subjects.folder.join(&name));
            if !objcopy.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
                skip(&name, "objcopy does not compress so here");
                continue;
            }
            subjects.add(&name);
            let packed = subjects.get(&name).expect("it was added");
            let (plain_image, packed_image) = (plain.image(), packed.image());
            let (plain_info, packed_info) = (debug_info(&plain_image), debug_info(&packed_image));
            assert_eq!(plain_info.units, packed_info.units, "{}", packed.name);
            check_bytes(&packed.name, &packed_image, &packed_info);
            let addresses = function_addresses(&plain_image);
            assert_eq!(
                source_files(&plain_image, &addresses),
                source_files(&packed_image, &addresses),
                "{}",
                packed.name
            );
            check_shares(&plain_image, &plain_info, &packed_image, &packed_info);
        }
    }
}

/// A unit has the same share of a section, packed or not, to a byte.
fn check_shares(plain: &Image<'_>, plain_info: &DebugInfo, packed: &Image<'_>, packed_info: &DebugInfo) {
    let shares = |info: &DebugInfo, section: &Section| {
        let mut shares = vec![0_u64; info.units.len()];
        let inside = info.bytes.iter().filter(|bytes| section.file_range.contains(&bytes.range.start));
        inside.for_each(|bytes| bytes.unit.into_iter().for_each(|unit| shares[unit as usize] += size(&bytes.range)));
        shares
    };
    for section in debug_sections(packed).into_iter().filter(|s| s.flags & 0x800 != 0) {
        let original = plain.sections().iter().find(|s| s.name == section.name).expect("it was there");
        // The header of compressed ELF64 sections takes 24 bytes.
        let (before, after) = (size(&original.file_range), size(&section.file_range) - 24);
        for (before_share, after_share) in shares(plain_info, original).iter().zip(shares(packed_info, section)) {
            let exact = *before_share as f64 * after as f64 / before as f64;
            assert!((exact - after_share as f64).abs() <= 1.0, "{}: {exact} and {after_share}", section.name);
        }
    }
}

#[test]
fn a_section_that_states_an_absurd_size_reads_as_empty() {
    for version in [4, 5] {
        let mut subjects = Subjects::new("absurd");
        let mut cc = Command::new("cc");
        cc.args(["-g", &format!("-gdwarf-{version}"), "-gz=zlib", "-O2"]);
        subjects.compile("packed", cc, &[("first.c", FIRST), ("second.c", SECOND)]);
        let Some(subject) = subjects.get("packed") else { return };
        let sections: Vec<_> = subject.image().sections().iter().filter(|s| s.flags & 0x800 != 0).cloned().collect();
        assert!(!sections.is_empty(), "cc -gz=zlib compressed nothing");
        for stated in [0, 1, 1 << 20, 1 << 30, 1 << 40, u64::MAX] {
            let mut data = subject.data.clone();
            for section in &sections {
                let at = section.file_range.start as usize + 8;
                data[at..at + 8].copy_from_slice(&u64::to_le_bytes(stated));
            }
            let image = Image::parse(&data).expect("only debug sections were changed");
            let info = debug_info(&image);
            assert_eq!(info.units, []);
            check_bytes("absurd", &image, &info);
        }
    }
}

#[test]
fn damage_in_debug_sections_costs_no_panic_and_no_byte() {
    let mut state = 0x6c61_6d62_6461_u64;
    // Numbers that look random and are always the same (xorshift, Marsaglia 2003).
    let mut random = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % limit as u64) as usize
    };
    for subject in c_programs() {
        let image = subject.image();
        let sections: Vec<_> = debug_sections(&image).into_iter().map(|s| s.file_range.clone()).collect();
        let addresses = function_addresses(&image);
        for case in 0..400 {
            let mut data = subject.data.clone();
            for _ in 0..1 + random(6) {
                let section = &sections[random(sections.len())];
                let at = section.start as usize + random(size(section) as usize);
                let value = [0, 1, 0x7f, 0x80, 0xff, random(256) as u8][random(6)];
                let end = (at + [1, 1, 4, 8][random(4)]).min(section.end as usize);
                data[at..end].fill(value);
            }
            let image = Image::parse(&data).expect("only debug sections were changed");
            check_bytes(&format!("{}, case {case}", subject.name), &image, &debug_info(&image));
            assert_eq!(source_files(&image, &addresses).of.len(), addresses.len());
        }
    }
}

#[test]
fn units_that_share_everything_take_the_time_of_their_bytes() {
    let mut subjects = Subjects::new("sharing");
    subjects.compile("sharing", Command::new("cc"), &[("sharing.s", SHARING)]);
    let Some(subject) = subjects.get("sharing") else { return };
    let image = subject.image();
    let start = Instant::now();
    let info = debug_info(&image);
    assert_eq!(info.units.len(), 100_000);
    check_bytes("sharing", &image, &info);
    let main = image.symbols().expect("symbols").iter().find(|symbol| symbol.name == "main").expect("main").address;
    let found = source_files(&image, &vec![main; 100_000]);
    assert_eq!(found.files, ["folder/file"]);
    assert!(found.of.iter().all(|file| *file == Some(0)));
    // Half a second alone. If work grew with the square of the units it would be hours.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn a_file_without_debug_information_has_none() {
    let mut subjects = Subjects::new("bare");
    subjects.compile("bare", Command::new("cc"), &[("first.c", FIRST), ("second.c", SECOND)]);
    let Some(subject) = subjects.get("bare") else { return };
    assert_eq!(debug_info(&subject.image()), DebugInfo::default());
    assert_eq!(source_files(&subject.image(), &[0, 1]).of, [None, None]);
}

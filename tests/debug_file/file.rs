//! The file itself: all of the symbols, the same build id, nothing that is loaded, nothing that a reader complains of.

use std::fs;
use std::path::Path;
use std::process::Command;

use lambda_slim::elf::{Image, NoDebugFile, debug_file};

use crate::subjects::{all, build_id, folder, link, said};
use crate::support::skip::skip;
use crate::support::symbols::strip;

/// Symbols by name, value and size. nm's letter is left out: it says whether the section has bytes.
fn symbols(file: &Path) -> Option<Vec<(String, String, String)>> {
    let (listing, _) = said("nm", &["--format=posix", "--no-demangle"], file)?;
    let mut symbols: Vec<_> = listing
        .lines()
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            let name = words.next().unwrap_or_default();
            (name, words.nth(1).unwrap_or_default(), words.next().unwrap_or_default())
        })
        .collect();
    symbols.sort();
    Some(symbols)
}

/// Name, type, address, size, flags of each section, as readelf lists them.
fn sections(file: &Path) -> Option<Vec<Vec<String>>> {
    let (listing, _) = said("readelf", &["-SW"], file)?;
    let rows = listing.lines().filter_map(|line| {
        let (number, rest) = line.trim().strip_prefix('[')?.split_once(']')?;
        number.trim().parse::<usize>().ok().filter(|&number| number > 0)?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        // The fourth word is the offset, which differs.
        Some([&words[..3], &words[4..]].concat().into_iter().map(str::to_owned).collect())
    });
    Some(rows.collect())
}

fn made(program: &Path) -> Vec<u8> {
    let data = fs::read(program).expect("readable");
    debug_file(&Image::parse(&data).expect("sound")).expect("it has symbols")
}

#[test]
fn every_symbol_and_section_is_kept_and_no_loaded_byte_but_notes() {
    let folder = folder();
    for program in all(folder.path()) {
        let name = program.display();
        let debug = program.with_extension("debug");
        fs::write(&debug, made(&program)).expect("written");
        let (Some(before), Some(after)) = (symbols(&program), symbols(&debug)) else { return };
        assert!(!before.is_empty() && before == after, "{name}");
        assert_eq!(build_id(&program), build_id(&debug), "{name}");
        let (Some(before), Some(after)) = (sections(&program), sections(&debug)) else { return };
        assert_eq!(before.len(), after.len(), "{name}");
        for (before, after) in before.iter().zip(&after) {
            let loaded =
                before.iter().skip(5).any(|flags| flags.contains('A') && flags.chars().all(char::is_alphabetic));
            if loaded && before[1] != "NOTE" && before[0] != ".interp" {
                assert_eq!(after[1], "NOBITS", "{name}: {after:?}");
            } else {
                assert_eq!(before, after, "{name}");
            }
            assert_eq!((&before[0], &before[2..]), (&after[0], &after[2..]), "{name}");
        }
        let headers = |path: &Path| {
            said("readelf", &["-hW"], path).map(|(text, _)| {
                let fields =
                    ["Class:", "Data:", "Machine:", "Entry point address:", "Flags:", "Number of program headers:"];
                text.lines()
                    .filter(|line| fields.iter().any(|field| line.contains(field)))
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(headers(&program), headers(&debug), "{name}");
    }
}

#[test]
fn what_is_not_loaded_keeps_its_bytes() {
    let folder = folder();
    for program in all(folder.path()) {
        let (before, after) = (fs::read(&program).expect("readable"), made(&program));
        let (before, after) = (Image::parse(&before).expect("sound"), Image::parse_symbol_file(&after).expect("sound"));
        let mut compared = 0;
        for (old, new) in before.sections().iter().zip(after.sections()).filter(|(old, _)| !old.is_loaded()) {
            assert!(
                before.bytes(&old.file_range) == after.bytes(&new.file_range),
                "{}: {}",
                program.display(),
                old.name
            );
            compared += usize::from(old.is_in_file());
        }
        // .symtab, .strtab, .shstrtab and .comment at the least.
        assert!(compared >= 4, "{}: {compared}", program.display());
    }
}

#[test]
fn readers_complain_no_more_than_of_the_program() {
    let folder = folder();
    for program in all(folder.path()) {
        let debug = program.with_extension("debug");
        fs::write(&debug, made(&program)).expect("written");
        let judges: [(&str, &[&str]); 3] = [("readelf", &["-aW"]), ("eu-readelf", &["-a"]), ("objdump", &["-x"])];
        for (tool, arguments) in judges {
            let (Some((_, before)), Some((_, after))) =
                (said(tool, arguments, &program), said(tool, arguments, &debug))
            else {
                continue;
            };
            assert!(after.is_empty() || after == before, "{tool} of {}: {after}", debug.display());
        }
        // Where linkers break rules, the rules stay broken; ours may break none beside.
        let lint = |file: &Path| {
            let output =
                Command::new("eu-elflint").args(["--gnu-ld", "--debug"]).arg(file).env("LC_ALL", "C").output().ok()?;
            Some(String::from_utf8_lossy(&output.stdout).lines().filter(|line| *line != "No errors").count())
        };
        let peer = program.with_extension("objcopy");
        let copied = Command::new("objcopy").arg("--only-keep-debug").arg(&program).arg(&peer).output();
        if !copied.is_ok_and(|output| output.status.success()) {
            skip("the debug file of objcopy", "objcopy does not make it here");
            continue;
        }
        match (lint(&debug), lint(&peer)) {
            (Some(ours), Some(theirs)) => assert!(ours <= theirs, "{}: {ours} > {theirs}", debug.display()),
            _ => skip("the debug file as eu-elflint sees it", "no such tool here"),
        }
    }
}

#[test]
fn it_is_a_little_larger_than_objcopy_s_at_most() {
    let folder = folder();
    for program in all(folder.path()) {
        let (ours, peer) = (made(&program).len() as u64, program.with_extension("objcopy"));
        let copied = Command::new("objcopy").arg("--only-keep-debug").arg(&program).arg(&peer).output();
        if !copied.is_ok_and(|output| output.status.success()) {
            return skip("the size of objcopy's debug file", "objcopy does not make it here");
        }
        // objcopy writes the names anew, each once.
        let data = fs::read(&program).expect("readable");
        let image = Image::parse(&data).expect("sound");
        let strings: u64 = image.sections().iter().filter(|s| s.name == ".strtab").map(|s| s.size).sum();
        let theirs = fs::metadata(&peer).expect("it wrote it").len();
        assert!(ours <= theirs + strings / 2 + 256, "{}: {ours} against {theirs}", program.display());
        assert!(ours < data.len() as u64, "{}", program.display());
    }
}

#[test]
fn a_stripped_program_has_nothing_to_keep() {
    let folder = folder();
    let Some(program) = link("pie", folder.path()) else { return };
    let stripped = folder.path().join("stripped");
    if strip(&program, &stripped).is_none() {
        return;
    }
    let data = fs::read(stripped).expect("readable");
    assert_eq!(debug_file(&Image::parse(&data).expect("sound")), Err(NoDebugFile::Stripped));
}

/// Numbers that look random and are always the same (xorshift64, Marsaglia 2003).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn headers_that_lie_make_no_panic_and_no_giant() {
    let folder = folder();
    let Some(program) = link("pie", folder.path()) else { return };
    let original = fs::read(program).expect("readable");
    let image = Image::parse(&original).expect("sound");
    let tables = [image.header_range(), image.program_headers_range(), image.section_headers_range()];
    let fields: Vec<usize> = tables.iter().flat_map(|table| table.clone().step_by(4)).map(|at| at as usize).collect();
    let (mut state, mut made) = (0x5eed_u64, 0);
    for _ in 0..4000 {
        let mut data = original.clone();
        for _ in 0..1 + next(&mut state) % 3 {
            let at = fields[(next(&mut state) % fields.len() as u64) as usize];
            let value = match next(&mut state) % 6 {
                0 => 0,
                1 => u32::MAX,
                2 => next(&mut state) as u32,
                3 => next(&mut state) as u32 % original.len() as u32,
                4 => 1 << (next(&mut state) % 32),
                _ => next(&mut state) as u32 % 64,
            };
            data[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        let Ok(image) = Image::parse(&data) else { continue };
        let Ok(debug) = debug_file(&image) else { continue };
        made += 1;
        let limit = data.len() + image.segments().len() * 65_536 + image.sections().len() * 64 + 4096;
        assert!(debug.len() <= limit, "{} bytes of {}", debug.len(), data.len());
        Image::parse_symbol_file(&debug).expect("what was sound stays so");
    }
    assert!(made > 1000, "only {made} were read at all");
}

//! Unwind tables say the same after they were packed, as binutils read them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::laws::{folder, report, slim};
use crate::support::functions::{build, cases_dir};
use crate::support::skip::skip;
use crate::support::zipfile;

/// What readelf says of each function: its call frame instructions, interpreted, with those of its CIE. Several entries may be for one.
type Frames = BTreeMap<String, Vec<String>>;

fn readelf(file: &Path, what: &str) -> Option<String> {
    let Ok(output) = Command::new("readelf").args([what, "--wide"]).arg(file).env("LC_ALL", "C").output() else {
        skip(&format!("{} as readelf sees it", file.display()), "no such tool here");
        return None;
    };
    assert!(output.status.success(), "readelf {what} {}", file.display());
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!complaints.contains("Error") && !complaints.contains("orrupt"), "{}: {complaints}", file.display());
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Blocks of lines: `offset length id FDE cie=offset pc=start..end`, then the rows.
fn frames(file: &Path) -> Option<Frames> {
    let listing = readelf(file, "--debug-dump=frames-interp")?;
    let mut cies: BTreeMap<String, String> = BTreeMap::new();
    let mut frames = Frames::new();
    for block in listing.split("\n\n") {
        let Some((head, rows)) = block.trim_start().split_once('\n').or(Some((block.trim_start(), ""))) else {
            continue;
        };
        let words: Vec<&str> = head.split_whitespace().collect();
        match words.as_slice() {
            [offset, _, _, "CIE", rest @ ..] => drop(cies.insert((*offset).to_owned(), format!("{rest:?}\n{rows}"))),
            [_, _, _, "FDE", cie, pc] => {
                let cie = cies.get(cie.strip_prefix("cie=").expect("cie=")).expect("a CIE before its FDEs");
                frames.entry((*pc).to_owned()).or_default().push(format!("{cie}\n{rows}"));
            }
            _ => {}
        }
    }
    frames.values_mut().for_each(|of_one| of_one.sort());
    Some(frames)
}

/// One row of a call frame table: from this address on, what each register is restored from. `u` is left out.
type Row = (u64, BTreeMap<String, String>);

/// Rows of all frame descriptions, by their first address and the one past their last.
fn tables(file: &Path) -> Option<BTreeMap<(u64, u64), Vec<Row>>> {
    let listing = readelf(file, "--debug-dump=frames-interp")?;
    let address = |text: &str| u64::from_str_radix(text, 16).expect("an address");
    let mut tables = BTreeMap::new();
    for block in listing.split("\n\n") {
        let mut lines = block.trim_start().lines();
        let Some(pc) = lines.next().and_then(|head| head.split_once(" FDE ")?.1.split_once("pc=")) else { continue };
        let (begin, end) = pc.1.split_once("..").expect("a range");
        let columns: Vec<&str> = lines.next().map_or_else(Vec::new, |line| line.split_whitespace().skip(1).collect());
        let row = |line: &str| {
            let mut words = line.split_whitespace();
            let from = address(words.next()?);
            let rules = columns.iter().map(|&column| column.to_owned()).zip(words.map(str::to_owned));
            Some((from, rules.filter(|(_, rule)| rule != "u").collect()))
        };
        let rows: Vec<Row> = lines.filter_map(row).collect();
        tables.insert((address(begin), address(end)), rows);
    }
    Some(tables)
}

/// For every row of every function before, the rows of whichever description covers it afterwards say the same.
#[track_caller]
fn the_same_rows(before: &Path, after: &Path) {
    let (Some(old), Some(new)) = (tables(before), tables(after)) else { return };
    let mut compared = 0;
    for ((begin, end), rows) in old.iter().filter(|((begin, end), _)| begin < end) {
        let (&(_, new_end), new_rows) = new.range(..=(*begin, u64::MAX)).next_back().expect("a description");
        assert!(*end <= new_end, "{begin:x} to {end:x} is covered whole");
        // Where there are no instructions readelf prints no row: it is the one of the CIE.
        if rows.is_empty() || new_rows.is_empty() {
            continue;
        }
        let ends = rows.iter().skip(1).map(|row| row.0).chain([*end]);
        for ((from, rules), to) in rows.iter().zip(ends).filter(|((from, _), to)| from < to) {
            let covering = |at: u64| &new_rows[new_rows.partition_point(|row| row.0 <= at) - 1].1;
            let between = new_rows.iter().map(|row| row.0).filter(|at| from < at && *at < to);
            for at in between.chain([*from]) {
                assert_eq!(rules, covering(at), "at {at:x}");
                compared += 1;
            }
        }
    }
    assert!(compared > 5000, "{compared} rows");
}

fn unpacked(zip: &Path, folder: &Path) -> Option<PathBuf> {
    zipfile::unpack(zip, folder)?;
    Some(folder.join("bootstrap"))
}

fn programs() -> [PathBuf; 2] {
    [build("two-versions"), cases_dir().map_or_else(|| build("native"), |cases| cases.join("hello"))]
}

#[test]
fn neighbours_that_share_a_description_unwind_as_before_as_readelf_reads_it() {
    for input in programs() {
        let folder = folder();
        let out = folder.path().join("out.zip");
        slim(&input, &out, &["--effort", "fast"]);
        let Some(slimmed) = unpacked(&out, folder.path()) else { return };
        let (Some(before), Some(after)) = (frames(&input), frames(&slimmed)) else { return };
        assert!(after.len() * 4 < before.len(), "{} descriptions of {}", after.len(), before.len());
        the_same_rows(&input, &slimmed);
    }
}

#[test]
fn every_function_unwinds_as_before_as_readelf_reads_it() {
    for input in programs() {
        let folder = folder();
        let out = folder.path().join("out.zip");
        slim(&input, &out, &["--effort", "fast", "--without", "merge-unwind"]);
        let Some(slimmed) = unpacked(&out, folder.path()) else { return };
        let (Some(before), Some(after)) = (frames(&input), frames(&slimmed)) else { return };
        assert!(before.len() > 1000, "{} functions", before.len());
        assert!(before == after, "{}", input.display());
    }
}

#[test]
fn level_default_saves_more_than_strict_where_rust_lld_left_dead_tables() {
    let Some(cases) = cases_dir() else { return skip("the hello of the cases", "not beside this checkout") };
    let hello = cases.join("hello");
    let zip_bytes = |flags: &[&str]| report(&hello, flags)["slim"]["after"]["zip_bytes"].as_u64().expect("a size");
    let (strict, default) = (zip_bytes(&["--level", "strict"]), zip_bytes(&[]));
    // 8.2 % when this was written.
    assert!(default * 100 < strict * 94, "{default} bytes against {strict}");
}

#[test]
fn packing_twice_is_packing_once_and_a_dry_run_says_so() {
    let folder = folder();
    let (once, twice) = (folder.path().join("once.zip"), folder.path().join("twice.zip"));
    let first = slim(&build("two-versions"), &once, &["--effort", "fast"]);
    assert!(slim(&once, &twice, &["--effort", "fast"]) == first);
    for row in report(&once, &["--effort", "fast"])["slim"]["rewrites"].as_array().expect("rows") {
        assert_ne!(row["status"], "applied", "{row}");
    }
}

#[test]
fn without_its_index_a_program_is_still_read_by_readelf() {
    let folder = folder();
    let input = build("two-versions");
    let out = folder.path().join("out.zip");
    slim(&input, &out, &["--effort", "fast", "--with", "omit-unwind-index"]);
    let Some(slimmed) = unpacked(&out, folder.path()) else { return };
    let header = fs::read(&slimmed).expect("it is there");
    let elf = goblin::elf::Elf::parse(&header).expect("goblin reads it");
    let index = elf.program_headers.iter().find(|header| header.p_type == goblin::elf::program_header::PT_GNU_EH_FRAME);
    let place = index.expect("the header stays").file_range();
    assert_eq!(header[place.start..place.start + 4], [1, 0x1b, 0xff, 0xff]);
    assert!(header[place.start + 8..place.end].iter().all(|&byte| byte == 0));
    the_same_rows(&input, &slimmed);
}

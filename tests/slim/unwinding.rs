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

fn unpacked(zip: &Path, folder: &Path) -> Option<PathBuf> {
    zipfile::unpack(zip, folder)?;
    Some(folder.join("bootstrap"))
}

#[test]
fn every_function_unwinds_as_before_as_readelf_reads_it() {
    let inputs = [build("two-versions"), cases_dir().map_or_else(|| build("native"), |cases| cases.join("hello"))];
    for input in inputs {
        let folder = folder();
        let out = folder.path().join("out.zip");
        slim(&input, &out, &["--effort", "fast"]);
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
    // 5.1 % when this was written.
    assert!(default * 100 < strict * 96, "{default} bytes against {strict}");
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
    let (Some(before), Some(after)) = (frames(&input), frames(&slimmed)) else { return };
    assert!(before == after);
}

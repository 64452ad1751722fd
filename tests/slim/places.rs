//! Where the input may be and where the result goes: zip, folder and bare program, beside or in place, or nowhere.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::SystemTime;

use crate::laws::{folder, slim};
use crate::support::functions::package;
use crate::support::program::{arg, run};
use crate::support::zipfile;

/// Every file below `folder`: path, mode, time, bytes.
fn contents(folder: &Path) -> BTreeMap<String, (u32, SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("readable") {
            let entry = entry.expect("readable");
            let metadata = entry.metadata().expect("readable");
            if metadata.is_dir() {
                folders.push(entry.path());
            } else if metadata.is_file() {
                let bytes = fs::read(entry.path()).expect("readable");
                let time = metadata.modified().expect("a time");
                found.insert(arg(&entry.path()).to_owned(), (metadata.permissions().mode(), time, bytes));
            }
        }
    }
    found
}

/// The bootstrap of the unstripped package, in `folder`; its symbols weigh more than it does.
fn unstripped(folder: &Path) -> bool {
    let there = zipfile::unpack(&package("hello-unstripped.zip"), folder).is_some();
    if there {
        fs::set_permissions(folder.join("bootstrap"), fs::Permissions::from_mode(0o755)).expect("our file");
    }
    there
}

#[test]
fn zip_folder_and_program_make_the_same_package() {
    let folder = folder();
    let unpacked = folder.path().join("unpacked");
    if !unstripped(&unpacked) {
        return;
    }
    let out = folder.path().join("out.zip");
    let fast = ["--effort", "fast"];
    let of_zip = slim(&package("hello-unstripped.zip"), &out, &fast);
    assert!(slim(&unpacked, &out, &fast) == of_zip);
    assert!(slim(&unpacked.join("bootstrap"), &out, &fast) == of_zip);
    // A bare program becomes the bootstrap, whatever it was called.
    fs::rename(unpacked.join("bootstrap"), unpacked.join("api")).expect("our file");
    assert!(slim(&unpacked.join("api"), &out, &fast) == of_zip);
}

#[test]
fn in_place_replaces_the_zip_and_keeps_its_mode() {
    let folder = folder();
    let zip = folder.path().join("package.zip");
    fs::copy(package("arm64.zip"), &zip).expect("a copy");
    fs::set_permissions(&zip, fs::Permissions::from_mode(0o640)).expect("our file");
    let beside = slim(&package("arm64.zip"), &folder.path().join("beside.zip"), &[]);
    let first = run(["slim", arg(&zip), "--in-place"]).exits(0);
    assert_eq!(first.stderr, format!("note: wrote {}\n", zip.display()));
    let after = contents(folder.path());
    assert!(after[arg(&zip)].2 == beside);
    assert_eq!(after[arg(&zip)].0 & 0o777, 0o640);
    // There is nothing left to do, so nothing is touched.
    let second = run(["slim", arg(&zip), "--in-place"]).exits(0);
    assert_eq!(second.stderr, "note: no file becomes smaller: nothing was written\n");
    assert!(contents(folder.path()) == after);
}

#[test]
fn in_place_replaces_a_program_and_keeps_its_mode() {
    let folder = folder();
    if !unstripped(folder.path()) {
        return;
    }
    let program = folder.path().join("bootstrap");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("our file");
    let out = folder.path().join("out.zip");
    slim(&package("hello-unstripped.zip"), &out, &["--effort", "fast"]);
    run(["slim", arg(&program), "--in-place", "--effort", "fast"]).exits(0);
    let after = contents(folder.path());
    assert!(Some(&after[arg(&program)].2) == zipfile::read(&out, "bootstrap").as_ref());
    assert_eq!(after[arg(&program)].0 & 0o777, 0o700);
}

#[test]
fn in_place_replaces_the_programs_of_a_folder_and_touches_nothing_else() {
    let folder = folder();
    if !unstripped(folder.path()) {
        return;
    }
    fs::create_dir(folder.path().join("assets")).expect("a folder");
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    fs::write(folder.path().join("assets/data.json"), "{}").expect("a file");
    symlink("assets/data.json", folder.path().join("link")).expect("a link");
    let before = contents(folder.path());
    let run = run(["slim", arg(folder.path()), "--in-place", "--effort", "fast"]).exits(0);
    let (program, data) = (folder.path().join("bootstrap"), folder.path().join("assets/data.json"));
    // The program was built with panic = "abort", which is worth a note of its own.
    assert!(run.stderr.starts_with(&format!("note: wrote {}\nnote: abort-on-panic-is-free", program.display())));
    assert_eq!(run.stderr.lines().count(), 2, "{}", run.stderr);
    let after = contents(folder.path());
    assert!(after.keys().eq(before.keys()), "no file is left behind");
    assert!(after[arg(&program)].2.len() < before[arg(&program)].2.len());
    assert!(after[arg(&data)] == before[arg(&data)]);
    assert_eq!(fs::read_link(folder.path().join("link")).expect("still a link"), Path::new("assets/data.json"));
    assert!(folder.path().join("empty").is_dir());
}

#[test]
fn a_dry_run_writes_nothing_and_says_so() {
    let folder = folder();
    fs::copy(package("arm64.zip"), folder.path().join("package.zip")).expect("a copy");
    let before = contents(folder.path());
    let run = run(["slim", arg(&folder.path().join("package.zip")), "--dry-run"]).exits(0);
    assert_eq!(run.stderr, "note: a dry run: nothing was written\n");
    assert!(contents(folder.path()) == before);
}

#[test]
fn the_output_is_replaced_whole_or_not_at_all() {
    let folder = folder();
    let (good, bad, out) =
        (folder.path().join("good.zip"), folder.path().join("bad.zip"), folder.path().join("out.zip"));
    fs::copy(package("arm64.zip"), &good).expect("a copy");
    let mut damaged = fs::read(&good).expect("the copy");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    fs::write(&bad, damaged).expect("a file");
    fs::write(&out, "what was here").expect("a file");
    let error = run(["slim", arg(&bad), "-o", arg(&out)]).error();
    assert!(error.contains("bad.zip"), "{error}");
    assert_eq!(fs::read(&out).expect("still there"), b"what was here");
    // Over itself is in place.
    slim(&good, &good, &[]);
    zipfile::assert_accepted(&good);
    let nowhere = folder.path().join("no/such/folder/out.zip");
    let error = run(["slim", arg(&good), "-o", arg(&nowhere)]).error();
    assert!(error.contains(arg(&nowhere)) || error.contains("no/such/folder"), "{error}");
    let files: Vec<String> = contents(folder.path()).into_keys().collect();
    assert_eq!(files.len(), 3, "no temporary file is left: {files:?}");
}

#[test]
fn nowhere_to_write_is_said_before_any_work() {
    let input = package("arm64.zip");
    let error = run(["slim", arg(&input)]).error();
    assert_eq!(error, "say where the result goes: -o OUT.zip, --in-place, or --dry-run");
    run(["slim", arg(&input), "-o", "x.zip", "--in-place"]).error();
    run(["slim", arg(&input), "-o", "x.zip", "--dry-run"]).error();
    run(["slim", arg(&input), "--in-place", "--dry-run"]).error();
    let error = run(["slim", arg(&input), "--dry-run", "--format", "csv"]).error();
    assert_eq!(error, "invalid value 'csv' for '--format <FORMAT>'");
    let error = run(["slim", "--in-place"]).error();
    assert_eq!(error, "--in-place needs an artifact: a fresh build has none to replace");
}

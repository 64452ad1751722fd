//! Junk is reported by kind, and left out when asked.

use std::fs;
use std::path::Path;

use crate::laws::{folder, report, slim};
use crate::support::functions::package;
use crate::support::program::{arg, run};
use crate::support::zipfile;

/// An unpacked package with three thousand files of version control, an editor's settings in two folders, and macOS's.
fn littered(folder: &Path) -> bool {
    if zipfile::unpack(&package("arm64.zip"), folder).is_none() {
        return false;
    }
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    for number in 0..3000 {
        write(&format!(".git/objects/{:02x}/{number}", number % 256), "0123456789");
    }
    for path in ["a/.vscode/settings.json", "b/.vscode/settings.json", "a/.DS_Store", ".DS_Store", "notes.txt~"] {
        write(path, "{}");
    }
    write("python/__pycache__/m.cpython-312.pyc", "kept: imports are faster with it");
    true
}

#[test]
fn each_kind_is_one_finding_with_its_bytes() {
    let folder = folder();
    if !littered(folder.path()) {
        return;
    }
    let analyzed = run(["analyze", arg(folder.path()), "--format", "json"]).exits(0).json();
    let findings = analyzed["findings"].as_array().expect("findings").iter();
    let junk: Vec<(String, u64)> = findings
        .filter(|finding| finding["code"] == "junk-file")
        .map(|finding| {
            (finding["subject"].as_str().expect("text").to_owned(), finding["saves_bytes"].as_u64().expect("bytes"))
        })
        .collect();
    let expected = [(".DS_Store", 4), (".git/", 30_000), ("a/.vscode/", 4), ("notes.txt~", 2)];
    assert_eq!(junk, expected.map(|(path, bytes)| (path.to_owned(), bytes)));
}

#[test]
fn it_stays_unless_it_is_to_be_dropped() {
    let folder = folder();
    let littered_folder = folder.path().join("package");
    if !littered(&littered_folder) {
        return;
    }
    let (with, without) = (folder.path().join("with.zip"), folder.path().join("without.zip"));
    slim(&littered_folder, &with, &["--effort", "fast"]);
    slim(&littered_folder, &without, &["--effort", "fast", "--drop-junk"]);
    let paths = |zip: &Path| -> Option<Vec<String>> {
        Some(zipfile::entries(zip)?.into_iter().map(|entry| entry.path).collect())
    };
    let (Some(with_junk), Some(clean)) = (paths(&with), paths(&without)) else { return };
    assert_eq!(with_junk.len(), 3007);
    assert_eq!(clean, ["bootstrap", "python/__pycache__/m.cpython-312.pyc"]);
    zipfile::assert_accepted(&without);

    // Of a zip the same, with what it saved.
    let of_zip = report(&with, &["--effort", "fast", "--drop-junk"]);
    assert_eq!(of_zip["slim"]["before"]["zip_bytes"], fs::metadata(&with).expect("it is there").len());
    assert_eq!(of_zip["slim"]["after"]["zip_bytes"], fs::metadata(&without).expect("it is there").len());
    let unzipped = |moment: &str| of_zip["slim"][moment]["unzipped_bytes"].as_i64().expect("bytes");
    assert_eq!(unzipped("before") - unzipped("after"), 30_010);
    let rows = of_zip["slim"]["rewrites"].as_array().expect("rewrites");
    let dropped: Vec<(&str, i64)> = rows
        .iter()
        .filter(|row| row["name"] == "drop-junk" && row["status"] == "applied")
        .map(|row| (row["path"].as_str().expect("text"), row["saved_bytes"].as_i64().expect("bytes")))
        .collect();
    let expected = [(".DS_Store and 1 more", 4), (".git/", 30_000), ("a/.vscode/ and 1 more", 4), ("notes.txt~", 2)];
    assert_eq!(dropped, expected);
    assert!(!of_zip["findings"].to_string().contains("junk-file"));

    let again = report(&without, &["--effort", "fast", "--drop-junk"]);
    assert_eq!(again["slim"]["rewrites"][0]["status"], "not_applicable");
    assert_eq!(again["slim"]["before"], again["slim"]["after"]);
}

#[test]
fn no_file_of_a_folder_is_deleted() {
    let folder = folder();
    if !littered(folder.path()) {
        return;
    }
    let error = run(["slim", arg(folder.path()), "--in-place", "--drop-junk"]).error();
    assert!(error.contains("--drop-junk would delete files of the folder"), "{error}");
    assert!(folder.path().join(".git/objects/00/0").is_file());
}

//! Each file of `testdata/logs` and what is read from it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use lambda_slim::logs::Place;

use crate::golden::golden;
use crate::show::show;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/logs");
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

#[test]
fn every_file_reads_as_its_golden_says() {
    let files = files();
    assert!(files.len() >= 18, "{} files", files.len());
    for path in files {
        let name = path.file_name().expect("a name").to_string_lossy().replace('.', "-");
        let mut file = File::open(&path).expect("a file");
        golden(&format!("logs-{name}.txt"), &show(&mut file, &Place::default()));
    }
}

#[test]
fn what_the_caller_knows_fills_what_the_record_does_not_say() {
    let known = Place { function: Some("known"), version: Some("9"), ..Place::default() };
    for (name, expected) in [
        ("platform.log", &["api 12 -", "known 9 -", "known 12 -", "known 12 -"][..]),
        ("subscription.json", &["api 12 2026/09/13/[12]0123abcd"][..]),
        ("insights-messages.csv", &["known 12 2026/09/13/[12]0123abcd"; 2][..]),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/logs").join(name);
        let shown = show(&mut File::open(path).expect("a file"), &known);
        let places: Vec<&str> = shown
            .lines()
            .filter_map(|line| line.split(" @ ").nth(1)?.rsplit_once(' '))
            .map(|(place, _)| place)
            .collect();
        assert_eq!(places, expected, "{name}");
    }
}

//! What was written, read by programs that had no part in it.

use std::borrow::Cow;
use std::process::Command;

use lambda_slim::archive::{
    ArchiveError, DosTimestamp, EntryKind, Expected, Method, NewEntry, ReadbackError, confirm, write,
};
use lambda_slim::deflate::{Effort, Encoded, encode};

use crate::raw::{bytes, parse, s};

/// Path, kind, mode, method and contents of an entry.
type Meant = (&'static str, EntryKind, u32, Method, Vec<u8>);

/// A package with a program of this many numbers.
pub(crate) fn package_of(numbers: u32) -> Vec<u8> {
    package_and_meant(numbers).0
}

fn package() -> (Vec<u8>, Vec<Meant>) {
    package_and_meant(200_000)
}

/// A package as slim would write it, and what it holds.
fn package_and_meant(numbers: u32) -> (Vec<u8>, Vec<Meant>) {
    let program: Vec<u8> = (0..numbers).flat_map(|i| (i.wrapping_mul(i) / 7).to_le_bytes()).collect();
    let meant = vec![
        ("ab", EntryKind::File, 0o600, Method::Stored, vec![]),
        ("bootstrap", EntryKind::File, 0o755, Method::Deflate, program),
        ("größe/λ.txt", EntryKind::File, 0o644, Method::Stored, b"x".to_vec()),
        ("lib", EntryKind::Directory, 0o755, Method::Stored, vec![]),
        ("lib/libx.so", EntryKind::Symlink, 0o777, Method::Stored, b"libx.so.1".to_vec()),
        ("lib/libx.so.1", EntryKind::File, 0o755, Method::Deflate, vec![9; 70_000]),
    ];
    let mut entries: Vec<NewEntry> = meant
        .iter()
        .map(|(path, kind, mode, method, contents)| {
            let stored = NewEntry::stored(*path, *kind, *mode, contents.as_slice());
            match (method, encode(contents, Effort::Fast)) {
                (Method::Deflate, Encoded::Deflate(stream)) => {
                    NewEntry { method: Method::Deflate, data: Cow::Owned(stream), ..stored }
                }
                _ => stored,
            }
        })
        .collect();
    entries.reverse();
    (write(&entries, DosTimestamp::from_unix(1_700_000_000)).unwrap(), meant)
}

fn expected<'m>(meant: &'m [Meant]) -> Vec<Expected<'m>> {
    let each = |(path, kind, mode, method, contents): &'m Meant| Expected {
        path,
        kind: *kind,
        mode: *mode,
        method: *method,
        contents,
    };
    meant.iter().map(each).collect()
}

#[test]
fn what_was_written_is_read_back_the_same_by_us_and_by_the_zip_crate() {
    let (zip, meant) = package();
    let archive = parse(&zip).unwrap();
    let read: Vec<_> = archive
        .entries()
        .iter()
        .map(|entry| {
            assert_eq!(entry.version_needed(), 20);
            assert!(!entry.has_data_descriptor() && !entry.has_extra_fields());
            let mode = entry.unix_mode().unwrap();
            (entry.path(), entry.kind(), mode, entry.method(), entry.read().unwrap().into_owned())
        })
        .collect();
    assert!(read == meant);
    confirm(&zip, &expected(&meant)).unwrap();
}

#[test]
fn bytes_do_not_depend_on_the_order_given() {
    let entry = |path: &str| NewEntry::stored(path, EntryKind::File, 0o644, path.as_bytes().to_vec());
    let one = write(&[entry("a"), entry("b/c"), entry("b")], DosTimestamp::default());
    assert_eq!(one, Err(ArchiveError::FileAsFolder { path: s("b"), inside: s("b/c") }));
    let one = write(&[entry("a"), entry("b/c"), entry("bd")], DosTimestamp::default()).unwrap();
    let two = write(&[entry("bd"), entry("b/c"), entry("a")], DosTimestamp::default()).unwrap();
    assert_eq!(one, two);
}

#[test]
fn the_judge_sees_every_kind_of_difference() {
    let (zip, meant) = package();
    let good = expected(&meant);
    let judged = |at: usize, change: &dyn Fn(&mut Expected<'_>)| {
        let mut changed = good.clone();
        change(&mut changed[at]);
        confirm(&zip, &changed)
    };
    let path = || s("bootstrap");
    assert_eq!(judged(1, &|e| e.path = "bootstrab"), Err(ReadbackError::Missing { path: s("bootstrab") }));
    assert_eq!(
        judged(1, &|e| e.mode = 0o700),
        Err(ReadbackError::Mode { path: path(), expected: 0o700, found: Some(0o755) })
    );
    let (expected, kind) = (Method::Stored, EntryKind::Symlink);
    assert_eq!(judged(1, &|e| e.method = Method::Stored), Err(ReadbackError::Method { path: path(), expected }));
    assert_eq!(judged(1, &|e| e.kind = EntryKind::Symlink), Err(ReadbackError::Kind { path: path(), expected: kind }));
    assert_eq!(judged(2, &|e| e.contents = b"y"), Err(ReadbackError::Contents { path: s("größe/λ.txt"), offset: 0 }));
    let (expected, found) = (bytes(2), bytes(1));
    assert_eq!(
        judged(2, &|e| e.contents = b"xy"),
        Err(ReadbackError::Size { path: s("größe/λ.txt"), expected, found })
    );
    assert_eq!(confirm(&zip, &good[1..]), Err(ReadbackError::EntryCount { expected: 5, found: 6 }));
    assert!(matches!(confirm(b"no zip", &[]), Err(ReadbackError::Unreadable { .. })));
}

/// Runs a program on a finished zip; prints that it is not here, where it is not.
fn outside_reader(program: &str, args: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("package.zip");
    std::fs::write(&file, package().0).unwrap();
    match Command::new(program).args(args).arg(&file).env("LC_ALL", "C.UTF-8").output() {
        Ok(output) => {
            let text =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success(), "{program}: {text}");
            Some(text)
        }
        Err(error) => {
            skipped(&format!("{program}: {error}"));
            None
        }
    }
}

#[expect(clippy::disallowed_macros, clippy::print_stderr, reason = "a test that skips says so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

#[test]
fn unzip_accepts_what_was_written() {
    if let Some(text) = outside_reader("unzip", &["-t"]) {
        assert!(text.contains("No errors detected"), "{text}");
    }
}

#[test]
fn python_reads_what_was_written() {
    let script = "
import sys, zipfile, zlib
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for i in z.infolist():
    assert (i.create_system, i.create_version, i.extract_version, i.extra, i.comment) == (3, 20, 20, b'', b''), i
    print(i.filename, oct(i.external_attr >> 16), i.compress_type, i.file_size, zlib.crc32(z.read(i)) == i.CRC, *i.date_time)
";
    let Some(text) = outside_reader("python3", &["-c", script]) else {
        return;
    };
    let time = "True 2023 11 14 22 13 20";
    let expected = [
        "ab 0o100600 0 0",
        "bootstrap 0o100755 8 800000",
        "größe/λ.txt 0o100644 0 1",
        "lib/ 0o40755 0 0",
        "lib/libx.so 0o120777 0 9",
        "lib/libx.so.1 0o100755 8 70000",
    ];
    let mut lines: Vec<String> = expected.iter().map(|line| format!("{line} {time}")).collect();
    lines.sort();
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
}

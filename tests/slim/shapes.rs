//! Packages of every shape that zip tools make, written and judged by Python.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::laws::{folder, slim};
use crate::support::functions::package;
use crate::support::program::arg;
use crate::support::skip::skip;
use crate::support::zipfile;

/// Writes a package of the shape that its second argument names around the bootstrap of the third.
const WRITE: &str = r#"
import io, struct, sys, zipfile
target, shape, source = sys.argv[1:]
bootstrap = zipfile.ZipFile(source).read('bootstrap')
class Unseekable(io.RawIOBase):
    def __init__(self, file): self.file = file
    def writable(self): return True
    def write(self, data): return self.file.write(data)
def entry(path, mode, method=zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo(path, (2026, 5, 6, 7, 8, 10))
    info.compress_type, info.create_system, info.external_attr = method, 3, mode << 16
    return info
method = zipfile.ZIP_STORED if shape == 'stored' else zipfile.ZIP_DEFLATED
with open(target, 'wb') as file:
    with zipfile.ZipFile(Unseekable(file) if shape == 'streamed' else file, 'w') as zip:
        zip.writestr(entry('z-last.txt', 0o100600, method), b'text ' * 1000)
        zip.writestr(entry('bootstrap', 0o100755, method), bootstrap)
        if shape == 'windows':
            info = entry('assets/data.json', 0)
            info.create_system, info.external_attr = 0, 0x20
            zip.writestr(info, b'{"key": "value"}' * 100)
            for info in zip.filelist: info.create_system, info.external_attr = 0, 0x20
        if shape == 'commented':
            zip.comment = b'made by hand'
            zip.filelist[0].comment = b'a comment'
            info = entry('assets/extra.bin', 0o100644)
            info.extra = struct.pack('<HHBI', 0x5455, 5, 1, 1700000000)
            zip.writestr(info, bytes(range(256)))
        if shape == 'rich':
            zip.writestr(entry('assets/', 0o040755, zipfile.ZIP_STORED), b'')
            zip.writestr(entry('assets/data.json', 0o100664), b'{"key": "value"}' * 100)
            zip.writestr(entry('assets/noise.bin', 0o100644), bytes((i * i * 7919 >> 5) % 251 for i in range(5000)))
            zip.writestr(entry('assets/caf\u00e9.txt', 0o100644), 'café'.encode())
            zip.writestr(entry('empty/', 0o040700, zipfile.ZIP_STORED), b'')
            zip.writestr(entry('empty.txt', 0o100644), b'')
            zip.writestr(entry('extensions/agent', 0o100755), bootstrap)
            zip.writestr(entry('link', 0o120777, zipfile.ZIP_STORED), b'assets/data.json')
            zip.writestr(entry('run.sh', 0o100644), b'#!/bin/sh\nexec true\n')
"#;

/// What the local and central headers of every entry say, and the bytes of each, as Python finds them.
const JUDGE: &str = r#"
import hashlib, json, struct, sys, zipfile
raw = open(sys.argv[1], 'rb').read()
rows = []
with zipfile.ZipFile(sys.argv[1]) as zip:
    for i in zip.infolist():
        signature, version, flags, method, _, _, crc, packed, size, name, extra = struct.unpack_from('<IHHHHHIIIHH', raw, i.header_offset)
        rows.append({
            'path': i.filename, 'mode': i.external_attr >> 16, 'method': method, 'size': size, 'packed': packed,
            'versions': [version, i.extract_version, i.create_version], 'system': i.create_system, 'flags': [flags, i.flag_bits],
            'extras': [extra, len(i.extra)], 'date': list(i.date_time), 'comments': len(i.comment) + len(zip.comment),
            'local_is_central': crc == i.CRC and packed == i.compress_size and size == i.file_size and method == i.compress_type,
            'sha256': hashlib.sha256(zip.read(i)).hexdigest(),
        })
json.dump(rows, sys.stdout)
"#;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Row {
    path: String,
    mode: u32,
    method: u16,
    size: u64,
    packed: u64,
    versions: [u16; 3],
    system: u8,
    flags: [u16; 2],
    extras: [usize; 2],
    date: [u16; 6],
    comments: usize,
    local_is_central: bool,
    sha256: String,
}

fn python(script: &str, args: &[&str]) -> Option<Vec<u8>> {
    let Ok(output) = Command::new("python3").args(["-I", "-c", script]).args(args).output() else {
        skip("zips of every shape", "no python3 here");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

fn rows(zip: &Path) -> Vec<Row> {
    let json = python(JUDGE, &[arg(zip)]).expect("python was here to write it");
    serde_json::from_slice(&json).expect("the script writes the fields of Row")
}

/// Slims a package of this shape; what came in and what came out.
fn slimmed(shape: &str) -> Option<(Vec<Row>, Vec<Row>)> {
    let folder = folder();
    let (before, after) = (folder.path().join("before.zip"), folder.path().join("after.zip"));
    python(WRITE, &[arg(&before), shape, arg(&package("arm64.zip"))])?;
    let bytes = slim(&before, &after, &[]);
    let came_in = std::fs::read(&before).expect("python wrote it");
    assert!(bytes.len() < came_in.len(), "{shape}: {} bytes of {}", bytes.len(), came_in.len());
    zipfile::assert_accepted(&after);
    assert!(slim(&after, &folder.path().join("again.zip"), &[]) == bytes, "{shape} changes when it is slimmed again");
    let (before, after) = (rows(&before), rows(&after));
    for row in &after {
        assert!(row.local_is_central, "{row:?}");
        assert_eq!(row.versions, [20, 20, 20], "{row:?}");
        assert_eq!((row.system, row.extras, row.comments), (3, [0, 0], 0), "{row:?}");
        // Bit 11 says that the name is UTF-8; bit 3 would be a data descriptor.
        let utf8 = if row.path.is_ascii() { 0 } else { 0x800 };
        assert_eq!(row.flags, [utf8, utf8], "{row:?}");
        assert_eq!(row.date, [1980, 1, 1, 0, 0, 0], "{row:?}");
        assert!(row.packed <= row.size, "{row:?}");
        let Some(original) = before.iter().find(|original| original.path == row.path) else {
            panic!("{row:?} was not there")
        };
        assert!(row.path == "bootstrap" || row.path == "extensions/agent" || row.sha256 == original.sha256, "{row:?}");
    }
    assert!(after.is_sorted_by_key(|row| &row.path), "{shape}: entries are sorted");
    Some((before, after))
}

fn modes(rows: &[Row]) -> Vec<(&str, u32)> {
    rows.iter().map(|row| (row.path.as_str(), row.mode)).collect()
}

#[test]
fn assets_extensions_links_and_empty_folders_stay() {
    let Some((before, after)) = slimmed("rich") else { return };
    assert_eq!(
        modes(&after),
        [
            ("assets/café.txt", 0o100_644),
            ("assets/data.json", 0o100_644),
            ("assets/noise.bin", 0o100_644),
            ("bootstrap", 0o100_755),
            ("empty.txt", 0o100_644),
            ("empty/", 0o040_755),
            ("extensions/agent", 0o100_755),
            ("link", 0o120_777),
            ("run.sh", 0o100_755),
            ("z-last.txt", 0o100_644),
        ]
    );
    let size = |rows: &[Row], path: &str| rows.iter().find(|row| row.path == path).map(|row| row.size);
    for path in ["bootstrap", "extensions/agent"] {
        assert!(size(&after, path) < size(&before, path), "{path}");
    }
}

#[test]
fn a_zip_made_on_windows_gets_the_modes_that_lambda_needs() {
    let Some((_, after)) = slimmed("windows") else { return };
    let modes = modes(&after);
    assert_eq!(modes, [("assets/data.json", 0o100_644), ("bootstrap", 0o100_755), ("z-last.txt", 0o100_644)]);
}

#[test]
fn a_stored_zip_is_compressed() {
    let Some((before, after)) = slimmed("stored") else { return };
    assert!(before.iter().all(|row| row.method == 0));
    assert!(after.iter().all(|row| row.method == 8));
}

#[test]
fn a_zip_with_data_descriptors_loses_them() {
    let Some((before, _)) = slimmed("streamed") else { return };
    assert!(before.iter().all(|row| row.flags[0] & 8 != 0), "python wrote descriptors");
}

#[test]
fn comments_and_extra_fields_go() {
    let Some((before, _)) = slimmed("commented") else { return };
    assert!(before.iter().any(|row| row.comments > 0) && before.iter().any(|row| row.extras[0] > 0));
}

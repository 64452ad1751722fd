//! Zips as tools that we did not write see them: Info-ZIP's `unzip`, Python's `zipfile`, 7-Zip.
//!
//! A tool that is not installed is skipped with a line that says so; `unzip` and `python3` are expected on a developer's
//! machine and in CI.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

use serde::Deserialize;

use super::skip::skip;

/// One entry of the central directory, as Python reads it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Entry {
    pub(crate) path: String,
    /// Permission and file type bits; 0 if the zip was not made on a Unix.
    pub(crate) unix_mode: u32,
    /// The method's number: 0 is stored, 8 is Deflate.
    pub(crate) method: u16,
    pub(crate) uncompressed_bytes: u64,
    pub(crate) compressed_bytes: u64,
    pub(crate) crc32: u32,
    /// Year, month, day, hour, minute, second.
    pub(crate) modified: [u16; 6],
    pub(crate) flags: u16,
    pub(crate) extra_bytes: usize,
    pub(crate) header_offset: u64,
}

/// Panics unless every tool that is here reads all of `zip` without a complaint.
pub(crate) fn assert_accepted(zip: &Path) {
    let judges: [(&str, &[&str]); 6] = [
        ("unzip", &["-tqq"]),
        ("python3", &["-m", "zipfile", "-t"]),
        ("7zz", &["t", "-bso0"]),
        ("7z", &["t", "-bso0"]),
        ("bsdtar", &["-tf"]),
        ("jar", &["tf"]),
    ];
    for (tool, arguments) in judges {
        let mut command = Command::new(tool);
        command.args(arguments).arg(zip);
        let Some(output) = output(&mut command, zip) else {
            continue;
        };
        // Python's test mode reports a damaged entry on stdout and still exits with 0.
        let quiet = tool != "python3" || !String::from_utf8_lossy(&output.stdout).contains("is corrupted");
        assert!(output.status.success() && quiet, "{tool} rejects {}:\n{}", zip.display(), both(&output));
    }
}

/// The entries in the order of the central directory. `None` where there is no `python3`.
pub(crate) fn entries(zip: &Path) -> Option<Vec<Entry>> {
    const SCRIPT: &str = "
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as zip:
    json.dump([{
        'path': i.filename, 'unix_mode': i.external_attr >> 16 if i.create_system == 3 else 0, 'method': i.compress_type,
        'uncompressed_bytes': i.file_size, 'compressed_bytes': i.compress_size, 'crc32': i.CRC, 'modified': i.date_time,
        'flags': i.flag_bits, 'extra_bytes': len(i.extra), 'header_offset': i.header_offset,
    } for i in zip.infolist()], sys.stdout)
";
    let output = python(SCRIPT, &[zip])?;
    Some(serde_json::from_slice(&output.stdout).expect("the script writes the fields of Entry"))
}

/// The bytes of one entry, unpacked and checked by Python. `None` where there is no `python3`.
pub(crate) fn read(zip: &Path, path: &str) -> Option<Vec<u8>> {
    const SCRIPT: &str = "
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as zip:
    sys.stdout.buffer.write(zip.read(sys.argv[2]))
";
    Some(python(SCRIPT, &[zip, Path::new(path)])?.stdout)
}

/// Unpacks `zip` into the folder `into`, with modes, as `unzip` does it. `None` where there is no `unzip`.
pub(crate) fn unpack(zip: &Path, into: &Path) -> Option<()> {
    let mut command = Command::new("unzip");
    command.args(["-qq", "-o"]).arg(zip).arg("-d").arg(into);
    let output = output(&mut command, zip)?;
    assert!(output.status.success(), "unzip fails on {}:\n{}", zip.display(), both(&output));
    Some(())
}

/// Writes a Deflate zip of `files` (path in the zip, file, Unix mode) with Python's `zipfile`. `None` where there is none.
pub(crate) fn write(zip: &Path, files: &[(&str, &Path, u32)]) -> Option<()> {
    const SCRIPT: &str = "
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as archive:
    for path, file, mode in zip(*[iter(sys.argv[2:])] * 3):
        info = zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0))
        info.create_system, info.external_attr, info.compress_type = 3, (0o100000 | int(mode)) << 16, zipfile.ZIP_DEFLATED
        archive.writestr(info, open(file, 'rb').read())
";
    let modes: Vec<String> = files.iter().map(|(_, _, mode)| mode.to_string()).collect();
    let mut arguments = vec![zip];
    for ((path, file, _), mode) in files.iter().zip(&modes) {
        arguments.extend([Path::new(path), file, Path::new(mode)]);
    }
    python(SCRIPT, &arguments).map(drop)
}

fn python(script: &str, arguments: &[&Path]) -> Option<Output> {
    let mut command = Command::new("python3");
    command.args(["-I", "-c", script]).args(arguments);
    let output = output(&mut command, arguments[0])?;
    assert!(output.status.success(), "python3 fails on {}:\n{}", arguments[0].display(), both(&output));
    Some(output)
}

fn output(command: &mut Command, zip: &Path) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let tool = command.get_program().to_string_lossy();
            skip(&format!("{} as {tool} sees it", zip.display()), "no such tool here");
            None
        }
        Err(error) => panic!("{command:?} did not start: {error}"),
    }
}

fn both(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

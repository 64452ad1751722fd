//! Backtraces as std prints them, and the names that addr2line has for their addresses.

use std::path::Path;
use std::process::Command;

use super::skip::skip;

/// Frames of a backtrace at `RUST_BACKTRACE=full`: address, and name where there is one.
pub(crate) fn frames(stderr: &str) -> Vec<(u64, String)> {
    let frame = |line: &str| {
        let (number, rest) = line.trim().split_once(": ")?;
        number.parse::<usize>().ok()?;
        let (address, name) = rest.trim().split_once(" - ")?;
        let address = u64::from_str_radix(address.trim().strip_prefix("0x")?, 16).ok()?;
        Some((address, without_hash(name)))
    };
    stderr.lines().filter_map(frame).collect()
}

/// `core::fmt::write::h0123456789abcdef` and `core[0123456789abcdef]::fmt::write` without their hashes, which c++filt leaves out.
pub(crate) fn without_hash(name: &str) -> String {
    let is_hash = |text: &str| text.len() >= 14 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = name.trim();
    let name = match name.rsplit_once("::h") {
        Some((path, hash)) if is_hash(hash) => path,
        _ => name,
    };
    let mut parts = name.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |so_far, part| match part.split_once(']') {
        Some((hash, rest)) if is_hash(hash) => so_far + rest,
        _ => so_far + "[" + part,
    })
}

/// False, said so, where there is no addr2line.
pub(crate) fn has_addr2line() -> bool {
    let is_here = Command::new("addr2line").arg("--version").output().is_ok();
    if !is_here {
        skip("a backtrace as addr2line tells it", "no addr2line here");
    }
    is_here
}

/// Names of the functions around an address, from the inlined ones outwards, as addr2line tells them.
pub(crate) fn addr2line(debug: &Path, address: u64) -> Vec<String> {
    let address = format!("{address:#x}");
    let output =
        Command::new("addr2line").args(["-C", "-f", "-i", "-e"]).arg(debug).arg(address).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    told.lines().step_by(2).map(without_hash).collect()
}

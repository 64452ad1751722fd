//! What binutils say about a binary: `nm` and `readelf`, which share no code with any reader in this project.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::skip::skip;

/// The demangled names of all defined symbols. `None`, and a line that says so, where there is no `nm`.
pub(crate) fn defined(binary: &Path) -> Option<Vec<String>> {
    let listing = binutils("nm", &["--demangle", "--defined-only", "--format=posix"], binary)?;
    // The POSIX format is 'name type value size', and demangled names have spaces: cut from the right.
    let names = listing.lines().filter_map(|line| {
        let mut fields = line.rsplitn(4, ' ');
        let (_size, _value, _kind) = (fields.next()?, fields.next()?, fields.next()?);
        fields.next().map(str::to_owned)
    });
    Some(names.collect())
}

/// The source files and codegen units that the symbol table names (`STT_FILE`), each once.
pub(crate) fn files(binary: &Path) -> Option<BTreeSet<String>> {
    let listing = binutils("readelf", &["--symbols", "--wide"], binary)?;
    let names = listing.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.get(3) == Some(&"FILE")).then(|| fields.get(7).copied().unwrap_or_default().to_owned())
    });
    Some(names.collect())
}

/// The `Machine:` line of the ELF header, such as `AArch64`.
pub(crate) fn machine(binary: &Path) -> Option<String> {
    let header = binutils("readelf", &["--file-header"], binary)?;
    header.lines().find_map(|line| Some(line.trim().strip_prefix("Machine:")?.trim().to_owned()))
}

/// Writes `binary` without its symbols and debug information to `stripped`: a twin with the same build id. `None`, and a
/// line that says so, where there is no `strip`, or none for this architecture.
pub(crate) fn strip(binary: &Path, stripped: &Path) -> Option<()> {
    let output = Command::new("strip").arg("-o").arg(stripped).arg(binary).env("LC_ALL", "C").output();
    if output.is_ok_and(|output| output.status.success()) {
        return Some(());
    }
    skip(&format!("{} stripped", binary.display()), "no strip for it here");
    None
}

fn binutils(tool: &str, arguments: &[&str], binary: &Path) -> Option<String> {
    let Ok(output) = Command::new(tool).args(arguments).arg(binary).env("LC_ALL", "C").output() else {
        skip(&format!("{} as {tool} sees it", binary.display()), "no such tool here");
        return None;
    };
    assert!(output.status.success(), "{tool} {}: {}", binary.display(), String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The lines of `.comment`: what compilers and linker left there.
pub(crate) fn comment(binary: &Path) -> Option<Vec<String>> {
    let dump = binutils("readelf", &["--string-dump=.comment", "--wide"], binary)?;
    let lines = dump.lines().filter_map(|line| line.trim_start().strip_prefix('[')?.split_once("]  "));
    Some(lines.map(|(_, text)| text.to_owned()).collect())
}

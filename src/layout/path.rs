//! The name by which an order knows a function.

use crate::elf::mangling::demangle;

/// What version control leaves where two orders were merged.
pub(super) const CONFLICT_MARKS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// The demangled path without hashes, LLVM's suffix, and the versions that C libraries put into their names.
pub(super) fn path_of(mangled: &str) -> String {
    // LLVM's suffix `.llvm.<number>` is that of the codegen unit, and changes with all that is in it.
    let name = mangled.find(".llvm.").map_or(mangled, |at| &mangled[..at]);
    let path = demangle(name);
    if path == name { without_version(&path) } else { path }
}

/// `ring_core_0_17_14__x25519` is `ring_core_*_x25519`: crates with C code put their version into its names, so that two versions can be
/// linked into one program.
fn without_version(name: &str) -> String {
    let parts: Vec<&str> = name.split('_').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts.windows(3).position(|window| window.iter().all(is_number)) {
        // A name that begins with its version would be left without what it is a version of.
        Some(at) if at > 0 => {
            let rest = parts[at + 3..].iter().skip_while(|part| part.is_empty());
            let kept: Vec<&str> = parts[..at].iter().copied().chain(["*"]).chain(rest.copied()).collect();
            kept.join("_")
        }
        _ => name.to_owned(),
    }
}

/// Whether a path can be told from what else a line may be. Only damaged symbol tables hold others.
pub(super) fn is_line(path: &str) -> bool {
    let is_other = path.starts_with(['#', '[', '\u{feff}']) || CONFLICT_MARKS.iter().any(|mark| path.starts_with(mark));
    !path.is_empty() && !is_other && path.trim() == path && !path.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_units_and_versions_are_no_part_of_a_path() {
        for (mangled, path) in [
            ("_ZN3std2io5Write9write_all17h0123456789abcdefE", "std::io::Write::write_all"),
            ("_ZN3std2io5Write9write_all17h0123456789abcdefE.llvm.123456", "std::io::Write::write_all"),
            ("_RNvCsfLJT9FFWgU6_5hello4main", "hello::main"),
            ("aws_lc_0_47_0_FIPS_mode", "aws_lc_*_FIPS_mode"),
            ("ring_core_0_17_14__x25519", "ring_core_*_x25519"),
            ("sqlite3Malloc.part.0", "sqlite3Malloc.part.0"),
            ("sqlite3_mutex_alloc", "sqlite3_mutex_alloc"),
            ("1_2_3_4", "1_2_3_4"),
            ("_start", "_start"),
        ] {
            assert_eq!(path_of(mangled), path);
        }
    }
}

//! `.comment`: who compiled and linked the file, by their own word.
//!
//! Every compiler leaves a line there in every object file, and lld, mold and wild leave one for themselves; the linker merges equal
//! lines. Nobody has to: what is not there is not known, and GNU ld never names itself. Refuses nothing; what is not text, or too
//! long for a version, is passed over.

use serde::{Deserialize, Serialize};

use super::image::Image;

/// The most of `.comment` that is read, in bytes. A program of many toolchains has a few hundred.
const MAX_SIZE: usize = 64 * 1024;
/// A longer line is no version.
const MAX_LINE: usize = 512;
/// More compilers than that are not told apart.
const MAX_COMPILERS: usize = 4;

/// The tools that made a binary, as it names them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Toolchain {
    /// Version of rustc, like `1.95.0 (59807616e 2026-04-14)`; several, sorted, with a comma between, where objects of several
    /// were linked.
    #[serde(default)]
    pub rustc: Option<String>,
    /// Name and version of the linker, like `LLD 22.1.2 (…)`; `None` where it does not say, as GNU ld.
    #[serde(default)]
    pub linker: Option<String>,
}

impl Image<'_> {
    /// The tools that made the file; `None` where it names neither compiler nor linker.
    #[must_use]
    pub fn toolchain(&self) -> Option<Toolchain> {
        let section = self.sections().iter().find(|section| section.name == ".comment" && section.is_in_file())?;
        let bytes = self.bytes(&section.file_range)?;
        let toolchain = read(bytes.get(..MAX_SIZE).unwrap_or(bytes));
        (toolchain != Toolchain::default()).then_some(toolchain)
    }
}

fn read(bytes: &[u8]) -> Toolchain {
    let lines = bytes.split(|&byte| byte == 0).filter(|line| line.len() <= MAX_LINE);
    let lines = lines.filter_map(|line| std::str::from_utf8(line).ok()).map(str::trim);
    let (mut compilers, mut linkers) = (Vec::new(), Vec::new());
    for line in lines {
        if let Some(version) = line.strip_prefix("rustc version ") {
            compilers.push(version);
        } else if let Some(linker) = linker(line) {
            linkers.push(linker);
        }
    }
    compilers.sort_unstable();
    compilers.dedup();
    compilers.truncate(MAX_COMPILERS);
    Toolchain {
        rustc: (!compilers.is_empty()).then(|| compilers.join(", ")),
        // A relocatable link leaves its linker's line too, and the order of lines is the linker's: any one, but always the same.
        linker: linkers.into_iter().min().map(str::to_owned),
    }
}

/// `Linker: LLD 22.1.2`, as lld and wild have it, or `mold 2.40.4 (…; compatible with GNU ld)`.
fn linker(line: &str) -> Option<&str> {
    line.strip_prefix("Linker: ").or_else(|| line.starts_with("mold ").then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_is_named_by_its_own_line() {
        let lld = read(
            b"rustc version 1.95.0 (59807616e 2026-04-14)\0Linker: LLD 22.1.2 (/llvm 1cb4)\0GCC: (Debian) 12.2.0\0",
        );
        assert_eq!(lld.rustc.as_deref(), Some("1.95.0 (59807616e 2026-04-14)"));
        assert_eq!(lld.linker.as_deref(), Some("LLD 22.1.2 (/llvm 1cb4)"));
        let mold = read(b"\0mold 2.40.4 (compatible with GNU ld)\0rustc version 1.95.0\0rustc version 1.94.0\0");
        assert_eq!(mold.rustc.as_deref(), Some("1.94.0, 1.95.0"));
        assert_eq!(mold.linker.as_deref(), Some("mold 2.40.4 (compatible with GNU ld)"));
    }

    #[test]
    fn a_tool_that_leaves_no_line_is_not_known() {
        let junk: Vec<u8> = (0..=u8::MAX).cycle().take(4 * MAX_SIZE).collect();
        let long = [b"rustc version ".as_slice(), &vec![b'9'; MAX_LINE]].concat();
        for bytes in [b"".as_slice(), b"\0\0", b"GCC: (Debian 12.2.0) 12.2.0\0", b"\xff\xfe\0", &junk, &long] {
            assert_eq!(read(bytes), Toolchain::default());
        }
    }
}

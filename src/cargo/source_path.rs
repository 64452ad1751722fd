//! Which package a source file is of, as its path tells. Compilers leave such paths in panic locations and in debug information.
//!
//! | path | of |
//! |---|---|
//! | `…/registry/src/index.crates.io-1949cf8c6b5b557f/hyper-1.8.1/src/lib.rs` | `hyper` 1.8.1 |
//! | `/rustc/59807616e…/library/core/src/str/mod.rs` | std's `core` |
//! | `…/lib/rustlib/src/rust/library/alloc/src/vec/mod.rs` | std's `alloc` |
//! | `/rust/deps/hashbrown-0.16.1/src/raw.rs` | std's private `hashbrown` |
//!
//! Seen in programs built with rustc 1.95 on 2026-11-24. Paths of workspace members, of git and vendored packages tell a package only
//! together with a crate graph that knows where it stands.

/// Where a source file came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceOrigin<'p> {
    /// A package of a registry, in cargo's folder for those.
    Registry {
        /// The package's name, with its dashes.
        package: &'p str,
        /// Its version.
        version: &'p str,
    },
    /// A crate of the standard library.
    Std(&'p str),
    /// A package of which the standard library has a copy of its own.
    StdCopy(&'p str),
}

/// What a path tells. `None` for a path that tells nothing.
///
/// ```
/// use lambda_slim::cargo::{SourceOrigin, source_origin};
/// let path = "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/http-body-1.0.1-rc.2/src/lib.rs";
/// assert_eq!(source_origin(path), Some(SourceOrigin::Registry { package: "http-body", version: "1.0.1-rc.2" }));
/// ```
#[must_use]
pub fn source_origin(path: &str) -> Option<SourceOrigin<'_>> {
    if let Some((_, rest)) = path.split_once("/registry/src/") {
        let mut parts = rest.split('/');
        let _index = parts.next()?;
        let (package, version) = name_and_version(parts.next()?)?;
        parts.next()?;
        return Some(SourceOrigin::Registry { package, version });
    }
    if let Some(rest) = path.strip_prefix("/rust/deps/") {
        let (package, _version) = name_and_version(rest.split('/').next()?)?;
        return Some(SourceOrigin::StdCopy(package));
    }
    let in_library = match path.strip_prefix("/rustc/") {
        Some(rest) => rest.split_once("/library/").map(|(_, rest)| rest),
        None => path.split_once("/rustlib/src/rust/library/").map(|(_, rest)| rest),
    };
    let (folder, rest) = in_library?.split_once('/')?;
    Some(SourceOrigin::Std(match folder {
        // Folders that are included in other crates.
        "portable-simd" => "core",
        "stdarch" if rest.starts_with("crates/std_detect") => "std_detect",
        "stdarch" => "core",
        "backtrace" => "std",
        "compiler-builtins" => "compiler_builtins",
        folder => folder,
    }))
}

/// `http-body` and `1.0.1` of `http-body-1.0.1`: the version begins at the first dash with a number, a dot and a number behind it.
fn name_and_version(folder: &str) -> Option<(&str, &str)> {
    let dashes = folder.match_indices('-').map(|(at, _)| at);
    let mut found = dashes.filter(|&at| {
        let version = &folder[at + 1..];
        let digits = version.bytes().take_while(u8::is_ascii_digit).count();
        let rest = &version[digits..];
        digits > 0 && rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit())
    });
    let at = found.next()?;
    Some((&folder[..at], &folder[at + 1..])).filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn std_s_paths_name_its_crates() {
        for (path, origin) in [
            ("/rustc/59807616e/library/core/src/str/mod.rs", SourceOrigin::Std("core")),
            ("/root/.rustup/toolchains/x/lib/rustlib/src/rust/library/alloc/src/vec.rs", SourceOrigin::Std("alloc")),
            ("/rustc/59807616e/library/stdarch/crates/core_arch/src/x86.rs", SourceOrigin::Std("core")),
            ("/rust/deps/hashbrown-0.16.1/src/raw.rs", SourceOrigin::StdCopy("hashbrown")),
        ] {
            assert_eq!(source_origin(path), Some(origin), "{path}");
        }
    }

    #[test]
    fn what_tells_nothing_is_none() {
        for path in ["", "src/main.rs", "/rustc/", "/rust/deps/x", "/a/registry/src/index/name/src/lib.rs", "/registry/src/"] {
            assert_eq!(source_origin(path), None, "{path}");
        }
    }
}

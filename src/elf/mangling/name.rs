//! What a mangled name says, whichever scheme it follows.

use std::fmt::{self, Write};

use super::{legacy, v0};

/// How a symbol was mangled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `_ZN…17h<hash>E`: no crate hash, type arguments mostly missing.
    Legacy,
    /// `_R…` (RFC 2603): crate hashes, type arguments, instantiating crate.
    V0,
}

/// A crate as a symbol names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrateRef<'name> {
    /// Crate name, with underscores.
    pub name: &'name str,
    /// The crate's hash (`StableCrateId`), where the scheme has one.
    pub hash: Option<u64>,
}

/// The crates in one symbol name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolCrates<'name> {
    /// How it was mangled.
    pub scheme: Scheme,
    /// The crate that defines the item. Legacy names of trait impls leave it open which of several crates it is: the most
    /// downstream of these, since an impl must see all the types it names. Never empty.
    pub defining: Vec<CrateRef<'name>>,
    /// Crates of types among the item's arguments and self type.
    pub mentioned: Vec<CrateRef<'name>>,
    /// The crate whose compilation emitted it, where the name says so.
    pub instantiating: Option<CrateRef<'name>>,
}

/// Reads a mangled name, without demangling it.
#[must_use]
pub fn crates_of(mangled: &str) -> Option<SymbolCrates<'_>> {
    if is_legacy(mangled) { legacy::crates_of(mangled) } else { v0::crates_of(mangled) }
}

/// How many times longer than the name its text may be. Back references repeat what stands before them, and can be nested: a name
/// of a hundred bytes may stand for a megabyte. Of the 5,153 v0 names in the function `hello` (rustc 1.95, all crates in v0; measured
/// 2026-11-23) the longest text is 2.8 times its name, and all are read.
const MAX_EXPANSION: usize = 16;
/// What the text of a short name may take all the same, in bytes.
const MIN_LIMIT: usize = 256;

/// Text that refuses to grow past its limit.
struct Bounded {
    text: String,
    limit: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.text.len() + more.len() > self.limit {
            return Err(fmt::Error);
        }
        self.text.push_str(more);
        Ok(())
    }
}

/// The name for people, without hashes. Names that are not Rust's stay as they are, and so do those whose text would be many
/// times longer.
#[must_use]
pub fn demangle(mangled: &str) -> String {
    if is_legacy(mangled) || mangled.starts_with("_R") {
        let mut text = Bounded { text: String::new(), limit: mangled.len() * MAX_EXPANSION + MIN_LIMIT };
        match write!(text, "{:#}", rustc_demangle::demangle(mangled)) {
            Ok(()) => text.text,
            Err(fmt::Error) => mangled.to_owned(),
        }
    } else {
        mangled.to_owned()
    }
}

/// `_ZN…17h<16 hex digits>E`, with a suffix of LLVM's behind it or not. C++ names start alike but have no such hash.
fn is_legacy(mangled: &str) -> bool {
    if !mangled.starts_with("_ZN") {
        return false;
    }
    let Some(hash_at) = mangled.rfind("17h") else {
        return false;
    };
    let hash = mangled.as_bytes().get(hash_at + 3..hash_at + 20);
    hash.is_some_and(|hash| hash[16] == b'E' && hash[..16].iter().all(u8::is_ascii_hexdigit))
}

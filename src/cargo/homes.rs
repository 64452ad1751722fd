//! Where a symbol was compiled: which object of which library defines it.
//!
//! A global symbol's name is unique in a program, so the index of the library that defines it says whose it is, even where the
//! linked program names no object. C and assembly objects have no codegen unit: the library's package built them.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::Arc;

use super::messages::BuildScript;
use super::objects::{ObjectOwner, ObjectOwners};

/// The global symbols of one library, each with the number of the member that defines it. A clone shares them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LibrarySymbols(Arc<Index>);

#[derive(Debug, PartialEq, Eq, Default)]
struct Index {
    /// As an archive's index has them: one name after another, each with a zero behind it. A string per symbol would cost
    /// more time than all else that is done with a library.
    names: Vec<u8>,
    members: Vec<u32>,
}

impl LibrarySymbols {
    /// The number of no member.
    pub const UNKNOWN: u32 = u32::MAX;

    /// From an archive's index: `names`, each with a zero behind it, and the number of the member that defines each;
    /// [`LibrarySymbols::UNKNOWN`] where it says none.
    #[must_use]
    pub fn new(names: Vec<u8>, members: Vec<u32>) -> Self {
        Self(Arc::new(Index { names, members }))
    }

    /// Every symbol with the number of its member, in the order of the index.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], usize)> {
        let known = self.places().filter(|&(_, _, member)| member != Self::UNKNOWN);
        known.map(|(_, name, member)| (name, member as usize))
    }

    /// Where each name starts, the name, the member.
    fn places(&self) -> impl Iterator<Item = (usize, &[u8], u32)> {
        let mut start = 0;
        let names = self.0.names.split(|&byte| byte == 0).map(move |name| {
            let at = start;
            start += name.len() + 1;
            (at, name)
        });
        names.zip(&self.0.members).map(|((start, name), &member)| (start, name, member))
    }

    fn name_at(&self, start: u32) -> Option<&[u8]> {
        let rest = self.0.names.get(start as usize..)?;
        rest.split(|&byte| byte == 0).next()
    }
}

/// One library, as its archive describes it.
#[derive(Debug, Clone, Copy)]
pub struct LibraryIndex<'a> {
    /// Who built it.
    pub owner: ObjectOwner<'a>,
    /// Its file.
    pub path: &'a Path,
    /// Names of its members.
    pub members: &'a [String],
    /// Its global symbols.
    pub symbols: &'a LibrarySymbols,
}

/// A library that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Library {
    owner: String,
    members: Vec<String>,
    symbols: LibrarySymbols,
}

/// The object that defines a symbol: numbers of the library and its member, and where the name starts in the library's index.
#[derive(Debug, Clone, Copy)]
struct Home {
    library: u32,
    name: u32,
    /// [`LibrarySymbols::UNKNOWN`] where several objects define the symbol: then nothing tells which of them was linked.
    member: u32,
}

/// The object behind each global symbol and each native source file, and the owner of each object.
#[derive(Debug, Clone, Default)]
pub struct SymbolHomes {
    libraries: Vec<Library>,
    /// By the hash of the symbol's name.
    symbols: HashMap<u64, Home>,
    /// Source file of a native object, without folder and ending, to the owner of its library.
    native_sources: HashMap<String, Option<String>>,
    objects: ObjectOwners,
}

impl SymbolHomes {
    /// Learns from libraries.
    pub fn from_libraries<'a>(libraries: impl IntoIterator<Item = LibraryIndex<'a>>) -> Self {
        let mut homes = Self::default();
        let libraries: Vec<LibraryIndex<'a>> = libraries.into_iter().collect();
        homes.symbols.reserve(libraries.iter().map(|library| library.symbols.0.members.len()).sum());
        for library in libraries {
            homes.objects.add_library(library.path, library.owner);
            homes.add_native_sources(&library);
            homes.libraries.push(Library {
                owner: library.owner.name().to_owned(),
                members: library.members.to_vec(),
                symbols: library.symbols.clone(),
            });
            homes.add_symbols(library.symbols);
        }
        homes
    }

    /// Learns which static archives build scripts made or brought.
    #[must_use]
    pub fn with_build_scripts(mut self, scripts: &[BuildScript]) -> Self {
        scripts.iter().for_each(|script| self.objects.add_build_script(script));
        self
    }

    fn add_native_sources(&mut self, library: &LibraryIndex<'_>) {
        let owner = library.owner.name();
        for source in library.members.iter().filter_map(|member| native_source(member)) {
            let known = self.native_sources.entry(source.to_owned()).or_insert_with(|| Some(owner.to_owned()));
            if known.as_deref().is_some_and(|known| known != owner) {
                *known = None;
            }
        }
    }

    /// Adds the symbols of the last library.
    fn add_symbols(&mut self, symbols: &LibrarySymbols) {
        let Some(library) = self.libraries.len().checked_sub(1).and_then(|last| u32::try_from(last).ok()) else {
            return;
        };
        for (start, name, member) in symbols.places() {
            // No index is larger than 4 GiB: rlibs are read with a limit far below.
            let Ok(start) = u32::try_from(start) else { break };
            let home = Home { library, name: start, member };
            if self.member(home).is_none() {
                continue;
            }
            let hash = self.symbols.hasher().hash_one(name);
            match self.symbols.get(&hash).copied() {
                Some(known) if self.member(known) == self.member(home) && self.name(known) == Some(name) => {}
                Some(known) => {
                    self.symbols.insert(hash, Home { member: LibrarySymbols::UNKNOWN, ..known });
                }
                None => {
                    self.symbols.insert(hash, home);
                }
            }
        }
    }

    fn name(&self, home: Home) -> Option<&[u8]> {
        self.libraries.get(home.library as usize)?.symbols.name_at(home.name)
    }

    /// The owner of the library and the name of the member.
    fn member(&self, home: Home) -> Option<(&str, &str)> {
        let library = self.libraries.get(home.library as usize)?;
        Some((&library.owner, library.members.get(home.member as usize)?))
    }

    /// Owner and member that define a symbol; `Some(None)` where several do.
    fn home(&self, symbol: &str) -> Option<Option<(&str, &str)>> {
        let home = *self.symbols.get(&self.symbols.hasher().hash_one(symbol.as_bytes()))?;
        (self.name(home)? == symbol.as_bytes()).then(|| self.member(home))
    }

    /// The object that defines a symbol, as its library names it.
    #[must_use]
    pub fn member_of(&self, symbol: &str) -> Option<&str> {
        if self.symbols.is_empty() {
            return None;
        }
        let (_, member) = self.home(symbol)??;
        Some(member)
    }

    /// Id of the package whose C or assembly code a symbol is: by its own name, else by the source file that the linked program
    /// names for it.
    #[must_use]
    pub fn native_package(&self, symbol: &str, source: Option<&str>) -> Option<&str> {
        if let Some(Some((owner, member))) = self.home(symbol) {
            return native_source(member).map(|_| owner);
        }
        let source = source?;
        let (stem, _ending) = source.rsplit_once('.')?;
        let name = stem.rsplit_once('/').map_or(stem, |(_, name)| name);
        self.native_sources.get(name)?.as_deref()
    }

    /// Who built an object, by its text in a linker's map: `/…/libdep-2f0a.rlib(member.o)`, or the path of an object. `None` for
    /// the program's own objects and the system's.
    #[must_use]
    pub fn owner_of_object(&self, object: &str) -> Option<ObjectOwner<'_>> {
        self.objects.owner_of(object)
    }
}

/// `adler32` of `b9b191b8e1a44c35-adler32.o`, as the cc crate names objects; `None` for codegen units and metadata.
fn native_source(member: &str) -> Option<&str> {
    if member.contains("-cgu.") || member.ends_with(".rcgu.o") {
        return None;
    }
    let stem = member.strip_suffix(".o")?;
    let hashed =
        stem.split_once('-').filter(|(hash, _)| hash.len() == 16 && hash.bytes().all(|c| c.is_ascii_hexdigit()));
    Some(hashed.map_or(stem, |(_, name)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Package, members, symbols.
    type Library<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, u32)]);

    fn homes(libraries: &[Library<'_>]) -> SymbolHomes {
        let owned: Vec<_> = libraries
            .iter()
            .map(|(package, members, symbols)| {
                let members: Vec<String> = members.iter().map(|m| (*m).to_owned()).collect();
                let names = symbols.iter().flat_map(|(name, _)| [name.as_bytes(), b"\0"].concat()).collect();
                let symbols = LibrarySymbols::new(names, symbols.iter().map(|&(_, member)| member).collect());
                (*package, members, symbols)
            })
            .collect();
        SymbolHomes::from_libraries(owned.iter().map(|(package, members, symbols)| LibraryIndex {
            owner: ObjectOwner::Package(package),
            path: Path::new("lib.rlib"),
            members,
            symbols,
        }))
    }

    #[test]
    fn a_global_symbol_is_of_the_unit_that_defines_it() {
        let homes = homes(&[("dep 1", &["lib.rmeta", "dep-2f0a.dep.561d740fc367c06f-cgu.0.rcgu.o"], &[("_ZNdep", 1)])]);
        assert_eq!(homes.member_of("_ZNdep"), Some("dep-2f0a.dep.561d740fc367c06f-cgu.0.rcgu.o"));
        assert_eq!(homes.native_package("_ZNdep", None), None);
        assert_eq!(homes.member_of("_ZNother"), None);
    }

    #[test]
    fn c_code_is_of_the_package_that_compiled_it() {
        let homes = homes(&[("libz-sys", &["b9b191b8e1a44c35-deflate.o"], &[("deflate", 0)])]);
        assert_eq!(homes.native_package("deflate", None), Some("libz-sys"));
        assert_eq!(homes.native_package("longest_match", Some("deflate.c")), Some("libz-sys"), "a local function");
        assert_eq!(homes.native_package("frame_dummy", Some("crtstuff.c")), None);
    }

    #[test]
    fn what_two_packages_claim_is_nobody_s() {
        let members: &[&str] = &["b9b191b8e1a44c35-util.o"];
        let homes = homes(&[("a-sys", members, &[("helper", 0)]), ("b-sys", members, &[("helper", 0)])]);
        assert_eq!(homes.native_package("helper", Some("util.c")), None);
    }
}

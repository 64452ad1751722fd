//! Where a symbol was compiled: which object of which library defines it.
//!
//! A global symbol's name is unique in a program, so the index of the library that defines it says whose it is, even where the
//! linked program names no object. C and assembly objects have no codegen unit: the library's package built them.

use std::collections::HashMap;

use super::identity::{CodegenUnit, parse_codegen_unit};

/// One library, as its archive describes it.
#[derive(Debug, Clone, Copy)]
pub struct LibraryIndex<'a> {
    /// Id of the package that built it.
    pub package: &'a str,
    /// Names of its members.
    pub members: &'a [String],
    /// Global symbols with the number of the member that defines each.
    pub symbols: &'a [(String, usize)],
}

/// The object that defines a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Home {
    package: String,
    member: String,
}

/// The object behind each global symbol and each native source file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SymbolHomes {
    /// `None` where several objects define the symbol: then nothing tells which of them was linked.
    symbols: HashMap<String, Option<Home>>,
    /// Source file of a native object, without folder and ending, to its package.
    native_sources: HashMap<String, Option<String>>,
}

impl SymbolHomes {
    /// Learns from libraries.
    pub fn from_libraries<'a>(libraries: impl IntoIterator<Item = LibraryIndex<'a>>) -> Self {
        let mut homes = Self::default();
        for library in libraries {
            for member in library.members {
                let Some(source) = native_source(member) else { continue };
                let owner = homes.native_sources.entry(source.to_owned());
                let owner = owner.or_insert_with(|| Some(library.package.to_owned()));
                if owner.as_deref().is_some_and(|id| id != library.package) {
                    *owner = None;
                }
            }
            for (symbol, member) in library.symbols {
                let Some(member) = library.members.get(*member) else { continue };
                let home = Home { package: library.package.to_owned(), member: member.clone() };
                let entry = homes.symbols.entry(symbol.clone()).or_insert_with(|| Some(home.clone()));
                if entry.as_ref().is_some_and(|known| *known != home) {
                    *entry = None;
                }
            }
        }
        homes
    }

    /// The object that defines a symbol, as its library names it.
    #[must_use]
    pub fn member_of(&self, symbol: &str) -> Option<&str> {
        if self.symbols.is_empty() {
            return None;
        }
        Some(self.symbols.get(symbol)?.as_ref()?.member.as_str())
    }

    /// The codegen unit that defines a symbol.
    #[must_use]
    pub fn unit_of(&self, symbol: &str) -> Option<CodegenUnit<'_>> {
        parse_codegen_unit(&self.symbols.get(symbol)?.as_ref()?.member)
    }

    /// Id of the package whose C or assembly code a symbol is: by its own name, else by the source file that the linked program
    /// names for it.
    #[must_use]
    pub fn native_package(&self, symbol: &str, source: Option<&str>) -> Option<&str> {
        if let Some(Some(home)) = self.symbols.get(symbol) {
            return native_source(&home.member).map(|_| home.package.as_str());
        }
        let source = source?;
        let (stem, _ending) = source.rsplit_once('.')?;
        let name = stem.rsplit_once('/').map_or(stem, |(_, name)| name);
        self.native_sources.get(name)?.as_deref()
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
    type Library<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, usize)]);

    fn homes(libraries: &[Library<'_>]) -> SymbolHomes {
        let owned: Vec<_> = libraries
            .iter()
            .map(|(package, members, symbols)| {
                let members: Vec<String> = members.iter().map(|m| (*m).to_owned()).collect();
                let symbols: Vec<_> = symbols.iter().map(|(name, member)| ((*name).to_owned(), *member)).collect();
                (*package, members, symbols)
            })
            .collect();
        SymbolHomes::from_libraries(owned.iter().map(|(package, members, symbols)| LibraryIndex {
            package,
            members,
            symbols,
        }))
    }

    #[test]
    fn a_global_symbol_is_of_the_unit_that_defines_it() {
        let homes = homes(&[("dep 1", &["lib.rmeta", "dep-2f0a.dep.561d740fc367c06f-cgu.0.rcgu.o"], &[("_ZNdep", 1)])]);
        assert_eq!(homes.unit_of("_ZNdep").map(|unit| unit.crate_name), Some("dep"));
        assert_eq!(homes.native_package("_ZNdep", None), None);
        assert_eq!(homes.unit_of("_ZNother"), None);
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

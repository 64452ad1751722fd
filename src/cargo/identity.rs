//! From a codegen unit's name to the package that was compiled.
//!
//! rustc names the codegen units of a crate `<crate>.<HASH>-cgu.<N>`. The same text is in four places:
//!
//! | where | example |
//! |---|---|
//! | file symbol of the program | `hello.af762df6d76a97d1-cgu.00` |
//! | member of a Rust library | `dep-2f0a.dep.561d740fc367c06f-cgu.0.rcgu.o` |
//! | object in the linker's map | `libdep-2f0a.rlib(dep-2f0a.dep.561d740fc367c06f-cgu.0.rcgu.o)` |
//! | DWARF unit | `src/lib.rs/@/dep.561d740fc367c06f-cgu.0` |
//!
//! HASH is the crate's `StableCrateId` in hexadecimal. It is padded to 8 digits, not to 16, so 15 digits are seen. The v0
//! mangling writes the same number as the disambiguator of the crate root: in `Cs<digits>_3dep` it is the base-62 value
//! of the digits **plus two**, because `_` alone is 0 and digits are one more, and the absent disambiguator is 0 and
//! a written one is one more. It holds for crates with legacy mangling as well: the same source and `-C metadata` give
//! the same HASH under both manglings, and only the symbols do not show it. Checked with rustc 1.95 on the
//! crates of std in a real program (13 of 13), and on a library and a program of our own under both manglings
//! (2026-11-23); the tests below keep both.
//!
//! Incremental builds (`dev`, workspace members) have opaque names instead, 25 digits of base 36 such as
//! `01qolp0del7xkbufakr7f9buc`, which are the same text in the file symbol and in the library's member
//! (`<crate>-<meta>.<name>.<session>.rcgu.o`): they tell the package, but not the crate's hash. The allocator shim has
//! such a name too, in no library. C objects have names of their own.

use std::collections::BTreeMap;
use std::fmt;

/// What tells a crate from every other crate in one program: rustc's `StableCrateId`. Prints as rustc prints it in the
/// names of codegen units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrateHash(u64);

impl CrateHash {
    /// A hash with this value.
    #[must_use]
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// The number. It equals the disambiguator of the crate root in v0 symbols.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// From the text between `Cs` and `_` in a v0 symbol, for example `7oo517GzSWx` in `Cs7oo517GzSWx_3dep`.
    /// `None` if it is not a base-62 number that fits in 64 bits.
    ///
    /// ```
    /// use lambda_slim::cargo::CrateHash;
    /// assert_eq!(CrateHash::from_base62("7oo517GzSWx").unwrap().to_string(), "561d740fc367c06f");
    /// ```
    #[must_use]
    pub fn from_base62(digits: &str) -> Option<Self> {
        if digits.is_empty() {
            return Some(Self(1));
        }
        let mut value: u64 = 0;
        for digit in digits.bytes() {
            let digit = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'z' => digit - b'a' + 10,
                b'A'..=b'Z' => digit - b'A' + 36,
                _ => return None,
            };
            value = value.checked_mul(62)?.checked_add(u64::from(digit))?;
        }
        value.checked_add(2).map(Self)
    }

    fn from_hex(text: &str) -> Option<Self> {
        let lower_hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if !(8..=16).contains(&text.len()) || !text.bytes().all(lower_hex) {
            return None;
        }
        u64::from_str_radix(text, 16).ok().map(Self)
    }
}

impl fmt::Display for CrateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// What the name of a codegen unit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodegenUnit<'a> {
    /// The crate's name, as in symbols.
    pub crate_name: &'a str,
    /// The crate.
    pub hash: CrateHash,
    /// The number of the unit in its crate.
    pub index: u32,
}

/// Finds a codegen unit's name in any of the texts that hold it (see the module's table). `None` if there is none.
///
/// ```
/// use lambda_slim::cargo::parse_codegen_unit;
/// let unit = parse_codegen_unit("dep-2f0a.dep.561d740fc367c06f-cgu.0.rcgu.o").unwrap();
/// assert_eq!((unit.crate_name, unit.index), ("dep", 0));
/// ```
#[must_use]
pub fn parse_codegen_unit(name: &str) -> Option<CodegenUnit<'_>> {
    const MARK: &str = "-cgu.";
    let mark = name.rfind(MARK)?;
    let (crate_path, hash) = name[..mark].rsplit_once('.')?;
    let after = &name[mark + MARK.len()..];
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let is_name = |c: char| c == '_' || c.is_alphanumeric();
    let crate_name = &crate_path[crate_path.trim_end_matches(is_name).len()..];
    if crate_name.is_empty() || crate_name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some(CodegenUnit { crate_name, hash: CrateHash::from_hex(hash)?, index: after[..digits].parse().ok()? })
}

/// Finds the opaque name that a codegen unit has in an incremental build; see the module's docs.
fn parse_opaque_unit(name: &str) -> Option<&str> {
    const LENGTH: usize = 25;
    let is_opaque =
        |part: &&str| part.len() == LENGTH && part.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase());
    name.split(['.', '(', ')', '/']).find(is_opaque)
}

/// Which package each crate of a program came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CrateIdentities {
    /// `None` where two packages claim one hash: then nobody is named.
    packages: BTreeMap<CrateHash, Option<String>>,
    opaque_units: BTreeMap<String, Option<String>>,
}

impl CrateIdentities {
    /// Learns from the members of Rust libraries, given as pairs of package id and member name. Members that are no
    /// codegen units (metadata, C objects) are passed over.
    pub fn from_members<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut identities = Self::default();
        for (package_id, member) in members {
            if let Some(unit) = parse_codegen_unit(member) {
                claim(&mut identities.packages, unit.hash, package_id);
            } else if member.ends_with(".rcgu.o")
                && let Some(unit) = parse_opaque_unit(member)
            {
                claim(&mut identities.opaque_units, unit.to_owned(), package_id);
            }
        }
        identities
    }

    /// The id of the package that a codegen unit came from, given any text that holds its name: a file symbol, an
    /// object in the linker's map, a DWARF unit. `None` if it is not known or two packages claim it.
    #[must_use]
    pub fn package_of_unit(&self, name: &str) -> Option<&str> {
        match parse_codegen_unit(name) {
            Some(unit) => self.package_of(unit.hash),
            None => self.opaque_units.get(parse_opaque_unit(name)?)?.as_deref(),
        }
    }

    /// The id of the package that a crate came from; `None` if it is not known or two packages claim it.
    #[must_use]
    pub fn package_of(&self, hash: CrateHash) -> Option<&str> {
        self.packages.get(&hash)?.as_deref()
    }

    /// Every known crate with its package id, by hash.
    pub fn iter(&self) -> impl Iterator<Item = (CrateHash, &str)> {
        self.packages.iter().filter_map(|(&hash, id)| Some((hash, id.as_deref()?)))
    }
}

fn claim<K: Ord>(owners: &mut BTreeMap<K, Option<String>>, key: K, package_id: &str) {
    let owner = owners.entry(key).or_insert_with(|| Some(package_id.to_owned()));
    if owner.as_deref().is_some_and(|id| id != package_id) {
        *owner = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(crate_name: &str, hash: u64, index: u32) -> Option<CodegenUnit<'_>> {
        let hash = CrateHash::new(hash);
        Some(CodegenUnit { crate_name, hash, index })
    }

    #[test]
    fn names_from_every_place_are_parsed() {
        for (name, expected) in [
            ("hello.af762df6d76a97d1-cgu.00", unit("hello", 0xaf76_2df6_d76a_97d1, 0)),
            ("dep-2f0a.dep.561d740fc367c06f-cgu.0.rcgu.o", unit("dep", 0x561d_740f_c367_c06f, 0)),
            (
                "/t/libdep-2f0a.rlib(dep-2f0a.dep.561d740fc367c06f-cgu.12.rcgu.o)",
                unit("dep", 0x561d_740f_c367_c06f, 12),
            ),
            ("/t/deps/hello-1.hello.af762df6d76a97d1-cgu.03.rcgu.o", unit("hello", 0xaf76_2df6_d76a_97d1, 3)),
            ("src/lib.rs/@/serde_json.1382ed20b0bc18a3-cgu.0", unit("serde_json", 0x1382_ed20_b0bc_18a3, 0)),
            // Thin LTO keeps the origin and adds a suffix.
            (
                "l.serde_json.serde_json.1382ed20b0bc18a-cgu.0.rcgu.o.rcgu.o",
                unit("serde_json", 0x0138_2ed2_0b0b_c18a, 0),
            ),
            ("compiler_builtins.4e30281dd23088d2-cgu.001.rcgu.o", unit("compiler_builtins", 0x4e30_281d_d230_88d2, 1)),
        ] {
            assert_eq!(parse_codegen_unit(name), expected, "{name}");
        }
    }

    #[test]
    fn other_names_are_not_parsed() {
        for name in [
            "",
            "crtstuff.c",
            "lib.rmeta",
            "cq6pjdkhwldh0fx4yvlxb06jr",
            "-cgu.0",
            ".-cgu.0",
            "dep.-cgu.0",
            "dep.561d740fc367c06f-cgu.",
            "dep.561d740fc367c06f0-cgu.0",
            "dep.561D740FC367C06F-cgu.0",
            ".561d740fc367c06f-cgu.0",
            "dep.561d740fc367c06f-cgu.99999999999",
            "45c91108d938afe8-absvdi2.o",
        ] {
            assert_eq!(parse_codegen_unit(name), None, "{name}");
        }
    }

    /// Taken from one real program, `hello` (rustc 1.95): the crate roots in its v0 symbols beside its file symbols.
    #[test]
    fn v0_disambiguator_of_std_crates_is_the_hash() {
        for (digits, file_symbol) in [
            ("4X4t9plMPHF", "addr2line.39b02397e671b2d1-cgu.0"),
            ("lNYArtu3iFV", "alloc.fdfd2bd8633a6659-cgu.0"),
            ("gEmfK2I1SDS", "core.c1f1a4ba060b9bfa-cgu.0"),
            ("duwmD7cSIQq", "gimli.9d272e8433f81454-cgu.0"),
            ("gvbsrvnw3yD", "hashbrown.c0386ddbfadcbbc1-cgu.0"),
            ("jrHSEGnQ3l9", "std.e28293b1aa0f68bd-cgu.0"),
            ("6d7GoaNTBIz", "std_detect.4859ea97f15b1179-cgu.0"),
        ] {
            let unit = parse_codegen_unit(file_symbol).expect(file_symbol);
            assert_eq!(CrateHash::from_base62(digits), Some(unit.hash), "{file_symbol}");
        }
    }

    /// The judge is rustc's own demangler, which prints the disambiguator in hexadecimal.
    #[test]
    fn rustc_demangle_prints_the_hash() {
        for (symbol, crate_name, digits) in [
            ("_RNvCs7oo517GzSWx_3dep5plain", "dep", "7oo517GzSWx"),
            ("_RNvCs_3dep5plain", "dep", ""),
            ("_RNvCs0_3dep5plain", "dep", "0"),
            ("_RNvCsZ_3dep5plain", "dep", "Z"),
        ] {
            let hash = CrateHash::from_base62(digits).expect(digits);
            let shown = rustc_demangle::demangle(symbol).to_string();
            assert_eq!(shown, format!("{crate_name}[{:x}]::plain", hash.value()), "{symbol}");
        }
    }

    #[test]
    fn numbers_that_are_too_large_are_refused() {
        // 2^64 - 3, so that the hash is 2^64 - 1; and one more.
        assert_eq!(CrateHash::from_base62("lYGhA16ahyd").map(CrateHash::value), Some(u64::MAX));
        assert_eq!(CrateHash::from_base62("lYGhA16ahye"), None);
        assert_eq!(CrateHash::from_base62("ZZZZZZZZZZZZ"), None);
        assert_eq!(CrateHash::from_base62("a-b"), None);
    }

    #[test]
    fn two_versions_of_a_crate_stay_two_packages() {
        let identities = CrateIdentities::from_members([
            ("http@0.2.9", "lib.rmeta"),
            ("http@0.2.9", "http-1.http.1111111111111111-cgu.0.rcgu.o"),
            ("http@1.1.0", "http-2.http.2222222222222222-cgu.0.rcgu.o"),
            ("http@1.1.0", "http-2.http.2222222222222222-cgu.1.rcgu.o"),
        ]);
        assert_eq!(identities.package_of(CrateHash::new(0x1111_1111_1111_1111)), Some("http@0.2.9"));
        assert_eq!(identities.package_of(CrateHash::new(0x2222_2222_2222_2222)), Some("http@1.1.0"));
        assert_eq!(identities.iter().count(), 2);
    }

    #[test]
    fn units_are_known_by_hash_or_by_their_opaque_name() {
        let identities = CrateIdentities::from_members([
            ("app", "app-0ed33c730365023d.01qolp0del7xkbufakr7f9buc.1cwiedg.rcgu.o"),
            ("app", "lib.rmeta"),
            ("http", "http-1.http.1111111111111111-cgu.0.rcgu.o"),
            ("c-sys", "01qolp0del7xkbufakr7f9bud.o"),
        ]);
        assert_eq!(identities.package_of_unit("01qolp0del7xkbufakr7f9buc"), Some("app"));
        assert_eq!(identities.package_of_unit("http.1111111111111111-cgu.0"), Some("http"));
        assert_eq!(identities.package_of_unit("01qolp0del7xkbufakr7f9bud"), None);
        assert_eq!(identities.package_of_unit("crtstuff.c"), None);
    }

    #[test]
    fn a_hash_that_two_packages_claim_names_nobody() {
        let member = "http-1.http.1111111111111111-cgu.0.rcgu.o";
        let identities = CrateIdentities::from_members([("a", member), ("b", member), ("a", member)]);
        assert_eq!(identities.package_of(CrateHash::new(0x1111_1111_1111_1111)), None);
        assert_eq!(identities.iter().count(), 0);
    }
}

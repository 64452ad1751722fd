//! v0 names (RFC 2603), walked by their grammar. Depth and steps are bounded: back references can make a short name long.

use super::{CrateRef, Scheme, SymbolCrates};

const MAX_DEPTH: usize = 200;
/// Steps for each byte of the name. Without back references a byte takes at most one; a file may hold a million names, so
/// each may only cost what its size is worth.
const STEPS_PER_BYTE: usize = 16;
/// Steps that a short name may take all the same.
const MIN_STEPS: usize = 256;
/// More crates than any real name mentions; the search for one among them must stay short.
const MAX_MENTIONED: usize = 64;

pub(super) fn crates_of(mangled: &str) -> Option<SymbolCrates<'_>> {
    let body = mangled.strip_prefix("_R")?;
    // LLVM appends `.llvm.<n>`, `.cold` and the like; the grammar itself has no dot.
    let body = body.split('.').next()?;
    let steps_left = body.len() * STEPS_PER_BYTE + MIN_STEPS;
    let mut walk = Walk { text: body, at: 0, depth: 0, steps_left, mentioned: Vec::new() };
    while walk.peek()?.is_ascii_digit() {
        walk.at += 1; // Encoding version; none is defined yet.
    }
    let defining = walk.path()?;
    let mentioned = std::mem::take(&mut walk.mentioned);
    let instantiating = if walk.peek().is_some_and(|tag| tag.is_ascii_uppercase()) { Some(walk.path()?) } else { None };
    Some(SymbolCrates { scheme: Scheme::V0, defining: vec![defining], mentioned, instantiating })
}

struct Walk<'name> {
    text: &'name str,
    at: usize,
    depth: usize,
    steps_left: usize,
    mentioned: Vec<CrateRef<'name>>,
}

impl<'name> Walk<'name> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Runs one production with the bounds kept.
    fn nested<T>(&mut self, production: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.steps_left = self.steps_left.checked_sub(1)?;
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = production(self);
        self.depth -= 1;
        result
    }

    /// `_` is 0, `0_` is 1.
    fn base_62(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        if self.eat(b'_') {
            return Some(0);
        }
        loop {
            let digit = match self.next()? {
                b'_' => return value.checked_add(1),
                byte @ b'0'..=b'9' => byte - b'0',
                byte @ b'a'..=b'z' => byte - b'a' + 10,
                byte @ b'A'..=b'Z' => byte - b'A' + 36,
                _ => return None,
            };
            value = value.checked_mul(62)?.checked_add(u64::from(digit))?;
        }
    }

    fn disambiguator(&mut self) -> Option<u64> {
        if self.eat(b's') { self.base_62()?.checked_add(1) } else { Some(0) }
    }

    fn identifier(&mut self) -> Option<(u64, &'name str)> {
        let disambiguator = self.disambiguator()?;
        self.eat(b'u');
        let mut length = usize::from(self.next().filter(u8::is_ascii_digit)? - b'0');
        if length > 0 {
            while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
                length = length.checked_mul(10)?.checked_add(usize::from(digit - b'0'))?;
                self.at += 1;
            }
        }
        self.eat(b'_');
        let name = self.text.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some((disambiguator, name))
    }

    /// Follows a back reference and comes back. It must point backwards, so that walks end.
    fn back_reference<T>(&mut self, production: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let here = self.at - 1;
        let target = usize::try_from(self.base_62()?).ok().filter(|&target| target < here)?;
        let resume = std::mem::replace(&mut self.at, target);
        let result = self.nested(production);
        self.at = resume;
        result
    }

    /// A path; the crate that it is rooted in.
    fn path(&mut self) -> Option<CrateRef<'name>> {
        self.nested(|walk| match walk.next()? {
            b'C' => {
                let (hash, name) = walk.identifier()?;
                Some(CrateRef { name, hash: Some(hash).filter(|&hash| hash != 0) })
            }
            b'N' => {
                walk.next()?; // Namespace.
                let root = walk.path()?;
                walk.identifier()?;
                Some(root)
            }
            b'M' => {
                walk.disambiguator()?;
                let root = walk.path()?;
                walk.mention_type()?;
                Some(root)
            }
            b'X' => {
                walk.disambiguator()?;
                let root = walk.path()?;
                walk.mention_type()?;
                walk.path()?;
                Some(root)
            }
            b'Y' => {
                walk.mention_type()?;
                walk.path()
            }
            b'I' => {
                let root = walk.path()?;
                while !walk.eat(b'E') {
                    walk.generic_argument()?;
                }
                Some(root)
            }
            b'B' => walk.back_reference(Self::path),
            _ => None,
        })
    }

    fn generic_argument(&mut self) -> Option<()> {
        if self.eat(b'L') {
            self.base_62().map(drop)
        } else if self.eat(b'K') {
            self.constant()
        } else {
            self.mention_type()
        }
    }

    /// A type; every crate that it names is noted.
    fn mention_type(&mut self) -> Option<()> {
        self.nested(|walk| match walk.peek()? {
            b'C' | b'N' | b'M' | b'X' | b'Y' | b'I' => {
                let root = walk.path()?;
                walk.mention(root);
                Some(())
            }
            b'a'..=b'z' => {
                walk.at += 1;
                Some(())
            }
            _ => walk.compound_type(),
        })
    }

    fn mention(&mut self, root: CrateRef<'name>) {
        if self.mentioned.len() < MAX_MENTIONED && !self.mentioned.contains(&root) {
            self.mentioned.push(root);
        }
    }

    fn compound_type(&mut self) -> Option<()> {
        match self.next()? {
            b'A' | b'W' => {
                self.mention_type()?;
                self.constant()
            }
            b'S' | b'P' | b'O' => self.mention_type(),
            b'R' | b'Q' => {
                if self.eat(b'L') {
                    self.base_62()?;
                }
                self.mention_type()
            }
            b'T' => {
                while !self.eat(b'E') {
                    self.mention_type()?;
                }
                Some(())
            }
            b'F' => self.function_type(),
            b'D' => self.dyn_type(),
            b'B' => self.back_reference(Self::mention_type),
            _ => None,
        }
    }

    fn binder(&mut self) -> Option<()> {
        if self.eat(b'G') {
            self.base_62()?;
        }
        Some(())
    }

    fn function_type(&mut self) -> Option<()> {
        self.binder()?;
        self.eat(b'U');
        if self.eat(b'K') && !self.eat(b'C') {
            self.identifier()?;
        }
        while !self.eat(b'E') {
            self.mention_type()?;
        }
        self.mention_type()
    }

    fn dyn_type(&mut self) -> Option<()> {
        self.binder()?;
        while !self.eat(b'E') {
            let root = self.path()?;
            self.mention(root);
            while self.eat(b'p') {
                self.identifier()?;
                self.mention_type()?;
            }
        }
        self.eat(b'L').then_some(())?;
        self.base_62().map(drop)
    }

    fn constant(&mut self) -> Option<()> {
        self.nested(|walk| match walk.next()? {
            b'p' => Some(()),
            b'B' => walk.back_reference(Self::constant),
            b'R' | b'Q' => walk.constant(),
            b'A' | b'T' => walk.constants(),
            b'V' => {
                let root = walk.path()?;
                walk.mention(root);
                match walk.next()? {
                    b'U' => Some(()),
                    b'T' => walk.constants(),
                    b'S' => {
                        while !walk.eat(b'E') {
                            walk.identifier()?;
                            walk.constant()?;
                        }
                        Some(())
                    }
                    _ => None,
                }
            }
            b'a'..=b'z' => {
                walk.eat(b'n');
                while walk.next()? != b'_' {}
                Some(())
            }
            _ => None,
        })
    }

    fn constants(&mut self) -> Option<()> {
        while !self.eat(b'E') {
            self.constant()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(mangled: &str) -> (Vec<&str>, Vec<&str>, Option<&str>) {
        let crates = crates_of(mangled).expect("readable");
        (
            crates.defining.iter().map(|c| c.name).collect(),
            crates.mentioned.iter().map(|c| c.name).collect(),
            crates.instantiating.map(|c| c.name),
        )
    }

    #[test]
    fn a_generic_of_core_names_its_type_s_crate_and_the_instantiating_one() {
        let name =
            "_RINvMNtCsgEmfK2I1SDS_4core3stre12trim_matchesNvMNtNtB5_4char7methodsc13is_whitespaceECsjrHSEGnQ3l9_3std";
        assert_eq!(names(name), (vec!["core"], vec!["core"], Some("std")));
    }

    #[test]
    fn the_hash_is_the_stable_crate_id() {
        let crates = crates_of("_RNvCs1234_7mycrate3foo").expect("readable");
        // RFC 2603: base-62 digits 1234 are ((1 * 62 + 2) * 62 + 3) * 62 + 4; `_` adds 1, the disambiguator another.
        assert_eq!(crates.defining, vec![CrateRef { name: "mycrate", hash: Some(246_206 + 2) }]);
    }

    #[test]
    fn a_back_reference_to_itself_ends() {
        assert_eq!(crates_of("_RB_"), None);
        assert_eq!(crates_of("_RNvB_3foo"), None);
    }

    #[test]
    fn llvm_s_suffix_is_no_part_of_the_name() {
        assert_eq!(names("_RNvC7mycrate3foo.llvm.123").0, vec!["mycrate"]);
    }
}

//! Legacy names, read as they are mangled: `_ZN` and path segments, each with its length, the last one the hash. Punctuation is escaped
//! (`$LT$` is `<`, `..` is `::`), identifiers are not, so that crate names are borrowed from the name itself and nothing is demangled.
//!
//! `<A as B>::f`, `a::b::<impl X for Y>::f` and `core::ptr::drop_in_place<T>` are the shapes that matter.

use super::{CrateRef, Scheme, SymbolCrates};

/// More crates than any real name mentions; the search for one among them must stay short.
const MAX_MENTIONED: usize = 64;

/// Reads `_ZN…17h<hash>E`, with or without a suffix of LLVM's.
pub(super) fn crates_of(mangled: &str) -> Option<SymbolCrates<'_>> {
    let body = mangled.strip_prefix("_ZN")?;
    let body = &body[..body.rfind("17h")?];
    let mut reader = Reader::default();
    let mut rest = body;
    let mut first = true;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let length: usize = rest[..digits].parse().ok()?;
        let segment = rest.get(digits..digits.checked_add(length)?)?;
        if !first {
            reader.token(Token::Separator);
        }
        segment_tokens(segment, &mut |token| reader.token(token));
        rest = &rest[digits + length..];
        first = false;
    }
    reader.token(Token::Other);
    reader.finish()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'n> {
    Word(&'n str),
    /// `::`
    Separator,
    Space,
    /// `<`, `(`, `[`.
    Open(u8),
    /// `>`, `)`, `]`.
    Close,
    Other,
}

/// Takes one path segment apart.
fn segment_tokens<'n>(segment: &'n str, each: &mut impl FnMut(Token<'n>)) {
    // An underscore stands before a segment that would begin with an escape.
    let mut rest = segment.strip_prefix('_').filter(|rest| rest.starts_with('$')).unwrap_or(segment);
    let mut arrow = false;
    while let Some(&byte) = rest.as_bytes().first() {
        let mut dash = false;
        let (token, size) = match byte {
            b'$' => match rest[1..].find('$') {
                Some(end) => (escape(&rest[1..=end], arrow), end + 2),
                None => (Token::Other, 1),
            },
            b'.' if rest[1..].starts_with('.') => (Token::Separator, 2),
            b'.' => {
                dash = true;
                (Token::Other, 1)
            }
            byte if is_word(byte) => {
                let size = rest.bytes().take_while(|&byte| is_word(byte)).count();
                (Token::Word(&rest[..size]), size)
            }
            _ => (Token::Other, 1),
        };
        each(token);
        arrow = dash;
        let Some(next) = rest.get(size..) else { return };
        rest = next;
    }
}

/// What stands between two dollar signs. A `>` behind a dash ends an arrow and closes nothing.
fn escape(name: &str, arrow: bool) -> Token<'static> {
    match name {
        "LT" => Token::Open(b'<'),
        "LP" => Token::Open(b'('),
        "u5b" => Token::Open(b'['),
        "GT" if arrow => Token::Other,
        "GT" | "RP" | "u5d" => Token::Close,
        "u20" => Token::Space,
        _ => Token::Other,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && !name.as_bytes()[0].is_ascii_digit()
}

/// Where in the name the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    /// Before the first token.
    #[default]
    Start,
    /// In `A` of `<A as B>`, or of `<A>`.
    SelfType,
    /// In `B` of `<A as B>`.
    Trait,
    /// Behind `<…>`, or in a name that does not begin so.
    Path,
}

/// Collects the first segment of every path: the crates that the name names. A single word is a type parameter or a primitive.
#[derive(Debug, Default)]
struct Reader<'n> {
    part: Part,
    depth: usize,
    /// The first word of a plain path.
    first: Option<&'n str>,
    of_self: Vec<CrateRef<'n>>,
    of_trait: Vec<CrateRef<'n>>,
    elsewhere: Vec<CrateRef<'n>>,
    /// Whether a trait was named.
    is_impl: bool,
    /// A word that begins a path if `::` follows.
    head: Option<&'n str>,
    /// The token before, and the one before that.
    before: [Option<Token<'n>>; 2],
}

impl<'n> Reader<'n> {
    fn token(&mut self, token: Token<'n>) {
        if token == Token::Separator
            && let Some(head) = self.head
        {
            self.note(head);
        }
        self.head = match token {
            Token::Word(word) if self.before[0] != Some(Token::Separator) && is_identifier(word) => Some(word),
            _ => None,
        };
        match (self.part, token) {
            (Part::Start, Token::Open(b'<')) => {
                self.part = Part::SelfType;
                self.depth = 1;
            }
            (Part::Start, Token::Word(word)) => {
                self.part = Part::Path;
                self.first = Some(word);
                self.head = None;
            }
            (Part::Start, _) => self.part = Part::Path,
            (Part::SelfType | Part::Trait, Token::Open(_)) => self.depth += 1,
            (Part::SelfType | Part::Trait, Token::Close) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.part = Part::Path;
                }
            }
            (Part::SelfType, Token::Space)
                if self.depth == 1 && self.before == [Some(Token::Word("as")), Some(Token::Space)] =>
            {
                self.part = Part::Trait;
                self.is_impl = true;
            }
            _ => {}
        }
        self.before = [Some(token), self.before[0]];
    }

    fn note(&mut self, name: &'n str) {
        let into = match self.part {
            Part::SelfType => &mut self.of_self,
            Part::Trait => &mut self.of_trait,
            Part::Start | Part::Path => &mut self.elsewhere,
        };
        let head = CrateRef { name, hash: None };
        if into.len() < MAX_MENTIONED && !into.contains(&head) {
            into.push(head);
        }
    }

    fn finish(self) -> Option<SymbolCrates<'n>> {
        let mut defining = match self.first {
            Some(name) => vec![CrateRef { name, hash: None }],
            None if self.is_impl => {
                let mut candidates = self.of_self.clone();
                candidates.extend(self.of_trait.first().cloned());
                candidates.dedup();
                candidates
            }
            None => self.of_self.first().cloned().into_iter().collect(),
        };
        if defining.is_empty() {
            // `<[T]>::f`, `<str>::f` and their like are core's.
            defining.push(CrateRef { name: "core", hash: None });
        }
        let mut mentioned = self.of_self;
        // The trait's own crate is no type argument; the crates of its arguments are.
        for head in self.of_trait.into_iter().skip(1).chain(self.elsewhere) {
            if mentioned.len() < MAX_MENTIONED && !mentioned.contains(&head) {
                mentioned.push(head);
            }
        }
        let known = defining.iter().all(|root| is_identifier(root.name));
        known.then_some(SymbolCrates { scheme: Scheme::Legacy, defining, mentioned, instantiating: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(mangled: &str) -> (Vec<&str>, Vec<&str>) {
        let crates = crates_of(mangled).expect("readable");
        (crates.defining.iter().map(|c| c.name).collect(), crates.mentioned.iter().map(|c| c.name).collect())
    }

    #[test]
    fn a_plain_path_is_defined_by_its_first_segment() {
        let name = "_ZN5hyper5proto2h16encode17h0123456789abcdefE";
        assert_eq!(names(name), (vec!["hyper"], vec![]));
    }

    #[test]
    fn drop_glue_mentions_the_crate_of_what_it_drops() {
        // core::ptr::drop_in_place<core::option::Option<hyper::Body>>
        let glue = "drop_in_place$LT$core..option..Option$LT$hyper..Body$GT$$GT$";
        let name = format!("_ZN4core3ptr{}{glue}17h0123456789abcdefE", glue.len());
        assert_eq!(names(&name), (vec!["core"], vec!["core", "hyper"]));
    }

    #[test]
    fn a_trait_impl_may_be_of_the_type_s_crate_or_of_the_trait_s() {
        // <serde_json::Value as mine::Shrink<other::Way>>::shrink
        let of = "_$LT$serde_json..Value$u20$as$u20$mine..Shrink$LT$other..Way$GT$$GT$";
        let name = format!("_ZN{}{of}6shrink17h0123456789abcdefE.llvm.123", of.len());
        assert_eq!(names(&name), (vec!["serde_json", "mine"], vec!["serde_json", "other"]));
    }

    #[test]
    fn an_arrow_closes_no_bracket() {
        // <fn(u8) -> bool as core::fmt::Debug>::fmt
        let of = "_$LT$fn$LP$u8$RP$$u20$.$GT$$u20$bool$u20$as$u20$core..fmt..Debug$GT$";
        let name = format!("_ZN{}{of}3fmt17h0123456789abcdefE", of.len());
        assert_eq!(names(&name).0, vec!["core"]);
    }

    #[test]
    fn an_inherent_impl_of_another_module_is_its_crate_s() {
        // alloc::slice::<impl [T]>::join
        let of = "_$LT$impl$u20$$u5b$T$u5d$$GT$";
        let name = format!("_ZN5alloc5slice{}{of}4join17h0123456789abcdefE", of.len());
        assert_eq!(names(&name), (vec!["alloc"], vec![]));
    }
}

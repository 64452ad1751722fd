//! Legacy names, read from their demangled text: `<A as B>::f`, `a::b::<impl X for Y>::f`, `core::ptr::drop_in_place<T>`.

use super::{CrateRef, Scheme, SymbolCrates};

/// More crates than any real name mentions; the search for one among them must stay short.
const MAX_MENTIONED: usize = 64;

pub(super) fn crates_of(text: &str) -> Option<SymbolCrates<'_>> {
    let mut mentioned = Vec::new();
    let defining = if let Some(inside) = text.strip_prefix('<') {
        let (header, rest) = inside.split_at(closing_angle(inside)?);
        heads(rest, &mut mentioned);
        match split_top_level_as(header) {
            Some((self_type, trait_path)) => {
                heads(self_type, &mut mentioned);
                let mut of_trait = Vec::new();
                heads(trait_path, &mut of_trait);
                let mut candidates = mentioned.clone();
                candidates.extend(of_trait.first().cloned());
                // The trait's own crate is no type argument; the crates of its arguments are.
                mentioned.extend(of_trait.into_iter().skip(1));
                candidates
            }
            None => {
                heads(header, &mut mentioned);
                mentioned.first().cloned().into_iter().collect()
            }
        }
    } else {
        let end = text.find("::").unwrap_or(text.len());
        let name = &text[..end];
        heads(&text[end..], &mut mentioned);
        vec![CrateRef { name, hash: None }]
    };
    let defining = if defining.is_empty() {
        // `<T as …>` of a trait without path cannot be; `<[T]>::f`, `<str>::f` and their like are core's.
        vec![CrateRef { name: "core", hash: None }]
    } else {
        defining
    };
    defining.iter().all(|c| is_identifier(c.name)).then_some(SymbolCrates {
        scheme: Scheme::Legacy,
        defining,
        mentioned,
        instantiating: None,
    })
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_identifier_byte) && !name.as_bytes()[0].is_ascii_digit()
}

fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Position of the `>` that closes an angle bracket already opened. The arrow of a function type closes nothing.
fn closing_angle(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 1_usize;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if at > 0 && bytes[at - 1] == b'-' => {}
            b'>' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// `A as B` at the outermost level.
fn split_top_level_as(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            b'>' if at > 0 && bytes[at - 1] == b'-' => {}
            b'>' | b')' | b']' => depth = depth.saturating_sub(1),
            b' ' if depth == 0 && text[at..].starts_with(" as ") => return Some((&text[..at], &text[at + 4..])),
            _ => {}
        }
    }
    None
}

/// Adds the first segment of every path in `text`: the crates that it names. A single word is a type parameter or a primitive.
fn heads<'text>(text: &'text str, into: &mut Vec<CrateRef<'text>>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_identifier_byte(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && is_identifier_byte(bytes[at]) {
            at += 1;
        }
        let continues_a_path = text[..start].ends_with("::");
        if !continues_a_path && text[at..].starts_with("::") && is_identifier(&text[start..at]) {
            let head = CrateRef { name: &text[start..at], hash: None };
            if into.len() < MAX_MENTIONED && !into.contains(&head) {
                into.push(head);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> (Vec<&str>, Vec<&str>) {
        let crates = crates_of(text).expect("readable");
        (crates.defining.iter().map(|c| c.name).collect(), crates.mentioned.iter().map(|c| c.name).collect())
    }

    #[test]
    fn a_plain_path_is_defined_by_its_first_segment() {
        assert_eq!(names("hyper::proto::h1::encode"), (vec!["hyper"], vec![]));
    }

    #[test]
    fn drop_glue_mentions_the_crate_of_what_it_drops() {
        let (defining, mentioned) = names("core::ptr::drop_in_place<core::option::Option<hyper::Body>>");
        assert_eq!((defining, mentioned), (vec!["core"], vec!["core", "hyper"]));
    }

    #[test]
    fn a_trait_impl_may_be_of_the_type_s_crate_or_of_the_trait_s() {
        let (defining, mentioned) = names("<serde_json::Value as mine::Shrink<other::Way>>::shrink");
        assert_eq!((defining, mentioned), (vec!["serde_json", "mine"], vec!["serde_json", "other"]));
    }

    #[test]
    fn an_arrow_closes_no_bracket() {
        assert_eq!(names("<fn(u8) -> bool as core::fmt::Debug>::fmt").0, vec!["core"]);
    }
}

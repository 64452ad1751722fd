//! Names without what tells copies of one item apart.

/// The name of the item that a demangled name is an instance of: type arguments are `_`. Qualifiers stay: `<Vec<u8> as Drop>::drop` is
/// `<Vec<_> as Drop>::drop`.
///
/// ```
/// use lambda_slim::elf::mangling::without_arguments;
/// assert_eq!(without_arguments("core::ptr::drop_in_place::<hyper::Body>"), "core::ptr::drop_in_place<_>");
/// assert_eq!(without_arguments("a::<impl B<u8> for C>::f"), "a::<impl B<_> for C>::f");
/// ```
#[must_use]
pub fn without_arguments(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        short.push_str(before);
        let path = before.ends_with("::");
        let is_list = path || before.ends_with(|c: char| c == '_' || c == '}' || c.is_alphanumeric());
        let of_impl = from.starts_with("<impl ");
        match closing_angle(&from[1..]) {
            Some(size) if is_list && !of_impl => {
                if path {
                    short.truncate(short.len() - 2);
                }
                short.push_str("<_>");
                rest = &from[1 + size + 1..];
            }
            _ => {
                short.push('<');
                rest = &from[1..];
            }
        }
    }
    short.push_str(rest);
    short
}

/// The name by which two builds of one source know an item: without hash, LLVM's suffix, the numbers of closures and those of nameless
/// constants, which all change with code that has nothing to do with it.
///
/// ```
/// use lambda_slim::elf::mangling::stable_name;
/// assert_eq!(stable_name("a::f::{closure#12}"), "a::f::{closure}");
/// assert_eq!(stable_name("a::f::{{closure}}.llvm.1234"), "a::f::{closure}");
/// ```
#[must_use]
pub fn stable_name(name: &str) -> String {
    let name = name.find(".llvm.").map_or(name, |at| &name[..at]);
    if is_nameless(name) {
        return "anon".to_owned();
    }
    let name = without_hash(name);
    let mut stable = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('{') {
        stable.push_str(&rest[..at]);
        let inside = rest[at..].trim_start_matches('{');
        let Some(end) = inside.find('}') else {
            rest = &rest[at..];
            break;
        };
        let word = inside[..end].split('#').next().unwrap_or_default();
        stable.push('{');
        stable.push_str(word);
        stable.push('}');
        rest =
            inside[end + 1..].strip_prefix('}').filter(|_| rest[at..].starts_with("{{")).unwrap_or(&inside[end + 1..]);
    }
    stable.push_str(rest);
    stable
}

/// `anon.<hash of the codegen unit>.<number>`: a constant that nobody named.
fn is_nameless(name: &str) -> bool {
    let parts = name.strip_prefix("anon.").and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(hash, number)| {
        !hash.is_empty()
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

/// `a::f` of `a::f::h0123456789abcdef`.
fn without_hash(name: &str) -> &str {
    let is_hash = |hash: &str| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.rsplit_once("::h").filter(|(_, hash)| is_hash(hash)).map_or(name, |(item, _)| item)
}

/// Position of the `>` that closes an angle bracket already opened. The arrow of a function type closes nothing.
fn closing_angle(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 1_usize;
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if at > 0 && matches!(bytes[at - 1], b'-' | b'=') => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_share_the_name_of_their_item() {
        for (name, item) in [
            ("core::ptr::drop_in_place<alloc::vec::Vec<u8>>", "core::ptr::drop_in_place<_>"),
            ("<alloc::vec::Vec<T,A> as core::ops::Drop>::drop", "<alloc::vec::Vec<_> as core::ops::Drop>::drop"),
            ("a::f::<fn() -> u8, [u8; 4]>::{closure#0}", "a::f<_>::{closure#0}"),
            ("plain::name", "plain::name"),
            ("operator<", "operator<"),
            ("<&T as a::B<C>>::f", "<&T as a::B<_>>::f"),
        ] {
            assert_eq!(without_arguments(name), item);
        }
    }

    #[test]
    fn numbers_of_closures_and_suffixes_are_no_part_of_a_stable_name() {
        for (name, stable) in [
            ("a::f::{closure#0}::{closure#12}", "a::f::{closure}::{closure}"),
            ("a::f::{{closure}}::g", "a::f::{closure}::g"),
            ("a::{shim:vtable#0}", "a::{shim:vtable}"),
            ("plain", "plain"),
            ("odd{", "odd{"),
            ("a::f::h0123456789abcdef.llvm.12", "a::f"),
            ("a::happy", "a::happy"),
            ("anon.3f2a0b.12.llvm.3", "anon"),
            ("anon.three.12", "anon.three.12"),
        ] {
            assert_eq!(stable_name(name), stable);
        }
    }
}

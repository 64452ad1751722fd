//! What a Rust library holds: the names of its members, and which of them defines which symbol. An rlib is an `ar` archive; only
//! its headers and its symbol index are read.
//!
//! Layout: the System V (GNU) and BSD variants of `ar`, as `ar(5)` and LLVM's `Archive.cpp` have them.

use std::io::{self, Read, Seek};

use crate::cargo::LibrarySymbols;

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// More names than any library has; keeps a broken header from asking for gigabytes.
const NAMES_LIMIT: u64 = 64 << 20;

/// What a library holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Contents {
    /// Names of the members, in the order of the archive, without its symbol tables.
    pub(super) members: Vec<String>,
    /// Global symbols. Empty where the archive has no GNU index.
    pub(super) symbols: LibrarySymbols,
}

/// Reads members and index.
///
/// # Errors
/// What reading gives; [`io::ErrorKind::InvalidData`] if it is no archive or contradicts itself.
pub(super) fn contents(mut archive: impl Read + Seek) -> io::Result<Contents> {
    let end = archive.seek(io::SeekFrom::End(0))?;
    archive.rewind()?;
    let mut magic = [0; MAGIC.len()];
    archive.read_exact(&mut magic)?;
    if magic != MAGIC {
        return Err(invalid("not an ar archive"));
    }
    let mut members: Vec<(u64, String)> = Vec::new();
    let mut index = Index::default();
    let mut long_names = Vec::new();
    let mut position = MAGIC.len() as u64;
    while position + (HEADER as u64) <= end {
        let mut header = [0; HEADER];
        archive.read_exact(&mut header)?;
        let size = number(&header[48..58]).ok_or_else(|| invalid("the size of a member is not a number"))?;
        let data = position + HEADER as u64;
        let next = data.checked_add(size).filter(|&next| next <= end);
        let next = next.ok_or_else(|| invalid("a member ends past the end of the archive"))?;

        match text(&header[..16])? {
            "//" => long_names = read_limited(&mut archive, size)?,
            "/" => index = symbol_index(read_limited(&mut archive, size)?, u32::from_be_bytes)?,
            "/SYM64/" => index = symbol_index(read_limited(&mut archive, size)?, u64::from_be_bytes)?,
            "__.SYMDEF" | "__.SYMDEF SORTED" => {}
            name => members.push((position, full_name(name, &long_names, &mut archive, size)?)),
        }
        position = next + next % 2;
        archive.seek(io::SeekFrom::Start(position))?;
    }
    members.retain(|(_, name)| !name.starts_with("__.SYMDEF"));
    // Members stand in the order of their offsets.
    let number_of = |offset: &u64| {
        let number = members.binary_search_by_key(offset, |&(offset, _)| offset).ok();
        number.and_then(|number| u32::try_from(number).ok()).unwrap_or(LibrarySymbols::UNKNOWN)
    };
    let symbols = LibrarySymbols::new(index.names, index.offsets.iter().map(number_of).collect());
    Ok(Contents { members: members.into_iter().map(|(_, name)| name).collect(), symbols })
}

/// The index as it stands in the archive.
#[derive(Default)]
struct Index {
    /// Where the member starts that defines each symbol.
    offsets: Vec<u64>,
    /// The symbols' names, each with a zero behind it.
    names: Vec<u8>,
}

/// Count, offsets of the members that define each symbol, then the symbols' names, each with a zero behind it.
fn symbol_index<const N: usize, T: Into<u64>>(mut table: Vec<u8>, read: impl Fn([u8; N]) -> T) -> io::Result<Index> {
    let cut_short = || invalid("the symbol index is cut short");
    let (count, rest) = table.split_first_chunk::<N>().ok_or_else(cut_short)?;
    let count = usize::try_from(read(*count).into()).map_err(|_| cut_short())?;
    let size = count.checked_mul(N).ok_or_else(cut_short)?;
    let (offsets, _) = rest.get(..size).ok_or_else(cut_short)?.as_chunks::<N>();
    let offsets = offsets.iter().map(|offset| read(*offset).into()).collect();
    Ok(Index { offsets, names: table.split_off(N + size) })
}

fn full_name(name: &str, long_names: &[u8], archive: &mut impl Read, size: u64) -> io::Result<String> {
    if let Some(length) = name.strip_prefix("#1/") {
        let length = number(length.as_bytes()).filter(|&length| length <= size);
        let length = length.ok_or_else(|| invalid("a member's name is longer than the member"))?;
        let bytes = read_limited(archive, length)?;
        return Ok(text(&bytes)?.trim_end_matches('\0').to_owned());
    }
    if let Some(offset) = name.strip_prefix('/') {
        let offset = number(offset.as_bytes()).and_then(|offset| usize::try_from(offset).ok());
        let rest = offset.and_then(|offset| long_names.get(offset..));
        let rest = rest.ok_or_else(|| invalid("a member's name is outside of the name table"))?;
        let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        return Ok(text(&rest[..end])?.trim_end_matches('/').to_owned());
    }
    Ok(name.trim_end_matches('/').to_owned())
}

fn read_limited(archive: &mut impl Read, size: u64) -> io::Result<Vec<u8>> {
    if size > NAMES_LIMIT {
        return Err(invalid("the name table is too large"));
    }
    let mut bytes = Vec::new();
    archive.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn number(field: &[u8]) -> Option<u64> {
    text(field).ok()?.parse().ok()
}

fn text(field: &[u8]) -> io::Result<&str> {
    let text = std::str::from_utf8(field).map_err(|_| invalid("a name is not UTF-8"))?;
    Ok(text.trim_end_matches(' '))
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn member(name: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, data.len()).into_bytes();
        bytes.extend_from_slice(data);
        if data.len() % 2 == 1 {
            bytes.push(b'\n');
        }
        bytes
    }

    fn names(members: &[Vec<u8>]) -> io::Result<Vec<String>> {
        Ok(contents(Cursor::new([MAGIC.to_vec(), members.concat()].concat()))?.members)
    }

    #[test]
    fn the_index_names_the_member_that_defines_a_symbol() {
        let offsets = [94_u32, 94 + 60];
        let table =
            [&2_u32.to_be_bytes()[..], &offsets[0].to_be_bytes(), &offsets[1].to_be_bytes(), b"first\0second\0"];
        let archive = [MAGIC.to_vec(), member("/", &table.concat()), member("a.o/", b""), member("b.o/", b"")].concat();
        let found = contents(Cursor::new(archive)).unwrap();
        let symbols: Vec<_> = found.symbols.iter().collect();
        assert_eq!(symbols, [(&b"first"[..], 0), (b"second", 1)]);
    }

    #[test]
    fn an_index_that_ends_early_is_an_error() {
        let table = 9_u32.to_be_bytes();
        assert_eq!(names(&[member("/", &table)]).unwrap_err().to_string(), "the symbol index is cut short");
    }

    #[test]
    fn gnu_names_short_and_long() {
        let archive = [
            member("/", &0_u32.to_be_bytes()),
            member("//", b"dep-2f0a.dep.561d740fc367c06f-cgu.0.rcgu.o/\nsecond-long-name.o/\n"),
            member("lib.rmeta/", b"odd"),
            member("/0", b""),
            member("/44", b"data"),
        ];
        let expected = ["lib.rmeta", "dep-2f0a.dep.561d740fc367c06f-cgu.0.rcgu.o", "second-long-name.o"];
        assert_eq!(names(&archive).unwrap(), expected);
    }

    #[test]
    fn bsd_names() {
        let archive = [
            member("#1/20", b"__.SYMDEF SORTED\0\0\0\0table"),
            member("#1/16", b"a long name.o\0\0\0data"),
            member("b.o", b""),
        ];
        assert_eq!(names(&archive).unwrap(), ["a long name.o", "b.o"]);
    }

    #[test]
    fn broken_archives_say_what_is_wrong() {
        let error = |members: &[Vec<u8>]| names(members).unwrap_err().to_string();
        let mut cut = member("a.o/", b"0123456789");
        cut.truncate(65);
        assert_eq!(error(&[cut]), "a member ends past the end of the archive");
        assert_eq!(error(&[member("/7", b"")]), "a member's name is outside of the name table");
        assert_eq!(error(&[member("#1/9", b"short")]), "a member's name is longer than the member");
        assert_eq!(contents(Cursor::new(b"!<thin>\nxxxx")).unwrap_err().to_string(), "not an ar archive");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(flips in proptest::collection::vec((0usize..400, any::<u8>()), 0..8)) {
            let archive = [
                MAGIC.to_vec(), member("//", b"long-name-of-a-member.o/\n"), member("/0", b"abc"), member("#1/4", b"b.o\0x"),
            ];
            let mut bytes = archive.concat();
            for (position, byte) in flips {
                let length = bytes.len();
                bytes[position % length] = byte;
            }
            let _ = contents(Cursor::new(bytes));
        }
    }
}

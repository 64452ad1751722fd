//! Entries that lie about their names, their kind or themselves: each with its smallest example, and its error.

use lambda_slim::archive::ArchiveError;

use crate::raw::{Raw, a, bytes, parse, refused, s, zip};

#[test]
fn what_lambda_cannot_unpack_is_refused() {
    refused(&[Raw { flags: 1, ..a() }], ArchiveError::Encrypted { path: s("a") });
    refused(&[Raw { method: 99, ..a() }], ArchiveError::Encrypted { path: s("a") });
    refused(&[Raw { method: 93, ..a() }], ArchiveError::UnsupportedMethod { path: s("a"), method: 93 });
    let message = ArchiveError::UnsupportedMethod { path: s("a"), method: 93 }.to_string();
    assert_eq!(message, "\"a\" uses compression method 93 (Zstandard), only 0 (stored) and 8 (Deflate) are supported");
    refused(&[Raw { mode: 0o010_644, ..a() }], ArchiveError::SpecialFile { path: s("a"), mode: 0o010_644 });
}

#[test]
fn names_that_unpack_elsewhere_are_refused() {
    let check = |name: &[u8], error| refused(&[Raw::stored(name, b"")], error);
    check(b"", ArchiveError::EmptyName { offset: 30 });
    check(b"/etc/passwd", ArchiveError::AbsolutePath { path: s("/etc/passwd") });
    check(b"C:/boot", ArchiveError::AbsolutePath { path: s("C:/boot") });
    check(b"../a", ArchiveError::ParentPath { path: s("../a") });
    check(b"a/../../b", ArchiveError::ParentPath { path: s("a/../../b") });
    check(b"a/..", ArchiveError::ParentPath { path: s("a/..") });
    check(b"lib\\a", ArchiveError::BackslashPath { path: s("lib\\a") });
    check(b"a\0b", ArchiveError::ControlCharacter { path: s("a\0b"), character: '\0' });
    check(b"a\x1b[2J", ArchiveError::ControlCharacter { path: s("a\x1b[2J"), character: '\x1b' });
    check(b"gr\x94\xe1e", ArchiveError::NameNotUtf8 { lossy: s("gr\u{fffd}\u{fffd}e"), offset: 35 });
    assert_eq!(parse(&zip(&[Raw::stored("größe", b"")])).unwrap().entries()[0].path(), "größe");

    let other_name = [b"\x75\x70\x06\0\x01".as_slice(), &crc32fast::hash(b"a").to_le_bytes(), b"b"].concat();
    refused(&[Raw { extra: other_name, ..a() }], ArchiveError::TwoNames { path: s("a"), other: s("b") });
    refused(&[Raw { extra: vec![9, 9, 1, 0], ..a() }], ArchiveError::BadExtraField { path: s("a"), offset: 83 });
}

#[test]
fn names_that_collide_are_refused() {
    refused(&[a(), a()], ArchiveError::DuplicateName { path: s("a") });
    refused(&[a(), Raw::stored("./a", b"")], ArchiveError::DuplicateName { path: s("a") });
    refused(&[a(), Raw { mode: 0o040_755, ..Raw::stored("a/", b"") }], ArchiveError::DuplicateName { path: s("a") });
    let below = || Raw::stored("a/b/c", b"");
    refused(&[below(), a()], ArchiveError::FileAsFolder { path: s("a"), inside: s("a/b/c") });
    refused(&[Raw::link("a", "d"), below()], ArchiveError::FileAsFolder { path: s("a"), inside: s("a/b/c") });
}

#[test]
fn entries_that_are_not_what_they_seem_are_refused() {
    let by_name = "a folder";
    refused(&[Raw::stored("a/", b"")], ArchiveError::KindDisagrees { path: s("a"), by_name, mode: 0o100_644 });
    let by_name = "no folder";
    refused(&[Raw { mode: 0o040_755, ..a() }], ArchiveError::KindDisagrees { path: s("a"), by_name, mode: 0o040_755 });
    refused(
        &[Raw { mode: 0o040_755, ..Raw::stored("a/", b"x") }],
        ArchiveError::FolderWithContents { path: s("a"), size: bytes(1) },
    );
    for target in ["/etc", "..", "b/../.."] {
        refused(&[Raw::link("a", target)], ArchiveError::LinkLeavesPackage { path: s("a"), target: s(target) });
    }
    refused(&[Raw::link("a", "")], ArchiveError::BadLinkTarget { path: s("a"), size: bytes(0) });
    refused(&[Raw::link("a", &"b".repeat(5000))], ArchiveError::BadLinkTarget { path: s("a"), size: bytes(5000) });
}

#[test]
fn local_headers_that_disagree_are_refused() {
    let (path, offset) = (|| s("a"), 0);
    refused(
        &[Raw { local_name: Some(b"b".to_vec()), ..a() }],
        ArchiveError::LocalNameDiffers { path: path(), local: s("b"), offset },
    );
    let crc32 = u64::from(crc32fast::hash(b"hello"));
    let differs = |field, central, local| {
        let (path, record) = (path(), "local header");
        ArchiveError::LocalFieldDiffers { path, field, record, central, local, offset }
    };
    refused(&[Raw { local_method: Some(8), ..a() }], differs("method", 0, 8));
    refused(&[Raw { local_crc32: Some(0), ..a() }], differs("CRC-32", crc32, 0));
    refused(&[Raw { local_compressed_size: Some(4), ..a() }], differs("compressed size", 5, 4));
    refused(&[Raw { local_uncompressed_size: Some(6), ..a() }], differs("uncompressed size", 5, 6));
    refused(&[Raw { flags: 8, local_crc32: Some(1), ..a() }], differs("CRC-32", crc32, 1));
}

//! Each class of broken and hostile zip: its smallest example, and its error.

use std::borrow::Cow;

use lambda_slim::archive::{Archive, ArchiveError, EntryKind, Limits, Method};
use lambda_slim::units::ByteSize;

use crate::raw::{Raw, RawEnd, a, bytes, parse, refused, s, zip, zip_with};

#[test]
fn every_fact_of_an_entry_is_there() {
    let zip = zip(&[
        Raw::deflated("bootstrap", &[7; 1000]),
        Raw { mode: 0o040_755, ..Raw::stored("lib/", b"") },
        Raw::link("lib/x.so", "../bootstrap"),
        Raw { made_by: 20, ..Raw::stored("dos.txt", b"x") },
    ]);
    let archive = parse(&zip).unwrap();
    let paths: Vec<_> = archive.entries().iter().map(|entry| (entry.path(), entry.kind(), entry.unix_mode())).collect();
    assert_eq!(
        paths,
        [
            ("bootstrap", EntryKind::File, Some(0o644)),
            ("lib", EntryKind::Directory, Some(0o755)),
            ("lib/x.so", EntryKind::Symlink, Some(0o777)),
            ("dos.txt", EntryKind::File, None),
        ]
    );
    let [bootstrap, _, link, _] = archive.entries() else { panic!("four entries") };
    assert_eq!((bootstrap.method(), bootstrap.uncompressed_size()), (Method::Deflate, bytes(1000)));
    assert_eq!((bootstrap.header_offset(), bootstrap.data_offset(), bootstrap.version_needed()), (0, 39, 20));
    assert_eq!(bootstrap.read().unwrap().as_ref(), [7; 1000]);
    assert!(matches!(link.read(), Ok(Cow::Borrowed(b"../bootstrap"))));
    let compressed: ByteSize = archive.entries().iter().map(|entry| entry.compressed_size()).sum();
    assert_eq!(compressed + archive.overhead(), ByteSize::of(&zip));
}

#[test]
fn bytes_in_front_a_comment_and_the_root_folder_count_as_overhead() {
    let comment = b"PK\x05\x06 is not the end".to_vec();
    let plain = zip_with(
        &[Raw { mode: 0o040_755, ..Raw::stored("./", b"") }, Raw::stored("./a", b"hello")],
        &RawEnd { comment, ..RawEnd::default() },
    );
    let prepended = [b"#!/bin/sh\n".as_slice(), &plain].concat();
    for zip in [&plain, &prepended] {
        let archive = parse(zip).unwrap();
        let [entry] = archive.entries() else { panic!("one entry") };
        assert_eq!((entry.path(), entry.read().unwrap().as_ref()), ("a", b"hello".as_slice()));
        assert_eq!(archive.overhead(), ByteSize::of(zip) - bytes(5));
    }
}

#[test]
fn data_descriptors_are_read_with_and_without_signature() {
    let fields: Vec<u8> = [crc32fast::hash(b"hello"), 5, 5].iter().flat_map(|field| field.to_le_bytes()).collect();
    let streamed = |descriptor: Vec<u8>| Raw {
        flags: 8,
        local_crc32: Some(0),
        local_compressed_size: Some(0),
        local_uncompressed_size: Some(0),
        descriptor,
        ..a()
    };
    let signed = [b"PK\x07\x08".as_slice(), &fields].concat();
    for descriptor in [fields.clone(), signed.clone()] {
        let zip = zip(&[streamed(descriptor), Raw::stored("b", b"")]);
        let archive = parse(&zip).unwrap();
        assert!(archive.entries()[0].has_data_descriptor());
        assert_eq!(archive.entries()[0].read().unwrap().as_ref(), b"hello");
    }
    let mut lying = signed;
    lying[8] = 6;
    let (field, record) = ("compressed size", "data descriptor");
    refused(
        &[streamed(lying)],
        ArchiveError::LocalFieldDiffers { path: s("a"), field, record, central: 5, local: 6, offset: 36 },
    );
    refused(&[streamed(vec![])], ArchiveError::DataPastEnd { path: s("a"), end: 48, directory: 36 });
}

#[test]
fn what_is_no_whole_zip_is_refused() {
    let check = |zip: &[u8], error| assert_eq!(parse(zip).map(|_| ()), Err(error));
    check(b"", ArchiveError::NotAZip { size: bytes(0) });
    check(b"\x7fELF and so on, with more bytes than an end record has", ArchiveError::NotAZip { size: bytes(54) });
    let good = zip(&[a()]);
    let cut = &good[..good.len() - 22];
    check(cut, ArchiveError::EndMissing { size: ByteSize::of(cut) });
    let longer = [&good[..], b"x"].concat();
    check(&longer, ArchiveError::TrailingBytes { end: good.len() as u64, size: ByteSize::of(&longer) });

    let commented = zip_with(&[a()], &RawEnd { comment: vec![b'c'; 9], ..RawEnd::default() });
    let (offset, cut) = (good.len() as u64 - 22, &commented[..commented.len() - 1]);
    let record = "end-of-central-directory record";
    check(cut, ArchiveError::Truncated { record, offset, needed: bytes(31), size: ByteSize::of(cut) });
}

#[test]
fn an_end_record_that_lies_about_the_directory_is_refused() {
    let check = |end: RawEnd, error| assert_eq!(parse(&zip_with(&[a()], &end)).map(|_| ()), Err(error));
    let end = || RawEnd::default();
    let wrong = |entries, found| ArchiveError::DirectorySize { entries, expected: 83, found };
    check(RawEnd { entries: Some(2), entries_here: Some(2), ..end() }, wrong(2, 83));
    check(RawEnd { entries: Some(0), entries_here: Some(0), ..end() }, wrong(0, 36));
    check(
        RawEnd { directory_size: Some(400), ..end() },
        ArchiveError::DirectoryPlace { offset: 36, directory_size: bytes(400), end: 83 },
    );
    check(
        RawEnd { directory_offset: Some(50), ..end() },
        ArchiveError::DirectoryPlace { offset: 50, directory_size: bytes(47), end: 83 },
    );
    let record = "central directory header";
    check(
        RawEnd { directory_size: Some(46), ..end() },
        ArchiveError::BadSignature { record, offset: 37, found: 0x1402_014b },
    );
    check(RawEnd { disk: 2, ..end() }, ArchiveError::MultiDisk { disk: 2 });
    check(RawEnd { entries_here: Some(0), ..end() }, ArchiveError::MultiDisk { disk: 0 });
    refused(&[Raw { disk: 1, ..a() }], ArchiveError::MultiDisk { disk: 1 });
}

#[test]
fn zip64_is_refused_wherever_it_shows() {
    let check = |zip: Vec<u8>, evidence, offset| {
        assert_eq!(parse(&zip).map(|_| ()), Err(ArchiveError::Zip64 { evidence, offset }));
    };
    let locator = [b"PK\x06\x07".as_slice(), &[0; 16]].concat();
    let end = RawEnd { before: locator, ..RawEnd::default() };
    check(zip_with(&[a()], &end), "a zip64 end-of-central-directory locator", 83);
    let marked = "0xffffffff in the end-of-central-directory record";
    check(zip_with(&[a()], &RawEnd { directory_offset: Some(u32::MAX), ..RawEnd::default() }), marked, 83);
    check(zip_with(&[a()], &RawEnd { directory_size: Some(u32::MAX), ..RawEnd::default() }), marked, 83);
    let size = "a size of 0xffffffff";
    check(zip(&[a().with_size(u32::MAX)]), size, 36);
    check(zip(&[Raw { compressed_size: Some(u32::MAX), ..a() }]), size, 36);
    check(zip(&[Raw { local_offset: Some(u32::MAX), ..a() }]), "an offset of 0xffffffff", 36);
    let field = "the zip64 extra field of the header";
    check(zip(&[Raw { extra: vec![1, 0, 0, 0], ..a() }]), field, 36);
    check(zip(&[Raw { local_extra: vec![1, 0, 0, 0], ..a() }]), field, 0);
}

#[test]
fn data_outside_its_place_is_refused() {
    let past_end = |end| ArchiveError::DataPastEnd { path: s("a"), end, directory: 36 };
    refused(&[Raw { compressed_size: Some(500), ..a().with_size(500) }], past_end(531));
    refused(&[Raw { local_offset: Some(33), ..a() }], past_end(37));
    refused(&[Raw { local_offset: Some(4_000_000_000), ..a() }], past_end(4_000_000_004));
    let record = "local header";
    refused(
        &[Raw { local_offset: Some(1), ..a() }],
        ArchiveError::BadSignature { record, offset: 1, found: 0x1404_034b },
    );
    // Both entries of a Fifield bomb: the first one's data holds the second one's header and data.
    let inner = zip(&[Raw::stored("b", b"hello")]);
    let nested = Raw::stored("a", &inner[..36]);
    let second = Raw { local_offset: Some(31), ..Raw::stored("b", b"hello") };
    let (path, other) = (s("b"), s("a"));
    refused(&[nested, second], ArchiveError::Overlap { path, offset: 31, other, other_end: 67 });
    // The same header twice, under two names, fails by name; so the classic bomb needs one name and fails as overlap.
    refused(
        &[a(), Raw { local_offset: Some(0), ..a() }],
        ArchiveError::Overlap { path: s("a"), offset: 0, other: s("a"), other_end: 36 },
    );
}

#[test]
fn sizes_are_held_against_the_limits_before_anything_is_allocated() {
    let path = || s("a");
    refused(
        &[a().with_size(6)],
        ArchiveError::StoredSizesDiffer { path: path(), compressed: bytes(5), uncompressed: bytes(6) },
    );
    let claim = |size| Raw { method: 8, ..a() }.with_size(size);
    let impossible =
        |size| ArchiveError::ImpossibleRatio { path: path(), compressed: bytes(5), uncompressed: bytes(size) };
    refused(&[claim(5161)], impossible(5161));
    assert!(parse(&zip(&[claim(5160)])).is_ok());

    let mut limits = Limits::default();
    limits.unpacked_size = bytes(9);
    let two = zip(&[a(), Raw::stored("b", b"hello")]);
    let too_large = ArchiveError::UnpackedTooLarge { path: s("b"), unpacked: bytes(10), limit: bytes(9) };
    assert_eq!(Archive::parse(&two, &limits).map(|_| ()), Err(too_large));
    limits.unpacked_size = bytes(10);
    assert!(Archive::parse(&two, &limits).is_ok());
    limits.entries = 1;
    let too_many = ArchiveError::TooManyEntries { entries: 2, limit: 1 };
    assert_eq!(Archive::parse(&two, &limits).map(|_| ()), Err(too_many));
}

#[test]
fn damaged_contents_are_refused_when_read() {
    let read = |raw: Raw| parse(&zip(&[raw])).unwrap().entries()[0].read().map(Cow::into_owned);
    let (path, expected) = (|| s("a"), crc32fast::hash(b"hello"));
    let found = crc32fast::hash(b"jello");
    assert_eq!(
        read(Raw { data: b"jello".to_vec(), ..a() }),
        Err(ArchiveError::CrcMismatch { path: path(), expected, found })
    );
    assert_eq!(read(Raw { method: 8, data: vec![7; 4], ..a() }), Err(ArchiveError::InflateFailed { path: path() }));
    for size in [999, 1001] {
        let raw = Raw::deflated("a", &[0; 1000]).with_size(size);
        assert_eq!(read(raw), Err(ArchiveError::WrongSize { path: path(), expected: bytes(u64::from(size)) }));
    }
}

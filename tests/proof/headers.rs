//! One field of the headers, or one byte of what nothing may change, is another: the proof says so, declared or not.

use std::ops::Range;

use lambda_slim::slim::{Changes, VerifyError, same_program};
use object::{Object, ObjectSection};

use crate::subject::{ARM64, Subject, X86_64, cpp, put32};
use crate::support::skip::skip;

fn subjects() -> [&'static Subject; 2] {
    [&ARM64, &X86_64]
}

fn section(subject: &Subject, name: &str) -> Changes {
    let range = subject.section(name);
    Changes::of_ranges(vec![range.start as u64..range.end as u64])
}

#[track_caller]
fn differs(subject: &Subject, field: Range<usize>, what: &str) {
    // To declare it makes it no better.
    for changes in [Changes::default(), Changes::of_ranges(vec![field.start as u64..field.end as u64])] {
        match subject.after_edit(&changes, |data| data[field.start] ^= 1) {
            Err(VerifyError::Differs { what: found }) => assert_eq!(found, what),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn a_field_of_the_elf_header() {
    for subject in subjects() {
        differs(subject, 7..8, "identification");
        differs(subject, 16..18, "ELF type");
        differs(subject, 24..32, "entry point");
        differs(subject, 48..52, "flags");
    }
}

#[test]
fn a_field_of_a_program_header() {
    for subject in subjects() {
        for number in 0..usize::from(subject.data[56]) {
            let header = 64 + number * 56;
            differs(subject, header + 4..header + 8, &format!("program header {number}"));
            differs(subject, header + 40..header + 48, &format!("program header {number}"));
        }
    }
}

#[test]
fn an_entry_of_the_dynamic_section() {
    for subject in subjects() {
        let dynamic = subject.section(".dynamic");
        let entries = dynamic.step_by(16).take_while(|&at| subject.u64(at) != 0);
        // Those that say where strings and symbols are decide whether goblin reads it at all.
        let checked = entries.filter(|&at| [25, 26, 21, 30, 0x6fff_fffb, 0x6fff_fff9].contains(&subject.u64(at)));
        let mut count = 0;
        for at in checked {
            differs(subject, at + 8..at + 16, &format!("dynamic entry {:#x}", subject.u64(at)));
            count += 1;
        }
        assert!(count >= 3);
    }
}

#[test]
fn a_dynamic_symbol() {
    for subject in subjects() {
        let symbol = subject.section(".dynsym").start + 2 * 24;
        differs(subject, symbol + 4..symbol + 5, "dynamic symbol 2");
    }
}

#[test]
fn the_build_id_and_a_needed_library() {
    for subject in subjects() {
        let strings = subject.section(".dynstr");
        let at = subject.data[strings.clone()].windows(9).position(|name| name == b"libc.so.6").expect("its libc");
        differs(subject, strings.start + at..strings.start + at + 1, "needed libraries");
    }
    // Neither of them has a build id: zig's linker adds none.
    let Some(subject) = cpp() else { return };
    let Some(note) = subject.file().section_by_name(".note.gnu.build-id").and_then(|section| section.file_range())
    else {
        return skip("a changed build id", "g++ adds none here");
    };
    let end = (note.0 + note.1) as usize;
    differs(subject, end - 1..end, "notes");
}

#[test]
fn a_loaded_byte_that_is_not_declared() {
    for subject in subjects() {
        for name in [".text", ".rodata", ".eh_frame", ".data.rel.ro", ".rela.dyn", ".init_array"] {
            let at = subject.section(name).start + 5;
            let error = subject.after_edit(&Changes::default(), |data| data[at] ^= 1);
            assert_eq!(error, Err(VerifyError::LoadedByte { address: subject.address(at) }), "{name}");
        }
    }
}

#[test]
fn a_loaded_byte_that_is_declared_but_nothing_that_may_change() {
    for subject in subjects() {
        for name in [".text", ".rodata", ".rela.dyn", ".gnu.hash", ".interp"] {
            let at = subject.section(name).start + 9;
            match subject.after_edit(&section(subject, name), |data| data[at] ^= 1) {
                Err(VerifyError::Unexplained { address, .. }) => assert_eq!(address, subject.address(at), "{name}"),
                // The interpreter is read by name as well.
                Err(VerifyError::Differs { .. }) if name == ".interp" => {}
                other => panic!("{name}: {other:?}"),
            }
        }
        // A word that a relocation fills.
        let first = subject.section(".rela.dyn").start;
        let word = subject.offset(subject.u64(first));
        let changes = Changes::of_ranges(vec![word as u64..word as u64 + 8]);
        let error = subject.after_edit(&changes, |data| data[word] ^= 1);
        let (address, what) = (subject.u64(first), "is the same, but the word was changed");
        assert_eq!(error, Err(VerifyError::Relocation { address, what }));
    }
}

#[test]
fn a_declared_range_that_nothing_loads() {
    for subject in subjects() {
        let end = subject.data.len() as u64;
        let error = same_program(&subject.data, &subject.data, &Changes::of_ranges(vec![end - 1..end + 7]));
        assert!(matches!(error, Err(VerifyError::NotLoaded { .. })), "{error:?}");
    }
}

#[test]
fn a_loaded_section_at_another_place() {
    for subject in subjects() {
        let table = subject.u64(40) as usize;
        for number in [5, 14] {
            let header = table + number * 64;
            let error = subject.after_edit(&Changes::default(), |data| data[header + 32] ^= 1);
            assert!(
                matches!(&error, Err(VerifyError::Differs { what }) if what.starts_with("loaded section")),
                "{error:?}"
            );
        }
    }
}

#[test]
fn a_file_that_is_cut_or_no_program() {
    for subject in subjects() {
        let text = subject.section(".text");
        assert!(same_program(&subject.data, &subject.data[..text.end - 1], &Changes::default()).is_err());
        assert!(same_program(&subject.data, &[], &Changes::default()).is_err());
        let mut narrow = subject.data.clone();
        narrow[4] = 1;
        assert!(same_program(&narrow, &narrow, &Changes::default()).is_err());
    }
    // Without section headers there is less to read, and as much is proven.
    let subject = &*X86_64;
    let dropped = Changes { section_headers_dropped: true, ..Changes::default() };
    let without = |data: &mut Vec<u8>| {
        data[40..48].fill(0);
        put32(data, 60, 0);
    };
    assert_eq!(subject.after_edit(&dropped, without), Ok(()));
    let at = subject.section(".rodata").start;
    let error = subject.after_edit(&dropped, |data| {
        without(data);
        data[at] ^= 1;
    });
    assert!(matches!(error, Err(VerifyError::LoadedByte { .. })), "{error:?}");
}

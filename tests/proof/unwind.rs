//! One thing in the unwind tables is changed, and declared: the proof names it.

use std::fs;
use std::process::Command;

use lambda_slim::slim::{Changes, Unwinding, VerifyError, same_program};

use crate::subject::{ARM64, Fde, Subject, X86_64, add32, cpp, put32};
use crate::support::skip::skip;

fn subjects() -> Vec<&'static Subject> {
    [Some(&*ARM64), Some(&*X86_64), cpp()].into_iter().flatten().collect()
}

#[track_caller]
fn names(error: Result<(), VerifyError>, fde: &Fde, part: &str) {
    match error {
        Err(VerifyError::Frame { begin, end, what }) => {
            assert_eq!((begin, end, what), (fde.begin, fde.begin + u64::from(fde.size), part));
        }
        other => panic!("{part} of {fde:x?}: {other:?}"),
    }
}

#[test]
fn a_call_frame_instruction() {
    for subject in subjects() {
        // An advance, the commonest of all, by one more or less.
        let fde = subject.fdes.iter().rfind(|fde| subject.data[fde.cfi.start] & 0xc0 == 0x40).expect("one");
        names(subject.after_unwind_edit(|data| data[fde.cfi.start] ^= 1), fde, "call frame instructions");
        // An instruction in the filling.
        let fde = subject.fdes.iter().find(|fde| subject.data[fde.end - 1] == 0 && fde.cfi.len() > 4).expect("one");
        names(subject.after_unwind_edit(|data| data[fde.end - 1] = 0x0a), fde, "call frame instructions");
    }
}

#[test]
fn the_range_of_a_function() {
    for subject in subjects() {
        let fde = &subject.fdes[subject.fdes.len() / 2];
        let end = fde.begin + u64::from(fde.size);
        let longer = subject.after_unwind_edit(|data| add32(data, fde.at + 12, 1));
        assert_eq!(longer, Err(VerifyError::FrameMissing { begin: fde.begin, end }));
        let shorter = subject.after_unwind_edit(|data| add32(data, fde.at + 12, -1));
        assert_eq!(shorter, Err(VerifyError::FrameAdded { begin: fde.begin, end: end - 1 }));
        let later = subject.after_unwind_edit(|data| add32(data, fde.at + 8, 1));
        assert_eq!(later, Err(VerifyError::FrameMissing { begin: fde.begin, end }));
    }
}

#[test]
fn a_frame_description_that_is_gone() {
    for subject in subjects() {
        // It becomes one more of another function.
        let [.., one, other] = subject.fdes.as_slice() else { panic!("two") };
        let distance = other.begin.wrapping_sub(one.begin) as i32;
        let gone = subject.after_unwind_edit(|data| add32(data, other.at + 8, -distance));
        assert!(matches!(gone, Err(VerifyError::FrameMissing { .. } | VerifyError::FrameAdded { .. })), "{gone:?}");
        // A terminator before its time. The rest is still in the index.
        let fde = &subject.fdes[subject.fdes.len() / 2];
        let cut = subject.after_unwind_edit(|data| put32(data, fde.at, 0));
        assert!(matches!(cut, Err(VerifyError::UnwindUnreadable { which: "slimmed", .. })), "{cut:?}");
    }
}

#[test]
fn a_call_site() {
    for subject in subjects() {
        let (fde, site) = subject.call_site(|_| true);
        for field in &site[..2] {
            names(subject.after_unwind_edit(|data| data[field.start] ^= 1), &fde, "call sites");
        }
    }
}

#[test]
fn a_landing_pad() {
    for subject in subjects() {
        let (fde, site) = subject.call_site(|site| subject.uleb_at(&site[2]) > 1);
        names(subject.after_unwind_edit(|data| data[site[2].start] ^= 1), &fde, "landing pads");
        // None at all.
        let (fde, site) = subject.call_site(|site| subject.uleb_at(&site[2]) > 1 && site[2].len() == 1);
        names(subject.after_unwind_edit(|data| data[site[2].start] = 0), &fde, "landing pads");
    }
}

#[test]
fn an_action() {
    for subject in subjects() {
        let (fde, site) = subject.call_site(|site| subject.uleb_at(&site[3]) != 0 && site[3].len() == 1);
        names(subject.after_unwind_edit(|data| data[site[3].start] = 0), &fde, "actions");
        // The record itself: another filter, for which there may be a type or not.
        let (sites, _) = subject.call_sites(fde.lsda.expect("it has one"));
        let records = sites.last().expect("a call site")[3].end;
        let record = records + subject.uleb_at(&site[3]) as usize - 1;
        let edited = subject.after_unwind_edit(|data| data[record] = if data[record] == 0 { 1 } else { 0 });
        let parts = ["actions", "language-specific data, which is of an unknown format"];
        assert!(matches!(edited, Err(VerifyError::Frame { what, .. }) if parts.contains(&what)), "{edited:?}");
    }
}

#[test]
fn a_caught_type() {
    let Some(subject) = cpp() else { return };
    let several = |fde: &&Fde| {
        fde.lsda
            .and_then(|lsda| subject.call_sites(lsda).1)
            .is_some_and(|end| subject.u32(end - 4) != 0 && subject.relative(end - 8) != subject.relative(end - 4))
    };
    let fde = subject.fdes.iter().filter(several).max_by_key(|fde| fde.size).expect("a function that catches");
    let end = subject.call_sites(fde.lsda.expect("it has")).1.expect("it has types");
    names(subject.after_unwind_edit(|data| add32(data, end - 4, 8)), fde, "caught types");
    // Nothing in particular: everything is caught.
    names(subject.after_unwind_edit(|data| put32(data, end - 4, 0)), fde, "caught types");
}

#[test]
fn an_exception_specification() {
    let Some(subject) = cpp() else { return };
    // Behind the types stand the numbers of those let through, closed by 0. A table has them if an action has a negative filter.
    let with_specification = subject.fdes.iter().find_map(|fde| {
        let (sites, types) = subject.call_sites(fde.lsda?);
        let records = sites.last()?[3].end;
        // The only record of such a function: filter -1, no next.
        (subject.data[records..records + 2] == [0x7f, 0]).then_some((fde, types?))
    });
    let (fde, specification) = with_specification.expect("g++ writes one for `promising`");
    assert_eq!(subject.data[specification + 2], 0, "two types");
    names(subject.after_unwind_edit(|data| data[specification + 1] = 0), fde, "caught types");
}

#[test]
fn a_handler_that_is_gone_or_new() {
    for subject in subjects() {
        let fde = subject.fdes.iter().find(|fde| fde.lsda.is_some()).expect("one");
        let field = fde.lsda_field.clone().expect("a pointer");
        names(subject.after_unwind_edit(|data| data[field.clone()].fill(0)), fde, "handlers, which are gone");
        let given_up = Changes { unwinding: Unwinding::WithoutHandlers, ..Changes::of_ranges(subject.unwind_tables()) };
        assert_eq!(subject.after_edit(&given_up, |data| data[field.clone()].fill(0)), Ok(()));
        // Gone is not another.
        let (other, site) = subject.call_site(|site| subject.uleb_at(&site[2]) > 1);
        names(subject.after_edit(&given_up, |data| data[site[2].start] ^= 1), &other, "landing pads");
    }
}

#[test]
fn the_common_part() {
    for subject in subjects() {
        let fde = subject.fdes.iter().find(|fde| fde.lsda.is_some()).expect("one");
        let first_of = |cie: usize| subject.fdes.iter().filter(|fde| fde.cie == cie).min_by_key(|fde| fde.begin);
        let first = first_of(fde.cie).expect("itself");
        // `zPLR`, then the alignment factors and the return register of one byte each, the size, and the personality's encoding.
        let factors = fde.cie + 9 + 5;
        let personality = factors + 5;
        names(subject.after_unwind_edit(|data| data[factors + 1] ^= 4), first, "alignment factors");
        names(subject.after_unwind_edit(|data| data[factors + 2] ^= 1), first, "return address register");
        names(subject.after_unwind_edit(|data| add32(data, personality, 8)), first, "personality");
        let instructions = factors + 4 + usize::from(subject.data[factors + 3]);
        names(subject.after_unwind_edit(|data| data[instructions + 2] ^= 8), first, "initial instructions");
    }
}

#[test]
fn an_entry_of_the_index() {
    for subject in subjects() {
        let entries = subject.index_entries();
        let index = subject.section(".eh_frame_hdr");
        let (at, next) = (entries[entries.len() / 2], entries[entries.len() / 2 + 1]);
        let address = |entry: usize| {
            subject.address(index.start).wrapping_add_signed(i64::from(subject.u32(entry).cast_signed()))
        };

        let moved = subject.after_unwind_edit(|data| add32(data, at, 1));
        let gone = VerifyError::IndexEntry { address: address(at), what: "is in one of the files only" };
        assert_eq!(moved, Err(gone));

        let led_astray = subject.after_unwind_edit(|data| data.copy_within(next + 4..next + 8, at + 4));
        let astray = VerifyError::IndexEntry { address: address(at), what: "leads to another frame description" };
        assert_eq!(led_astray, Err(astray));

        let swapped = subject.after_unwind_edit(|data| data[at..at + 16].rotate_left(8));
        assert_eq!(swapped, Err(VerifyError::IndexEntry { address: address(at), what: "is out of order" }));

        let shorter = subject.after_unwind_edit(|data| add32(data, index.start + 8, -1));
        assert_eq!(shorter, Err(VerifyError::Index { what: "has another number of entries" }));

        let nowhere = subject.after_unwind_edit(|data| add32(data, at + 4, 4));
        assert!(matches!(nowhere, Err(VerifyError::UnwindUnreadable { which: "slimmed", .. })), "{nowhere:?}");

        let elsewhere = subject.after_unwind_edit(|data| add32(data, index.start + 4, 8));
        assert!(elsewhere.is_err(), "the pointer to the frame descriptions");
    }
}

#[test]
fn an_index_that_is_omitted_has_to_be_declared() {
    for subject in subjects() {
        let index = subject.section(".eh_frame_hdr");
        let omit = |data: &mut Vec<u8>| {
            data[index.start + 2..index.start + 4].fill(0xff);
            data[index.start + 8..index.end].fill(0);
        };
        assert_eq!(
            subject.after_unwind_edit(omit),
            Err(VerifyError::Index { what: "is omitted, which was not declared" })
        );
        let declared = Changes { unwinding: Unwinding::WithoutIndex, ..Changes::of_ranges(subject.unwind_tables()) };
        assert_eq!(subject.after_edit(&declared, omit), Ok(()));
        // Half of it.
        let half = subject.after_edit(&declared, |data| data[index.start + 2] = 0xff);
        assert!(matches!(half, Err(VerifyError::UnwindUnreadable { .. })), "{half:?}");
        // What is searched without an index has to be there.
        let fde = &subject.fdes[3];
        let and_more = subject.after_edit(&declared, |data| {
            omit(data);
            add32(data, fde.at + 12, 4);
        });
        assert!(matches!(and_more, Err(VerifyError::FrameMissing { .. })), "{and_more:?}");
    }
}

#[test]
fn no_unwind_tables_at_all_have_to_be_declared_and_readable() {
    for subject in subjects() {
        let (index, tables) = (subject.section(".eh_frame_hdr"), subject.unwind_tables());
        let zero = |data: &mut Vec<u8>| {
            for table in &tables {
                data[table.start as usize..table.end as usize].fill(0);
            }
            data[index.start..index.start + 8].copy_from_slice(&subject.data[index.start..index.start + 8]);
            data[index.start + 2..index.start + 4].fill(0xff);
        };
        let declared = |unwinding| Changes { unwinding, ..Changes::of_ranges(tables.clone()) };
        assert_eq!(subject.after_edit(&declared(Unwinding::None), zero), Ok(()));
        for less in [Unwinding::Same, Unwinding::WithoutIndex, Unwinding::WithoutHandlers] {
            let refused = subject.after_edit(&declared(less), zero);
            assert!(matches!(refused, Err(VerifyError::FrameMissing { .. })), "{less:?}: {refused:?}");
        }
        // Unwinders read the version first.
        let no_version = subject.after_edit(&declared(Unwinding::None), |data| {
            zero(data);
            data[index.start] = 0;
        });
        assert!(matches!(no_version, Err(VerifyError::UnwindUnreadable { .. })), "{no_version:?}");
        let left_over = subject.after_edit(&declared(Unwinding::None), |data| {
            data[index.start + 2..index.start + 4].fill(0xff);
        });
        assert!(matches!(left_over, Err(VerifyError::FrameAdded { .. })), "{left_over:?}");
    }
}

/// Any bit of the frame descriptions and their index: what passes, readelf prints alike.
#[test]
fn a_flipped_bit_that_passes_means_nothing_to_readelf() {
    let subject = cpp().unwrap_or(&ARM64);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program");
    let printed = |data: &[u8]| -> Option<String> {
        fs::write(&path, data).expect("written");
        let output = Command::new("readelf").args(["--debug-dump=frames", "-W"]).arg(&path).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        // Filling is filling, wherever it is counted to.
        let filling = |line: &&str| line.trim() != "DW_CFA_nop" && !line.trim().ends_with("Augmentation data:     00");
        Some(text.lines().filter(filling).collect::<Vec<_>>().join("\n"))
    };
    let Some(whole) = printed(&subject.data) else { return skip("flipped bits", "no readelf") };
    let changes = Changes::of_ranges(subject.unwind_tables());
    let tables = [subject.section(".eh_frame"), subject.section(".eh_frame_hdr")];
    let (mut passed, mut refused) = (0, 0);
    // A step that is no multiple of anything: another field each time.
    for (at, bit) in tables.into_iter().flatten().zip((0..8).cycle()).step_by(5).take(1500) {
        let mut after = subject.data.clone();
        after[at] ^= 1 << bit;
        if same_program(&subject.data, &after, &changes).is_ok() {
            passed += 1;
            assert!(printed(&after).as_ref() == Some(&whole), "bit {bit} of the byte at {at:#x}");
        } else {
            refused += 1;
        }
    }
    assert!(refused > 10 * passed, "{refused} refused, {passed} passed");
}

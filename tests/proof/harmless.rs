//! What means the same passes: the same file, and tables written in another way, by an encoder of the tests' own.

use lambda_slim::slim::{Changes, VerifyError, same_program};

use crate::subject::{ARM64, Subject, X86_64, add_to, add32, cpp};

fn subjects() -> Vec<&'static Subject> {
    [Some(&*ARM64), Some(&*X86_64), cpp()].into_iter().flatten().collect()
}

#[test]
fn the_same_file_passes_whatever_is_declared() {
    for subject in subjects() {
        let data = &subject.data;
        assert_eq!(same_program(data, data, &Changes::default()), Ok(()));
        assert_eq!(same_program(data, data, &Changes::of_ranges(subject.unwind_tables())), Ok(()));
        let text = subject.section(".text");
        assert_eq!(same_program(data, data, &Changes::of_ranges(vec![text.start as u64..text.end as u64])), Ok(()));
    }
}

#[test]
fn frame_descriptions_that_changed_places_pass() {
    for subject in subjects() {
        let pair = subject.fdes.windows(2).find(|pair| {
            let [one, other] = pair else { return false };
            one.end == other.at
                && one.end - one.at == other.end - other.at
                && one.cie == other.cie
                && one.cfi != other.cfi
        });
        let Some([one, other]) = pair else { panic!("neighbours of one size") };
        let size = one.end - one.at;
        let entries = subject.index_entries();
        let index = subject.section(".eh_frame_hdr").start;
        let entry_of = |at: usize| {
            let wanted = subject.address(at).wrapping_sub(subject.address(index)) as u32;
            *entries.iter().find(|&&entry| subject.u32(entry + 4) == wanted).expect("an entry")
        };
        let (entry, other_entry) = (entry_of(one.at), entry_of(other.at));
        let swap = |data: &mut Vec<u8>| {
            data[one.at..other.end].rotate_left(size);
            // The later one now stands `size` before where it stood, and the other way round.
            for (at, moved, fde) in [(one.at, -(size as i32), other), (other.at, size as i32, one)] {
                add32(data, at + 4, moved);
                add32(data, at + 8, -moved);
                if let Some(field) = &fde.lsda_field {
                    add_to(data, at + 17, field.len(), -moved);
                }
            }
        };
        let with_index = |data: &mut Vec<u8>| {
            swap(data);
            let (first, second) = (subject.u32(entry + 4), subject.u32(other_entry + 4));
            data[entry + 4..entry + 8].copy_from_slice(&second.to_le_bytes());
            data[other_entry + 4..other_entry + 8].copy_from_slice(&first.to_le_bytes());
        };
        assert_eq!(subject.after_unwind_edit(with_index), Ok(()));
        // Without the index it is another program.
        let forgotten = subject.after_unwind_edit(swap);
        assert!(matches!(forgotten, Err(VerifyError::IndexEntry { .. })), "{forgotten:?}");
        // So it is where only half of it is declared.
        let frames = subject.section(".eh_frame");
        let half = Changes::of_ranges(vec![frames.start as u64..frames.end as u64]);
        let undeclared = subject.after_edit(&half, with_index);
        assert!(matches!(undeclared, Err(VerifyError::LoadedByte { .. })), "{undeclared:?}");
    }
}

/// A table of handlers written with call sites of four bytes instead of LEB128, over a larger one that nothing else uses.
#[test]
fn handlers_in_another_encoding_pass() {
    let subject = &*ARM64;
    let users = |lsda: usize| subject.fdes.iter().filter(|fde| fde.lsda == Some(lsda)).count();
    let tables: Vec<_> = subject.fdes.iter().filter_map(|fde| Some((fde, fde.lsda?))).collect();
    // The small one has neither actions nor types; the large one has room for it where it stands.
    let plain = |lsda: usize| {
        let (sites, types) = subject.call_sites(lsda);
        types.is_none() && sites.iter().all(|site| subject.uleb_at(&site[3]) == 0)
    };
    let size = |lsda: usize| subject.call_sites(lsda).0.last().expect("a call site")[3].end - lsda;
    let (fde, small) =
        *tables.iter().filter(|(_, lsda)| plain(*lsda)).min_by_key(|(_, lsda)| size(*lsda)).expect("one");
    let (_, large) =
        *tables.iter().filter(|(_, lsda)| users(*lsda) == 1).max_by_key(|(_, lsda)| size(*lsda)).expect("one");
    let sites = subject.call_sites(small).0;
    let mut table = vec![0xff, 0xff, 0x03, (sites.len() * 13) as u8];
    for site in &sites {
        for field in &site[..3] {
            table.extend((subject.uleb_at(field) as u32).to_le_bytes());
        }
        table.push(0);
    }
    assert!(table.len() <= size(large) && sites.len() * 13 < 128, "room");
    let distance = subject.address(large).wrapping_sub(subject.relative(fde.at + 17)) as i32;
    let field = fde.lsda_field.clone().expect("a pointer");
    let redirect = |data: &mut Vec<u8>| add_to(data, field.start, field.len(), distance);
    // Over the large one it is the large one's handlers that are lost: named, not the re-encoded one's.
    let overwritten = subject.after_unwind_edit(|data| {
        data[large..large + table.len()].copy_from_slice(&table);
        redirect(data);
    });
    let victim = tables.iter().find(|(_, lsda)| *lsda == large).expect("it").0;
    let lost = matches!(overwritten, Err(VerifyError::Frame { begin, .. }) if begin == victim.begin);
    assert!(lost, "{overwritten:x?}");
    // Where the large one's handlers are given up as well, nothing else is wrong.
    let given_up = lambda_slim::slim::Unwinding::WithoutHandlers;
    let changes = Changes { unwinding: given_up, ..Changes::of_ranges(subject.unwind_tables()) };
    let accepted = subject.after_edit(&changes, |data| {
        data[large..large + table.len()].copy_from_slice(&table);
        redirect(data);
        data[victim.lsda_field.clone().expect("a pointer")].fill(0);
    });
    assert_eq!(accepted, Ok(()));
}

#[test]
fn a_hundred_thousand_declared_ranges_pass_and_hide_nothing() {
    let subject = &*X86_64;
    let text = subject.section(".text");
    let ranges = (0..100_000_u64).rev().map(|number| {
        let start = text.start as u64 + number * 8;
        start..start + 7
    });
    let changes = Changes::of_ranges(ranges.collect());
    assert_eq!(same_program(&subject.data, &subject.data, &changes), Ok(()));
    let between = text.start + 70_000 * 8 + 7;
    let found = subject.after_edit(&changes, |data| data[between] ^= 1);
    assert_eq!(found, Err(VerifyError::LoadedByte { address: subject.address(between) }));
}

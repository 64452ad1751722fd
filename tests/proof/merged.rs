//! Neighbours share a frame description: right, it passes where it was declared; with one thing wrong, the proof names it.

use std::ops::Range;

use lambda_slim::slim::{Changes, Unwinding, VerifyError};

use crate::merging::{Merged, end, steps};
use crate::subject::{ARM64, Fde, Subject, X86_64, cpp, put32};

fn declared(subject: &Subject) -> Changes {
    Changes { merged_frames: true, ..Changes::of_ranges(subject.unwind_tables()) }
}

fn by_address(subject: &Subject) -> Vec<Fde> {
    let mut fdes = subject.fdes.clone();
    fdes.sort_by_key(|fde| fde.begin);
    fdes
}

/// Nothing but what linkers and assemblers put between functions.
fn is_filling(subject: &Subject, from: u64, to: u64) -> bool {
    let Some(size) = to.checked_sub(from).filter(|&size| size < 64) else { return false };
    if size == 0 {
        return true;
    }
    let bytes = &subject.data[subject.offset(from - 1) + 1..][..size as usize];
    let arm64 = |word: &[u8]| word == [0; 4] || word == [0x1f, 0x20, 3, 0xd5];
    bytes.iter().all(|&byte| byte == 0xcc || byte == 0) || bytes.chunks(4).all(arm64)
}

/// The first functions side by side, so many of them, for which `fits` holds; nothing in their programs is remembered.
fn neighbours(subject: &Subject, count: usize, fits: impl Fn(&[Fde]) -> bool) -> Option<Vec<Fde>> {
    let fdes = by_address(subject);
    let simple = |fde: &Fde| {
        let program = &subject.data[fde.cfi.clone()];
        fde.size > 1 && !program.contains(&0x0a) && !program.contains(&0x0b)
    };
    let beside = |fdes: &[Fde]| {
        fdes.iter().all(simple)
            && fdes.windows(2).all(|pair| is_filling(subject, end(&pair[0]), pair[1].begin))
            && end(&fdes[count - 1]) - fdes[0].begin < 0x8000
    };
    fdes.windows(count).find(|fdes| beside(fdes) && fits(fdes)).map(<[Fde]>::to_vec)
}

fn plain(fdes: &[Fde]) -> bool {
    fdes.iter().all(|fde| fde.lsda.is_none() && fde.cie == fdes[0].cie)
}

/// Programs of Rust, and by how much code advances at least.
fn subjects() -> [(&'static Subject, i64); 2] {
    [(&*ARM64, 4), (&*X86_64, 1)]
}

#[track_caller]
fn after(merged: &Merged<'_>) -> Result<(), VerifyError> {
    merged.subject.after_edit(&declared(merged.subject), |data| merged.write(data))
}

#[track_caller]
fn names(error: Result<(), VerifyError>, fde: &Fde, part: &str) {
    let Err(VerifyError::Frame { begin, end: past, what }) = error else { panic!("{part} of {fde:x?}: {error:?}") };
    assert_eq!((begin, past, what), (fde.begin, end(fde), part));
}

fn missing(fde: &Fde) -> Result<(), VerifyError> {
    Err(VerifyError::FrameMissing { begin: fde.begin, end: end(fde) })
}

fn no_row(address: u64) -> Result<(), VerifyError> {
    Err(VerifyError::Lookup { address, what: "row" })
}

#[test]
fn neighbours_may_share_a_frame_description_where_that_is_declared() {
    for subject in [Some(&*ARM64), Some(&*X86_64), cpp()].into_iter().flatten() {
        let mut tried = 0;
        for count in 2..=4 {
            let with_a_gap = |fdes: &[Fde]| fdes.windows(2).any(|pair| end(&pair[0]) < pair[1].begin);
            let without_a_gap = |fdes: &[Fde]| !with_a_gap(fdes);
            let found = [
                neighbours(subject, count, |fdes| plain(fdes) && with_a_gap(fdes)),
                neighbours(subject, count, |fdes| plain(fdes) && without_a_gap(fdes)),
            ];
            for olds in found.into_iter().flatten() {
                let merged = Merged::new(subject, &olds);
                assert_eq!(after(&merged), Ok(()), "{olds:x?}");
                assert_eq!(subject.after_unwind_edit(|data| merged.write(data)), missing(&olds[0]));
                let given_up = Changes { unwinding: Unwinding::WithoutHandlers, ..declared(subject) };
                assert_eq!(subject.after_edit(&given_up, |data| merged.write(data)), Ok(()));
                tried += 1;
            }
        }
        assert!(tried >= 3 || subject.fdes.len() < 100, "{tried}");
    }
}

#[test]
fn a_declaration_alone_lets_nothing_pass() {
    for (subject, _) in subjects() {
        let fde = subject.fdes.iter().find(|fde| fde.lsda.is_some()).expect("one");
        let field = fde.lsda_field.clone().expect("a pointer");
        let gone = subject.after_edit(&declared(subject), |data| data[field].fill(0));
        names(gone, fde, "handlers, which are gone");
        let longer = subject.after_edit(&declared(subject), |data| put32(data, fde.at + 12, fde.size + 1));
        let added = VerifyError::FrameAdded { begin: fde.begin, end: end(fde) + 1 };
        assert!(longer == missing(fde) || longer == Err(added), "{longer:?}");
        let entries = subject.index_entries();
        let shorter = subject.after_edit(&declared(subject), |data| {
            put32(data, subject.section(".eh_frame_hdr").start + 8, entries.len() as u32 - 1);
        });
        assert_eq!(shorter, Err(VerifyError::Index { what: "has another number of entries" }));
    }
}

#[test]
fn a_row_that_holds_too_long_or_too_short() {
    for (subject, least) in subjects() {
        let olds = neighbours(subject, 2, |fdes| {
            let first = steps(subject, &fdes[0]);
            plain(fdes) && first.leaves_a_rule && u64::from(fdes[0].size) > first.advanced + 8
        });
        let mut merged = Merged::new(subject, &olds.expect("such neighbours"));
        let [first, second] = merged.olds.clone().try_into().expect("two");
        merged.program = merged.program_with(|_| least, 0x0b);
        assert_eq!(after(&merged), no_row(second.begin));
        // In the gap nobody asks.
        let gap = second.begin - end(&first);
        merged.program = merged.program_with(|_| -(gap as i64) - least, 0x0b);
        assert_eq!(after(&merged), no_row(end(&first) - least as u64));
        // Nothing is restored: a nop.
        merged.program = merged.program_with(|_| 0, 0);
        assert_eq!(after(&merged), no_row(second.begin));
        // Something is restored that was not remembered.
        merged.program = merged.program_with(|_| 0, 0x0b);
        merged.program.insert(0, 0x0b);
        assert_eq!(after(&merged), no_row(first.begin));
    }
}

#[test]
fn a_row_within_a_function() {
    for (subject, _) in subjects() {
        let olds = neighbours(subject, 3, |fdes| plain(fdes) && steps(subject, &fdes[1]).leaves_a_rule);
        let mut merged = Merged::new(subject, &olds.expect("such neighbours"));
        // A function's own instructions are left out: the first address where that shows is where the row changes.
        let skipped = merged.olds[1].clone();
        let program = merged.program_with(|_| 0, 0x0b);
        let own = &subject.data[skipped.cfi.start..steps(subject, &skipped).end];
        let at = program.windows(own.len()).rposition(|window| window == own).expect("its program");
        merged.program = program.clone();
        let register = own.iter().position(|step| (0x80..0xc0).contains(step)).expect("it saves one");
        merged.program[at + register] ^= 1;
        let Err(VerifyError::Lookup { address, what: "row" }) = after(&merged) else { panic!("{:?}", after(&merged)) };
        assert!((skipped.begin..end(&skipped)).contains(&address), "{address:#x}");
    }
}

#[test]
fn unwinders_disagree_on_arguments_that_were_restored() {
    let (subject, _) = subjects()[1];
    let olds = neighbours(subject, 2, plain).expect("neighbours");
    let merged = Merged::new(subject, &olds);
    // What libgcc counts stays when a state is restored.
    let mut wrong = merged.clone();
    let first = steps(subject, &olds[0]).end - olds[0].cfi.start;
    let at = 1 + first + 3;
    assert_eq!(wrong.program[at], 0x0b);
    assert_eq!(wrong.program[at - 3], 3, "the advance to the second function");
    // Set for no address, while both states are on the stack: gimli takes it off again with the state.
    wrong.program.splice(at..at, [0x2e, 16]);
    assert_eq!(after(&wrong), no_row(olds[1].begin));
    // Taken back for both.
    let mut right = merged.clone();
    right.program.splice(at..=at, [0x2e, 16, 0x0b, 0x2e, 0]);
    assert_eq!(after(&right), Ok(()));
    // To restore one register of the common part means two things.
    let mut wrong = merged;
    wrong.program.insert(at + 1, 0xc0 | 16);
    assert_eq!(after(&wrong), no_row(olds[1].begin));
}

#[test]
fn the_range_of_a_merged_description() {
    for (subject, _) in subjects() {
        let olds = neighbours(subject, 3, plain).expect("neighbours");
        let merged = Merged::new(subject, &olds);
        let longer = Merged { end: merged.end + 1, ..merged.clone() };
        let added = VerifyError::FrameAdded { begin: merged.begin, end: merged.end + 1 };
        assert_eq!(after(&longer), Err(added));
        assert_eq!(after(&Merged { end: merged.end - 1, ..merged.clone() }), missing(&olds[2]));
        // A function is left out: the last, or the first.
        assert_eq!(after(&Merged { end: end(&olds[1]), ..merged.clone() }), missing(&olds[2]));
        assert_eq!(after(&Merged { begin: olds[1].begin, ..merged.clone() }), missing(&olds[0]));
        let begin = merged.begin - 1;
        assert_eq!(after(&Merged { begin, ..merged.clone() }), Err(VerifyError::FrameAdded { begin, end: merged.end }));
    }
}

#[test]
fn what_is_described_twice() {
    for (subject, _) in subjects() {
        // The one in the middle keeps its own description as well. It does nothing, so that the two beside it could do without it.
        let fits = |fdes: &[Fde]| plain(fdes) && fdes[2].begin - end(&fdes[0]) < 64;
        let olds = neighbours(subject, 3, fits).expect("neighbours");
        let mut data = subject.data.clone();
        data[subject.offset(end(&olds[0]))..subject.offset(olds[2].begin)].fill(0);
        let subject = &Subject::new(data);
        let mut merged = Merged::new(subject, &olds);
        merged.olds.remove(1);
        merged.program = merged.program_with(|_| 0, 0x0b);
        assert_eq!(
            after(&merged),
            Err(VerifyError::Lookup { address: olds[1].begin, what: "frame description: two fit" })
        );
    }
}

/// A function of no call frame instructions is `gap` bytes shorter, and `bytes` stand there instead; its neighbour behind.
fn with_a_gap(subject: &Subject, gap: u32, bytes: &[u8]) -> (Subject, [Fde; 2]) {
    let fits = |fdes: &[Fde]| plain(fdes) && steps(subject, &fdes[0]).advanced + 80 < u64::from(fdes[0].size);
    let olds = neighbours(subject, 2, |fdes| fits(fdes) && end(&fdes[0]) == fdes[1].begin).expect("neighbours");
    let mut data = subject.data.clone();
    put32(&mut data, olds[0].at + 12, olds[0].size - gap);
    let from = subject.offset(end(&olds[0])) - gap as usize;
    data[from..from + gap as usize].copy_from_slice(&bytes.repeat(gap as usize / bytes.len()));
    let subject = Subject::new(data);
    let of = |begin: u64| subject.fdes.iter().find(|fde| fde.begin == begin).expect("it").clone();
    let olds = [of(olds[0].begin), of(olds[1].begin)];
    (subject, olds)
}

#[test]
fn a_gap_of_anything_but_filling() {
    let (ret, nop) = ([0xc0, 3, 0x5f, 0xd6], [0x1f, 0x20, 3, 0xd5]);
    let cases: [(&Subject, u32, &[u8], bool); 12] = [
        (&X86_64, 16, &[0], true),
        (&X86_64, 63, &[0xcc], true),
        (&X86_64, 60, &[0x0f, 0x1f, 0x40, 0], true),
        (&X86_64, 64, &[0], false),
        (&X86_64, 1, &[0xc3], false),
        (&X86_64, 16, &[0xcc, 0xc3], false),
        // The end of an instruction that begins here would be the function behind.
        (&X86_64, 3, &[0x0f, 0x1f, 0x40], false),
        (&ARM64, 16, &[0], true),
        (&ARM64, 60, &nop, true),
        (&ARM64, 64, &nop, false),
        (&ARM64, 4, &ret, false),
        (&ARM64, 2, &nop[..2], false),
    ];
    for (subject, gap, bytes, filling) in cases {
        let (subject, olds) = with_a_gap(subject, gap, bytes);
        let (begin, past) = (end(&olds[0]), olds[1].begin);
        let expected = if filling { Ok(()) } else { Err(VerifyError::FrameAdded { begin, end: past }) };
        assert_eq!(after(&Merged::new(&subject, &olds)), expected, "{gap} bytes of {bytes:x?}");
    }
}

#[test]
fn the_index_of_merged_descriptions() {
    for (subject, _) in subjects() {
        let olds = neighbours(subject, 3, plain).expect("neighbours");
        let merged = Merged::new(subject, &olds);
        let header = subject.section(".eh_frame_hdr");
        let base = subject.address(header.start);
        let mut data = subject.data.clone();
        merged.write(&mut data);
        let count = u32::from_le_bytes(data[header.start + 8..][..4].try_into().expect("4 bytes")) as usize;
        assert_eq!(count, subject.fdes.len() - 2);
        let entries = header.start + 12..header.start + 12 + 8 * count;
        let address = |entry: &[u8]| {
            base.wrapping_add_signed(i64::from(i32::from_le_bytes(entry[..4].try_into().expect("4 bytes"))))
        };
        let number = data[entries.clone()].chunks(8).position(|entry| address(entry) == merged.begin).expect("its own");
        let at = entries.start + 8 * number;
        let next = address(&data[at + 8..]);
        let edited = |edit: &dyn Fn(&mut Vec<u8>)| {
            subject.after_edit(&declared(subject), |data| {
                merged.write(data);
                edit(data);
            })
        };
        let entry = |address: u64, what: &'static str| Err(VerifyError::IndexEntry { address, what });
        let astray = "leads to another frame description";
        assert_eq!(edited(&|data| data.copy_within(at + 12..at + 16, at + 4)), entry(merged.begin, astray));
        // One for the second function, which leads to the right description, in place of the one for the first.
        let second = olds[1].begin.wrapping_sub(base) as u32;
        assert_eq!(edited(&|data| put32(data, at, second)), entry(olds[1].begin, astray));
        assert_eq!(edited(&|data| data[at..at + 16].rotate_left(8)), entry(merged.begin, "is out of order"));
        // None for the new one.
        let dropped = edited(&|data| {
            data.copy_within(at + 8..entries.end, at);
            put32(data, header.start + 8, count as u32 - 1);
        });
        assert_eq!(dropped, entry(merged.begin, "is in one of the files only"));
        // Twice the same.
        assert_eq!(edited(&|data| data.copy_within(at..at + 8, at + 8)), entry(merged.begin, "is out of order"));
        assert!(next > merged.begin);
        let shorter = edited(&|data| put32(data, header.start + 8, count as u32 - 1));
        assert_eq!(shorter, Err(VerifyError::Index { what: "has another number of entries" }));
        // Without an index it is the first that fits.
        let omit = |data: &mut Vec<u8>| {
            merged.write(data);
            data[header.start + 2..header.start + 4].fill(0xff);
            data[header.start + 8..header.end].fill(0);
        };
        let refused = subject.after_edit(&declared(subject), omit);
        assert_eq!(refused, Err(VerifyError::Index { what: "is omitted, which was not declared" }));
        let given_up = Changes { unwinding: Unwinding::WithoutIndex, ..declared(subject) };
        assert_eq!(subject.after_edit(&given_up, omit), Ok(()));
    }
}

/// A program in which one function, the one with most call sites, has no handlers any more, so that there is room for others.
fn with_room(subject: &Subject) -> (Subject, Range<usize>) {
    let room = |fde: &Fde| {
        let lsda = fde.lsda?;
        let (sites, types) = subject.call_sites(lsda);
        let past = sites.last()?[3].end;
        types.is_none_or(|types| types >= past).then_some(lsda..past)
    };
    let (fde, place) =
        subject.fdes.iter().filter_map(|fde| Some((fde, room(fde)?))).max_by_key(|(_, room)| room.len()).expect("one");
    let mut data = subject.data.clone();
    data[fde.lsda_field.clone().expect("a pointer")].fill(0);
    (Subject::new(data), place)
}

fn has_pads(subject: &Subject, fde: &Fde) -> bool {
    let Some(lsda) = fde.lsda else { return false };
    let sites = subject.call_sites(lsda).0;
    let any = sites.iter().any(|site| subject.uleb_at(&site[2]) != 0);
    any && sites.len() < 12 && sites.iter().all(|site| subject.uleb_at(&site[3]) == 0)
}

/// Neighbours of which those at `with` have handlers.
fn handled(subject: &Subject, with: [bool; 3]) -> Option<Vec<Fde>> {
    let fits = |fdes: &[Fde]| {
        fdes.iter().zip(with).all(|(fde, with)| if with { has_pads(subject, fde) } else { fde.lsda.is_none() })
    };
    neighbours(subject, 3, fits)
}

#[test]
fn handlers_of_neighbours_may_stand_in_one_table() {
    for (subject, _) in subjects() {
        let (subject, room) = &with_room(subject);
        let mut tried = 0;
        for with in [[true, false, true], [false, true, false], [true, false, false], [false, false, true]] {
            let Some(olds) = handled(subject, with) else { continue };
            tried += 1;
            let merged = Merged::new(subject, &olds);
            let sites = merged.sites();
            assert_eq!(after(&merged.clone().with_handlers(room, &sites)), Ok(()), "{with:?}");
            let merged = merged.with_handlers(room, &sites);
            assert_eq!(subject.after_unwind_edit(|data| merged.write(data)), missing(&merged.olds[0]));
            // An old one without handlers has a call site where it has one with: none is not the same.
            let bare = with.iter().position(|with| !with).expect("one");
            let from = merged.olds[bare].begin - merged.begin;
            let without: Vec<_> = sites.iter().copied().filter(|site| site[0] != from).collect();
            names(after(&merged.clone().with_handlers(room, &without)), &merged.olds[bare], "call sites");
        }
        assert!(tried > 1, "{tried}");
    }
}

#[test]
fn call_sites_of_no_landing_pad_may_be_one() {
    let mut tried = 0;
    for (subject, _) in subjects() {
        let (subject, room) = &with_room(subject);
        // The program for arm64 has none.
        let Some(olds) = handled(subject, [true, false, false]) else { continue };
        tried += 1;
        let merged = Merged::new(subject, &olds);
        let mut sites = merged.sites();
        let [.., middle, last] = &mut sites[..] else { panic!("two") };
        // Over the gap as well.
        middle[1] = last[0] + last[1] - middle[0];
        sites.pop();
        assert_eq!(after(&merged.clone().with_handlers(room, &sites)), Ok(()));
        // Or many.
        let [.., last] = &mut sites[..] else { panic!("one") };
        last[1] -= 1;
        let more = [last[0] + last[1], 1, 0, 0];
        sites.push(more);
        assert_eq!(after(&merged.clone().with_handlers(room, &sites)), Ok(()));
        // But not empty, over each other, nor past the end.
        for wrong in [[more[0], 0, 0, 0], [more[0] - 1, 2, 0, 0], [more[0], 2, 0, 0]] {
            *sites.last_mut().expect("it") = wrong;
            names(after(&merged.clone().with_handlers(room, &sites)), &merged.olds[2], "call sites");
        }
    }
    assert!(tried > 0);
}

#[test]
fn handlers_that_are_others() {
    for (subject, _) in subjects() {
        let (subject, room) = &with_room(subject);
        let merged = Merged::new(subject, &handled(subject, [true, false, true]).expect("neighbours"));
        let sites = merged.sites();
        let last = &merged.olds[2];
        let from = last.begin - merged.begin;
        let of_last = sites.iter().position(|site| site[0] >= from && site[2] != 0).expect("one with a pad");
        let changed = |edit: &dyn Fn(&mut Vec<[u64; 4]>)| {
            let mut sites = sites.clone();
            edit(&mut sites);
            after(&merged.clone().with_handlers(room, &sites))
        };
        names(changed(&|sites| sites[of_last][2] += 1), last, "landing pads");
        // Without its pad it may be one with the call site beside it.
        let without = changed(&|sites| sites[of_last][2] = 0);
        assert!(
            matches!(without, Err(VerifyError::Frame { begin, what: "landing pads" | "call sites", .. }) if begin == last.begin)
        );
        names(changed(&|sites| sites[of_last][3] = 1), last, "actions");
        names(changed(&|sites| sites[of_last][1] -= 1), last, "call sites");
        // The pads of another's beginning.
        names(changed(&|sites| sites[of_last][2] -= from), last, "landing pads");
        // A handler of the last function that reaches into the one before.
        let bare = &merged.olds[1];
        let reaching = changed(&|sites| {
            let number = sites.iter().position(|site| site[0] == bare.begin - merged.begin).expect("it");
            sites[number][1] -= 1;
            let past = sites[number][0] + sites[number][1];
            let at = sites[number + 1];
            sites.insert(number + 1, [past, at[0] + at[1] - past, at[2].max(1), 0]);
            sites.remove(number + 2);
        });
        names(reaching, bare, "call sites");
        let unsorted = changed(&|sites| sites.rotate_left(1));
        assert!(matches!(unsorted, Err(VerifyError::Frame { what: "call sites", .. })), "{unsorted:?}");
        // A handler for the one that has none.
        let more = changed(&|sites| {
            let site = sites.iter_mut().find(|site| site[0] == bare.begin - merged.begin).expect("it");
            site[2] = 1;
        });
        names(more, bare, "landing pads");
        // None but plain ones.
        let whole = changed(&|sites| {
            sites.retain(|site| site[0] < from);
            sites.push([from, u64::from(last.size), 0, 0]);
        });
        names(whole, last, "handlers, which are gone");
    }
}

#[test]
fn handlers_of_a_merged_description_that_are_gone() {
    for (subject, _) in subjects() {
        let (subject, room) = &with_room(subject);
        let merged = Merged::new(subject, &handled(subject, [true, false, true]).expect("neighbours"));
        let cie = merged.olds[0].cie;
        assert!(cie != merged.olds[1].cie, "another common part");
        names(after(&merged), &merged.olds[0], "handlers, which are gone");
        let given_up = Changes { unwinding: Unwinding::WithoutHandlers, ..declared(subject) };
        assert_eq!(subject.after_edit(&given_up, |data| merged.write(data)), Ok(()));
        let bare = Merged { cie: merged.olds[1].cie, ..merged.clone() };
        assert_eq!(subject.after_edit(&given_up, |data| bare.write(data)), Ok(()));
        // Gone is not another.
        let mut sites = merged.sites();
        sites.iter_mut().find(|site| site[2] != 0).expect("a pad")[2] += 1;
        let moved = merged.clone().with_handlers(room, &sites);
        names(subject.after_edit(&given_up, |data| moved.write(data)), &merged.olds[0], "landing pads");
    }
}

#[test]
fn the_personality_of_another() {
    for (subject, _) in subjects() {
        let (subject, room) = &with_room(subject);
        // The common part of those without handlers has none.
        let merged = Merged::new(subject, &handled(subject, [true, false, true]).expect("neighbours"));
        let sites = merged.sites();
        let mut wrong = merged.clone().with_handlers(room, &sites);
        wrong.cie = merged.olds[1].cie;
        wrong.handlers = None;
        names(after(&wrong), &merged.olds[0], "personality");
        // One that comes from none of them.
        let plain =
            neighbours(subject, 2, |fdes| plain(fdes) && fdes[0].cie == merged.olds[1].cie).expect("neighbours");
        let mut from_nowhere = Merged::new(subject, &plain);
        from_nowhere.cie = merged.olds[0].cie;
        names(after(&from_nowhere), &plain[0], "personality");
        // Another in the file.
        let right = merged.with_handlers(room, &sites);
        let mut after = subject.data.clone();
        right.write(&mut after);
        let encoding = subject.data[right.cie + 9 + 5 + 4];
        assert!(matches!(encoding, 0x9b | 0x9c));
        let frames = subject.section(".eh_frame");
        let string = after[frames.clone()].windows(5).position(|bytes| bytes == b"zPLR\0").expect("one");
        let edited = subject.after_edit(&declared(subject), |data| {
            right.write(data);
            let field = frames.start + string + 5 + 4 + 1;
            let value = u32::from_le_bytes(data[field..field + 4].try_into().expect("4 bytes"));
            put32(data, field, value.wrapping_add(8));
        });
        assert!(matches!(edited, Err(VerifyError::Frame { what: "personality", .. })), "{edited:?}");
    }
}

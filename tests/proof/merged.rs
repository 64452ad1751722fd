//! Neighbours share a frame description: right, it passes where it was declared; with one thing wrong, the proof names it.

use lambda_slim::slim::{Changes, Unwinding, VerifyError};

use crate::merging::{
    Merged, Stands, after, declared, end, missing, names, neighbours, no_row, plain, steps, subjects,
};
use crate::subject::{ARM64, Fde, Subject, X86_64, cpp, put32};

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
    let cases: [(&Subject, u32, &[u8], bool); 13] = [
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
        // It begins in the middle of an instruction.
        (&ARM64, 6, &[0, 0, 0x1f, 0x20, 3, 0xd5], false),
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

#[test]
fn a_function_that_the_index_did_not_lead_to() {
    for (subject, _) in subjects() {
        let olds = neighbours(subject, 2, plain).expect("neighbours");
        let header = subject.section(".eh_frame_hdr");
        let base = subject.address(header.start);
        let entries = subject.index_entries();
        let is_second = |entry: &usize| subject.u32(*entry) == olds[1].begin.wrapping_sub(base) as u32;
        let second = entries.iter().copied().find(is_second).expect("its entry");
        let mut data = subject.data.clone();
        data.copy_within(second + 8..header.start + 12 + 8 * entries.len(), second);
        put32(&mut data, header.start + 8, entries.len() as u32 - 1);
        let subject = Subject::new(data);
        let found = VerifyError::Lookup { address: olds[1].begin, what: "frame description" };
        assert_eq!(after(&Merged::new(&subject, &olds)), Err(found));
    }
}

#[test]
fn a_walk_from_the_beginning_comes_to_it() {
    for (subject, _) in subjects() {
        let mut merged = Merged::new(subject, &neighbours(subject, 3, plain).expect("neighbours"));
        merged.stands = Stands::BehindTheTerminator;
        names(after(&merged), &merged.olds[0], "place: it stands behind the terminator");
    }
}

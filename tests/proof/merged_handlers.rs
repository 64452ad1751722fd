//! Neighbours share a frame description and its handlers: each function has those that it had.

use std::ops::Range;

use gimli::{BaseAddresses, EhFrame, LittleEndian, UnwindContext, UnwindSection};
use lambda_slim::slim::{Changes, Unwinding, VerifyError, same_program};

use crate::merging::{
    Merged, after, declared, end, missing, names, neighbours, plain, push_uleb, put_relative, subjects,
};
use crate::subject::{ARM64, Fde, Subject, add32, cpp, put32};

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
        sites.push([more[0] + 1, 0, 0, 0]);
        names(after(&merged.clone().with_handlers(room, &sites)), &merged.olds[2], "call sites");
        sites.pop();
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
fn a_handler_for_the_gap_between_two_functions() {
    let (subject, _) = subjects()[1];
    let (subject, room) = &with_room(subject);
    let fits = |fdes: &[Fde]| has_pads(subject, &fdes[0]) && fdes[1].lsda.is_none() && end(&fdes[0]) < fdes[1].begin;
    let merged = Merged::new(subject, &neighbours(subject, 2, fits).expect("neighbours"));
    let (sites, gap) = (merged.sites(), end(&merged.olds[0]) - merged.begin);
    let with = |site: [u64; 4]| {
        let mut sites = sites.clone();
        sites.insert(sites.len() - 1, site);
        after(&merged.clone().with_handlers(room, &sites))
    };
    assert_eq!(with([gap, 1, 0, 0]), Ok(()), "no landing pad and no action");
    names(with([gap, 1, 1, 0]), &merged.olds[1], "call sites");
    names(with([gap, 1, 0, 1]), &merged.olds[1], "call sites");
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
fn handlers_that_cannot_be_cut() {
    for (subject, _) in subjects() {
        let (subject, room) = &with_room(subject);
        let merged = Merged::new(subject, &handled(subject, [true, false, true]).expect("neighbours"));
        let (first, sites) = (&merged.olds[0], merged.sites());
        let lsda = first.lsda.expect("it has one");
        let as_it_was = |edit: &dyn Fn(&mut Vec<u8>)| {
            let mut data = subject.data.clone();
            edit(&mut data);
            let subject = Subject { data, fdes: subject.fdes.clone() };
            after(&Merged { subject: &subject, ..merged.clone().with_handlers(room, &sites) })
        };
        assert_eq!(as_it_was(&|_| ()), Ok(()));
        // The encoding of call sites.
        let unknown = as_it_was(&|data| data[lsda + 2] = 5);
        names(unknown, first, "language-specific data, which is of an unknown format");
        let (old_sites, _) = subject.call_sites(lsda);
        let [one, next, ..] = &old_sites[..] else { panic!("two") };
        assert_eq!(subject.uleb_at(&one[0]) + subject.uleb_at(&one[1]), subject.uleb_at(&next[0]));
        names(as_it_was(&|data| data[one[1].start] += 1), first, "call sites");
        // Over each other in both files.
        let mut over = sites.clone();
        over[0][1] += 1;
        let mut data = subject.data.clone();
        data[one[1].start] += 1;
        let overlapping = Subject { data, fdes: subject.fdes.clone() };
        let merged_over = Merged { subject: &overlapping, ..merged.clone().with_handlers(room, &over) };
        names(after(&merged_over), first, "call sites");
        // Landing pads that count from elsewhere, be it the same place.
        let (field, begin) = (first.lsda_field.clone().expect("a pointer"), first.begin);
        let (theirs, ours) = (room.start..room.start + room.len() / 2, room.start + room.len() / 2..room.end);
        let with_a_base = |data: &mut Vec<u8>| {
            let table = &subject.data[old_sites[0][0].start..old_sites.last().expect("one")[3].end];
            let mut lsda = vec![0];
            lsda.extend(begin.to_le_bytes());
            lsda.extend([0xff, 1]);
            push_uleb(&mut lsda, table.len() as u64);
            lsda.extend(table);
            data[theirs.start..theirs.start + lsda.len()].copy_from_slice(&lsda);
            put_relative(subject, data, field.start, field.len(), subject.address(theirs.start));
        };
        let mut data = subject.data.clone();
        with_a_base(&mut data);
        let based = Subject { data, fdes: subject.fdes.clone() };
        names(after(&Merged { subject: &based, ..merged.clone().with_handlers(&ours, &sites) }), first, "landing pads");
    }
}

#[test]
fn types_and_actions_of_a_description_in_other_words() {
    let Some(subject) = cpp() else { return };
    let several = |fde: &&Fde| {
        let types = fde.lsda.and_then(|lsda| subject.call_sites(lsda).1);
        types.is_some_and(|types| {
            subject.u32(types - 4) != 0 && subject.relative(types - 8) != subject.relative(types - 4)
        })
    };
    let fde = subject.fdes.iter().filter(several).max_by_key(|fde| fde.size).expect("a function that catches");
    let types = subject.call_sites(fde.lsda.expect("it has")).1.expect("it has types");
    let edited = |edit: &dyn Fn(&mut Vec<u8>)| subject.after_edit(&declared(subject), |data| edit(data));
    names(edited(&|data| add32(data, types - 4, 8)), fde, "caught types");
    let (other, site) = subject.call_site(|site| subject.uleb_at(&site[3]) != 0 && site[3].len() == 1);
    names(edited(&|data| data[site[3].start] = 0), &other, "actions");
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

/// Every bit of the new description and of its call sites: what passes means the same to gimli, address by address.
#[test]
fn a_flipped_bit_of_a_merged_description_that_passes_means_nothing() {
    let subject = &*ARM64;
    let (subject, room) = &with_room(subject);
    let olds = handled(subject, [true, false, true]).expect("neighbours");
    let merged = Merged::new(subject, &olds);
    let sites = merged.sites();
    let merged = merged.with_handlers(room, &sites);
    let mut right = subject.data.clone();
    merged.write(&mut right);
    let frames = subject.section(".eh_frame");
    let place = |data: &[u8]| {
        let with_begin = |at: &usize| {
            let distance = u32::from_le_bytes(data[at + 8..at + 12].try_into().expect("4 bytes")).cast_signed();
            subject.address(at + 8).wrapping_add_signed(i64::from(distance)) == merged.begin
        };
        (frames.start..frames.end - 16).step_by(4).find(with_begin).expect("the description")
    };
    let at = place(&right);
    let past = at + 4 + u32::from_le_bytes(right[at..at + 4].try_into().expect("4 bytes")) as usize;
    let lsda = merged.handlers.as_ref().map(|(_, lsda)| room.start..room.start + lsda.len()).expect("handlers");
    let rows = |data: &[u8]| rows_of(subject, data, at, &olds);
    let expected = rows(&right);
    assert!(expected.is_some());
    let (mut passed, mut refused) = (0, 0);
    for (byte, bit) in (at..past).chain(lsda.clone()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
        let mut after = right.clone();
        after[byte] ^= 1 << bit;
        match same_program(&subject.data, &after, &declared(subject)) {
            Err(_) => refused += 1,
            Ok(()) => {
                passed += 1;
                assert!(rows(&after) == expected, "bit {bit} of the byte at {byte:#x}");
                // The two bytes behind the call sites are of an action record that none of them names.
                assert!(byte < past || byte >= lsda.end - 2, "bit {bit} of the byte at {byte:#x}");
            }
        }
    }
    assert!(refused > 10 * passed, "{refused} refused, {passed} passed");
}

/// What gimli says of every address of the functions, asked one by one.
fn rows_of(subject: &Subject, data: &[u8], at: usize, olds: &[Fde]) -> Option<Vec<String>> {
    let section = subject.section(".eh_frame");
    let mut frames = EhFrame::new(&data[section.clone()], LittleEndian);
    frames.set_address_size(8);
    frames.set_vendor(gimli::Vendor::AArch64);
    let bases = BaseAddresses::default().set_eh_frame(subject.address(section.start));
    let fde = frames.fde_from_offset(&bases, (at - section.start).into(), EhFrame::cie_from_offset).ok()?;
    let mut context = UnwindContext::new();
    let addresses = olds.iter().flat_map(|old| old.begin..end(old));
    let rows = addresses.map(|address| {
        let row = fde.unwind_info_for_address(&frames, &bases, &mut context, address).ok()?;
        let mut rules: Vec<_> = row.registers().collect();
        rules.sort_by_key(|(register, _)| register.0);
        Some(format!("{:?} {rules:?} {}", row.cfa(), row.saved_args_size()))
    });
    rows.collect()
}

//! Call sites begin and end elsewhere: where no call ends there and it was declared, it passes; else the proof names it.

use lambda_slim::slim::{Changes, VerifyError};

use crate::merging::{Site, names, subjects as real};
use crate::small::{ARM64, Described, Handlers, Small, X86_64, address, described, tables};

/// The four forms of calls, with what is none between them.
pub(crate) const CODE: [u8; 40] = [
    0x55, 0xe8, 0, 0, 0, 0, 0x90, 0x90, 0x90, 0x90, // push; call; nops
    0xff, 0xd0, 0x90, 0x90, 0x90, // call rax; nops
    0xff, 0x15, 0, 0, 0, 0, 0x90, 0x90, // call [rip]; nops
    0x41, 0xff, 0xd4, 0x90, 0x90, 0x90, 0x90, 0xc3, // call r12; nops; ret
    0x90, 0x90, 0x90, 0xc3, 0x90, 0x90, 0x90, 0x90, 0xc3, // landing pads
];
/// Where the calls end: the last byte of each.
pub(crate) const ENDS: [u64; 4] = [5, 11, 20, 25];
/// A landing pad, none and a cleanup, none at all, another with a type.
pub(crate) const SITES: [Site; 3] = [[1, 5, 31, 0], [10, 2, 0, 1], [23, 3, 35, 3]];

const ARM64_CODE: [u32; 10] = [
    0xd503_201f,
    0x9400_0001,
    0xd503_201f,
    0xd63f_0100,
    0xd503_201f,
    0xd73f_0801,
    0xd503_201f,
    0xd63f_087f,
    0xd65f_03c0,
    0xd503_201f,
];
const ARM64_ENDS: [u64; 4] = [7, 15, 23, 31];
const ARM64_SITES: [Site; 3] = [[4, 4, 36, 0], [12, 4, 0, 1], [28, 4, 36, 3]];

fn x86_64() -> Small {
    Small::new(X86_64, &CODE, &[]).with_sites(&SITES)
}

fn arm64() -> Small {
    let code: Vec<u8> = ARM64_CODE.iter().flat_map(|word| word.to_le_bytes()).collect();
    Small::new(ARM64, &code, &[]).with_sites(&ARM64_SITES)
}

fn subjects() -> [(Small, [u64; 4], [Site; 3]); 2] {
    [(x86_64(), ENDS, SITES), (arm64(), ARM64_ENDS, ARM64_SITES)]
}

pub(crate) fn rounded() -> Changes {
    Changes { rounded_call_sites: true, ..tables() }
}

pub(crate) fn merged() -> Changes {
    Changes { merged_frames: true, ..tables() }
}

pub(crate) fn both() -> Changes {
    Changes { merged_frames: true, ..rounded() }
}

/// Landing pad and action at a place in the code, as a personality routine finds them.
pub(crate) fn found(sites: &[Site], at: u64) -> Option<[u64; 2]> {
    sites.iter().find(|site| site[0] <= at && at < site[0] + site[1]).map(|site| [site[2], site[3]])
}

#[track_caller]
pub(crate) fn refused(result: Result<(), VerifyError>, of: &Described, part: &'static str) {
    assert_eq!(result, Err(VerifyError::Frame { begin: address(of.from), end: address(of.to), what: part }));
}

/// Edits the call sites of a program of one function.
fn edited(small: &Small, sites: &[Site], edit: impl FnOnce(&mut Vec<Site>)) -> Small {
    let mut sites = sites.to_vec();
    edit(&mut sites);
    small.with_sites(&sites)
}

#[test]
fn every_end_of_a_call_site_may_move_as_far_as_no_call_ends_there() {
    for (small, ends, sites) in subjects() {
        let (mut passed, mut failed) = (0, 0);
        for number in 0..sites.len() {
            let from = number.checked_sub(1).map_or(0, |before| sites[before][0] + sites[before][1]);
            let to = sites.get(number + 1).map_or(small.code.len() as u64, |next| next[0]);
            for start in from..to {
                for end in start + 1..=to {
                    let mut moved = sites;
                    (moved[number][0], moved[number][1]) = (start, end - start);
                    let same = ends.iter().all(|&at| found(&sites, at) == found(&moved, at));
                    let after = small.with_sites(&moved);
                    for changes in [rounded(), both()] {
                        let result = small.becomes(&after, &changes);
                        if same {
                            assert_eq!(result, Ok(()), "{moved:?}");
                        } else {
                            refused(result, &small.frames[0], "call sites");
                        }
                    }
                    if moved != sites {
                        refused(small.becomes(&after, &tables()), &small.frames[0], "call sites");
                        refused(small.becomes(&after, &merged()), &small.frames[0], "call sites");
                    }
                    *if same { &mut passed } else { &mut failed } += 1;
                }
            }
        }
        assert!(passed > 40 && failed > 100, "{passed} {failed}");
    }
}

#[test]
fn tables_at_random_pass_exactly_if_the_same_is_found_at_every_call() {
    for (small, ends, _) in subjects() {
        let mut state = 1_u64;
        let mut below = |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % limit
        };
        let mut table = || {
            let mut at = 0;
            let mut sites: Vec<Site> = Vec::new();
            while sites.len() < 6 {
                let start = at + if below(2) == 0 { 0 } else { below(6) };
                let end = start + 1 + below(12);
                if end > 40 {
                    break;
                }
                // Few kinds, so that many tables mean the same.
                sites.push([start, end - start, if below(3) == 0 { 0 } else { 36 }, below(8) / 7]);
                at = end;
            }
            sites
        };
        let (mut passed, mut failed) = (0, 0);
        for _ in 0..60 {
            let had = table();
            let before = small.with_sites(&had);
            for _ in 0..40 {
                let has = table();
                let same = ends.iter().all(|&at| found(&had, at) == found(&has, at));
                let result = before.becomes(&small.with_sites(&has), &rounded());
                assert_eq!(result.is_ok(), same, "{had:?} {has:?}: {result:?}");
                *if same { &mut passed } else { &mut failed } += 1;
            }
        }
        assert!(passed > 20 && failed > 1000, "{passed} {failed}");
    }
}

#[test]
fn call_sites_that_no_call_is_in_may_go_and_come() {
    for (small, _, sites) in subjects() {
        let gap = sites[0][0] + sites[0][1];
        // With a landing pad or an action, and without.
        for idle in [[gap, 4, 0, 0], [gap, 1, 33, 0], [gap, 2, 0, 1], [gap, 4, 33, 3]] {
            let more = edited(&small, &sites, |sites| sites.insert(1, idle));
            assert_eq!(small.becomes(&more, &rounded()), Ok(()));
            assert_eq!(more.becomes(&small, &rounded()), Ok(()));
            refused(more.becomes(&small, &tables()), &small.frames[0], "call sites");
        }
    }
}

#[test]
fn equal_neighbours_may_be_one_and_one_may_be_two() {
    for (small, _, sites) in subjects() {
        let [first, second, _] = sites;
        for [pad, action] in [[0, 0], [33, 0], [0, 1], [33, 3]] {
            let two = edited(&small, &sites, |sites| {
                sites[0] = [first[0], first[1], pad, action];
                sites[1] = [second[0], second[1], pad, action];
            });
            let one = edited(&small, &sites, |sites| {
                sites[0] = [first[0], second[0] + second[1] - first[0], pad, action];
                sites.remove(1);
            });
            assert_eq!(two.becomes(&one, &rounded()), Ok(()));
            assert_eq!(one.becomes(&two, &rounded()), Ok(()));
            refused(two.becomes(&one, &tables()), &small.frames[0], "call sites");
        }
    }
}

#[test]
fn another_landing_pad_or_action_at_a_call() {
    for (small, _, sites) in subjects() {
        let changed = |edit: &dyn Fn(&mut Vec<Site>)| small.becomes(&edited(&small, &sites, edit), &rounded());
        let function = &small.frames[0];
        refused(changed(&|sites| sites[0][2] += 1), function, "landing pads");
        refused(changed(&|sites| sites[0][2] = 0), function, "landing pads");
        refused(changed(&|sites| sites[1][2] = 33), function, "landing pads");
        refused(changed(&|sites| sites[0][3] = 1), function, "actions");
        refused(changed(&|sites| sites[1][3] = 0), function, "actions");
        refused(changed(&|sites| sites[2][3] = 1), function, "actions");
    }
}

#[test]
fn neither_the_end_of_the_program_becomes_its_unwinding_nor_unwinding_its_end() {
    for (small, ends, sites) in subjects() {
        let without = small.with_sites(&sites);
        let plain = edited(&small, &sites, |sites| sites.insert(2, [ends[2], 1, 0, 0]));
        refused(without.becomes(&plain, &rounded()), &small.frames[0], "call sites");
        refused(plain.becomes(&without, &rounded()), &small.frames[0], "call sites");
        // One byte before the last of the call is none.
        let beside = edited(&small, &sites, |sites| sites.insert(2, [ends[2] - 1, 1, 0, 0]));
        assert_eq!(without.becomes(&beside, &rounded()), Ok(()));
        assert_eq!(beside.becomes(&without, &rounded()), Ok(()));
        refused(plain.becomes(&beside, &rounded()), &small.frames[0], "call sites");
        // None at all is an end at every call, also without a table of that.
        let none = small.with_sites(&[]);
        refused(small.becomes(&none, &rounded()), &small.frames[0], "call sites");
        refused(none.becomes(&small, &rounded()), &small.frames[0], "call sites");
    }
}

#[test]
fn what_looks_like_a_call_inside_of_another_instruction_counts() {
    let sites = [[0, 4, 8, 0]];
    // mov eax, 0xd0ff and mov eax, 0xd8ff, of which the last two bytes would be a far call through a register.
    for (code, calls) in [([0xb8, 0xff, 0xd0, 0, 0], true), ([0xb8, 0xff, 0xd8, 0, 0], false)] {
        let small = Small::new(X86_64, &[&code[..], &[0x90; 5]].concat(), &[]).with_sites(&sites);
        let moved = |edit: &dyn Fn(&mut Vec<Site>)| small.becomes(&edited(&small, &sites, edit), &rounded());
        assert_eq!(moved(&|sites| sites[0][1] = 3), Ok(()));
        match calls {
            true => refused(moved(&|sites| sites[0][1] = 2), &small.frames[0], "call sites"),
            false => assert_eq!(moved(&|sites| sites[0][1] = 2), Ok(())),
        }
    }
    // A call that begins before the function.
    let begun = [&[0xe8, 0, 0][..], &[0; 2], &[0x90; 15]].concat();
    let small = Small {
        frames: vec![described(3, 20, Handlers::Sites(vec![[1, 3, 8, 0]]))],
        ..Small::new(X86_64, &begun, &[])
    };
    let after = |start| Small {
        frames: vec![described(3, 20, Handlers::Sites(vec![[start, 4 - start, 8, 0]]))],
        ..small.clone()
    };
    assert_eq!(small.becomes(&after(0), &rounded()), Ok(()));
    refused(small.becomes(&after(2), &rounded()), &small.frames[0], "call sites");
}

#[test]
fn code_that_cannot_be_read_may_call_at_every_byte() {
    for (small, _, sites) in subjects() {
        let first = edited(&small, &sites, |sites| (sites[0][0], sites[0][1]) = (sites[0][0] - 1, sites[0][1] + 1));
        let last = edited(&small, &sites, |sites| sites[2][1] += 1);
        let bare = |small: &Small| Small { bare_start: true, ..small.clone() };
        assert_eq!(bare(&small).becomes(&bare(&last), &rounded()), Ok(()));
        match small.machine {
            // The word itself can be read.
            ARM64 => assert_eq!(bare(&small).becomes(&bare(&first), &rounded()), Ok(())),
            _ => refused(bare(&small).becomes(&bare(&first), &rounded()), &small.frames[0], "call sites"),
        }
        // Of RISC-V nothing is known.
        let other = |small: &Small| Small { machine: 243, ..small.clone() };
        for moved in [&first, &last] {
            assert_eq!(small.becomes(moved, &rounded()), Ok(()));
            refused(other(&small).becomes(&other(moved), &rounded()), &small.frames[0], "call sites");
        }
        let cut = edited(&small, &sites, |sites| {
            sites[0][1] -= 1;
            sites.insert(1, [sites[0][0] + sites[0][1], 1, sites[0][2], 0]);
        });
        assert_eq!(other(&small).becomes(&other(&cut), &rounded()), Ok(()), "the same at every byte");
    }
}

#[test]
fn call_sites_are_in_order_none_is_empty_and_none_is_outside() {
    for (small, _, sites) in subjects() {
        let size = small.code.len() as u64;
        let changed = |edit: &dyn Fn(&mut Vec<Site>)| small.becomes(&edited(&small, &sites, edit), &rounded());
        let behind = sites[2][0] + sites[2][1];
        assert_eq!(changed(&|sites| sites.push([behind, size - behind, 0, 0])), Ok(()));
        // Past the end, over each other, empty at the end and in the middle, out of order.
        for wrong in [[behind, size - behind + 1, 0, 0], [behind - 1, 2, 35, 3], [behind, 0, 0, 0], [size, 0, 0, 0]] {
            refused(changed(&|sites| sites.push(wrong)), &small.frames[0], "call sites");
        }
        refused(
            changed(&|sites| sites.insert(1, [sites[0][0] + sites[0][1], 0, 0, 0])),
            &small.frames[0],
            "call sites",
        );
        refused(changed(&|sites| sites.swap(0, 1)), &small.frames[0], "call sites");
        refused(changed(&|sites| sites.push([0, 1, 0, 0])), &small.frames[0], "call sites");
        refused(changed(&|sites| sites.push([u64::MAX, 1, 0, 0])), &small.frames[0], "call sites");
    }
}

#[test]
fn an_old_table_that_a_search_does_not_go_through_is_not_rounded() {
    let (small, _, sites) = &subjects()[0];
    // The search for the first call ends at an empty call site that begins behind it.
    let before = edited(small, sites, |sites| sites.insert(0, [30, 0, 0, 0]));
    refused(before.becomes(small, &rounded()), &small.frames[0], "call sites");
    let in_order = edited(small, sites, |sites| sites.push([30, 0, 0, 0]));
    assert_eq!(in_order.becomes(small, &rounded()), Ok(()));
    let inside = edited(small, sites, |sites| sites.insert(1, [2, 0, 0, 0]));
    assert_eq!(inside.becomes(small, &rounded()), Ok(()));
    let over = edited(small, sites, |sites| sites.splice(1..1, [[2, 0, 0, 0], [3, 4, 35, 0]]).for_each(drop));
    refused(over.becomes(small, &rounded()), &small.frames[0], "call sites");
    let unsorted = edited(small, sites, |sites| sites.swap(0, 1));
    refused(unsorted.becomes(small, &rounded()), &small.frames[0], "call sites");
}

#[test]
fn signal_frames_and_types_keep_their_call_sites() {
    let (small, _, sites) = &subjects()[0];
    let moved = edited(small, sites, |sites| sites[0][1] += 1);
    assert_eq!(small.becomes(&moved, &rounded()), Ok(()));
    let signal = |small: &Small| Small { signal: 0, ..small.clone() };
    let with_type = |small: &Small| Small { of_type: 0x1_0a00, ..small.clone() };
    for changes in [rounded(), both()] {
        for (before, after) in [(signal(small), signal(&moved)), (with_type(small), with_type(&moved))] {
            refused(before.becomes(&after, &changes), &small.frames[0], "call sites");
            assert_eq!(before.becomes(&before, &changes), Ok(()));
        }
        // In one of them.
        refused(small.becomes(&with_type(small), &changes), &small.frames[0], "caught types");
        refused(with_type(small).becomes(small, &changes), &small.frames[0], "caught types");
        refused(small.becomes(&with_type(&moved), &changes), &small.frames[0], "call sites");
        refused(with_type(small).becomes(&moved, &changes), &small.frames[0], "call sites");
    }
    // Another function's frame.
    let beside = |small: &Small, signal| {
        let mut frames = small.frames.clone();
        frames[0].to = 30;
        frames.push(described(30, 40, Handlers::None));
        Small { frames, signal, ..small.clone() }
    };
    let alone = &beside(small, 0).frames[0];
    refused(beside(small, 1).becomes(&beside(&moved, 1), &rounded()), alone, "call sites");
    assert_eq!(beside(small, 2).becomes(&beside(&moved, 2), &rounded()), Ok(()));
    // A type that no call site leads to is none.
    let idle = |sites: &[Site]| with_type(&small.with_sites(&sites[..2]));
    assert_eq!(idle(sites).becomes(&idle(&[[1, 6, 31, 0], sites[1]]), &rounded()), Ok(()));
}

#[test]
fn a_function_without_handlers_gets_none_of_its_own() {
    for (small, _, _) in subjects() {
        let size = small.code.len() as u64;
        let with = |handlers| Small { frames: vec![described(0, size, handlers)], ..small.clone() };
        let plain = || with(Handlers::Sites(vec![[0, size, 0, 0]]));
        refused(with(Handlers::Null).becomes(&plain(), &rounded()), &small.frames[0], "handlers, of which it had none");
        refused(with(Handlers::Null).becomes(&plain(), &both()), &small.frames[0], "handlers, of which it had none");
        assert_eq!(with(Handlers::Null).becomes(&plain(), &merged()), Ok(()), "as it was");
        refused(with(Handlers::None).becomes(&plain(), &rounded()), &small.frames[0], "personality");
        refused(plain().becomes(&with(Handlers::Null), &rounded()), &small.frames[0], "handlers, which are gone");
    }
}

#[test]
fn call_frame_instructions_stay_where_no_sharing_was_declared() {
    let (small, _, sites) = &subjects()[0];
    let with = |sites: &[Site], program: &[u8]| {
        let mut small = small.with_sites(sites);
        small.frames[0].program = program.to_vec();
        small
    };
    let moved = [[1, 6, 31, 0], sites[1], sites[2]];
    // Two words for the same; another.
    let (short, long, other) = ([0x41, 0x0e, 16], [2, 1, 0x0e, 16], [0x42, 0x0e, 16]);
    assert_eq!(with(sites, &short).becomes(&with(&moved, &short), &rounded()), Ok(()));
    refused(with(sites, &short).becomes(&with(&moved, &long), &rounded()), &small.frames[0], "call frame instructions");
    assert_eq!(with(sites, &short).becomes(&with(&moved, &long), &both()), Ok(()));
    let row = with(sites, &short).becomes(&with(&moved, &other), &both());
    assert_eq!(row, Err(VerifyError::Lookup { address: address(1), what: "row" }));
    // Unwinders disagree on `DW_CFA_restore`, which matters only where it stands among others.
    let restore = [0x41, 0xd0];
    assert_eq!(with(sites, &restore).becomes(&with(&moved, &restore), &rounded()), Ok(()));
}

#[test]
fn two_descriptions_of_the_same_code_are_not_rounded() {
    let (small, _, sites) = &subjects()[0];
    let moved = vec![[1, 6, 31, 0], sites[1], sites[2]];
    let with = |sites: &[Site], other: &[Site]| {
        let frames =
            vec![described(0, 40, Handlers::Sites(sites.to_vec())), described(20, 40, Handlers::Sites(other.to_vec()))];
        Small { frames, ..small.clone() }
    };
    let two_fit = |at| Err(VerifyError::Lookup { address: address(at), what: "frame description: two fit" });
    let other = [[3, 3, 11, 0]];
    assert_eq!(with(sites, &other).becomes(&with(&moved, &other), &rounded()), two_fit(20));
    assert_eq!(with(sites, &other).becomes(&with(sites, &[[2, 4, 11, 0]]), &rounded()), two_fit(20));
    assert_eq!(with(sites, &other).becomes(&with(&moved, &[[2, 4, 11, 0]]), &rounded()), two_fit(20));
}

/// Between a call with a landing pad and what has none, in programs as compilers make them.
#[test]
fn the_end_of_a_call_site_of_a_real_program() {
    for (subject, step) in real() {
        let changes = Changes { rounded_call_sites: true, ..Changes::of_ranges(subject.unwind_tables()) };
        let mut tried = 0;
        for (fde, lsda) in subject.fdes.iter().filter_map(|fde| Some((fde, fde.lsda?))) {
            for pair in subject.call_sites(lsda).0.windows(2) {
                let [one, next] = pair else { panic!("two") };
                let [start, length, pad, _] = [0, 1, 2, 3].map(|field| subject.uleb_at(&one[field]));
                let end = subject.offset(fde.begin) + (start + length) as usize;
                let call = match step {
                    4 => subject.u32(end - 4) >> 26 == 0x25,
                    _ => subject.data[end - 5] == 0xe8,
                };
                let fields = [&one[1], &next[0], &next[1]];
                let moves = fields.iter().all(|field| (3..0x7d).contains(&subject.uleb_at(field)) && field.len() == 1);
                let touch = subject.uleb_at(&next[0]) == start + length;
                let fits = call && moves && touch && pad != 0 && subject.uleb_at(&next[2]) == 0;
                if !fits || tried == 8 {
                    continue;
                }
                let moved = |by: u8| {
                    move |data: &mut Vec<u8>| {
                        data[one[1].start] = data[one[1].start].wrapping_add(by);
                        data[next[0].start] = data[next[0].start].wrapping_add(by);
                        data[next[1].start] = data[next[1].start].wrapping_sub(by);
                    }
                };
                assert_eq!(subject.after_edit(&changes, moved(1)), Ok(()), "{fde:x?}");
                names(subject.after_unwind_edit(moved(1)), fde, "call sites");
                names(subject.after_edit(&changes, moved(0xff)), fde, "landing pads");
                tried += 1;
            }
        }
        assert_eq!(tried, 8);
    }
}

//! Call sites begin and end elsewhere in a table that neighbours share.

use lambda_slim::slim::{Changes, Unwinding, VerifyError};

use crate::merging::Site;
use crate::rounded::{CODE, ENDS, SITES, both, found, merged, refused, rounded};
use crate::small::{Handlers, Small, X86_64, address, described, tables};

/// Where the second function begins, where filling behind it does, and where the third does.
const SECOND: u64 = 40;
const GAP: u64 = 56;
const THIRD: u64 = 64;
const SIZE: u64 = 104;
/// The last byte of the one call of the second.
const CALL: u64 = 45;

/// Three functions, of which the middle one has no handlers.
fn three() -> Small {
    let second = [0x55, 0xe8, 0, 0, 0, 0, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xc3];
    let code = [&CODE[..], &second, &[0xcc; 8], &CODE].concat();
    let with_handlers = || Handlers::Sites(SITES.to_vec());
    let frames = [
        described(0, SECOND, with_handlers()),
        described(SECOND, GAP, Handlers::None),
        described(THIRD, SIZE, with_handlers()),
    ];
    Small::new(X86_64, &code, &frames)
}

/// The call sites of all, as they were.
fn together() -> Vec<Site> {
    let of_third = SITES
        .map(|[start, length, pad, action]| [THIRD + start, length, if pad == 0 { 0 } else { THIRD + pad }, action]);
    [&SITES[..], &[[SECOND, GAP - SECOND, 0, 0]], &of_third].concat()
}

/// What the proof says of one description with these call sites.
#[track_caller]
fn shared(before: &Small, sites: &[Site], changes: &Changes) -> Result<(), VerifyError> {
    before.becomes(&before.with_sites(sites), changes)
}

fn calls() -> impl Iterator<Item = u64> {
    ENDS.into_iter().chain([CALL]).chain(ENDS.map(|end| THIRD + end))
}

#[test]
fn sharing_is_declared_apart_from_rounding() {
    let three = three();
    assert_eq!(shared(&three, &together(), &merged()), Ok(()));
    assert_eq!(shared(&three, &together(), &both()), Ok(()));
    let missing = Err(VerifyError::FrameMissing { begin: address(0), end: address(SECOND) });
    assert_eq!(shared(&three, &together(), &rounded()), missing);
    assert_eq!(shared(&three, &together(), &tables()), missing);
}

#[test]
fn call_sites_may_cross_from_one_function_to_the_next() {
    let three = three();
    let crossing =
        [[1, 5, 31, 0], [10, 2, 0, 1], [23, 10, 35, 3], [33, 20, 0, 0], [53, 17, 95, 0], [74, 2, 0, 1], [87, 3, 99, 3]];
    assert_eq!(shared(&three, &crossing, &both()), Ok(()));
    refused(shared(&three, &crossing, &merged()), &three.frames[1], "call sites");
    // Up to the last byte of the last call of each.
    let with = |edit: &dyn Fn(&mut [Site; 7])| {
        let mut sites = crossing;
        edit(&mut sites);
        shared(&three, &sites, &both())
    };
    assert_eq!(with(&|sites| (sites[3][0], sites[3][1]) = (CALL, 8)), Ok(()));
    refused(with(&|sites| (sites[3][0], sites[3][1]) = (CALL + 1, 7)), &three.frames[1], "call sites");
    refused(with(&|sites| sites[3][1] = CALL - 33), &three.frames[1], "call sites");
    refused(with(&|sites| (sites[2][1], sites[3][0], sites[3][1]) = (23, 46, 7)), &three.frames[1], "landing pads");
    assert_eq!(with(&|sites| (sites[3][1], sites[4][0], sites[4][1]) = (36, 69, 1)), Ok(()));
    refused(with(&|sites| (sites[3][1], sites[4][0], sites[4][1]) = (37, 70, 1)), &three.frames[2], "landing pads");
}

#[test]
fn shared_tables_pass_exactly_if_the_same_is_found_at_every_call() {
    let three = three();
    let right = together();
    let mut state = 7_u64;
    let mut below = |limit: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let (mut passed, mut failed) = (0, 0);
    for _ in 0..1500 {
        let mut sites = right.clone();
        for _ in 0..=below(5) {
            let number = below(sites.len() as u64) as usize;
            let from = number.checked_sub(1).map_or(0, |before| sites[before][0] + sites[before][1]);
            let to = sites.get(number + 1).map_or(SIZE, |next| next[0]);
            let start = from + below(to - from);
            (sites[number][0], sites[number][1]) = (start, 1 + below(to - start));
        }
        let same = calls().all(|at| found(&right, at) == found(&sites, at));
        let result = shared(&three, &sites, &both());
        assert_eq!(result.is_ok(), same, "{sites:?}: {result:?}");
        *if same { &mut passed } else { &mut failed } += 1;
    }
    assert!(passed > 20 && failed > 500, "{passed} {failed}");
}

#[test]
fn a_neighbour_without_handlers_is_passed_through_at_its_calls() {
    let mut three = three();
    let with = |three: &Small, edit: &dyn Fn(&mut Vec<Site>)| {
        let mut sites = together();
        edit(&mut sites);
        shared(three, &sites, &both())
    };
    assert_eq!(with(&three, &|sites| sites[3] = [CALL, 1, 0, 0]), Ok(()));
    refused(with(&three, &|sites| _ = sites.remove(3)), &three.frames[1], "call sites");
    refused(with(&three, &|sites| sites[3][2] = 33), &three.frames[1], "landing pads");
    refused(with(&three, &|sites| sites[3][3] = 1), &three.frames[1], "actions");
    // Landing pads of the third from its own beginning.
    refused(with(&three, &|sites| sites[4][2] -= THIRD), &three.frames[2], "landing pads");
    // Where nothing is called nothing is found.
    assert_eq!(with(&three, &|sites| sites.insert(4, [GAP, 4, 33, 3])), Ok(()));
    three.code[SECOND as usize + 1] = 0xe9;
    assert_eq!(with(&three, &|sites| _ = sites.remove(3)), Ok(()));
    assert_eq!(with(&three, &|sites| (sites[3][2], sites[3][3]) = (33, 3)), Ok(()));
}

#[test]
fn shared_call_sites_are_in_order_none_is_empty_and_none_is_outside() {
    let three = three();
    let with = |edit: &dyn Fn(&mut Vec<Site>)| {
        let mut sites = together();
        edit(&mut sites);
        shared(&three, &sites, &both())
    };
    refused(with(&|sites| sites.insert(4, [GAP, 0, 0, 0])), &three.frames[2], "call sites");
    refused(with(&|sites| sites.push([SIZE - 1, 2, 0, 0])), &three.frames[2], "call sites");
    refused(with(&|sites| sites.swap(2, 3)), &three.frames[0], "call sites");
    refused(with(&|sites| sites.insert(4, [GAP - 1, 2, 0, 0])), &three.frames[1], "call sites");
}

#[test]
fn neighbours_of_signal_frames_or_of_types_keep_their_call_sites() {
    let mut moved = together();
    moved[4][1] += 1;
    assert_eq!(shared(&three(), &moved, &both()), Ok(()));
    for strict in [Small { of_type: 0x1_0a00, ..three() }, Small { signal: 0, ..three() }] {
        assert_eq!(shared(&strict, &together(), &both()), Ok(()));
        refused(shared(&strict, &moved, &both()), &strict.frames[2], "call sites");
    }
    // It is one of both that catches it.
    let typed = Small { of_type: 0x1_0a00, ..three() };
    let after = |sites: &[Site]| three().becomes(&typed.with_sites(sites), &both());
    refused(after(&moved), &typed.frames[0], "caught types");
}

#[test]
fn handlers_that_may_be_gone_are_the_same_at_every_call_or_at_none() {
    let three = three();
    let gone = |changes: Changes| Changes { unwinding: Unwinding::WithoutHandlers, ..changes };
    let plain = |from: u64, to: u64| [from, to - from, 0, 0];
    let all = [plain(1, SIZE - 1)];
    assert_eq!(shared(&three, &all, &gone(both())), Ok(()));
    refused(shared(&three, &all, &both()), &three.frames[0], "landing pads");
    // The first function's, the third's, and half of the third's.
    let first = [&[plain(5, SECOND)][..], &together()[3..]].concat();
    assert_eq!(shared(&three, &first, &gone(both())), Ok(()));
    let third = [&together()[..4], &[plain(THIRD, SIZE)]].concat();
    assert_eq!(shared(&three, &third, &gone(both())), Ok(()));
    let half = [&together()[..5], &[plain(74, SIZE)]].concat();
    refused(shared(&three, &half, &gone(both())), &three.frames[2], "actions");
    // Another is not gone.
    let mut other = together();
    other[0][2] += 1;
    refused(shared(&three, &other, &gone(both())), &three.frames[0], "landing pads");
    // Alone.
    let alone = Small::new(X86_64, &CODE, &[]).with_sites(&SITES);
    let with = |handlers| Small { frames: vec![described(0, 40, handlers)], ..alone.clone() };
    assert_eq!(alone.becomes(&with(Handlers::Null), &gone(rounded())), Ok(()));
    assert_eq!(alone.becomes(&with(Handlers::None), &gone(rounded())), Ok(()));
    assert_eq!(alone.becomes(&alone.with_sites(&[plain(5, 26)]), &gone(rounded())), Ok(()));
    refused(alone.becomes(&alone.with_sites(&[plain(5, 25)]), &gone(rounded())), &alone.frames[0], "landing pads");
    refused(alone.becomes(&alone.with_sites(&[plain(5, 26)]), &gone(tables())), &alone.frames[0], "call sites");
    refused(alone.becomes(&alone.with_sites(&[plain(5, 26)]), &rounded()), &alone.frames[0], "landing pads");
    let moved = [[1, 6, 31, 0], SITES[1], SITES[2]];
    assert_eq!(alone.becomes(&alone.with_sites(&moved), &gone(rounded())), Ok(()));
}

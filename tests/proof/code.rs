//! Code that was zeroed: filling between functions, and functions that were declared dead.

use std::ops::Range;

use lambda_slim::slim::{Changes, Unwinding, VerifyError};

use crate::subject::{ARM64, Fde, Subject, X86_64};

fn declared(range: &Range<usize>) -> Changes {
    Changes::of_ranges(vec![range.start as u64..range.end as u64])
}

fn dead(range: &Range<usize>) -> Changes {
    Changes { dead_code: vec![range.start as u64..range.end as u64], ..declared(range) }
}

fn body(subject: &Subject, fde: &Fde) -> Range<usize> {
    let start = subject.offset(fde.begin);
    start..start + fde.size as usize
}

/// Addresses that relative relocations put somewhere.
fn addends(subject: &Subject) -> Vec<u64> {
    let table = subject.section(".rela.dyn");
    let mut addends: Vec<u64> = table.step_by(24).map(|at| subject.u64(at + 16)).collect();
    addends.sort_unstable();
    addends
}

fn points_into(addends: &[u64], fde: &Fde) -> bool {
    let first = addends.partition_point(|&addend| addend < fde.begin);
    addends.get(first).is_some_and(|&addend| addend < fde.begin + u64::from(fde.size))
}

#[test]
fn filling_between_functions_may_be_zeroed() {
    let subject = &*X86_64;
    let mut functions: Vec<Range<usize>> = subject.fdes.iter().map(|fde| body(subject, fde)).collect();
    functions.sort_by_key(|range| range.start);
    let gaps = functions.windows(2).map(|pair| pair[0].end..pair[1].start);
    let gap = gaps.filter(|gap| gap.len() >= 3 && subject.data[gap.clone()].iter().all(|&byte| byte == 0xcc)).last();
    let gap = gap.expect("lld fills with int3");
    assert_eq!(subject.after_edit(&declared(&gap), |data| data[gap.clone()].fill(0)), Ok(()));
    // To anything else it may not be changed.
    let other = subject.after_edit(&declared(&gap), |data| data[gap.start] = 0xc3);
    assert!(
        matches!(other, Err(VerifyError::Unexplained { why: "it is no filling between functions", .. })),
        "{other:?}"
    );
    // Nor may the function before it lose its last byte.
    let more = gap.start - 1..gap.end;
    let cut = subject.after_edit(&declared(&more), |data| data[more.clone()].fill(0));
    assert!(matches!(cut, Err(VerifyError::Unexplained { why: "it lies in a function", .. })), "{cut:?}");
}

#[test]
fn a_function_that_nothing_leads_to_may_be_declared_dead() {
    for subject in [&*ARM64, &*X86_64] {
        let addends = addends(subject);
        let entry = subject.u64(24);
        let lonely =
            |fde: &&Fde| fde.lsda.is_none() && !points_into(&addends, fde) && fde.begin != entry && fde.size > 64;
        let fde = subject.fdes.iter().filter(lonely).last().expect("one");
        let body = body(subject, fde);
        assert_eq!(subject.after_edit(&dead(&body), |data| data[body.clone()].fill(0)), Ok(()));
        // It has to be said, and it has to be so.
        let unsaid = subject.after_edit(&declared(&body), |data| data[body.clone()].fill(0));
        assert!(matches!(unsaid, Err(VerifyError::Unexplained { why: "it lies in a function", .. })), "{unsaid:?}");
        let not_zeroed = subject.after_edit(&dead(&body), |data| data[body.start..body.end - 4].fill(0));
        assert!(matches!(not_zeroed, Err(VerifyError::NotDead { what: "it is not zeroed", .. })), "{not_zeroed:?}");
    }
}

#[test]
fn a_function_that_something_leads_to_is_not_dead() {
    for subject in [&*ARM64, &*X86_64] {
        let addends = addends(subject);
        let pointed_at = subject.fdes.iter().find(|fde| points_into(&addends, fde) && fde.size > 64).expect("one");
        let body_of = |fde: &Fde| body(subject, fde);
        let body = body_of(pointed_at);
        let error = subject.after_edit(&dead(&body), |data| data[body.clone()].fill(0));
        assert!(matches!(error, Err(VerifyError::NotDead { .. })), "{error:?}");

        let entry = subject.offset(subject.u64(24));
        let error = subject.after_edit(&dead(&(entry..entry + 4)), |data| data[entry..entry + 4].fill(0));
        assert!(matches!(error, Err(VerifyError::NotDead { what: "it is the entry point", .. })), "{error:?}");

        // A landing pad in a function whose handlers are left.
        let (fde, site) = subject.call_site(|site| subject.uleb_at(&site[2]) > 1);
        let pad = body_of(&fde).start + subject.uleb_at(&site[2]) as usize;
        let range = pad..pad + 4;
        let error = subject.after_edit(&dead(&range), |data| data[range.clone()].fill(0));
        assert!(matches!(error, Err(VerifyError::NotDead { what: "a landing pad is there", .. })), "{error:?}");
        // It is dead once they are gone.
        let mut changes = dead(&range);
        changes.ranges.extend(subject.unwind_tables());
        changes.unwinding = Unwinding::WithoutHandlers;
        let gone = subject.after_edit(&changes, |data| {
            data[range.clone()].fill(0);
            data[fde.lsda_field.clone().expect("a pointer")].fill(0);
        });
        assert_eq!(gone, Ok(()));
    }
}

#[test]
fn data_is_no_dead_code() {
    let subject = &*X86_64;
    let at = subject.section(".rodata").start;
    let error = subject.after_edit(&dead(&(at..at + 64)), |data| data[at..at + 64].fill(0));
    assert!(matches!(error, Err(VerifyError::NotDead { what: "it is not loaded as code", .. })), "{error:?}");
}

//! Several packages, each a row.

use super::document::{Document, Item, Tone};
use super::table::{Cell, Column, Field, Table};
use super::verdict::{amounts, measured};
use crate::package::Severity;
use crate::policy::{Gate, Verdict};
use crate::report::{PackageFailure, Report, Reports};
use crate::units::ByteSize;

/// How each package ended, those that failed first.
pub(super) fn verdicts(verdicts: &[&Verdict], failures: &[PackageFailure]) -> Document {
    let mut document = Document::default();
    let failed = verdicts.iter().filter(|verdict| !verdict.passed()).count();
    let title = match (failed, failures.len()) {
        (0, 0) => format!("PASS {} packages", verdicts.len()),
        (failed, 0) => format!("FAIL {failed} of {} packages", verdicts.len()),
        (failed, broken) => {
            format!("FAIL {failed} of {} packages, {broken} not checked", verdicts.len() + failures.len())
        }
    };
    let tone = if failed == 0 && failures.is_empty() { Tone::Good } else { Tone::Bad };
    document.toned_title(tone, title);
    let mut rows: Vec<&Verdict> = verdicts.to_vec();
    rows.sort_by_key(|verdict| verdict.passed());
    let fields: Vec<Field<&Verdict>> = vec![
        Field::new(Column::name("package"), |verdict: &&Verdict| Cell::Text(verdict.subject.clone())),
        Field::new(Column::words("verdict", 0), |verdict: &&Verdict| Cell::Text(outcome(verdict))),
        Field::new(Column::plain("zip grew", 1), |verdict: &&Verdict| {
            Cell::delta(verdict.diff.as_ref().and_then(|diff| diff.zip).map(|zip| zip.delta_bytes))
        }),
        Field::new(Column::plain("files grew", 2), |verdict: &&Verdict| {
            Cell::delta(verdict.diff.as_ref().map(|diff| diff.unzipped.delta_bytes))
        }),
        Field::new(Column::words("first limit", 3), |verdict: &&Verdict| {
            first_limit(verdict).map_or(Cell::Blank, Cell::Text)
        }),
    ];
    document.table(Table::of(rows, &fields));
    document.list(failures.iter().map(failure).collect());
    document
}

fn outcome(verdict: &Verdict) -> String {
    match verdict.violations.len() {
        0 => "pass".to_owned(),
        1 => "FAIL, 1 violation".to_owned(),
        more => format!("FAIL, {more} violations"),
    }
}

/// The limit that was not kept, else the first one that there is: `zip: 541.11 KiB of 527.34 KiB`.
fn first_limit(verdict: &Verdict) -> Option<String> {
    let in_words = |gate: &Gate| {
        let (actual, limit, _) = amounts(gate);
        format!("{}: {actual} of {limit}", measured(gate))
    };
    let gate = verdict.gates.iter().find(|gate| !gate.passed());
    match (gate.or(verdict.gates.first()), verdict.violations.first()) {
        (Some(gate), _) => Some(in_words(gate)),
        (None, Some(violation)) => Some(violation.code.clone()),
        (None, None) => None,
    }
}

/// The sizes of each package.
pub(super) fn reports(reports: &Reports) -> Document {
    let mut document = Document::default();
    document.title(format!("{} packages", reports.packages.len()));
    let findings = |report: &Report, severity| {
        let count = report.findings.iter().filter(|finding| finding.severity == severity).count();
        if count == 0 { Cell::Blank } else { Cell::Count(count as u64) }
    };
    let programs = |report: &Report| report.binaries.iter().map(|binary| binary.file_bytes).sum::<ByteSize>();
    let fields: Vec<Field<&Report>> = vec![
        Field::new(Column::name("package"), |report: &&Report| Cell::Text(report.artifact.path.clone())),
        Field::new(Column::sum("zip", 0), |report: &&Report| Cell::size(report.artifact.zip_bytes)),
        Field::new(Column::sum("unzipped", 0), |report: &&Report| Cell::Size(report.artifact.unzipped_bytes)),
        Field::new(Column::sum("programs", 1), move |report: &&Report| Cell::Size(programs(report))),
        Field::new(Column::plain("errors", 2), move |report: &&Report| findings(report, Severity::Error)),
        Field::new(Column::plain("warnings", 3), move |report: &&Report| findings(report, Severity::Warning)),
    ];
    document.table(Table::of(reports.packages.iter(), &fields).totalled("all packages"));
    document.list(reports.failures.iter().map(failure).collect());
    document
}

fn failure(failure: &PackageFailure) -> Item {
    Item::new("error", Tone::Bad, failure.in_words())
}

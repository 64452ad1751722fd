//! The gate itself.

use super::blame::{blamed, of_row};
use super::budget::Budget;
use super::diff::{Diff, diff_as_listed};
use super::error::Error;
use super::gates::Question;
use super::parts::{PartKind, Parts};
use super::rules::Level;
use super::verdict::{
    Amounts, Blame, CRATE_OVER_BUDGET, CRATES_UNNAMED, FILE_OVER_BUDGET, GROWTH_OVER_BUDGET, Gate, INIT_OVER_BUDGET,
    LIMIT_NAMES_NOTHING, Measure, NO_BUDGET, Part, SECTION_OVER_BUDGET, TOUCHED_OVER_BUDGET, UNZIPPED_OVER_BUDGET,
    Verdict, Violation, ZIP_GROWTH_UNKNOWN, ZIPPED_OVER_BUDGET,
};
use super::{baseline as comparison, rule_checks};
use crate::attribution::CrateKind;
use crate::package::{Finding, Severity};
use crate::report::Report;

/// Holds a report against a budget and, where there is one, a baseline.
///
/// Fails on every limit that is not kept, on every rule and finding whose level is `deny`; a finding of severity error has that level
/// unless a rule says otherwise: a small package that does not start is worth nothing. Where both reports list functions, the blamed
/// crates name theirs.
///
/// # Errors
/// Where a limit could not be applied: growth without a baseline, the zip of a folder, a crate where none has a name.
pub fn check(new: &Report, baseline: Option<&Report>, budget: &Budget) -> Result<Verdict, Error> {
    let diff = baseline.map(|old| diff_as_listed(old, new));
    let question = Question { new, baseline, budget };
    let gates = question.gates()?;
    let failed = gates.iter().filter(|gate| !gate.passed());
    let mut verdict = Verdict {
        subject: new.artifact.path.clone(),
        violations: failed.map(|gate| over_budget(gate, question, diff.as_ref())).collect(),
        warnings: Vec::new(),
        gates: gates.clone(),
        notes: notes(question, diff.as_ref()),
        diff: None,
        message: None,
        accept: None,
    };
    let mut remarks = rule_checks::remarks(question, diff.as_ref());
    remarks.extend(comparison::remarks(question, diff.as_ref()));
    for remark in remarks {
        let level = budget.rules.own(&remark.code);
        verdict.place(level, remark);
    }
    for finding in &new.findings {
        let level = budget.rules.finding(&finding.code, finding.severity);
        match level.severity() {
            Some(Severity::Error) => verdict.violations.push(denied(finding, new)),
            Some(severity) => verdict.notes.push(Finding { severity, ..finding.clone() }),
            None => {}
        }
    }
    let nameless = |violation: &Violation| !violation.blamed.is_empty() && !names_a_crate(&violation.blamed);
    if verdict.violations.iter().any(nameless) {
        verdict.notes.extend(unnamed_note(new, baseline));
    }
    verdict.notes.sort_by(|a, b| (a.severity, &a.code, &a.subject).cmp(&(b.severity, &b.code, &b.subject)));
    verdict.message = budget.message.clone().filter(|_| !verdict.passed());
    Ok(Verdict { diff, ..verdict })
}

impl Verdict {
    /// Puts what a rule has to say where its level wants it.
    fn place(&mut self, level: Level, remark: Violation) {
        match level {
            Level::Deny => self.violations.push(remark),
            Level::Warn => self.warnings.push(remark),
            Level::Note => self.notes.push(note(&remark.code, &remark.subject, remark.message)),
            Level::Allow => {}
        }
    }
}

fn over_budget(gate: &Gate, question: Question<'_>, diff: Option<&Diff>) -> Violation {
    let (blamed_by, blamed) = blamed(question, gate, diff);
    let code = match (gate.of_growth, &gate.part, gate.measure) {
        (_, _, Measure::Init) => INIT_OVER_BUDGET,
        (true, ..) => GROWTH_OVER_BUDGET,
        (_, Some(Part::Crate(_)), _) => CRATE_OVER_BUDGET,
        (_, Some(Part::Section(_)), _) => SECTION_OVER_BUDGET,
        (_, Some(Part::Program(_)), _) | (_, _, Measure::File) => FILE_OVER_BUDGET,
        (_, _, Measure::Zipped) => ZIPPED_OVER_BUDGET,
        (_, _, Measure::Unzipped) => UNZIPPED_OVER_BUDGET,
        (_, _, Measure::Touched) => TOUCHED_OVER_BUDGET,
    };
    Violation {
        code: code.to_owned(),
        message: message(gate, question.new, blamed.first()),
        subject: question.new.artifact.path.clone(),
        gate: Some(gate.clone()),
        blamed_by: Some(blamed_by),
        blamed,
    }
}

/// What was measured, as the subject of a sentence.
fn subject(gate: &Gate) -> String {
    let of = |what: &str| match gate.measure {
        Measure::Zipped => format!("{what} takes in the zip"),
        Measure::Touched => format!("{what} has in memory after init"),
        _ => format!("{what} takes"),
    };
    match (&gate.part, gate.measure) {
        (Some(Part::Program(path)), _) => format!("{path} is"),
        (Some(Part::Crate(name)), _) => of(&format!("crate {name}")),
        (Some(Part::Section(name)), _) => of(&format!("section {name}")),
        (None, Measure::Zipped) => "the zip is".to_owned(),
        (None, Measure::Touched) => "init touches".to_owned(),
        (None, _) => "the files are".to_owned(),
    }
}

fn message(gate: &Gate, new: &Report, first: Option<&Blame>) -> String {
    let mut message = match gate.amounts {
        Amounts::Bytes { limit_bytes, actual_bytes, baseline_bytes } => {
            let (what, actual, over) = (subject(gate), actual_bytes.get(), gate.over_by().get());
            match baseline_bytes.filter(|_| gate.of_growth) {
                Some(before) => {
                    let grown = actual_bytes.since(before).get();
                    format!(
                        "{what} {actual} bytes, {grown} more than the baseline's {}, and {over} past {} {}",
                        before.get(),
                        gate.budget,
                        gate.rule
                    )
                }
                None => format!("{what} {actual} bytes, {over} past {} {}", gate.budget, limit_bytes.get()),
            }
        }
        Amounts::Time { limit_ms, actual_ms, baseline_ms } => {
            let over = actual_ms.get() - limit_ms.get();
            let grown = baseline_ms.filter(|_| gate.of_growth).map(|before| {
                format!(", {:.1} more than the baseline's {:.1}", actual_ms.get() - before.get(), before.get())
            });
            format!(
                "init is predicted to take {:.1} ms{}{}, {over:.1} past {} {}{}",
                actual_ms.get(),
                prediction(new),
                grown.unwrap_or_default(),
                gate.budget,
                gate.rule,
                guessed(new)
            )
        }
    };
    if let Some((blame, grown)) = first.and_then(|blame| Some((blame, blame.grown_bytes?))) {
        let name = blame.crate_name.as_ref().unwrap_or(&blame.path);
        let version = blame.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        message += &format!("; {name}{version} grew most, by {} bytes", grown.get());
        if blame.why.len() > 1 {
            message += &format!(" ({})", blame.why.join(" > "));
        }
    }
    message
}

/// ` (20.1 to 60.3, model prior-2026-08)`.
fn prediction(new: &Report) -> String {
    let told = new.estimate.as_ref().map(|estimate| {
        format!(" ({:.1} to {:.1}, model {})", estimate.init_ms.p10, estimate.init_ms.p90, estimate.model)
    });
    told.unwrap_or_default()
}

fn guessed(new: &Report) -> &'static str {
    match &new.estimate {
        Some(estimate) if !estimate.touched_measured && !estimate.touched_logged => {
            "; memory was guessed from sizes: `measure` knows better"
        }
        _ => "",
    }
}

/// A finding that fails. Of a crate in several versions, its versions are to blame: they have a line in a manifest.
fn denied(finding: &Finding, new: &Report) -> Violation {
    let mut blamed = Vec::new();
    for binary in &new.binaries {
        let rows = binary.crates.iter().filter(|row| row.name == finding.subject && finding.code == "duplicate-crate");
        blamed.extend(rows.map(|row| of_row(&binary.path, row, row.file_bytes)));
    }
    blamed.sort_by_cached_key(|blame: &Blame| std::cmp::Reverse((blame.size_bytes, blame.version.clone())));
    Violation {
        code: finding.code.clone(),
        message: finding.message.clone(),
        subject: finding.subject.clone(),
        gate: None,
        blamed_by: Some(Measure::Unzipped).filter(|_| !blamed.is_empty()),
        blamed,
    }
}

fn note(code: &str, subject: &str, message: String) -> Finding {
    Finding { code: code.to_owned(), severity: Severity::Note, message, subject: subject.to_owned(), saves_bytes: None }
}

fn notes(question: Question<'_>, diff: Option<&Diff>) -> Vec<Finding> {
    let Question { new, baseline, budget } = question;
    let mut notes = Vec::new();
    if budget.is_empty() {
        let message = "no budget is set: only findings can fail this check; set max-zip, max-unzipped or max-growth";
        notes.push(note(NO_BUDGET, &new.artifact.path, message.to_owned()));
    }
    if let (Some(old), Some(diff)) = (baseline, diff)
        && budget.max_growth.is_some()
        && diff.zip.is_none()
    {
        let message = "one of the two is not a zip: growth is compared unzipped only";
        notes.push(note(ZIP_GROWTH_UNKNOWN, &old.artifact.path, message.to_owned()));
    }
    for (kind, limits) in [(PartKind::Crate, &budget.crates), (PartKind::Section, &budget.sections)] {
        notes.extend(limits_of_nothing(question, kind, limits.keys()));
    }
    notes
}

/// A limit that names what is not there keeps nobody from growing: perhaps it is misspelt.
fn limits_of_nothing<'a>(
    question: Question<'_>,
    kind: PartKind,
    names: impl Iterator<Item = &'a String>,
) -> Vec<Finding> {
    let sides: Vec<Parts> =
        [Some(question.new), question.baseline].into_iter().flatten().map(|report| Parts::of(report, kind)).collect();
    let missing = names.filter(|name| *name != "*" && sides.iter().all(|parts| parts.get(&kind.key(name)).is_none()));
    missing
        .map(|name| {
            let what = if kind == PartKind::Crate { "crate" } else { "section" };
            let message = format!("{}.{name}: no {what} of that name has bytes here", kind.table());
            Finding { severity: Severity::Warning, ..note(LIMIT_NAMES_NOTHING, name, message) }
        })
        .collect()
}

/// True where someone with a name can be blamed: a crate, or a file that is no program.
fn names_a_crate(blamed: &[Blame]) -> bool {
    let nameless = |kind| matches!(kind, Some(CrateKind::Linker | CrateKind::Unattributed));
    blamed.iter().any(|blame| !nameless(blame.kind))
}

fn unnamed_note(new: &Report, baseline: Option<&Report>) -> Option<Finding> {
    let nameless =
        |report: &Report| report.binaries.iter().any(|binary| binary.stripped && binary.symbols_from.is_none());
    let who = match (nameless(new), baseline.is_some_and(nameless)) {
        (true, true) => "the artifact and its baseline are stripped",
        (true, false) => "the artifact is stripped",
        (false, true) => "the baseline is stripped",
        (false, false) => return None,
    };
    let message = format!("{who}, so no crate can be named: give the unstripped twin or debug file with --symbols");
    Some(note(CRATES_UNNAMED, &new.artifact.path, message))
}

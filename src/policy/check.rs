//! The gate itself.

use std::collections::BTreeSet;

use super::budget::Budget;
use super::change::{SizeChange, Status};
use super::diff::{Diff, diff};
use super::error::Error;
use super::verdict::{
    BASELINE_ARCHITECTURE_DIFFERS, BASELINE_BINARIES_DIFFER, BASELINE_TOOL_DIFFERS, BASELINE_TOOLCHAIN_DIFFERS, Blame,
    CRATES_UNNAMED, GROWTH_OVER_BUDGET, Gate, INIT_OVER_BUDGET, Measure, NO_BUDGET, UNZIPPED_OVER_BUDGET, Verdict,
    Violation, ZIP_GROWTH_UNKNOWN, ZIPPED_OVER_BUDGET,
};
use crate::attribution::CrateKind;
use crate::package::{Finding, Severity};
use crate::report::{ArtifactKind, Report};
use crate::units::{ByteDelta, ByteSize};

/// How many of the largest are named where no baseline says who grew.
const LARGEST_NAMED: usize = 10;

/// Holds a report against a budget and, where there is one, a baseline.
///
/// Fails on a zip or files over their limit, on growth over `max-growth` (of the zip where both sides are zips, and of
/// the files), and on every finding of severity error: a small package that does not start is worth nothing.
///
/// # Errors
/// [`Error::GrowthNeedsBaseline`] and [`Error::ZipBudgetNeedsZip`], where a limit could not be applied.
pub fn check(new: &Report, baseline: Option<&Report>, budget: &Budget) -> Result<Verdict, Error> {
    let diff = baseline.map(|old| diff(old, new));
    let gates = gates(new, baseline, budget)?;
    let mut violations: Vec<Violation> =
        gates.iter().filter(|gate| !gate.passed()).map(|gate| over_budget(gate, new, diff.as_ref())).collect();
    violations.extend(budget.max_init_ms.map(|limit| init(new, limit)).transpose()?.flatten());
    let mut notes = notes(new, baseline, diff.as_ref(), budget, &violations);
    for finding in &new.findings {
        match finding.severity {
            Severity::Error => violations.push(not_deployable(finding)),
            Severity::Warning => notes.push(finding.clone()),
            Severity::Note => {}
        }
    }
    notes.sort_by(|a, b| (a.severity, &a.code, &a.subject).cmp(&(b.severity, &b.code, &b.subject)));
    Ok(Verdict { subject: new.artifact.path.clone(), violations, gates, notes, diff })
}

fn gates(new: &Report, baseline: Option<&Report>, budget: &Budget) -> Result<Vec<Gate>, Error> {
    let sizes = |report: &Report, measure| match measure {
        Measure::Zipped => report.artifact.zip_bytes,
        Measure::Unzipped => Some(report.artifact.unzipped_bytes),
    };
    let mut gates = Vec::new();
    let limits =
        [("max-zip", Measure::Zipped, budget.max_zip), ("max-unzipped", Measure::Unzipped, budget.max_unzipped)];
    for (name, measure, limit) in limits {
        let Some(limit) = limit else { continue };
        let Some(actual) = sizes(new, measure) else {
            return Err(Error::ZipBudgetNeedsZip {
                path: new.artifact.path.clone(),
                kind: kind_in_words(new.artifact.kind),
            });
        };
        gates.push(Gate {
            budget: name.to_owned(),
            rule: format!("{} B", limit.get()),
            measure,
            limit_bytes: limit,
            actual_bytes: actual,
            baseline_bytes: baseline.and_then(|old| sizes(old, measure)),
        });
    }
    let Some(growth) = budget.max_growth else {
        return Ok(gates);
    };
    let baseline = baseline.ok_or_else(|| Error::GrowthNeedsBaseline { growth: growth.to_string() })?;
    for measure in [Measure::Zipped, Measure::Unzipped] {
        if let (Some(before), Some(actual)) = (sizes(baseline, measure), sizes(new, measure)) {
            gates.push(Gate {
                budget: "max-growth".to_owned(),
                rule: growth.to_string(),
                measure,
                limit_bytes: growth.limit(before),
                actual_bytes: actual,
                baseline_bytes: Some(before),
            });
        }
    }
    Ok(gates)
}

/// The predicted init against its limit: its median, for the interval is what is not known.
fn init(new: &Report, limit_ms: u32) -> Result<Option<Violation>, Error> {
    let Some(estimate) = &new.estimate else {
        return Err(Error::InitBudgetNeedsProgram { path: new.artifact.path.clone() });
    };
    let init = estimate.init_ms;
    if init.p50 <= f64::from(limit_ms) {
        return Ok(None);
    }
    let known = if estimate.touched_measured || estimate.touched_logged {
        ""
    } else {
        "; memory was guessed from sizes: `measure` knows better"
    };
    let message = format!(
        "init is predicted to take {:.1} ms ({:.1} to {:.1}, model {}), past max-init-ms {limit_ms}{known}",
        init.p50, init.p10, init.p90, estimate.model
    );
    Ok(Some(Violation {
        code: INIT_OVER_BUDGET.to_owned(),
        message,
        subject: new.artifact.path.clone(),
        gate: None,
        blamed_by: None,
        blamed: Vec::new(),
    }))
}

const fn kind_in_words(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Zip => "a zip",
        ArtifactKind::Directory => "a folder",
        ArtifactKind::Elf => "an ELF file",
    }
}

fn over_budget(gate: &Gate, new: &Report, diff: Option<&Diff>) -> Violation {
    let (blamed_by, blamed) = match diff {
        Some(diff) => grown(diff, gate.measure),
        None => largest(new, gate.measure),
    };
    let code = match (gate.budget.as_str(), gate.measure) {
        ("max-growth", _) => GROWTH_OVER_BUDGET,
        (_, Measure::Zipped) => ZIPPED_OVER_BUDGET,
        (_, Measure::Unzipped) => UNZIPPED_OVER_BUDGET,
    };
    Violation {
        code: code.to_owned(),
        message: message(gate, blamed.first()),
        subject: new.artifact.path.clone(),
        gate: Some(gate.clone()),
        blamed_by: Some(blamed_by),
        blamed,
    }
}

fn message(gate: &Gate, first: Option<&Blame>) -> String {
    let what = match gate.measure {
        Measure::Zipped => "the zip is",
        Measure::Unzipped => "the files are",
    };
    let (actual, over) = (gate.actual_bytes.get(), gate.over_by().get());
    let (limit, rule) = (gate.limit_bytes.get(), &gate.rule);
    let mut message = match gate.baseline_bytes {
        Some(before) if gate.budget == "max-growth" => {
            let grown = gate.actual_bytes.since(before).get();
            format!(
                "{what} {actual} bytes, {grown} more than the baseline's {}, and {over} past max-growth {rule}",
                before.get()
            )
        }
        _ => format!("{what} {actual} bytes, {over} past {} {limit}", gate.budget),
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

/// Everything that grew, most first. Files of the package that are no programs stand beside the crates.
fn grown(diff: &Diff, measure: Measure) -> (Measure, Vec<Blame>) {
    let knows_zip = diff.zip.is_some() && diff.binaries.iter().all(|binary| binary.compressed.is_some());
    let measure = if knows_zip { measure } else { Measure::Unzipped };
    let pick = |file: SizeChange, compressed: Option<SizeChange>| match measure {
        Measure::Zipped => compressed.unwrap_or_default(),
        Measure::Unzipped => file,
    };
    let mut blamed = Vec::new();
    for binary in &diff.binaries {
        for row in &binary.crates {
            let change = pick(row.file, row.compressed);
            blamed.push(Blame {
                path: binary.path.clone(),
                crate_name: Some(row.name.clone()),
                kind: Some(row.kind),
                version: row.new_version.clone(),
                old_version: row.old_version.clone().filter(|_| row.old_version != row.new_version),
                size_bytes: change.new_bytes,
                grown_bytes: Some(change.delta_bytes),
                why: row.why.clone(),
            });
        }
    }
    let programs: BTreeSet<&str> = diff.binaries.iter().map(|binary| binary.path.as_str()).collect();
    for entry in diff.entries.iter().filter(|entry| !programs.contains(entry.path.as_str())) {
        let change = pick(entry.unzipped, entry.compressed);
        blamed.push(file_blame(&entry.path, change.new_bytes, Some(change.delta_bytes)));
    }
    blamed.retain(|blame| blame.grown_bytes > Some(ByteDelta::default()));
    blamed.sort_by_cached_key(|blame| (std::cmp::Reverse(blame.grown_bytes), key(blame)));
    (measure, blamed)
}

/// The largest crates and files, for a violation that no baseline explains.
fn largest(new: &Report, measure: Measure) -> (Measure, Vec<Blame>) {
    let knows_zip = new.binaries.iter().all(|binary| binary.crates.iter().all(|row| row.compressed_bytes.is_some()));
    let measure = if knows_zip { measure } else { Measure::Unzipped };
    let pick = |file: ByteSize, compressed: Option<ByteSize>| match measure {
        Measure::Zipped => compressed.unwrap_or(ByteSize::ZERO),
        Measure::Unzipped => file,
    };
    let mut blamed = Vec::new();
    for binary in &new.binaries {
        for row in &binary.crates {
            blamed.push(Blame {
                path: binary.path.clone(),
                crate_name: Some(row.name.clone()),
                kind: Some(row.kind),
                version: row.version.clone(),
                old_version: None,
                size_bytes: pick(row.file_bytes, row.compressed_bytes),
                grown_bytes: None,
                why: row.why.clone(),
            });
        }
    }
    let programs: BTreeSet<&str> = new.binaries.iter().map(|binary| binary.path.as_str()).collect();
    for entry in new.artifact.entries.iter().filter(|entry| !programs.contains(entry.path.as_str())) {
        blamed.push(file_blame(&entry.path, pick(entry.uncompressed_bytes, entry.compressed_bytes), None));
    }
    blamed.sort_by_cached_key(|blame| (std::cmp::Reverse(blame.size_bytes), key(blame)));
    blamed.truncate(LARGEST_NAMED);
    (measure, blamed)
}

fn file_blame(path: &str, size_bytes: ByteSize, grown_bytes: Option<ByteDelta>) -> Blame {
    Blame {
        path: path.to_owned(),
        crate_name: None,
        kind: None,
        version: None,
        old_version: None,
        size_bytes,
        grown_bytes,
        why: Vec::new(),
    }
}

fn key(blame: &Blame) -> (Option<String>, Option<String>, String, Option<CrateKind>) {
    (blame.crate_name.clone(), blame.version.clone(), blame.path.clone(), blame.kind)
}

fn not_deployable(finding: &Finding) -> Violation {
    Violation {
        code: finding.code.clone(),
        message: finding.message.clone(),
        subject: finding.subject.clone(),
        gate: None,
        blamed_by: None,
        blamed: Vec::new(),
    }
}

fn note(code: &str, subject: &str, message: String) -> Finding {
    Finding { code: code.to_owned(), severity: Severity::Note, message, subject: subject.to_owned(), saves_bytes: None }
}

fn notes(
    new: &Report,
    baseline: Option<&Report>,
    diff: Option<&Diff>,
    budget: &Budget,
    violations: &[Violation],
) -> Vec<Finding> {
    let mut notes = Vec::new();
    if budget.is_empty() {
        let message = "no budget is set: only findings can fail this check; set max-zip, max-unzipped or max-growth";
        notes.push(note(NO_BUDGET, &new.artifact.path, message.to_owned()));
    }
    if let (Some(old), Some(diff)) = (baseline, diff) {
        notes.extend(comparison_notes(old, new, diff, budget));
    }
    if violations.iter().any(|violation| !violation.blamed.is_empty() && !names_a_crate(&violation.blamed)) {
        notes.extend(unnamed_note(new, baseline));
    }
    notes
}

fn comparison_notes(old: &Report, new: &Report, diff: &Diff, budget: &Budget) -> Vec<Finding> {
    let mut notes = Vec::new();
    let baseline = old.artifact.path.as_str();
    if budget.max_growth.is_some() && diff.zip.is_none() {
        let message = "one of the two is not a zip: growth is compared unzipped only";
        notes.push(note(ZIP_GROWTH_UNKNOWN, baseline, message.to_owned()));
    }
    let architectures =
        |report: &Report| report.binaries.iter().map(|binary| binary.architecture.name()).collect::<BTreeSet<_>>();
    let (was, is) = (architectures(old), architectures(new));
    if was != is {
        let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(" and ");
        let message =
            format!("the baseline is for {}, the artifact for {}: sizes differ by design", list(was), list(is));
        notes.push(note(BASELINE_ARCHITECTURE_DIFFERS, baseline, message));
    }
    for binary in &diff.binaries {
        let message = match (binary.status, &binary.old_path) {
            (Status::Added, _) => format!("{:?} is not in the baseline", binary.path),
            (Status::Removed, _) => format!("{:?} is in the baseline only", binary.path),
            (_, Some(was)) if *was != binary.path => format!("{:?} is compared with {was:?}", binary.path),
            _ => continue,
        };
        notes.push(note(BASELINE_BINARIES_DIFFER, baseline, message));
    }
    if old.tool != new.tool {
        let message = format!(
            "the baseline was counted by {} {}, the artifact by {} {}: part of a crate's change may be a change of counting",
            old.tool.name, old.tool.version, new.tool.name, new.tool.version
        );
        notes.push(note(BASELINE_TOOL_DIFFERS, baseline, message));
    }
    for tool in diff.binaries.iter().flat_map(|binary| &binary.tools) {
        notes.push(note(BASELINE_TOOLCHAIN_DIFFERS, baseline, tool.message.clone()));
    }
    notes
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

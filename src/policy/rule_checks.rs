//! Rules of the gate about what came in since the baseline, and about Lambda's quotas.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::blame::{of_change, of_row};
use super::change::Status;
use super::diff::Diff;
use super::gates::Question;
use super::growth::Percent;
use super::parts::{PartKind, is_of_graph, names_crates};
use super::rules::{NEW_DEPENDENCY, QUOTA_SHARE, SECOND_VERSION};
use super::verdict::{Blame, Measure, Violation};
use crate::package::{DIRECT_UPLOAD_QUOTA, UNZIPPED_QUOTA};
use crate::report::Report;
use crate::units::{ByteDelta, ByteSize};

/// How many crates are named where no path groups them.
const NEW_NAMED: usize = 5;

/// What the rules have to say, whatever their levels.
pub(super) fn remarks(question: Question<'_>, diff: Option<&Diff>) -> Vec<Violation> {
    let mut remarks = Vec::new();
    if let (Some(old), Some(diff)) = (question.baseline, diff) {
        // Where one side has no names, everything would be new.
        if names_crates(old) && names_crates(question.new) {
            remarks.extend(new_dependencies(question, old, diff));
            remarks.extend(second_versions(question.new, old));
        }
    }
    remarks.extend(quota_shares(question));
    remarks
}

/// The names of a side's crates, in the form by which crates are the same.
fn names(report: &Report) -> BTreeMap<String, usize> {
    let mut versions: BTreeMap<String, std::collections::BTreeSet<Option<&str>>> = BTreeMap::new();
    for row in report.binaries.iter().flat_map(|binary| &binary.crates).filter(|row| is_of_graph(row.kind)) {
        versions.entry(PartKind::Crate.key(&row.name)).or_default().insert(row.version.as_deref());
    }
    versions.into_iter().map(|(name, versions)| (name, versions.len())).collect()
}

/// Crates that came in, each group under the one that brought the others.
fn new_dependencies(question: Question<'_>, old: &Report, diff: &Diff) -> Vec<Violation> {
    let known = names(old);
    let is_new = |name: &str| !known.contains_key(&PartKind::Crate.key(name));
    let too_small = question.budget.noise.map_or(ByteSize::ZERO, |noise| noise.limit(ByteSize::ZERO));
    let mut groups: BTreeMap<String, Vec<Blame>> = BTreeMap::new();
    for binary in &diff.binaries {
        for row in binary.crates.iter().filter(|row| row.status == Status::Added && is_of_graph(row.kind)) {
            if !is_new(&row.name) || row.file.new_bytes <= too_small {
                continue;
            }
            // The root package is nobody's dependency.
            let first = row.why.iter().skip(1).find(|name| is_new(name));
            // Without a graph nobody knows who brought whom: they are told together.
            let unknown = || if row.why.is_empty() { String::new() } else { row.name.clone() };
            let head = first.map_or_else(unknown, Clone::clone);
            let group = groups.entry(PartKind::Crate.key(&head)).or_default();
            group.push(of_change(&binary.path, row, row.file));
        }
    }
    let mut remarks: Vec<(ByteSize, Violation)> = groups
        .into_iter()
        .map(|(head, crates)| {
            let bytes = crates.iter().map(|blame| blame.size_bytes).sum();
            (bytes, new_dependency(&head, crates, bytes, question.new))
        })
        .collect();
    remarks.sort_by_cached_key(|(bytes, remark)| (Reverse(*bytes), remark.subject.clone()));
    remarks.into_iter().map(|(_, remark)| remark).collect()
}

fn new_dependency(head: &str, mut crates: Vec<Blame>, bytes: ByteSize, new: &Report) -> Violation {
    if head.is_empty() && crates.len() > 1 {
        return several_new(crates, bytes, new);
    }
    let is_head = |blame: &Blame| blame.crate_name.as_ref().is_some_and(|name| PartKind::Crate.key(name) == head);
    crates.sort_by_cached_key(|blame| (!is_head(blame), Reverse(blame.size_bytes), blame.crate_name.clone()));
    let first = &crates[0];
    // A crate that leaves no bytes of its own, a facade, has no row; its path is that of any that came with it.
    let end = first.why.iter().position(|name| PartKind::Crate.key(name) == head);
    let path: Vec<String> = first.why.iter().take(end.map_or(first.why.len(), |at| at + 1)).cloned().collect();
    let shown = path.last().cloned().unwrap_or_else(|| head.to_owned());
    let version = first.version.as_ref().filter(|_| is_head(first));
    let version = version.map(|version| format!(" {version}")).unwrap_or_default();
    let others = crates.len() - usize::from(is_head(first));
    let with = match others {
        0 => String::new(),
        1 => ", and with it 1 crate".to_owned(),
        more => format!(", and with it {more} crates"),
    };
    let path = if path.len() > 1 { format!(" ({})", path.join(" > ")) } else { String::new() };
    Violation {
        code: NEW_DEPENDENCY.to_owned(),
        message: format!("{shown}{version} is new{path}{with}: {} file bytes", bytes.get()),
        subject: if shown.is_empty() { new.artifact.path.clone() } else { shown },
        gate: None,
        blamed_by: Some(Measure::Unzipped),
        blamed: crates,
    }
}

/// Crates that came in, and no path that says how.
fn several_new(mut crates: Vec<Blame>, bytes: ByteSize, new: &Report) -> Violation {
    crates.sort_by_cached_key(|blame| (Reverse(blame.size_bytes), blame.crate_name.clone()));
    let names = crates.iter().take(NEW_NAMED).filter_map(|blame| blame.crate_name.clone());
    let names = names.collect::<Vec<_>>().join(", ");
    let more = crates.len().saturating_sub(NEW_NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Violation {
        code: NEW_DEPENDENCY.to_owned(),
        message: format!("{} crates are new: {names}{more}: {} file bytes", crates.len(), bytes.get()),
        subject: new.artifact.path.clone(),
        gate: None,
        blamed_by: Some(Measure::Unzipped),
        blamed: crates,
    }
}

/// Crates of which the package has more versions than the baseline, and more than one.
fn second_versions(new: &Report, old: &Report) -> Vec<Violation> {
    let before = names(old);
    let more =
        names(new).into_iter().filter(|(name, versions)| *versions > before.get(name).copied().unwrap_or(1).max(1));
    more.map(|(name, versions)| {
        let mut rows: Vec<Blame> = Vec::new();
        for binary in &new.binaries {
            let same =
                binary.crates.iter().filter(|row| is_of_graph(row.kind) && PartKind::Crate.key(&row.name) == name);
            rows.extend(same.map(|row| of_row(&binary.path, row, row.file_bytes)));
        }
        let is_old = |row: &Blame| {
            let mut known = old.binaries.iter().flat_map(|binary| &binary.crates);
            known.any(|known| Some(&known.name) == row.crate_name.as_ref() && known.version == row.version)
        };
        for row in rows.iter_mut().filter(|row| !is_old(row)) {
            row.grown_bytes = Some(row.size_bytes.since(ByteSize::ZERO));
        }
        rows.sort_by_cached_key(|row| (Reverse(row.grown_bytes), Reverse(row.size_bytes), row.version.clone()));
        let list: Vec<String> = rows
            .iter()
            .map(|row| {
                let via = if row.why.len() > 1 { format!(" ({})", row.why.join(" > ")) } else { String::new() };
                format!("{} with {} bytes{via}", row.version.as_deref().unwrap_or("unknown"), row.size_bytes.get())
            })
            .collect();
        let shown = rows.first().and_then(|row| row.crate_name.clone()).unwrap_or(name);
        rows.retain(|row| row.grown_bytes > Some(ByteDelta::default()));
        Violation {
            code: SECOND_VERSION.to_owned(),
            message: format!("{shown} is there in {versions} versions, more than in the baseline: {}", list.join("; ")),
            subject: shown,
            gate: None,
            blamed_by: Some(Measure::Unzipped),
            blamed: rows,
        }
    })
    .collect()
}

/// Quotas of which a share is used up, and which are not exceeded: that is a finding of its own.
fn quota_shares(question: Question<'_>) -> Vec<Violation> {
    let artifact = &question.new.artifact;
    let at = question.budget.rules.quota_share();
    let sizes = [
        (artifact.zip_bytes, DIRECT_UPLOAD_QUOTA, "the zip", "a zip that is uploaded directly"),
        (Some(artifact.unzipped_bytes), UNZIPPED_QUOTA, "the package", "what a function may unpack, layers included"),
    ];
    let used = sizes.into_iter().filter_map(|(size, quota, what, of)| {
        let size = size.filter(|size| *size >= at.of(quota) && *size <= quota)?;
        Some(quota_share(&artifact.path, size, quota, what, of, at))
    });
    used.collect()
}

fn quota_share(path: &str, size: ByteSize, quota: ByteSize, what: &str, of: &str, at: Percent) -> Violation {
    let share = size.as_f64() / quota.as_f64() * 100.0;
    Violation {
        code: QUOTA_SHARE.to_owned(),
        message: format!(
            "{what} has {} bytes, {share:.1} % of Lambda's limit of {} for {of} (said from {at} on)",
            size.get(),
            quota.get()
        ),
        subject: path.to_owned(),
        gate: None,
        blamed_by: None,
        blamed: Vec::new(),
    }
}

//! What makes a baseline another thing than the artifact: then sizes differ without anybody's doing.

use std::collections::BTreeSet;

use super::change::Status;
use super::diff::{BinaryChange, Diff};
use super::gates::Question;
use super::parts::is_of_graph;
use super::rules::{
    BASELINE_ARCHITECTURE_DIFFERS, BASELINE_BINARIES_DIFFER, BASELINE_FEATURES_DIFFER, BASELINE_MISSING,
    BASELINE_PROFILE_DIFFERS, BASELINE_TARGET_DIFFERS, BASELINE_TOOL_DIFFERS, BASELINE_TOOLCHAIN_DIFFERS,
};
use super::tool_change::BuildTool;
use super::verdict::Violation;
use crate::attribution::CrateKind;
use crate::report::Report;

/// What there is to say of the baseline, whatever the levels of the rules.
pub(super) fn remarks(question: Question<'_>, diff: Option<&Diff>) -> Vec<Violation> {
    let (Some(old), Some(diff)) = (question.baseline, diff) else {
        return missing(question).into_iter().collect();
    };
    let new = question.new;
    let path = old.artifact.path.as_str();
    let mut remarks = Vec::new();
    let mut say = |code: &str, message: String| remarks.push(remark(code, path, message));
    let (was, is) = (architectures(old), architectures(new));
    if was != is {
        say(
            BASELINE_ARCHITECTURE_DIFFERS,
            format!("the baseline is for {was}, the artifact for {is}: sizes differ by design"),
        );
    }
    if let (Some(was), Some(is)) = (&old.build, &new.build) {
        if was.target != is.target {
            say(BASELINE_TARGET_DIFFERS, format!("target: {} -> {}", was.target, is.target));
        }
        if was.profile != is.profile {
            say(
                BASELINE_PROFILE_DIFFERS,
                format!("profile: {} -> {}: other settings, other sizes", was.profile, is.profile),
            );
        }
        if was.features != is.features {
            say(BASELINE_FEATURES_DIFFER, features(&was.features, &is.features));
        }
    }
    for binary in &diff.binaries {
        let message = match (binary.status, &binary.old_path) {
            (Status::Added, _) => format!("{:?} is not in the baseline", binary.path),
            (Status::Removed, _) => format!("{:?} is in the baseline only", binary.path),
            (_, Some(was)) if *was != binary.path => format!("{:?} is compared with {was:?}", binary.path),
            _ => continue,
        };
        say(BASELINE_BINARIES_DIFFER, message);
    }
    if old.tool != new.tool {
        let message = format!(
            "the baseline was counted by {} {}, the artifact by {} {}: part of a crate's change may be a change of counting",
            old.tool.name, old.tool.version, new.tool.name, new.tool.version
        );
        say(BASELINE_TOOL_DIFFERS, message);
    }
    for binary in &diff.binaries {
        for tool in &binary.tools {
            let compiler = tool.tool == BuildTool::Compiler;
            let share = if compiler { same_source(binary) } else { String::new() };
            say(BASELINE_TOOLCHAIN_DIFFERS, format!("{}{share}", tool.message));
        }
    }
    remarks
}

/// A limit of growth that nothing was there to compare with.
fn missing(question: Question<'_>) -> Option<Violation> {
    let budget = question.budget;
    let sizes = [budget.max_zip, budget.max_unzipped, budget.max_file, budget.max_touched];
    let parts = budget.crates.values().chain(budget.sections.values());
    let limits = sizes.into_iter().chain(parts.flat_map(|part| [part.file, part.zip, part.touched]));
    let of_growth = budget.max_growth.is_some()
        || budget.max_init_ms.growth.is_some()
        || limits.into_iter().any(|limit| limit.growth.is_some());
    let message = "there is no baseline: growth was not limited".to_owned();
    of_growth.then(|| remark(BASELINE_MISSING, &question.new.artifact.path, message))
}

fn architectures(report: &Report) -> String {
    let names: BTreeSet<&str> = report.binaries.iter().map(|binary| binary.architecture.name()).collect();
    names.into_iter().collect::<Vec<_>>().join(" and ")
}

fn features(was: &[String], is: &[String]) -> String {
    let only = |some: &[String], others: &[String]| -> Vec<String> {
        some.iter().filter(|feature| !others.contains(feature)).cloned().collect()
    };
    let (on, off) = (only(is, was), only(was, is));
    let told = [("on", on), ("off", off)].into_iter().filter(|(_, list)| !list.is_empty());
    let told: Vec<String> = told.map(|(how, list)| format!("switched {how}: {}", list.join(", "))).collect();
    format!("features of the package {}", told.join("; "))
}

/// Of the change of a binary, the part that no change of source made: what std and dependencies of one version moved, whose source is the
/// same on both sides as far as a version says.
fn same_source(binary: &BinaryChange) -> String {
    let is_same = |row: &&super::CrateChange| match row.kind {
        CrateKind::Std => true,
        CrateKind::Workspace => false,
        kind => is_of_graph(kind) && row.old_version.is_some() && row.old_version == row.new_version,
    };
    let moved: i64 = binary.crates.iter().filter(is_same).map(|row| row.file.delta_bytes.get()).sum();
    let whole = binary.file.delta_bytes.get();
    format!(
        " (of {whole:+} bytes of {:?}, {moved:+} are in std and in dependencies whose version is the same)",
        binary.path
    )
}

fn remark(code: &str, subject: &str, message: String) -> Violation {
    Violation {
        code: code.to_owned(),
        message,
        subject: subject.to_owned(),
        gate: None,
        blamed_by: None,
        blamed: Vec::new(),
    }
}

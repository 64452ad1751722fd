//! The words for what the report names by code. The same as in the report, with spaces.

use crate::archive::Method;
use crate::attribution::{CrateKind, EvidenceSource, SectionKind};
use crate::estimate::EvidenceGrade;
use crate::package::{Role, Severity};
use crate::policy::Status;
use crate::report::ArtifactKind;
use crate::slim::{BootCheck, Level, RewriteStatus};

pub(super) const fn artifact_kind(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Zip => "zip",
        ArtifactKind::Directory => "folder",
        ArtifactKind::Elf => "ELF file",
    }
}

pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::Bootstrap => "bootstrap",
        Role::Extension => "extension",
        Role::Library => "library",
        Role::Layer => "layer",
        Role::Asset => "asset",
    }
}

pub(super) const fn method(method: Method) -> &'static str {
    match method {
        Method::Deflate => "deflate",
        Method::Stored => "stored",
    }
}

pub(super) const fn crate_kind(kind: CrateKind) -> &'static str {
    match kind {
        CrateKind::Workspace => "workspace",
        CrateKind::Dependency => "dependency",
        CrateKind::Std => "std",
        CrateKind::Native => "native",
        CrateKind::Linker => "linker",
        CrateKind::Unattributed => "unattributed",
    }
}

pub(super) const fn section_kind(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Code => "code",
        SectionKind::Rodata => "rodata",
        SectionKind::Data => "data",
        SectionKind::Unwind => "unwind",
        SectionKind::Relocation => "relocation",
        SectionKind::Dynamic => "dynamic",
        SectionKind::Symbols => "symbols",
        SectionKind::Debug => "debug",
        SectionKind::Note => "note",
        SectionKind::Header => "header",
        SectionKind::Padding => "padding",
        SectionKind::Other => "other",
    }
}

pub(super) const fn evidence_source(source: EvidenceSource) -> &'static str {
    match source {
        EvidenceSource::LinkMap => "link map",
        EvidenceSource::Relocation => "relocation",
        EvidenceSource::Symbol => "symbol",
        EvidenceSource::DebugInfo => "debug info",
        EvidenceSource::Unwind => "unwind",
        EvidenceSource::Disassembly => "disassembly",
        EvidenceSource::PathString => "path string",
        EvidenceSource::Format => "format",
        EvidenceSource::None => "none",
    }
}

/// The same as the report's JSON has it, for programs.
pub(super) fn evidence_code(source: EvidenceSource) -> String {
    evidence_source(source).replace(' ', "_")
}

pub(super) const fn evidence_grade(grade: EvidenceGrade) -> &'static str {
    match grade {
        EvidenceGrade::Strong => "strong",
        EvidenceGrade::Good => "good",
        EvidenceGrade::Moderate => "moderate",
        EvidenceGrade::Weak => "weak",
        EvidenceGrade::Guess => "guess",
    }
}

pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

pub(super) const fn level(level: Level) -> &'static str {
    match level {
        Level::Strict => "strict",
        Level::Default => "default",
    }
}

pub(super) const fn rewrite_status(status: RewriteStatus) -> &'static str {
    match status {
        RewriteStatus::Applied => "applied",
        RewriteStatus::NoGain => "no gain",
        RewriteStatus::NotApplicable => "not applicable",
    }
}

/// The codes are words with hyphens.
pub(super) fn boot_check(check: &BootCheck) -> String {
    let words = |code: &str| code.replace('-', " ");
    let BootCheck { event, before, after, alike, compared, isolated } = check;
    let alike = if *alike { "alike" } else { "not alike" };
    let network = if *isolated { "in a network of its own" } else { "not isolated from the network" };
    let (before, after, compared) = (words(before), words(after), words(compared));
    format!("event {event}: {before} before, {after} after: {alike}; compared: {compared}; {network}")
}

pub(super) const fn change_status(status: Status) -> &'static str {
    match status {
        Status::Added => "added",
        Status::Removed => "removed",
        Status::Changed => "changed",
        Status::Same => "same",
    }
}

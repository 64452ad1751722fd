//! SARIF 2.1.0, as code scanners exchange it: a rule for each code of the gate, a result for each remark.
//!
//! Form: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", errata 01. GitHub needs a location for every result,
//! so one without a manifest is placed at the artifact.

use serde_json::{Value, json};

use super::human;
use super::verdict::measured;
use crate::package::Severity;
use crate::policy::{
    Annotation, BASELINE_ARCHITECTURE_DIFFERS, BASELINE_BINARIES_DIFFER, BASELINE_FEATURES_DIFFER, BASELINE_MISSING,
    BASELINE_PROFILE_DIFFERS, BASELINE_TARGET_DIFFERS, BASELINE_TOOL_DIFFERS, BASELINE_TOOLCHAIN_DIFFERS,
    CRATE_OVER_BUDGET, CRATES_UNNAMED, FILE_OVER_BUDGET, GROWTH_OVER_BUDGET, INIT_OVER_BUDGET, LIMIT_NAMES_NOTHING,
    NEW_DEPENDENCY, NO_BUDGET, QUOTA_SHARE, SECOND_VERSION, SECTION_OVER_BUDGET, TOUCHED_OVER_BUDGET,
    UNZIPPED_OVER_BUDGET, Verdict, ZIP_GROWTH_UNKNOWN, ZIPPED_OVER_BUDGET,
};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The gate's own codes. Codes of findings are added where they occur.
const RULES: [(&str, Severity, &str); 23] = [
    (ZIPPED_OVER_BUDGET, Severity::Error, "The zip is larger than max-zip"),
    (UNZIPPED_OVER_BUDGET, Severity::Error, "The files are larger than max-unzipped"),
    (FILE_OVER_BUDGET, Severity::Error, "A program is larger than max-file"),
    (CRATE_OVER_BUDGET, Severity::Error, "A crate is larger than its limit"),
    (SECTION_OVER_BUDGET, Severity::Error, "A section is larger than its limit"),
    (TOUCHED_OVER_BUDGET, Severity::Error, "Init touches more memory than max-touched"),
    (GROWTH_OVER_BUDGET, Severity::Error, "Something grew by more than its limit"),
    (INIT_OVER_BUDGET, Severity::Error, "The predicted init takes longer than max-init-ms"),
    (NEW_DEPENDENCY, Severity::Warning, "A dependency that the baseline does not have"),
    (SECOND_VERSION, Severity::Warning, "One more version of a crate than the baseline has"),
    (QUOTA_SHARE, Severity::Warning, "A share of one of Lambda's quotas is used up"),
    (LIMIT_NAMES_NOTHING, Severity::Warning, "A limit names a crate or section that is not there"),
    (NO_BUDGET, Severity::Note, "No limit is set, so that only findings can fail"),
    (ZIP_GROWTH_UNKNOWN, Severity::Note, "One of the two is no zip: growth is compared unzipped only"),
    (BASELINE_ARCHITECTURE_DIFFERS, Severity::Note, "The baseline is for another architecture"),
    (BASELINE_MISSING, Severity::Error, "There is nothing to compare with"),
    (BASELINE_TARGET_DIFFERS, Severity::Note, "The baseline was built for another target"),
    (BASELINE_PROFILE_DIFFERS, Severity::Note, "The baseline was built with another profile"),
    (BASELINE_FEATURES_DIFFER, Severity::Note, "The baseline was built with other features"),
    (BASELINE_BINARIES_DIFFER, Severity::Note, "The baseline has other programs"),
    (BASELINE_TOOL_DIFFERS, Severity::Note, "The baseline was counted by another version of lambda-slim"),
    (BASELINE_TOOLCHAIN_DIFFERS, Severity::Note, "The baseline was made by another compiler or linker"),
    (CRATES_UNNAMED, Severity::Note, "The files are stripped, so that no crate can be named"),
];

/// The verdict as a log with one run.
#[must_use]
pub fn verdict(verdict: &Verdict, annotations: &[Annotation]) -> String {
    verdicts(&[(verdict, annotations.to_vec())])
}

/// Verdicts over several packages as one log with one run: GitHub takes one run of a tool.
///
/// # Panics
/// Never: the log has text keys and is written to memory.
#[must_use]
pub fn verdicts(verdicts: &[(&Verdict, Vec<Annotation>)]) -> String {
    let mut rules: Vec<Value> = RULES.iter().map(|(code, severity, text)| rule(code, *severity, text)).collect();
    let mut codes: Vec<&str> = RULES.iter().map(|(code, ..)| *code).collect();
    for annotation in verdicts.iter().flat_map(|(_, annotations)| annotations) {
        if !codes.contains(&annotation.code.as_str()) {
            codes.push(&annotation.code);
            rules.push(rule(&annotation.code, annotation.severity, &annotation.code.replace('-', " ")));
        }
    }
    let index = |code: &str| codes.iter().position(|known| *known == code);
    let results: Vec<Value> = verdicts
        .iter()
        .flat_map(|(verdict, annotations)| annotations.iter().map(|annotation| result(annotation, verdict, index)))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).expect("text keys, written to memory");
    text.push('\n');
    text
}

fn rule(code: &str, severity: Severity, text: &str) -> Value {
    json!({
        "id": code,
        "shortDescription": {"text": text},
        "defaultConfiguration": {"level": level(severity)},
    })
}

fn result(annotation: &Annotation, verdict: &Verdict, index: impl Fn(&str) -> Option<usize>) -> Value {
    let first = annotation.grown.first();
    let who = first.map_or("", |blame| blame.crate_name.as_deref().unwrap_or(&blame.path));
    let what = annotation.gate.as_ref().map(measured).unwrap_or_default();
    let mut physical = json!({
        "artifactLocation": {"uri": uri(annotation.place.as_ref().map_or(&verdict.subject, |place| &place.path))},
    });
    if let Some(place) = &annotation.place {
        physical["region"] = json!({"startLine": place.line.unwrap_or(1)});
    }
    let mut result = json!({
        "ruleId": annotation.code,
        "ruleIndex": index(&annotation.code),
        "level": level(annotation.severity),
        "message": {"text": human::clean(&annotation.message)},
        "locations": [{"physicalLocation": physical}],
        // Sizes change with every build, and the remark is the same until another crate or file is to blame.
        "partialFingerprints": {
            "lambdaSlim/v1": human::clean(&format!("{}:{}:{what}:{who}", annotation.code, annotation.subject)),
        },
    });
    if let Some(gate) = &annotation.gate {
        result["properties"] = json!({"gate": gate, "grown": annotation.grown});
    }
    result
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A path as a reference: what is not plain becomes `%XX`. One that begins with `/` is a file of this machine.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

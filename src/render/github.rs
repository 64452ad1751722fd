//! Workflow commands of GitHub Actions: each remark becomes an annotation of the pull request, on its line where it has one.
//!
//! Form and escapes: "Workflow commands for GitHub Actions", docs.github.com, and `actions/toolkit` `packages/core/src/command.ts`, read
//! 2026-11-29. GitHub shows at most 10 errors and 10 warnings of a step; the rest stays in its log.

use super::{human, verdict};
use crate::package::Severity;
use crate::policy::{Annotation, Blame, Verdict};

/// One line that says how it ended, then a command for each remark: errors, warnings, notices.
#[must_use]
pub fn verdict(of: &Verdict, annotations: &[Annotation]) -> String {
    let mut text = plain(&verdict::title(of)) + "\n";
    for annotation in annotations {
        text += &command(annotation);
    }
    text
}

fn command(annotation: &Annotation) -> String {
    let name = match annotation.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = &annotation.place {
        properties.push(format!("file={}", property(&place.path)));
        properties.extend(place.line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", property(&format!("lambda-slim: {}", annotation.code))));
    let lines = std::iter::once(annotation.message.clone()).chain(annotation.grown.iter().map(grown));
    let lines = lines.chain(annotation.advice.clone());
    let message: Vec<String> = lines.map(|line| data(&plain(&line))).collect();
    format!("::{name} {}::{}\n", properties.join(","), message.join("%0A"))
}

/// `+120411 bytes aws-lc-sys 0.30.0 (api > reqwest > aws-lc-sys)`.
fn grown(blame: &Blame) -> String {
    let name = blame.crate_name.as_ref().unwrap_or(&blame.path);
    let named = human::with_version(name, blame.version.as_deref());
    let bytes = blame.grown_bytes.unwrap_or_default().get();
    let grown = match blame.why.as_slice() {
        [] => format!("{bytes:+} bytes {named}"),
        why => format!("{bytes:+} bytes {named} ({})", human::path(why)),
    };
    match blame.functions.first() {
        Some(function) => format!("{grown}: {:+} file bytes in {}", function.grown_bytes.get(), function.name),
        None => grown,
    }
}

/// Text without control characters, and without `##[error]`: in the middle of a line, too, that is the runner's older form of a command.
fn plain(text: &str) -> String {
    human::clean(text).replace("##[", "## [")
}

/// What may not stand in a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What may not stand in a property either.
fn property(text: &str) -> String {
    data(&plain(text)).replace(':', "%3A").replace(',', "%2C")
}

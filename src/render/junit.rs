//! JUnit XML, as CI systems list tests: a test case for each limit, and for each finding that fails.
//!
//! Form: the schema of the Jenkins xUnit plugin (junit-10.xsd), of which GitLab, Azure and CircleCI read the same part.

use super::human;
use crate::policy::{Gate, Measure, Verdict, Violation};

/// The verdict as one suite. Where no finding fails, a passing case `findings` says that they were looked at.
#[must_use]
pub fn verdict(verdict: &Verdict) -> String {
    let mut cases: Vec<String> = Vec::new();
    for gate in &verdict.gates {
        let failure = verdict.violations.iter().find(|violation| violation.gate.as_ref() == Some(gate));
        cases.push(case(verdict, &format!("{} of the {}", gate.budget, measured(gate)), failure));
    }
    let others: Vec<&Violation> = verdict.violations.iter().filter(|violation| violation.gate.is_none()).collect();
    cases.extend(others.iter().map(|violation| {
        let name = format!("{}: {}", violation.code, violation.subject);
        case(verdict, &name, Some(violation))
    }));
    if others.is_empty() {
        cases.push(case(verdict, "findings", None));
    }
    let counts = format!("tests=\"{}\" failures=\"{}\" errors=\"0\"", cases.len(), verdict.violations.len());
    let notes: String =
        verdict.notes.iter().map(|note| format!("{}: {}\n", escape(&note.code), escape(&note.message))).collect();
    let notes = if notes.is_empty() { notes } else { format!("    <system-out>{notes}</system-out>\n") };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lambda-slim\" {counts}>\n  \
         <testsuite name=\"lambda-slim check\" {counts} skipped=\"0\" time=\"0\">\n{}{notes}  </testsuite>\n</testsuites>\n",
        cases.concat()
    )
}

fn case(verdict: &Verdict, name: &str, failure: Option<&Violation>) -> String {
    let start =
        format!("    <testcase name=\"{}\" classname=\"{}\" time=\"0\"", escape(name), escape(&verdict.subject));
    let Some(violation) = failure else {
        return start + "/>\n";
    };
    let mut lines = vec![violation.message.clone()];
    for blame in violation.blamed.iter().filter(|blame| blame.grown_bytes.is_some()) {
        let name = blame.crate_name.as_ref().unwrap_or(&blame.path);
        let bytes = blame.grown_bytes.unwrap_or_default().get();
        lines.push(format!(
            "{bytes:+} bytes {} {}",
            human::with_version(name, blame.version.as_deref()),
            human::path(&blame.why)
        ));
    }
    let lines: Vec<String> = lines.iter().map(|line| escape(line.trim_end())).collect();
    format!(
        "{start}>\n      <failure message=\"{}\" type=\"{}\">{}</failure>\n    </testcase>\n",
        lines[0],
        escape(&violation.code),
        lines.join("\n")
    )
}

const fn measured(gate: &Gate) -> &'static str {
    match gate.measure {
        Measure::Zipped => "zip",
        Measure::Unzipped => "files",
    }
}

/// Text that is only text in XML 1.0, also between quotes: control characters have been spelt out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in human::clean(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.extend(c.escape_default()),
            _ => escaped.push(c),
        }
    }
    escaped
}

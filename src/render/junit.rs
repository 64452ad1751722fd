//! JUnit XML, as CI systems list tests: a test case for each limit, and for each finding that fails.
//!
//! Form: the schema of the Jenkins xUnit plugin (junit-10.xsd), of which GitLab, Azure and CircleCI read the same part.

use std::fmt;

use super::human;
use super::verdict::measured;
use crate::policy::{Verdict, Violation};
use crate::report::PackageFailure;

/// The verdict as one suite. Where no finding fails, a passing case `findings` says that they were looked at.
#[must_use]
pub fn verdict(verdict: &Verdict) -> String {
    verdicts(&[verdict], &[])
}

/// Verdicts over several packages, a suite for each; a package that could not be checked is an error.
#[must_use]
pub fn verdicts(verdicts: &[&Verdict], failures: &[PackageFailure]) -> String {
    let mut sum = Counts::default();
    let mut suites = String::new();
    for verdict in verdicts {
        let name = match verdicts.len() {
            1 if failures.is_empty() => "lambda-slim check".to_owned(),
            _ => format!("lambda-slim check {}", verdict.subject),
        };
        let (counts, body) = suite(verdict);
        suites += &format!(
            "  <testsuite name=\"{}\" {counts} skipped=\"0\" time=\"0\">\n{body}  </testsuite>\n",
            escape(&name)
        );
        sum = sum.plus(counts);
    }
    for failure in failures {
        let counts = Counts { tests: 1, failures: 0, errors: 1 };
        suites += &format!(
            "  <testsuite name=\"lambda-slim check {path}\" {counts} skipped=\"0\" time=\"0\">\n    \
             <testcase name=\"check\" classname=\"{path}\" time=\"0\">\n      \
             <error message=\"{error}\" type=\"trouble\"/>\n    </testcase>\n  </testsuite>\n",
            path = escape(&failure.path),
            error = escape(&failure.error),
        );
        sum = sum.plus(counts);
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lambda-slim\" {sum}>\n{suites}</testsuites>\n"
    )
}

/// How many cases there are, and how they ended.
#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
}

impl Counts {
    const fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tests=\"{}\" failures=\"{}\" errors=\"{}\"", self.tests, self.failures, self.errors)
    }
}

/// The cases of one verdict.
fn suite(verdict: &Verdict) -> (Counts, String) {
    let mut cases: Vec<String> = Vec::new();
    for gate in &verdict.gates {
        let failure = verdict.violations.iter().find(|violation| violation.gate.as_ref() == Some(gate));
        cases.push(case(verdict, &format!("{} of the {}", gate.budget, measured(gate)), failure));
    }
    // What fails under a limit that is not among those applied is told all the same.
    let others: Vec<&Violation> = verdict.violations.iter().filter(|violation| violation.gate.is_none()).collect();
    cases.extend(others.iter().map(|violation| {
        let name = format!("{}: {}", violation.code, violation.subject);
        case(verdict, &name, Some(violation))
    }));
    if others.is_empty() {
        cases.push(case(verdict, "findings", None));
    }
    let counts = Counts { tests: cases.len(), failures: verdict.violations.len(), errors: 0 };
    let warnings = verdict.warnings.iter().map(|warning| (&warning.code, &warning.message));
    let notes = warnings.chain(verdict.notes.iter().map(|note| (&note.code, &note.message)));
    let notes: String = notes.map(|(code, message)| format!("{}: {}\n", escape(code), escape(message))).collect();
    let notes = if notes.is_empty() { notes } else { format!("    <system-out>{notes}</system-out>\n") };
    (counts, cases.concat() + &notes)
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

//! The page put together: template, style, script, data, and the hashes that let those two run and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::super::document::{Document, Tone};
use super::super::options::{By, Options, View};
use super::super::{analyze, diff as difference};
use super::encode::{Dictionary, json};
use super::node::Node;
use super::{changes, fold, prose, tree};
use crate::policy::Diff;
use crate::report::Report;

/// Small functions are summed until the page is no larger than this, and where that is not enough, small crates. What cannot be summed
/// (files) can exceed it.
pub const MOST_BYTES: usize = 1_000_000;

/// Where functions of so many bytes are summed and the page is still too large, crates are summed as well.
const CRATES_FOLD_FROM: i64 = 4096;
/// A crate is summed at this part of a function's limit: it tells more.
const CRATES_FOLD_LATER: i64 = 16;

const TEMPLATE: &str = include_str!("page.html");
pub(super) const STYLE: &str = include_str!("report.css");
const SCRIPT: [&str; 4] =
    [include_str!("treemap.js"), include_str!("data.js"), include_str!("words.js"), include_str!("report.js")];

/// The report as a page. `options.by` says what it opens with and `options.view` whose crates are shown; modules and functions stand
/// below crates in the owner view, where the report lists functions.
#[must_use]
pub fn report(report: &Report, options: &Options) -> String {
    let mut sections = Vec::new();
    let crates = tree::artifact(report, tree::Parts::Crates(options.view), &mut sections);
    let by_section = tree::artifact(report, tree::Parts::Sections(options.view), &mut sections);
    let (mut header, mut notes) = (Document::default(), Document::default());
    analyze::artifact(&mut header, &report.artifact);
    analyze::beside(&mut notes, report, options);
    if report.artifact.entries.len() > 1 {
        notes.title("Files");
        notes.table(analyze::entries(&report.artifact, &whole(options)));
    }
    for binary in &report.binaries {
        analyze::notes(&mut notes, binary);
    }
    let page = Page {
        title: &report.artifact.path,
        mode: "report",
        columns: &tree::COLUMNS,
        view: match options.view {
            View::Owner => "owner",
            View::Definition => "definition",
            View::Instantiation => "instantiation",
        },
        start: start(options.by),
        sections: &sections,
        header,
        notes,
    };
    page.print(crates, by_section)
}

/// What changed, as a page.
#[must_use]
pub fn diff(diff: &Diff, options: &Options) -> String {
    let mut sections = Vec::new();
    let mut crates = changes::artifact(diff, changes::Parts::Crates, &mut sections);
    let mut by_section = changes::artifact(diff, changes::Parts::Sections, &mut sections);
    fold::unchanged(&mut crates);
    fold::unchanged(&mut by_section);
    let (mut header, mut notes) = (Document::default(), Document::default());
    let title = format!("{} -> {}", diff.old_path, diff.new_path);
    header.title(title.as_str());
    header.table(difference::totals(diff));
    if diff.entries.len() > 1 {
        difference::files(&mut notes, diff, &whole(options));
    }
    for change in diff.binaries.iter().flat_map(|binary| &binary.tools) {
        notes.paragraph(Tone::Caution, change.message.clone());
    }
    difference::without_functions(&mut notes, diff);
    let page = Page {
        title: &title,
        mode: "diff",
        columns: &changes::COLUMNS,
        view: "owner",
        start: start(options.by),
        sections: &sections,
        header,
        notes,
    };
    page.print(crates, by_section)
}

/// Tables of which no row is left out.
fn whole(options: &Options) -> Options {
    Options { rows: 0, filter: None, ..options.clone() }
}

const fn start(by: By) -> &'static str {
    match by {
        By::Crate | By::Function | By::Generic => "crate",
        By::Section => "section",
        By::File => "file",
    }
}

struct Page<'a> {
    title: &'a str,
    mode: &'static str,
    columns: &'a [&'a str],
    view: &'static str,
    start: &'static str,
    sections: &'a [String],
    header: Document,
    notes: Document,
}

impl Page<'_> {
    /// The page, with small functions summed as far as its size asks for.
    fn print(&self, mut crates: Node, mut sections: Node) -> String {
        let mut limit = 0_i64;
        loop {
            let crates_below = if limit >= CRATES_FOLD_FROM { limit / CRATES_FOLD_LATER } else { 0 };
            if crates_below > 0 {
                fold::crates(&mut crates, crates_below);
                fold::crates(&mut sections, crates_below);
            }
            let page = self.fill(&self.data(&crates, &sections, [limit, crates_below]));
            // From 16 bytes up, twice as much each time.
            if page.len() <= MOST_BYTES || limit > 1 << 40 {
                return page;
            }
            limit = (limit * 2).max(16);
            fold::small(&mut crates, limit);
        }
    }

    /// One line for each key and tree, so that the data can be read.
    fn data(&self, crates: &Node, sections: &Node, [folded_below, folded_crates_below]: [i64; 2]) -> String {
        let dictionary = Dictionary::of(&[crates, sections]);
        let mut out = String::from("{\n");
        let mut line = |key: &str, value: &str| out.push_str(&format!("\"{key}\":{value},\n"));
        line("tool", &json(&format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))));
        line("mode", &json(&self.mode));
        line("columns", &json(&self.columns));
        line("view", &json(&self.view));
        line("start", &json(&self.start));
        line("folded_below", &folded_below.to_string());
        line("folded_crates_below", &folded_crates_below.to_string());
        line("sections", &json(&self.sections));
        line("paths", &json(&dictionary.paths()));
        out.push_str("\"by_crate\":");
        dictionary.write(crates, &mut out);
        out.push_str(",\n\"by_section\":");
        dictionary.write(sections, &mut out);
        out.push_str("\n}");
        out
    }

    fn fill(&self, data: &str) -> String {
        let script = SCRIPT.concat();
        fill(TEMPLATE, |key| match key {
            "title" => prose::escape(self.title),
            "script_hash" => hash(&script),
            "style_hash" => hash(STYLE),
            "style" => STYLE.to_owned(),
            "script" => script.clone(),
            "header" => prose::document(&self.header),
            "notes" => prose::document(&self.notes),
            "data" => data.to_owned(),
            _ => unreachable!("the template is ours, and has no key {key:?}"),
        })
    }
}

/// Replaces each `{{key}}` once. What is put in is not looked at again, so that no name can be a key.
pub(super) fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = template.split("{{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (key, rest) = part.split_once("}}").expect("the template closes what it opens");
        out.push_str(&value(key));
        out.push_str(rest);
    }
    out
}

/// As a content security policy names the only text that may run.
pub(super) fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

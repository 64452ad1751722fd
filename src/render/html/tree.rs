//! A report as two trees: crate > module > function, and section > crate.

use std::collections::BTreeMap;

use super::super::analyze::crates_of;
use super::super::human::clean;
use super::super::options::View;
use super::super::words;
use super::modules;
use super::node::{Facts, Node, Values, bytes, sums};
use crate::attribution::{CrateRow, CrateTree, FunctionRow, SectionRow, SectionTree};
use crate::report::{Binary, Report};
use crate::units::ByteSize;

/// Columns of a report: file, zip, touched.
pub(super) const COLUMNS: [&str; 3] = ["file", "zip", "touched"];

/// Names longer than this lose their middle. Some of generic code have thousands of characters.
pub(super) const LONGEST_NAME: usize = 400;

/// What the parts of a binary are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parts {
    Crates(View),
    Sections(View),
}

fn values(file: ByteSize, zip: Option<ByteSize>, touched: Option<ByteSize>) -> Values {
    vec![Some(bytes(file)), zip.map(bytes), touched.map(bytes)]
}

/// A name as the page has it.
pub(super) fn named(name: &str) -> String {
    super::super::text::shorten(&clean(name), LONGEST_NAME)
}

/// The artifact, its files, and the parts of those that are programs. `sections` collects the names that functions refer to.
pub(super) fn artifact(report: &Report, parts: Parts, sections: &mut Vec<String>) -> Node {
    let artifact = &report.artifact;
    let mut children: Vec<Node> = Vec::new();
    for entry in &artifact.entries {
        let binary = report.binaries.iter().find(|binary| binary.path == entry.path);
        let mut node = Node {
            name: named(&entry.path),
            values: values(entry.uncompressed_bytes, entry.compressed_bytes, None),
            facts: Facts { sort: "file", kind: words::role(entry.role), ..Facts::default() },
            ..Node::default()
        };
        if let Some(binary) = binary {
            node.facts.sort = "binary";
            node.children = match parts {
                Parts::Crates(view) => crates(binary, view, sections),
                Parts::Sections(view) => by_section(binary, view),
            };
            node.values[2] = sums(&node.children, COLUMNS.len())[2].filter(|_| !node.children.is_empty());
        }
        children.push(node.complete());
    }
    if let Some(overhead) = artifact.zip_overhead_bytes {
        let facts = Facts { sort: "file", kind: "header", ..Facts::default() };
        let values = values(ByteSize::ZERO, Some(overhead), None);
        children.push(Node { name: "[zip headers]".to_owned(), values, facts, ..Node::default() });
    }
    // Only programs are touched: the artifact's sum is theirs.
    let touched: Option<i64> =
        children.iter().filter_map(|node| node.values[2]).fold(None, |sum, value| Some(sum.unwrap_or(0) + value));
    let mut values = values(artifact.unzipped_bytes, artifact.zip_bytes, None);
    values[2] = touched;
    let facts = Facts { sort: "artifact", kind: words::artifact_kind(artifact.kind), ..Facts::default() };
    Node { name: named(&artifact.path), values, children, facts }.complete()
}

/// Rows that share name and version are one crate here, since functions know no more of their crate.
type Key<'a> = (&'a str, Option<&'a str>);

fn crates(binary: &Binary, view: View, sections: &mut Vec<String>) -> Vec<Node> {
    let mut rows: BTreeMap<Key<'_>, Vec<&CrateRow>> = BTreeMap::new();
    for row in crates_of(binary, view) {
        rows.entry((&row.name, row.version.as_deref())).or_default().push(row);
    }
    let mut functions: BTreeMap<Key<'_>, Vec<&FunctionRow>> = BTreeMap::new();
    if view == View::Owner {
        for row in &binary.functions {
            functions.entry((&row.crate_name, row.version.as_deref())).or_default().push(row);
        }
    }
    rows.into_iter()
        .map(|(key, rows)| {
            let leaves = functions.remove(&key).unwrap_or_default();
            let leaves = leaves.into_iter().map(|row| (row.name.as_str(), function(row, sections))).collect();
            krate(key, &rows, modules::nest(leaves, key.0, COLUMNS.len()))
        })
        .collect()
}

fn krate((name, version): Key<'_>, rows: &[&CrateRow], children: Vec<Node>) -> Node {
    let one = |row: &&CrateRow| Node {
        values: values(row.file_bytes, row.compressed_bytes, row.touched_bytes),
        ..Node::default()
    };
    let values = sums(&rows.iter().map(one).collect::<Vec<_>>(), COLUMNS.len());
    let retained = match rows {
        // What several rows retain together is not the sum of what each does.
        [row] => row.retained_bytes,
        _ => None,
    };
    let facts = Facts {
        sort: "crate",
        kind: words::crate_kind(rows[0].kind),
        version: version.map(|version| clean(version).into_owned()),
        retained,
        why: rows[0].why.iter().map(|step| named(step)).collect(),
        functions: Some(rows.iter().map(|row| row.functions).sum()),
        ..Facts::default()
    };
    Node { name: named(name), values, children, facts }.complete()
}

fn function(row: &FunctionRow, sections: &mut Vec<String>) -> Node {
    let section = section_number(&row.section, sections);
    let name = unnamed_in(&row.name, &row.section);
    let values = values(row.file_bytes, row.compressed_bytes, row.touched_bytes);
    Node { name, values, facts: Facts { section: Some(section), ..Facts::default() }, ..Node::default() }
}

/// What no symbol names is told apart by its section.
pub(super) fn unnamed_in(name: &str, section: &str) -> String {
    if name.starts_with('[') { named(&format!("{name} {section}")) } else { named(name) }
}

/// The section's place in the list, where it is added if it is new.
pub(super) fn section_number(section: &str, sections: &mut Vec<String>) -> usize {
    let section = named(section);
    sections.iter().position(|known| *known == section).unwrap_or_else(|| {
        sections.push(section);
        sections.len() - 1
    })
}

fn by_section(binary: &Binary, view: View) -> Vec<Node> {
    let of_tree = |tree: &SectionTree| -> Vec<Node> {
        let crates = match view {
            View::Owner => &tree.crates,
            View::Definition => &tree.crates_by_definition,
            View::Instantiation => &tree.crates_by_instantiation,
        };
        crates.iter().map(crate_in_section).collect()
    };
    let nests = binary.tree.len() == binary.sections.len();
    let node = |(at, row): (usize, &SectionRow)| {
        let tree = binary.tree.get(at).filter(|tree| nests && tree.name == row.name);
        Node {
            name: named(&row.name),
            values: values(row.file_bytes, row.compressed_bytes, row.touched_bytes),
            children: tree.map(of_tree).unwrap_or_default(),
            facts: Facts { sort: "section", kind: words::section_kind(row.kind), ..Facts::default() },
        }
        .complete()
    };
    binary.sections.iter().enumerate().map(node).collect()
}

fn crate_in_section(tree: &CrateTree) -> Node {
    let facts = Facts {
        sort: "crate",
        kind: words::crate_kind(tree.kind),
        version: tree.version.as_ref().map(|version| clean(version).into_owned()),
        ..Facts::default()
    };
    Node {
        name: named(&tree.name),
        values: values(tree.file_bytes, tree.compressed_bytes, None),
        facts,
        ..Node::default()
    }
}

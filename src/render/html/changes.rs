//! A difference as two trees: crate > module > function, and section > crate.

use std::collections::BTreeMap;

use super::super::words;
use super::modules;
use super::node::{Facts, Node, sides, sums};
use super::tree::{named, section_number, unnamed_in};
use crate::policy::{BinaryChange, CrateChange, Diff, FunctionChange, Status};

/// Columns of a difference: old and new of the file, old and new of the zip.
pub(super) const COLUMNS: [&str; 4] = ["file_old", "file_new", "zip_old", "zip_new"];

/// What the parts of a binary are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parts {
    Crates,
    Sections,
}

pub(super) fn artifact(diff: &Diff, parts: Parts, sections: &mut Vec<String>) -> Node {
    let mut children = Vec::new();
    for entry in &diff.entries {
        let mut node = Node {
            name: named(&entry.path),
            values: sides(entry.unzipped, entry.compressed),
            facts: Facts { sort: "file", status: status(entry.status), ..Facts::default() },
            ..Node::default()
        };
        if let Some(binary) = diff.binaries.iter().find(|binary| binary.path == entry.path) {
            node.facts.sort = "binary";
            node.children = match parts {
                Parts::Crates => crates(binary, sections),
                Parts::Sections => by_section(binary),
            };
        }
        children.push(node.complete());
    }
    if let Some(overhead) = diff.zip_overhead {
        let values = sides(crate::policy::SizeChange::default(), Some(overhead));
        let facts = Facts { sort: "file", kind: "header", ..Facts::default() };
        children.push(Node { name: "[zip headers]".to_owned(), values, facts, ..Node::default() });
    }
    let name = named(&diff.new_path);
    let facts = Facts { sort: "artifact", ..Facts::default() };
    Node { name, values: sides(diff.unzipped, diff.zip), children, facts }.complete()
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Changed => "",
        other => words::change_status(other),
    }
}

/// Crate, version before, version after: rows that share them are one.
type Key<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

fn crates(binary: &BinaryChange, sections: &mut Vec<String>) -> Vec<Node> {
    let mut rows: BTreeMap<Key<'_>, Vec<&CrateChange>> = BTreeMap::new();
    for row in &binary.crates {
        rows.entry((&row.name, row.old_version.as_deref(), row.new_version.as_deref())).or_default().push(row);
    }
    let mut functions: BTreeMap<Key<'_>, Vec<&FunctionChange>> = BTreeMap::new();
    for row in binary.functions.iter().flatten() {
        let key = (row.crate_name.as_str(), row.old_version.as_deref(), row.new_version.as_deref());
        functions.entry(key).or_default().push(row);
    }
    rows.into_iter()
        .map(|(key, rows)| {
            let leaves = functions.remove(&key).unwrap_or_default();
            let leaves = leaves.into_iter().map(|row| (row.name.as_str(), function(row, sections))).collect();
            krate(key, &rows, modules::nest(leaves, key.0, COLUMNS.len()))
        })
        .collect()
}

fn krate((name, old, new): Key<'_>, rows: &[&CrateChange], children: Vec<Node>) -> Node {
    let one = |row: &&CrateChange| Node { values: sides(row.file, row.compressed), ..Node::default() };
    let values = sums(&rows.iter().map(one).collect::<Vec<_>>(), COLUMNS.len());
    let version = match (old, new) {
        (Some(old), Some(new)) if old != new => Some(named(&format!("{old} → {new}"))),
        (old, new) => new.or(old).map(named),
    };
    let alike = rows.iter().all(|row| row.status == rows[0].status);
    let facts = Facts {
        sort: "crate",
        kind: words::crate_kind(rows[0].kind),
        version,
        why: rows[0].why.iter().map(|step| named(step)).collect(),
        status: if alike { status(rows[0].status) } else { "" },
        ..Facts::default()
    };
    Node { name: named(name), values, children, facts }.complete()
}

fn function(row: &FunctionChange, sections: &mut Vec<String>) -> Node {
    let section = Some(section_number(&row.section, sections));
    Node {
        name: unnamed_in(&row.name, &row.section),
        values: sides(row.file, row.compressed),
        facts: Facts { section, status: status(row.status), ..Facts::default() },
        ..Node::default()
    }
}

fn by_section(binary: &BinaryChange) -> Vec<Node> {
    let mut functions: BTreeMap<&str, BTreeMap<&str, Vec<Node>>> = BTreeMap::new();
    for row in binary.functions.iter().flatten() {
        let leaf = Node { values: sides(row.file, row.compressed), ..Node::default() };
        functions.entry(&row.section).or_default().entry(&row.crate_name).or_default().push(leaf);
    }
    let krate = |(name, leaves): (&str, Vec<Node>)| {
        let values = sums(&leaves, COLUMNS.len());
        let moved = values[0] != values[1] || values[2] != values[3];
        let facts = Facts { sort: "crate", status: if moved { "" } else { "same" }, ..Facts::default() };
        Node { name: named(name), values, facts, ..Node::default() }
    };
    let node = |row: &crate::policy::SectionChange| {
        let children = functions.remove(row.name.as_str()).unwrap_or_default();
        Node {
            name: named(&row.name),
            values: sides(row.file, row.compressed),
            children: children.into_iter().map(krate).collect(),
            facts: Facts { sort: "section", status: status(row.status), ..Facts::default() },
        }
        .complete()
    };
    binary.sections.iter().map(node).collect()
}

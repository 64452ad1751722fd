//! Folded stacks for flame graph tools: `binary;section;crate version[;function] bytes`, one line each, and
//! `binary;kind;crate version[;function] bytes` of reports that do not say which crate is in which section. Without a filter the lines
//! of a binary sum to its file.

use std::collections::BTreeMap;

use super::analyze::crates_of;
use super::options::{Options, View};
use super::{human, words};
use crate::attribution::{CrateTree, FunctionRow, FunctionTree, SectionTree};
use crate::report::{Binary, Report};
use crate::units::ByteSize;

/// Every crate of every binary, and the functions of those that the report lists. Functions have an owner, so they are
/// shown in the owner view alone. `options.filter` drops crates.
#[must_use]
pub fn report(report: &Report, options: &Options) -> String {
    report.binaries.iter().flat_map(|binary| lines(binary, options)).collect()
}

fn lines(binary: &Binary, options: &Options) -> Vec<String> {
    let in_tree: ByteSize = binary.tree.iter().map(|section| section.file_bytes).sum();
    // A tree that is not of this file would lose bytes, or count them twice.
    if !binary.tree.is_empty() && in_tree == binary.file_bytes {
        return binary.tree.iter().flat_map(|section| section_lines(binary, section, options)).collect();
    }
    lines_by_kind(binary, options)
}

fn section_lines(binary: &Binary, section: &SectionTree, options: &Options) -> Vec<String> {
    let crates = match options.view {
        View::Owner => &section.crates,
        View::Definition => &section.crates_by_definition,
        View::Instantiation => &section.crates_by_instantiation,
    };
    let base = format!("{};{}", frame(&binary.path), frame(&section.name));
    let in_crates: ByteSize = crates.iter().map(|row| row.file_bytes).sum();
    let crates = if in_crates <= section.file_bytes { crates.as_slice() } else { &[] };
    let mut lines = Vec::new();
    for row in crates.iter().filter(|row| options.accepts(&row.name)) {
        crate_lines(&base, row, &mut lines);
    }
    let in_crates: ByteSize = crates.iter().map(|row| row.file_bytes).sum();
    if options.filter.is_none() {
        push(&mut lines, &base, section.file_bytes - in_crates);
    }
    lines
}

fn crate_lines(base: &str, row: &CrateTree, lines: &mut Vec<String>) {
    let stack = format!("{base};{}", frame(&human::with_version(&row.name, row.version.as_deref())));
    let in_functions = |functions: &[FunctionTree]| functions.iter().map(|f| f.file_bytes).sum::<ByteSize>();
    let functions = if in_functions(&row.functions) <= row.file_bytes { row.functions.as_slice() } else { &[] };
    for function in functions {
        push(lines, &format!("{stack};{}", frame(&function.name)), function.file_bytes);
    }
    push(lines, &stack, row.file_bytes - in_functions(functions));
}

fn push(lines: &mut Vec<String>, stack: &str, size: ByteSize) {
    if size > ByteSize::ZERO {
        lines.push(format!("{stack} {}\n", size.get()));
    }
}

fn lines_by_kind(binary: &Binary, options: &Options) -> Vec<String> {
    let mut functions = functions_by_owner(binary, options.view);
    let mut lines = Vec::new();
    for row in crates_of(binary, options.view).iter().filter(|row| options.accepts(&row.name)) {
        let name = human::with_version(&row.name, row.version.as_deref());
        let stack = format!("{};{};{}", frame(&binary.path), words::crate_kind(row.kind), frame(&name));
        // Functions that claim more than their crate has would count bytes twice.
        let owned = functions
            .remove(&(row.name.as_str(), row.version.as_deref()))
            .filter(|owned| size(owned) <= row.file_bytes)
            .unwrap_or_default();
        lines.extend(owned.iter().map(|f| format!("{stack};{} {}\n", frame(&f.name), f.file_bytes.get())));
        let rest = row.file_bytes - size(&owned);
        if rest > ByteSize::ZERO {
            lines.push(format!("{stack} {}\n", rest.get()));
        }
    }
    lines
}

type Owner<'a> = (&'a str, Option<&'a str>);

fn functions_by_owner(binary: &Binary, view: View) -> BTreeMap<Owner<'_>, Vec<&FunctionRow>> {
    let mut owners: BTreeMap<Owner<'_>, Vec<&FunctionRow>> = BTreeMap::new();
    if view == View::Owner {
        for function in &binary.functions {
            owners.entry((&function.crate_name, function.version.as_deref())).or_default().push(function);
        }
    }
    owners
}

fn size(functions: &[&FunctionRow]) -> ByteSize {
    functions.iter().map(|function| function.file_bytes).sum()
}

/// A frame must not hold the separators: `[u8; 32]` becomes `[u8: 32]`.
fn frame(name: &str) -> String {
    human::clean(name).replace(';', ":")
}

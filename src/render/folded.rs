//! Folded stacks for flame graph tools: `binary;kind;crate version[;function] bytes`, one line each. Without a filter the
//! lines of a binary sum to its file.

use std::collections::BTreeMap;

use super::analyze::crates_of;
use super::options::{Options, View};
use super::{human, words};
use crate::attribution::FunctionRow;
use crate::report::{Binary, Report};
use crate::units::ByteSize;

/// Every crate of every binary, and the functions of those that the report lists. Functions have an owner, so they are
/// shown in the owner view alone. `options.filter` drops crates.
#[must_use]
pub fn report(report: &Report, options: &Options) -> String {
    report.binaries.iter().flat_map(|binary| lines(binary, options)).collect()
}

fn lines(binary: &Binary, options: &Options) -> Vec<String> {
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

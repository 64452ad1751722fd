//! Why a crate is in the package.

use super::document::{Document, Tone};
use super::{human, words};
use crate::attribution::CrateRow;
use crate::report::Report;

/// `None` where no crate has that name.
pub(super) fn document(report: &Report, krate: &str) -> Option<Document> {
    let mut document = Document::default();
    for binary in &report.binaries {
        for row in binary.crates.iter().filter(|row| is_named(row, krate)) {
            document.title(format!(
                "{} ({}) in {}",
                human::with_version(&row.name, row.version.as_deref()),
                words::crate_kind(row.kind),
                binary.path
            ));
            let mut fields = Vec::new();
            let path = if row.why.is_empty() {
                "not known: the report was made without a crate graph, or the crate is not in it".to_owned()
            } else {
                human::path(&row.why)
            };
            fields.push(("path", path));
            let share = human::percent(row.file_bytes, binary.file_bytes);
            fields.push(("file", format!("{}, {share} of the file", human::exact_size(row.file_bytes))));
            if let Some(zip) = row.compressed_bytes {
                fields.push(("in zip", human::exact_size(zip)));
            }
            if let Some(retained) = row.retained_bytes {
                fields.push(("retained", format!("{}: what leaves with it", human::exact_size(retained))));
            }
            fields.push(("functions", row.functions.to_string()));
            document.fields(fields);
        }
    }
    if document.blocks.is_empty() {
        return None;
    }
    if report.binaries.iter().any(|binary| binary.crates.iter().any(|row| is_named(row, krate) && row.why.len() > 1)) {
        document.paragraph(Tone::Dim, "The path is the shortest; `cargo tree --invert` lists all of them.");
    }
    Some(document)
}

/// `hyper` names every version, `hyper@1.8.1` one. Packages are spelt with `-`, crates with `_`.
fn is_named(row: &CrateRow, krate: &str) -> bool {
    let same = |name: &str| name.replace('-', "_") == row.name.replace('-', "_");
    match krate.rsplit_once('@') {
        Some((name, version)) => same(name) && row.version.as_deref() == Some(version),
        None => same(krate),
    }
}

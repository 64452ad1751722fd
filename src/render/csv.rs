//! Rows for spreadsheets and scripts: RFC 4180 with line feeds, exact bytes, every row. What is not known is empty.

use super::analyze::crates_of;
use super::options::{By, Options};
use super::words;
use crate::attribution::EvidenceRow;
use crate::report::{Binary, Report};
use crate::units::ByteSize;

/// The rows of the report that `options.by` and `options.view` ask for, with a header line. `options.filter` drops rows;
/// `options.rows` does not.
#[must_use]
pub fn report(report: &Report, options: &Options) -> String {
    match options.by {
        By::Crate => crates(report, options),
        By::Section => sections(report, options),
        By::Function => functions(report, options),
        By::Generic => generics(report, options),
        By::File => files(report, options),
    }
}

/// Why a crate is in the package: one line for each step of each path that [`Report::why`] lists, paths and steps counted from 1.
#[must_use]
pub fn why(report: &Report) -> String {
    let mut out = String::from(
        "binary,crate,version,path,step,package,package_version,requirement,features,renamed,target,optional,turned_on_by\n",
    );
    for krate in report.why.iter().flat_map(|why| &why.crates) {
        for (number, path) in krate.paths.iter().enumerate() {
            for (at, step) in path.steps.iter().enumerate() {
                let dependency = step.dependency.clone().unwrap_or_default();
                let features: Vec<&str> = dependency.features.iter().map(|feature| feature.name.as_str()).collect();
                out += &line(&[
                    krate.binary.clone(),
                    krate.name.clone(),
                    krate.version.clone().unwrap_or_default(),
                    (number + 1).to_string(),
                    (at + 1).to_string(),
                    step.name.clone(),
                    step.version.clone(),
                    dependency.requirements.join(" "),
                    features.join(" "),
                    dependency.renamed.join(" "),
                    dependency.targets.join(" "),
                    if step.dependency.is_some() { dependency.optional.to_string() } else { String::new() },
                    dependency.turned_on_by.join(" "),
                ]);
            }
        }
    }
    out
}

fn crates(report: &Report, options: &Options) -> String {
    let mut out = String::from(
        "binary,crate,version,kind,package_id,file_bytes,code_bytes,data_bytes,unwind_bytes,relocation_bytes,symbol_bytes,other_bytes,compressed_bytes,touched_bytes,retained_bytes,functions,why,evidence\n",
    );
    for (binary, row) in each(report, |binary| crates_of(binary, options.view)) {
        if !options.accepts(&row.name) {
            continue;
        }
        out += &line(&[
            binary.path.clone(),
            row.name.clone(),
            row.version.clone().unwrap_or_default(),
            words::crate_kind(row.kind).to_owned(),
            row.package_id.clone().unwrap_or_default(),
            bytes(row.file_bytes),
            bytes(row.code_bytes),
            bytes(row.data_bytes),
            bytes(row.unwind_bytes),
            bytes(row.relocation_bytes),
            bytes(row.symbol_bytes),
            bytes(row.other_bytes),
            known(row.compressed_bytes),
            known(row.touched_bytes),
            known(row.retained_bytes),
            row.functions.to_string(),
            row.why.join(" > "),
            evidence(&row.evidence),
        ]);
    }
    out
}

fn sections(report: &Report, options: &Options) -> String {
    let mut out = String::from("binary,section,kind,file_bytes,memory_bytes,compressed_bytes,touched_bytes,evidence\n");
    for (binary, row) in each(report, |binary| &binary.sections) {
        if !options.accepts(&row.name) {
            continue;
        }
        out += &line(&[
            binary.path.clone(),
            row.name.clone(),
            words::section_kind(row.kind).to_owned(),
            bytes(row.file_bytes),
            bytes(row.memory_bytes),
            known(row.compressed_bytes),
            known(row.touched_bytes),
            evidence(&row.evidence),
        ]);
    }
    out
}

fn functions(report: &Report, options: &Options) -> String {
    let mut out =
        String::from("binary,function,crate,version,section,file_bytes,compressed_bytes,instances,evidence\n");
    for (binary, row) in each(report, |binary| &binary.functions) {
        if !options.accepts(&row.name) {
            continue;
        }
        out += &line(&[
            binary.path.clone(),
            row.name.clone(),
            row.crate_name.clone(),
            row.version.clone().unwrap_or_default(),
            row.section.clone(),
            bytes(row.file_bytes),
            known(row.compressed_bytes),
            row.instances.to_string(),
            row.evidence.map(words::evidence_code).unwrap_or_default(),
        ]);
    }
    out
}

/// One line for each crate that holds copies of a generic function. The first size is of all copies, so it repeats.
fn generics(report: &Report, options: &Options) -> String {
    let mut out = String::from(
        "binary,function,copies,file_bytes,compressed_bytes,crate,version,copies_in_crate,file_bytes_in_crate\n",
    );
    for (binary, row) in each(report, |binary| &binary.generics) {
        if !options.accepts(&row.name) {
            continue;
        }
        for share in &row.crates {
            out += &line(&[
                binary.path.clone(),
                row.name.clone(),
                row.copies.to_string(),
                bytes(row.file_bytes),
                known(row.compressed_bytes),
                share.name.clone(),
                share.version.clone().unwrap_or_default(),
                share.copies.to_string(),
                bytes(share.file_bytes),
            ]);
        }
    }
    out
}

fn files(report: &Report, options: &Options) -> String {
    let mut out = String::from("path,role,method,unix_mode,uncompressed_bytes,compressed_bytes\n");
    for entry in report.artifact.entries.iter().filter(|entry| options.accepts(&entry.path)) {
        out += &line(&[
            entry.path.clone(),
            words::role(entry.role).to_owned(),
            entry.method.map(words::method).unwrap_or_default().to_owned(),
            entry.unix_mode.map(|mode| format!("{mode:04o}")).unwrap_or_default(),
            bytes(entry.uncompressed_bytes),
            known(entry.compressed_bytes),
        ]);
    }
    out
}

fn each<'a, T: 'a>(
    report: &'a Report,
    rows: impl Fn(&'a Binary) -> &'a Vec<T>,
) -> impl Iterator<Item = (&'a Binary, &'a T)> {
    report.binaries.iter().flat_map(move |binary| rows(binary).iter().map(move |row| (binary, row)))
}

/// `symbol:123;unwind:45`, by the words that the report uses, surest first.
fn evidence(rows: &[EvidenceRow]) -> String {
    let part = |row: &EvidenceRow| format!("{}:{}", words::evidence_code(row.source), row.file_bytes.get());
    rows.iter().map(part).collect::<Vec<_>>().join(";")
}

fn bytes(size: ByteSize) -> String {
    size.get().to_string()
}

fn known(size: Option<ByteSize>) -> String {
    size.map(bytes).unwrap_or_default()
}

fn line(fields: &[String]) -> String {
    let quoted: Vec<String> = fields.iter().map(|field| quote(field)).collect();
    quoted.join(",") + "\n"
}

fn quote(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}

//! One damaged input through the whole library. Whatever is accepted must keep the laws; a typed error is as good.

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::attribution::{Detail, Identities};
use lambda_slim::cargo::{CrateGraph, CrateIdentities, SymbolHomes};
use lambda_slim::deflate::Effort;
use lambda_slim::package::{DeploymentPackage, PackageSource};
use lambda_slim::policy::{Budget, check, diff};
use lambda_slim::render::{By, Options, csv, folded, json, markdown, text};
use lambda_slim::report::{Context, Report, SymbolFile};
use lambda_slim::slim;
use lambda_slim::units::ByteSize;

/// What came of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    Refused,
}

pub(crate) fn zip(data: &[u8], symbols: &[SymbolFile<'_>]) -> Outcome {
    let Ok(archive) = Archive::parse(data, &Limits::default()) else {
        return Outcome::Refused;
    };
    let Ok(package) = DeploymentPackage::from_archive(&archive) else {
        return Outcome::Refused;
    };
    self::package(&package, data, symbols)
}

pub(crate) fn elf(data: &[u8], symbols: &[SymbolFile<'_>]) -> Outcome {
    package(&DeploymentPackage::from_elf("bootstrap", data), data, symbols)
}

fn package(package: &DeploymentPackage<'_>, data: &[u8], symbols: &[SymbolFile<'_>]) -> Outcome {
    let mut outcome = Outcome::Refused;
    for detail in [Detail::Crates, Detail::Functions] {
        let (own, homes) = (CrateIdentities::default(), SymbolHomes::default());
        let context = Context {
            touched: None,
            path: "damaged".to_owned(),
            graph: None,
            root: None,
            link_map: None,
            identities: Identities { packages: &own, std: &own, homes: &homes },
            symbols,
            architecture: None,
            detail,
            why: None,
        };
        if let Ok(report) = Report::build(package, data, &context) {
            rows_sum_to_the_file(&report);
            report_can_be_used(&report);
            outcome = Outcome::Accepted;
        }
    }
    if slimmed_is_small_and_stays(package) { Outcome::Accepted } else { outcome }
}

fn rows_sum_to_the_file(report: &Report) {
    for binary in &report.binaries {
        let entry = report.artifact.entries.iter().find(|entry| entry.path == binary.path).expect("its entry");
        let file = binary.file_bytes;
        assert_eq!(file, entry.uncompressed_bytes);
        assert_eq!(binary.sections.iter().map(|row| row.file_bytes).sum::<ByteSize>(), file, "sections");
        assert_eq!(binary.evidence.iter().map(|row| row.file_bytes).sum::<ByteSize>(), file, "evidence");
        for rows in [&binary.crates, &binary.crates_by_definition, &binary.crates_by_instantiation] {
            assert_eq!(rows.iter().map(|row| row.file_bytes).sum::<ByteSize>(), file, "crates");
            let compressed: Option<ByteSize> = rows.iter().map(|row| row.compressed_bytes).sum();
            assert_eq!(compressed.filter(|_| !rows.is_empty()), entry.compressed_bytes, "crates, compressed");
        }
        let compressed: Option<ByteSize> = binary.sections.iter().map(|row| row.compressed_bytes).sum();
        assert_eq!(compressed, entry.compressed_bytes, "sections, compressed");
        if !binary.functions.is_empty() {
            assert_eq!(binary.functions.iter().map(|row| row.file_bytes).sum::<ByteSize>(), file, "functions");
        }
    }
    if let (Some(zip), Some(overhead)) = (report.artifact.zip_bytes, report.artifact.zip_overhead_bytes) {
        let entries: Option<ByteSize> = report.artifact.entries.iter().map(|entry| entry.compressed_bytes).sum();
        assert_eq!(entries.map(|entries| entries + overhead), Some(zip), "entries");
    }
}

/// Every renderer and the gate take it, and what is written is read back.
fn report_can_be_used(report: &Report) {
    let mut options = Options::default();
    for by in [By::Crate, By::Section, By::Function, By::File] {
        options.by = by;
        let _ = text::report(report, &options);
        let _ = csv::report(report, &options);
        let _ = markdown::report(report, &options);
    }
    let _ = folded::report(report, &options);
    let written = json::report(report);
    let read = Report::from_json(&written).unwrap_or_else(|error| panic!("own report not read back: {error}"));
    assert_eq!(&read, report);
    let verdict = check(report, Some(&read), &Budget::default());
    assert!(verdict.is_ok(), "{verdict:?}");
}

fn slimmed_is_small_and_stays(package: &DeploymentPackage<'_>) -> bool {
    let mut options = slim::Options::default();
    options.effort = Effort::Fast;
    let Ok(once) = slim::slim(package, &options, &|_| ()) else {
        return false;
    };
    if let PackageSource::Zip { size, .. } = package.source {
        assert!(ByteSize::of(&once.zip) <= size, "slimming grew it");
    }
    let archive = Archive::parse(&once.zip, &Limits::default()).expect("the slimmed zip is a zip");
    let again = DeploymentPackage::from_archive(&archive).expect("the slimmed zip is a package");
    let twice = slim::slim(&again, &options, &|_| ()).expect("the slimmed package can be slimmed");
    let changed = || {
        format!("slimming twice is not slimming once: {:?}, then {:?}", once.outcome.rewrites, twice.outcome.rewrites)
    };
    assert!(twice.zip == once.zip, "{}", changed());
    true
}

pub(crate) fn metadata(data: &[u8]) -> Outcome {
    let Ok(graph) = CrateGraph::from_metadata(&String::from_utf8_lossy(data)) else {
        return Outcome::Refused;
    };
    for package in 0..graph.packages().len() {
        let _ = graph.label(package);
        let _ = graph.lambda_build(package);
    }
    if !graph.packages().is_empty() {
        let _ = graph.dominators(0);
        let _ = graph.shortest_path(0, graph.packages().len() - 1);
    }
    Outcome::Accepted
}

pub(crate) fn report(data: &[u8], baseline: &Report) -> Outcome {
    let Ok(report) = Report::from_json(&String::from_utf8_lossy(data)) else {
        return Outcome::Refused;
    };
    let options = Options::default();
    let _ = text::report(&report, &options);
    let _ = markdown::report(&report, &options);
    let _ = csv::report(&report, &options);
    let _ = folded::report(&report, &options);
    let _ = json::report(&report);
    for (old, new) in [(baseline, &report), (&report, baseline)] {
        let _ = text::diff(&diff(old, new), &options);
        if let Ok(verdict) = check(new, Some(old), &Budget::default()) {
            let _ = text::verdict(&verdict, &options);
            let _ = json::verdict(&verdict);
        }
    }
    Outcome::Accepted
}

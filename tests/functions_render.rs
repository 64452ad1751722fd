//! Functions, their evidence and their copies, as people and programs are shown them.

mod support;

use lambda_slim::attribution::{
    CrateKind, CrateTree, EvidenceRow, EvidenceSource, FunctionRow, FunctionTree, GenericRow, GenericShare,
    SectionKind, SectionRow, SectionTree,
};
use lambda_slim::elf::Architecture;
use lambda_slim::render::{By, Filter, Options, View, csv, folded, json, markdown, text};
use lambda_slim::report::{Artifact, ArtifactKind, Binary, Report, Tool};
use lambda_slim::units::ByteSize;
use support::golden::golden;

const fn b(bytes: u64) -> ByteSize {
    ByteSize::new(bytes)
}

fn section(name: &str, kind: SectionKind, memory: u64, evidence: &[(EvidenceSource, u64)]) -> SectionRow {
    SectionRow {
        name: name.to_owned(),
        kind,
        file_bytes: evidence.iter().map(|(_, size)| b(*size)).sum(),
        memory_bytes: b(memory),
        compressed_bytes: None,
        touched_bytes: None,
        evidence: evidence.iter().map(|&(source, size)| EvidenceRow { source, file_bytes: b(size) }).collect(),
    }
}

fn tree(name: &str, size: u64, crates: Vec<CrateTree>) -> SectionTree {
    SectionTree {
        name: name.to_owned(),
        file_bytes: b(size),
        compressed_bytes: None,
        crates_by_definition: Vec::new(),
        crates_by_instantiation: Vec::new(),
        crates,
    }
}

fn in_tree(name: &str, version: Option<&str>, size: u64, functions: &[(&str, u64)]) -> CrateTree {
    let function = |&(name, size): &(&str, u64)| FunctionTree {
        name: name.to_owned(),
        file_bytes: b(size),
        compressed_bytes: None,
    };
    CrateTree {
        name: name.to_owned(),
        version: version.map(str::to_owned),
        kind: CrateKind::Dependency,
        file_bytes: b(size),
        compressed_bytes: None,
        functions: functions.iter().map(function).collect(),
    }
}

fn function(name: &str, krate: &str, section: &str, size: u64, evidence: EvidenceSource) -> FunctionRow {
    FunctionRow {
        name: name.to_owned(),
        crate_name: krate.to_owned(),
        version: None,
        section: section.to_owned(),
        file_bytes: b(size),
        compressed_bytes: None,
        touched_bytes: None,
        instances: 1,
        evidence: Some(evidence),
    }
}

fn generic(name: &str, shares: &[(&str, Option<&str>, u64, u64)]) -> GenericRow {
    let share = |&(name, version, copies, size): &(&str, Option<&str>, u64, u64)| GenericShare {
        name: name.to_owned(),
        version: version.map(str::to_owned),
        copies,
        file_bytes: b(size),
    };
    GenericRow {
        name: name.to_owned(),
        copies: shares.iter().map(|(_, _, copies, _)| copies).sum(),
        file_bytes: shares.iter().map(|(_, _, _, size)| b(*size)).sum(),
        compressed_bytes: None,
        crates: shares.iter().map(share).collect(),
    }
}

fn report() -> Report {
    let sections = vec![
        section(".text", SectionKind::Code, 9_000, &[(EvidenceSource::Symbol, 8_600), (EvidenceSource::Unwind, 400)]),
        section(".rodata", SectionKind::Rodata, 900, &[(EvidenceSource::PathString, 500), (EvidenceSource::None, 400)]),
        section(".debug_str", SectionKind::Debug, 0, &[(EvidenceSource::None, 5_000)]),
    ];
    let file: ByteSize = sections.iter().map(|row| row.file_bytes).sum();
    let sum = |source| {
        let rows = sections.iter().flat_map(|row: &SectionRow| &row.evidence).filter(|row| row.source == source);
        EvidenceRow { source, file_bytes: rows.map(|row| row.file_bytes).sum() }
    };
    let sources = [EvidenceSource::Symbol, EvidenceSource::Unwind, EvidenceSource::PathString, EvidenceSource::None];
    let hyper = [("hyper::poll", 4_000), ("hyper::poll::{closure#0}", 1_000)];
    let binary = Binary {
        path: "bootstrap".to_owned(),
        architecture: Architecture::Arm64,
        build_id: None,
        file_bytes: file,
        loaded_bytes: b(9_900),
        stripped: true,
        needs_glibc: None,
        symbols_from: None,
        symbols_matched_by: None,
        toolchain: None,
        crates: Vec::new(),
        crates_by_definition: Vec::new(),
        crates_by_instantiation: Vec::new(),
        evidence: sources.map(sum).to_vec(),
        unattributed_bytes: b(5_400),
        tree: vec![
            tree(
                ".text",
                9_000,
                vec![
                    in_tree("hyper", Some("1.8.1"), 6_000, &hyper),
                    in_tree("api", None, 3_000, &[("api::f<[u8; 4]>", 3_000)]),
                ],
            ),
            tree(".rodata", 900, vec![in_tree("api", None, 500, &[]), in_tree("[unattributed]", None, 400, &[])]),
            tree(".debug_str", 5_000, vec![in_tree("[unattributed]", None, 5_000, &[])]),
        ],
        functions: vec![
            function("hyper::poll", "hyper", ".text", 4_000, EvidenceSource::Symbol),
            function("api::f<[u8; 4]>", "api", ".text", 3_000, EvidenceSource::LinkMap),
            function("[no symbol]", "hyper", ".text", 400, EvidenceSource::Unwind),
        ],
        generics: vec![
            generic(
                "core::ptr::drop_in_place<_>",
                &[
                    ("hyper", Some("1.8.1"), 12, 900),
                    ("std", None, 5, 300),
                    ("api", None, 2, 80),
                    ("http", None, 1, 20),
                ],
            ),
            generic("alloc::vec::Vec<_>::push", &[("api", None, 3, 600)]),
        ],
        sections,
    };
    Report {
        schema_version: 1,
        tool: Tool { name: "lambda-slim".to_owned(), version: "0.1.0".to_owned() },
        build: None,
        artifact: Artifact {
            path: "bootstrap".to_owned(),
            kind: ArtifactKind::Elf,
            zip_bytes: None,
            zip_overhead_bytes: None,
            unzipped_bytes: file,
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            code_sha256: None,
            entries: Vec::new(),
        },
        binaries: vec![binary],
        findings: Vec::new(),
        duplicates: Vec::new(),
        why: None,
        estimate: None,
        measurement: None,
        layout: None,
        slim: None,
    }
}

fn by(by: By) -> Options {
    let mut options = Options::default();
    options.by = by;
    options
}

fn folded_sum(lines: &str) -> u64 {
    lines.lines().map(|line| line.rsplit(' ').next().expect("a size").parse::<u64>().expect("bytes")).sum()
}

#[test]
fn functions_read_as_the_golden() {
    let report = report();
    golden("functions.txt", &text::report(&report, &by(By::Function)));
    golden("functions.md", &markdown::report(&report, &by(By::Function)));
    golden("functions.csv", &csv::report(&report, &by(By::Function)));
    golden("functions.folded", &folded::report(&report, &Options::default()));
    golden("generics.txt", &text::report(&report, &by(By::Generic)));
    golden("generics.csv", &csv::report(&report, &by(By::Generic)));
    golden("evidence-section.csv", &csv::report(&report, &by(By::Section)));
}

#[test]
fn stacks_of_a_binary_sum_to_its_file_and_name_section_crate_and_function() {
    let report = report();
    let lines = folded::report(&report, &Options::default());
    assert_eq!(b(folded_sum(&lines)), report.binaries[0].file_bytes);
    assert!(lines.contains("bootstrap;.text;hyper 1.8.1;hyper::poll 4000\n"), "{lines}");
    // The separator of frames is none of a frame.
    assert!(lines.contains("bootstrap;.text;api;api::f<[u8: 4]> 3000\n"), "{lines}");
    // Views that the tree does not have are bytes of the section.
    let mut definition = Options::default();
    definition.view = View::Definition;
    assert_eq!(b(folded_sum(&folded::report(&report, &definition))), report.binaries[0].file_bytes);
    let mut filtered = Options::default();
    filtered.filter = Some(Filter::new(|name| name == "hyper"));
    assert_eq!(folded_sum(&folded::report(&report, &filtered)), 6_000);
}

#[test]
fn a_tree_with_more_than_its_file_or_its_section_counts_no_byte_twice() {
    let whole = report();
    let mut other_file = whole.clone();
    other_file.binaries[0].tree.pop();
    assert_eq!(folded::report(&other_file, &Options::default()), "", "there are no crates to fall back on");
    let mut greedy = whole.clone();
    greedy.binaries[0].tree[0].crates[0].file_bytes = b(6_001);
    assert_eq!(b(folded_sum(&folded::report(&greedy, &Options::default()))), whole.binaries[0].file_bytes);
    let mut greedy = whole.clone();
    greedy.binaries[0].tree[0].crates[0].functions[0].file_bytes = b(9_000);
    assert_eq!(b(folded_sum(&folded::report(&greedy, &Options::default()))), whole.binaries[0].file_bytes);
}

#[test]
fn estimates_and_unowned_bytes_past_two_percent_are_told_plainly() {
    let told = text::report(&report(), &Options::default());
    assert!(told.contains("Estimated from panic paths: 5.1 % of the loaded bytes; `--symbols FILE`"), "{told}");
    assert!(
        told.contains("No evidence tells who owns 4.0 % of the loaded bytes"),
        "debug information is not loaded: {told}"
    );
    let mut sure = report();
    let binary = &mut sure.binaries[0];
    binary.loaded_bytes = b(1_000_000);
    let told = text::report(&sure, &Options::default());
    assert!(!told.contains("panic paths") && !told.contains("No evidence"), "{told}");
    let mut silent = report();
    for row in &mut silent.binaries[0].sections {
        row.evidence.clear();
    }
    let told = text::report(&silent, &Options::default());
    assert!(!told.contains("No evidence"), "which unattributed bytes are loaded is not known: {told}");
    let mut twin = report();
    twin.binaries[0].symbols_from = Some("bootstrap.debug".to_owned());
    assert!(!text::report(&twin, &Options::default()).contains("--symbols"));
}

#[test]
fn a_report_without_generics_says_why() {
    let mut report = report();
    report.binaries[0].generics.clear();
    assert!(text::report(&report, &by(By::Generic)).contains("lists no generic functions"));
    assert!(!text::report(&report, &by(By::Function)).contains("Generic functions"));
    assert_eq!(csv::report(&report, &by(By::Generic)).lines().count(), 1, "the header stays");
}

#[test]
fn the_report_reads_back_equal() {
    let report = report();
    assert_eq!(Report::from_json(&json::report(&report)), Ok(report));
}

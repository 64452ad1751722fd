//! Functions, crates and tools of two builds: what is a change, what only looks like one, and what it all adds up to.

mod support;

use std::collections::BTreeMap;

use lambda_slim::archive::{Archive, Limits};
use lambda_slim::attribution::{
    CrateKind, CrateRow, Detail, EvidenceSource, FunctionRow, Identities, SectionKind, SectionRow,
};
use lambda_slim::cargo::{CrateIdentities, SymbolHomes};
use lambda_slim::elf::{Architecture, Image, Toolchain};
use lambda_slim::package::DeploymentPackage;
use lambda_slim::policy::{
    BASELINE_TOOLCHAIN_DIFFERS, Budget, BuildTool, Diff, SizeChange, Status, check, diff, diff_with_functions,
};
use lambda_slim::render::{By, Options, json, markdown, text};
use lambda_slim::report::{Artifact, ArtifactKind, Binary, Context, Report, Tool};
use lambda_slim::units::ByteSize;
use proptest::prelude::*;
use support::{functions, symbols};

const fn b(bytes: u64) -> ByteSize {
    ByteSize::new(bytes)
}

/// Name, crate, version, section, bytes.
type Facts<'a> = (&'a str, &'a str, Option<&'a str>, &'a str, u64);

fn function((name, krate, version, section, size): Facts<'_>) -> FunctionRow {
    FunctionRow {
        name: name.to_owned(),
        crate_name: krate.to_owned(),
        version: version.map(str::to_owned),
        section: section.to_owned(),
        file_bytes: b(size),
        compressed_bytes: Some(b(size / 2)),
        touched_bytes: None,
        instances: 1,
        evidence: Some(EvidenceSource::Symbol),
    }
}

/// A row for each crate and section that the functions are in.
fn report(functions: Vec<FunctionRow>) -> Report {
    let mut crates: BTreeMap<(String, Option<String>), (ByteSize, ByteSize)> = BTreeMap::new();
    let mut sections: BTreeMap<String, (ByteSize, ByteSize)> = BTreeMap::new();
    for row in &functions {
        let zip = row.compressed_bytes.expect("the fixture knows it");
        for sum in [
            crates.entry((row.crate_name.clone(), row.version.clone())).or_default(),
            sections.entry(row.section.clone()).or_default(),
        ] {
            *sum = (sum.0 + row.file_bytes, sum.1 + zip);
        }
    }
    let crate_row = |((name, version), (file, zip)): ((String, Option<String>), (ByteSize, ByteSize))| CrateRow {
        name,
        version,
        package_id: None,
        kind: CrateKind::Dependency,
        file_bytes: file,
        code_bytes: file,
        data_bytes: b(0),
        unwind_bytes: b(0),
        relocation_bytes: b(0),
        symbol_bytes: b(0),
        other_bytes: b(0),
        compressed_bytes: Some(zip),
        touched_bytes: None,
        retained_bytes: None,
        functions: 1,
        why: Vec::new(),
        evidence: Vec::new(),
    };
    let section_row = |(name, (file, zip)): (String, (ByteSize, ByteSize))| SectionRow {
        name,
        kind: SectionKind::Code,
        file_bytes: file,
        memory_bytes: file,
        compressed_bytes: Some(zip),
        touched_bytes: None,
        evidence: Vec::new(),
    };
    let file: ByteSize = functions.iter().map(|row| row.file_bytes).sum();
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
            sha256: String::new(),
            code_sha256: None,
            entries: Vec::new(),
        },
        binaries: vec![Binary {
            path: "bootstrap".to_owned(),
            architecture: Architecture::Arm64,
            build_id: None,
            file_bytes: file,
            loaded_bytes: file,
            stripped: false,
            needs_glibc: None,
            symbols_from: None,
            symbols_matched_by: None,
            toolchain: None,
            sections: sections.into_iter().map(section_row).collect(),
            crates: crates.into_iter().map(crate_row).collect(),
            crates_by_definition: Vec::new(),
            crates_by_instantiation: Vec::new(),
            evidence: Vec::new(),
            unattributed_bytes: b(0),
            tree: Vec::new(),
            functions,
            generics: Vec::new(),
        }],
        findings: Vec::new(),
        duplicates: Vec::new(),
        why: None,
        estimate: None,
        measurement: None,
        layout: None,
        slim: None,
    }
}

fn of(facts: &[Facts<'_>]) -> Report {
    report(facts.iter().map(|facts| function(*facts)).collect())
}

fn rows(changes: &Diff) -> Vec<(&str, Status, i64)> {
    let rows = changes.binaries[0].functions.as_ref().expect("both list functions");
    rows.iter().map(|row| (row.name.as_str(), row.status, row.file.delta_bytes.get())).collect()
}

fn crate_versions(changes: &Diff) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let mut rows: Vec<_> = changes.binaries[0]
        .crates
        .iter()
        .map(|row| (row.name.as_str(), row.old_version.as_deref(), row.new_version.as_deref()))
        .collect();
    rows.sort_unstable();
    rows
}

fn total<'a>(changes: impl Iterator<Item = &'a SizeChange>) -> (i64, u64, u64) {
    changes.fold((0, 0, 0), |(delta, old, new), change| {
        (delta + change.delta_bytes.get(), old + change.old_bytes.get(), new + change.new_bytes.get())
    })
}

#[test]
fn what_a_rebuild_renumbers_is_the_same_function() {
    let old = of(&[
        ("api::run::{closure#0}", "api", None, ".text", 40),
        ("api::run::{closure#1}", "api", None, ".text", 60),
        ("api::poll.llvm.881", "api", None, ".text", 30),
        ("api::old::h0123456789abcdef", "api", None, ".text", 7),
        ("anon.3f2a0b.12", "api", None, ".rodata", 5),
    ]);
    let new = of(&[
        ("api::run::{closure#3}", "api", None, ".text", 100),
        ("api::poll.llvm.17", "api", None, ".text", 30),
        ("api::old::hfedcba9876543210", "api", None, ".text", 7),
        ("anon.88c1d0.3", "api", None, ".rodata", 5),
    ]);
    let changes = diff_with_functions(&old, &new);
    assert!(rows(&changes).iter().all(|(_, status, _)| *status == Status::Same), "{:?}", rows(&changes));
}

#[test]
fn functions_follow_their_crate_to_its_next_version() {
    let old =
        of(&[("hyper::poll", "hyper", Some("1.7.0"), ".text", 50), ("rand::f", "rand", Some("0.8.5"), ".text", 9)]);
    let new = of(&[
        ("hyper::poll", "hyper", Some("1.8.1"), ".text", 80),
        ("rand::f", "rand", Some("0.8.5"), ".text", 9),
        ("rand::f", "rand", Some("0.9.2"), ".text", 11),
    ]);
    let changes = diff_with_functions(&old, &new);
    assert_eq!(
        rows(&changes),
        [("hyper::poll", Status::Changed, 30), ("rand::f", Status::Added, 11), ("rand::f", Status::Same, 0)]
    );
    let hyper = &changes.binaries[0].functions.as_ref().expect("functions")[0];
    assert_eq!((hyper.old_version.as_deref(), hyper.new_version.as_deref()), (Some("1.7.0"), Some("1.8.1")));
}

#[test]
fn an_update_is_one_change_whatever_other_versions_there_are() {
    let side = |versions: &[&str]| {
        let facts: Vec<Facts<'_>> = versions.iter().map(|v| ("rand::f", "rand", Some(*v), ".text", 10)).collect();
        of(&facts)
    };
    for (old, new, expected) in [
        (
            vec!["0.8.5", "0.9.0"],
            vec!["0.8.5", "0.9.1"],
            vec![(Some("0.8.5"), Some("0.8.5")), (Some("0.9.0"), Some("0.9.1"))],
        ),
        (vec!["0.8.5"], vec!["0.8.6", "0.9.1"], vec![(None, Some("0.9.1")), (Some("0.8.5"), Some("0.8.6"))]),
        (vec!["1.0.0", "2.0.0"], vec!["2.1.0"], vec![(Some("1.0.0"), None), (Some("2.0.0"), Some("2.1.0"))]),
        (
            vec!["1.0.0", "odd"],
            vec!["1.0.1", "9.0.0"],
            vec![(Some("1.0.0"), Some("1.0.1")), (Some("odd"), Some("9.0.0"))],
        ),
    ] {
        let changes = diff(&side(&old), &side(&new));
        let versions: Vec<_> = crate_versions(&changes).into_iter().map(|(_, old, new)| (old, new)).collect();
        assert_eq!(versions, expected, "{old:?} -> {new:?}");
    }
}

#[test]
fn a_report_without_functions_says_how_to_get_them() {
    let listed = of(&[("api::f", "api", None, ".text", 10)]);
    let mut bare = listed.clone();
    bare.binaries[0].functions.clear();
    bare.artifact.path = "main.json".to_owned();
    let changes = diff_with_functions(&bare, &listed);
    assert_eq!(changes.without_functions, ["main.json"]);
    assert_eq!(changes.binaries[0].functions, None);
    let mut options = Options::default();
    options.by = By::Function;
    let told = text::diff(&changes, &options);
    assert!(told.contains("main.json lists none") && told.contains("--by function --format json"), "{told}");
}

#[test]
fn what_functions_do_not_hold_of_the_file_is_a_row_and_more_than_the_file_is_no_list() {
    let whole = of(&[("api::f", "api", None, ".text", 10), ("api::g", "api", None, ".text", 6)]);
    let mut part = whole.clone();
    part.binaries[0].functions.truncate(1);
    let changes = diff_with_functions(&whole, &part);
    assert_eq!(
        rows(&changes),
        [("[not listed]", Status::Added, 6), ("api::g", Status::Removed, -6), ("api::f", Status::Same, 0)]
    );
    let mut excess = whole.clone();
    excess.binaries[0].file_bytes = b(9);
    assert_eq!(diff_with_functions(&whole, &excess).binaries[0].functions, None);
}

fn with_tools(rustc: Option<&str>, linker: Option<&str>) -> Report {
    let mut report = of(&[("api::f", "api", None, ".text", 10)]);
    report.binaries[0].toolchain =
        Some(Toolchain { rustc: rustc.map(str::to_owned), linker: linker.map(str::to_owned) });
    report
}

#[test]
fn another_compiler_is_told_apart_from_a_change_of_source() {
    let old = with_tools(Some("1.94.0 (4a4ef493e 2026-03-02)"), Some("LLD 22.1.2 (/llvm 1cb4)"));
    let new = with_tools(Some("1.95.0 (59807616e 2026-04-14)"), Some("LLD 22.1.2 (/llvm 1cb4)"));
    let changes = diff(&old, &new);
    let [tool] = changes.binaries[0].tools.as_slice() else { panic!("{:?}", changes.binaries[0].tools) };
    assert_eq!(tool.tool, BuildTool::Compiler);
    let note = "compiler: rustc 1.94.0 -> 1.95.0: sizes of unchanged code change with it";
    assert_eq!(tool.message, note);
    let shown = Options::default();
    // Markdown spells the arrow's bracket as it is: only '<' is special there.
    for told in [text::diff(&changes, &shown), markdown::diff(&changes, &shown), json::diff(&changes)] {
        assert!(told.contains(note), "{told}");
    }
    let verdict = check(&new, Some(&old), &Budget::default()).expect("a verdict");
    assert!(verdict.notes.iter().any(|told| told.code == BASELINE_TOOLCHAIN_DIFFERS && told.message.starts_with(note)));
    let swapped =
        diff(&old, &with_tools(Some("1.94.0 (4a4ef493e 2026-03-02)"), Some("mold 2.40.4 (compatible with GNU ld)")));
    assert_eq!(
        swapped.binaries[0].tools[0].message,
        "linker: LLD 22.1.2 -> mold 2.40.4: sizes of unchanged code change with it"
    );
}

#[test]
fn an_equal_or_unknown_tool_is_no_change() {
    let known = with_tools(Some("1.95.0 (a)"), None);
    let unknown = of(&[("api::f", "api", None, ".text", 10)]);
    for (old, new) in
        [(&known, &known), (&known, &unknown), (&unknown, &known), (&known, &with_tools(None, Some("LLD 22")))]
    {
        let changes = diff(old, new);
        assert!(changes.binaries[0].tools.is_empty());
        assert!(!text::diff(&changes, &Options::default()).contains("compiler"));
        assert!(!json::diff(&changes).contains("tools"));
    }
}

/// The report of a checked-in package, functions listed.
fn checked_in(name: &str) -> Report {
    let data = std::fs::read(functions::package(name)).expect("a checked-in package");
    let archive = Archive::parse(&data, &Limits::default()).expect("a sound zip");
    let package = DeploymentPackage::from_archive(&archive).expect("a sound package");
    let (own, homes) = (CrateIdentities::default(), SymbolHomes::default());
    let context = Context {
        path: name.to_owned(),
        graph: None,
        root: None,
        identities: Identities { packages: &own, std: &own, homes: &homes },
        link_map: None,
        why: None,
        symbols: &[],
        architecture: None,
        touched: None,
        detail: Detail::Functions,
    };
    Report::build(&package, &data, &context).expect("a report")
}

#[test]
fn functions_of_real_packages_sum_to_the_change_of_the_file() {
    let [unstripped, stripped, arm64] = ["hello-unstripped.zip", "hello-cargo-lambda.zip", "arm64.zip"].map(checked_in);
    for (old, new) in [(&unstripped, &stripped), (&stripped, &arm64), (&arm64, &unstripped)] {
        let changes = diff_with_functions(old, new);
        let binary = &changes.binaries[0];
        let functions = binary.functions.as_ref().expect("every artifact lists functions");
        assert!(functions.iter().all(|row| row.name != "[not listed]"), "our own rows sum to the file");
        assert_eq!(total(functions.iter().map(|row| &row.file)), total(std::iter::once(&binary.file)));
        let zip = binary.compressed.as_ref().expect("both are zips");
        assert_eq!(total(functions.iter().filter_map(|row| row.compressed.as_ref())), total(std::iter::once(zip)));
    }
    let same = diff_with_functions(&unstripped, &unstripped);
    assert!(rows(&same).iter().all(|(_, status, _)| *status == Status::Same));
}

#[test]
fn compiler_and_linker_are_those_that_readelf_shows() {
    for name in ["hello-unstripped.zip", "hello-cargo-lambda.zip", "arm64.zip"] {
        let data = std::fs::read(functions::package(name)).expect("a checked-in package");
        let archive = Archive::parse(&data, &Limits::default()).expect("a sound zip");
        let program = archive.entries()[0].read().expect("a sound entry");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("bootstrap");
        std::fs::write(&path, &program).expect("written");
        let Some(lines) = symbols::comment(&path) else { return };
        let after = |prefix: &str| lines.iter().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned);
        let shown = Toolchain { rustc: after("rustc version "), linker: after("Linker: ") };
        let read = Image::parse(&program).expect("an ELF file").toolchain();
        assert_eq!(read, (shown != Toolchain::default()).then_some(shown), "{name}");
    }
}

fn any_function() -> impl Strategy<Value = FunctionRow> {
    let names = ["api::f::{closure#0}", "api::f::{closure#1}", "hyper::g", "hyper::g.llvm.7", "core::h::{{closure}}"];
    (0_usize..5, 0_usize..3, prop::option::of(0_u8..3), 0_usize..2, 0_u64..50_000).prop_map(
        move |(name, krate, version, section, size)| {
            let version = version.map(|minor| format!("1.{minor}.0"));
            let place = ([".text", ".rodata"][section], ["api", "hyper", "std"][krate]);
            function((names[name], place.1, version.as_deref(), place.0, size))
        },
    )
}

proptest! {
    #[test]
    fn changes_of_functions_sum_to_their_file_and_to_each_crate(
        old in prop::collection::vec(any_function(), 1..14),
        new in prop::collection::vec(any_function(), 1..14),
    ) {
        let (old, new) = (report(old), report(new));
        let changes = diff_with_functions(&old, &new);
        let binary = &changes.binaries[0];
        let functions = binary.functions.as_ref().expect("both list functions");
        prop_assert_eq!(total(functions.iter().map(|row| &row.file)), total(std::iter::once(&binary.file)));
        let zip = binary.compressed.as_ref().expect("the fixture knows it");
        prop_assert_eq!(total(functions.iter().filter_map(|row| row.compressed.as_ref())), total(std::iter::once(zip)));
        for krate in &binary.crates {
            let own = functions.iter().filter(|row| {
                (&row.crate_name, &row.old_version, &row.new_version) == (&krate.name, &krate.old_version, &krate.new_version)
            });
            prop_assert_eq!(total(own.map(|row| &row.file)), total(std::iter::once(&krate.file)), "{}", krate.name);
        }
    }

    #[test]
    fn every_version_is_in_one_pair(
        old in prop::collection::vec(any_function(), 0..10),
        new in prop::collection::vec(any_function(), 0..10),
    ) {
        let (old, new) = (report(old), report(new));
        let changes = diff(&old, &new);
        let rows = &changes.binaries[0].crates;
        let on = |status: Status| rows.iter().filter(|row| row.status == status).count();
        prop_assert_eq!(rows.len() - on(Status::Added), old.binaries[0].crates.len());
        prop_assert_eq!(rows.len() - on(Status::Removed), new.binaries[0].crates.len());
        for name in ["api", "hyper", "std"] {
            let of = |status| rows.iter().any(|row| row.name == name && row.status == status);
            prop_assert!(!(of(Status::Added) && of(Status::Removed)), "{name} was neither kept nor updated");
        }
    }

    #[test]
    fn order_of_functions_does_not_matter(
        old in prop::collection::vec(any_function(), 1..10),
        new in prop::collection::vec(any_function(), 1..10),
    ) {
        let (old, new) = (report(old), report(new));
        let mut turned = new.clone();
        turned.binaries[0].functions.reverse();
        turned.binaries[0].crates.reverse();
        prop_assert_eq!(diff_with_functions(&old, &new), diff_with_functions(&old, &turned));
    }
}

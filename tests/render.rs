//! What people and programs are shown. Goldens are in `testdata/golden`; `UPDATE_GOLDEN=1` rewrites them.

use std::path::Path;

use lambda_slim::archive::Method;
use lambda_slim::attribution::{
    CrateKind, CrateRow, EvidenceRow, EvidenceSource, FunctionRow, GraphKnowledge, SectionKind, SectionRow, Why,
    WhyActivation, WhyAsker, WhyAsks, WhyCrate, WhyDependency, WhyDependent, WhyFeature, WhyLeaving, WhyOtherUse,
    WhyPath, WhyStep, WhySwitch,
};
use lambda_slim::cargo::DependencyKind;
use lambda_slim::elf::Architecture;
use lambda_slim::estimate::{Change, Estimate, EvidenceGrade, Interval, PerMegabyte, Term};
use lambda_slim::package::{Finding, Role, Severity};
use lambda_slim::policy::{Annotation, Budget, Manifest, Verdict, annotations, check, diff};
use lambda_slim::render::{By, Filter, Options, View, csv, folded, github, json, junit, markdown, sarif, text};
use lambda_slim::report::{Artifact, ArtifactKind, Binary, Entry, Report, Tool};
use lambda_slim::slim::{Level, Outcome, PackageSizes, RewriteRow, RewriteStatus};
use lambda_slim::units::{ByteDelta, ByteSize};
use proptest::prelude::*;

const fn b(bytes: u64) -> ByteSize {
    ByteSize::new(bytes)
}

fn why(path: &str) -> Vec<String> {
    path.split_whitespace().map(str::to_owned).collect()
}

/// Name, version, kind, [code, data, unwind, relocation, symbols, other], compressed, retained, path.
type CrateFacts = (&'static str, Option<&'static str>, CrateKind, [u64; 6], u64, Option<u64>, &'static str);

fn crate_row(
    (name, version, kind, [code, data, unwind, relocation, symbols, other], zip, retained, path): CrateFacts,
) -> CrateRow {
    CrateRow {
        name: name.to_owned(),
        version: version.map(str::to_owned),
        package_id: version
            .map(|version| format!("registry+https://github.com/rust-lang/crates.io-index#{name}@{version}")),
        kind,
        file_bytes: b(code + data + unwind + relocation + symbols + other),
        code_bytes: b(code),
        data_bytes: b(data),
        unwind_bytes: b(unwind),
        relocation_bytes: b(relocation),
        symbol_bytes: b(symbols),
        other_bytes: b(other),
        compressed_bytes: Some(b(zip)),
        touched_bytes: None,
        retained_bytes: retained.map(b),
        functions: code / 200,
        why: why(path),
        evidence: Vec::new(),
    }
}

fn crates() -> Vec<CrateRow> {
    [
        ("std", None, CrateKind::Std, [212_000, 61_300, 20_100, 9_400, 0, 0], 131_002, None, ""),
        (
            "rustls",
            Some("0.23.31"),
            CrateKind::Dependency,
            [181_500, 40_200, 11_800, 6_100, 0, 0],
            109_870,
            Some(431_000),
            "api reqwest rustls",
        ),
        (
            "aws-lc-sys",
            Some("0.30.0"),
            CrateKind::Native,
            [122_400, 98_000, 2_300, 0, 0, 0],
            120_411,
            Some(222_700),
            "api reqwest rustls aws-lc-rs aws-lc-sys",
        ),
        (
            "hyper",
            Some("1.8.1"),
            CrateKind::Dependency,
            [97_300, 8_100, 6_200, 1_900, 0, 0],
            50_006,
            Some(151_200),
            "api lambda_http hyper",
        ),
        ("api", Some("0.1.0"), CrateKind::Workspace, [88_200, 12_400, 5_000, 1_100, 0, 0], 47_714, None, "api"),
        (
            "hashbrown",
            Some("0.15.5"),
            CrateKind::Dependency,
            [14_300, 300, 900, 0, 0, 0],
            7_200,
            Some(15_500),
            "api indexmap hashbrown",
        ),
        (
            "hashbrown",
            Some("0.14.5"),
            CrateKind::Dependency,
            [9_100, 200, 700, 0, 0, 0],
            5_023,
            Some(10_000),
            "api dashmap hashbrown",
        ),
        ("[linker]", None, CrateKind::Linker, [4_096, 2_200, 1_400, 240, 0, 91_024], 44_100, None, ""),
        ("[unattributed]", None, CrateKind::Unattributed, [61_200, 32_100, 1_800, 500, 0, 0], 38_100, None, ""),
    ]
    .into_iter()
    .map(crate_row)
    .collect()
}

fn section(name: &str, kind: SectionKind, file: u64, memory: u64, zip: u64) -> SectionRow {
    SectionRow {
        name: name.to_owned(),
        kind,
        file_bytes: b(file),
        memory_bytes: b(memory),
        compressed_bytes: Some(b(zip)),
        touched_bytes: None,
        evidence: Vec::new(),
    }
}

fn function(name: &str, krate: &str, version: Option<&str>, file: u64, zip: u64, instances: u64) -> FunctionRow {
    FunctionRow {
        name: name.to_owned(),
        crate_name: krate.to_owned(),
        version: version.map(str::to_owned),
        section: ".text".to_owned(),
        file_bytes: b(file),
        compressed_bytes: Some(b(zip)),
        touched_bytes: None,
        instances,
        evidence: None,
    }
}

fn binary() -> Binary {
    let crates = crates();
    let file: ByteSize = crates.iter().map(|row| row.file_bytes).sum();
    let zip: ByteSize = crates.iter().filter_map(|row| row.compressed_bytes).sum();
    Binary {
        path: "bootstrap".to_owned(),
        architecture: Architecture::Arm64,
        build_id: Some("9f2c31d07a5be4418bd20c2c4b1f6a0e77d3c915".to_owned()),
        file_bytes: file,
        loaded_bytes: b(1_121_900),
        stripped: true,
        needs_glibc: Some("2.34".to_owned()),
        symbols_from: Some("bootstrap.debug".to_owned()),
        symbols_matched_by: None,
        toolchain: None,
        sections: vec![
            section(".text", SectionKind::Code, 790_096, 790_096, 380_000),
            section(".rodata", SectionKind::Rodata, 254_800, 254_800, 103_000),
            section(".eh_frame", SectionKind::Unwind, 50_200, 50_200, 24_600),
            section(".rela.dyn", SectionKind::Relocation, 19_240, 19_240, 1_700),
            section(".bss", SectionKind::Data, 0, 4_712, 0),
            section("[padding]", SectionKind::Padding, 91_024, 0, 44_126),
        ],
        crates_by_definition: crates.clone(),
        crates_by_instantiation: Vec::new(),
        crates,
        evidence: vec![
            EvidenceRow { source: EvidenceSource::Symbol, file_bytes: b(723_060) },
            EvidenceRow { source: EvidenceSource::Relocation, file_bytes: b(150_000) },
            EvidenceRow { source: EvidenceSource::Format, file_bytes: b(236_700) },
            EvidenceRow { source: EvidenceSource::None, file_bytes: b(95_600) },
        ],
        unattributed_bytes: b(95_600),
        tree: Vec::new(),
        generics: Vec::new(),
        functions: {
            assert_eq!(zip, b(553_426));
            vec![
                function(
                    "<hyper::proto::h1::dispatch::Dispatcher<D, [u8; 32]> as Future>::poll",
                    "hyper",
                    Some("1.8.1"),
                    21_300,
                    9_800,
                    3,
                ),
                function("api::handler::{closure#0}", "api", Some("0.1.0"), 12_004, 7_001, 1),
                function("core::fmt::Formatter::pad", "std", None, 812, 510, 1),
            ]
        },
    }
}

fn finding(code: &str, severity: Severity, subject: &str, message: &str, saves: Option<u64>) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        message: message.to_owned(),
        subject: subject.to_owned(),
        saves_bytes: saves.map(b),
    }
}

fn package() -> Report {
    let binary = binary();
    let entry = |path: &str, role, method, size, zip, mode| Entry {
        path: path.to_owned(),
        role,
        method: Some(method),
        uncompressed_bytes: b(size),
        compressed_bytes: Some(b(zip)),
        unix_mode: Some(mode),
    };
    let entries = vec![
        entry("bootstrap", Role::Bootstrap, Method::Deflate, binary.file_bytes.get(), 553_426, 0o755),
        entry("config/eu-central-1.toml", Role::Asset, Method::Stored, 412, 412, 0o644),
    ];
    Report {
        schema_version: 1,
        tool: Tool { name: "lambda-slim".to_owned(), version: "0.1.0".to_owned() },
        build: None,
        artifact: Artifact {
            path: "target/lambda/api/bootstrap.zip".to_owned(),
            kind: ArtifactKind::Zip,
            zip_bytes: Some(b(553_426 + 412 + 262)),
            zip_overhead_bytes: Some(b(262)),
            unzipped_bytes: entries.iter().map(|entry| entry.uncompressed_bytes).sum(),
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            code_sha256: Some("n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=".to_owned()),
            entries,
        },
        binaries: vec![binary],
        findings: vec![
            finding(
                "glibc-too-new",
                Severity::Error,
                "bootstrap",
                "needs glibc 2.34, and provided.al2 has 2.26: deploy to provided.al2023, or build with cargo-zigbuild for 2.26",
                None,
            ),
            finding(
                "duplicate-crate",
                Severity::Warning,
                "hashbrown",
                "versions 0.14.5 and 0.15.5 are both in the file",
                Some(10_000),
            ),
        ],
        duplicates: Vec::new(),
        why: None,
        estimate: None,
        measurement: None,
        layout: None,
        slim: None,
    }
}

const fn interval(p10: f64, p50: f64, p90: f64) -> Interval {
    Interval { p10, p50, p90 }
}

fn prediction() -> Estimate {
    let term = |name: &str, ms, evidence, source: &str| Term {
        name: name.to_owned(),
        ms,
        evidence,
        source: source.to_owned(),
    };
    let logs =
        "daily cold starts of lambda-perf, 2026-01 to 2026-08, zips of 0.5 to 30 MB: https://example.org/lambda-perf";
    let paper = "On-demand container loading in AWS Lambda, USENIX ATC 2023, read 2026-11-20";
    Estimate {
        package: "zip".to_owned(),
        architecture: "arm64".to_owned(),
        memory_mb: 512,
        model: "prior-2026-08".to_owned(),
        function: None,
        extrapolated: true,
        extrapolated_why: vec!["the zip is 0.55 MB, below the measured 1.2 MB".to_owned()],
        touched_mb: interval(1.4, 2.3, 4.0),
        touched_measured: false,
        touched_logged: false,
        terms: vec![
            term("placement", interval(40.0, 75.0, 160.0), EvidenceGrade::Weak, paper),
            term("download", interval(2.1, 6.0, 14.25), EvidenceGrade::Moderate, paper),
            term("init_floor", interval(8.0, 9.5, 12.0), EvidenceGrade::Strong, logs),
            term("init_touched", interval(0.9, 2.2, 5.1), EvidenceGrade::Guess, logs),
        ],
        before_init_ms: interval(45.0, 82.0, 170.0),
        init_ms: interval(9.6, 11.9, 16.2),
        init_p90_ms: interval(12.0, 15.0, 22.0),
        init_p99_ms: interval(18.0, 24.0, 41.0),
        first_call_ms: interval(1.0, 1.8, 4.0),
        cold_total_ms: interval(60.0, 96.0, 186.0),
        cold_total_p90_ms: interval(63.0, 99.1, 192.0),
        cold_total_p99_ms: interval(69.0, 108.2, 211.0),
        per_megabyte: PerMegabyte {
            zipped_ms: interval(3.0, 8.0, 17.0),
            unzipped_ms: interval(0.5, 1.2, 3.1),
            touched_ms: interval(0.5, 0.9, 1.6),
        },
        slimming: Some(Change {
            before_init_ms: interval(-2.1, -0.6, 0.1),
            init_ms: interval(-0.2, 0.0, 0.1),
            cold_total_ms: interval(-2.2, -0.6, 0.2),
            conclusion: "no measurable change expected".to_owned(),
        }),
        further_sources: Vec::new(),
        against: None,
        crates: Vec::new(),
        memory: None,
        cost: None,
        traffic: None,
    }
}

fn outcome() -> Outcome {
    let row = |name: &str, path: &str, status, saved, reason: Option<&str>| RewriteRow {
        name: name.to_owned(),
        path: path.to_owned(),
        status,
        saved_bytes: ByteDelta::new(saved),
        saved_compressed_bytes: None,
        reason: reason.map(str::to_owned),
        gives_up: None,
    };
    Outcome {
        level: Level::Default,
        effort: "max".to_owned(),
        before: PackageSizes { zip_bytes: Some(b(2_914_870)), unzipped_bytes: b(8_120_448) },
        after: PackageSizes { zip_bytes: Some(b(553_542)), unzipped_bytes: b(1_204_360) },
        rewrites: vec![
            row("strip-debug", "bootstrap", RewriteStatus::Applied, 5_800_104, None),
            row("strip-symbols", "bootstrap", RewriteStatus::Applied, 1_115_984, None),
            row(
                "compact-unwind",
                "bootstrap",
                RewriteStatus::NotApplicable,
                0,
                Some("no second reader for this augmentation: \"zPLR\" with a personality outside the file"),
            ),
            row("recompress", "package", RewriteStatus::Applied, 40_812, None),
        ],
        proof: "every loaded byte is the same; 4112 unwind entries equal, read by a second reader".to_owned(),
        boot_check: None,
        code_sha256: "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=".to_owned(),
    }
}

/// The same package before hyper grew and rustls came in.
fn baseline() -> Report {
    let mut report = package();
    let binary = &mut report.binaries[0];
    binary.crates.retain(|row| row.name != "aws-lc-sys");
    let hyper = binary.crates.iter_mut().find(|row| row.name == "hyper").expect("the fixture has hyper");
    hyper.version = Some("1.7.0".to_owned());
    hyper.code_bytes = b(90_000);
    hyper.file_bytes = b(106_200);
    hyper.compressed_bytes = Some(b(46_400));
    let api = binary.crates.iter_mut().find(|row| row.name == "api").expect("the fixture has api");
    api.code_bytes = b(88_700);
    api.file_bytes = b(107_200);
    api.compressed_bytes = Some(b(47_901));
    let now = binary.file_bytes;
    binary.file_bytes = binary.crates.iter().map(|row| row.file_bytes).sum();
    let zip: ByteSize = binary.crates.iter().filter_map(|row| row.compressed_bytes).sum();
    let text = &mut binary.sections[0];
    text.file_bytes = text.file_bytes - (now - binary.file_bytes);
    text.compressed_bytes = text.compressed_bytes.map(|bytes| bytes - (b(553_426) - zip));
    let entry = &mut report.artifact.entries[0];
    entry.uncompressed_bytes = binary.file_bytes;
    entry.compressed_bytes = Some(zip);
    report.artifact.unzipped_bytes = binary.file_bytes + b(412);
    report.artifact.zip_bytes = Some(zip + b(412 + 262));
    report.artifact.path = "main.json".to_owned();
    report.findings.clear();
    report
}

fn budget(json: &str) -> Budget {
    serde_json::from_str(json).expect("a budget")
}

fn failure() -> Verdict {
    check(
        &package(),
        Some(&baseline()),
        &budget(r#"{"max-zip": "540 kB", "max-unzipped": "50 MB", "max-growth": "5% and 10 KiB"}"#),
    )
    .expect("a verdict")
}

fn options(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    change(&mut options);
    options
}

fn width(width: usize) -> Options {
    options(|o| o.width = Some(width))
}

/// Compares with the golden, or writes it.
fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of goldens");
        std::fs::write(&path, actual).expect("the golden is written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{name} differs (UPDATE_GOLDEN=1 rewrites it); now:\n{actual}");
}

#[test]
fn report_reads_as_the_golden() {
    let report = package();
    golden("analyze.txt", &text::report(&report, &width(120)));
    golden("analyze-80-columns.txt", &text::report(&report, &options(|o| (o.width, o.rows) = (Some(80), 4))));
    golden("analyze-section.txt", &text::report(&report, &options(|o| (o.width, o.by) = (Some(100), By::Section))));
    golden("analyze-function.txt", &text::report(&report, &options(|o| (o.width, o.by) = (Some(80), By::Function))));
    golden("analyze-file.txt", &text::report(&report, &options(|o| (o.width, o.by) = (Some(80), By::File))));
    golden(
        "analyze-color.txt",
        &text::report(&report, &options(|o| (o.width, o.color, o.rows) = (Some(100), true, 3))),
    );
    golden("analyze.md", &markdown::report(&report, &options(|o| o.rows = 5)));
    golden("analyze.json", &json::report(&report));
    golden("analyze-crate.csv", &csv::report(&report, &Options::default()));
    golden("analyze-section.csv", &csv::report(&report, &options(|o| o.by = By::Section)));
    golden("analyze-function.csv", &csv::report(&report, &options(|o| o.by = By::Function)));
    golden("analyze-file.csv", &csv::report(&report, &options(|o| o.by = By::File)));
    golden("analyze.folded", &folded::report(&report, &Options::default()));
}

#[test]
fn prediction_reads_as_the_golden() {
    golden("estimate.txt", &text::estimate(&prediction(), &width(100)));
    golden("estimate.md", &markdown::estimate(&prediction(), &Options::default()));
}

#[test]
fn slimming_reads_as_the_golden() {
    golden("slim.txt", &text::slim(&outcome(), &width(100)));
    golden("slim.md", &markdown::slim(&outcome()));
}

#[test]
fn changes_read_as_the_golden() {
    let changes = diff(&baseline(), &package());
    golden("diff.txt", &text::diff(&changes, &width(100)));
    golden("diff-section.txt", &text::diff(&changes, &options(|o| (o.width, o.by) = (Some(100), By::Section))));
    golden("diff.md", &markdown::diff(&changes, &Options::default()));
    golden("diff.json", &json::diff(&changes));
}

#[test]
fn verdicts_read_as_the_golden() {
    golden("check-fail.txt", &text::verdict(&failure(), &width(110)));
    golden("check-fail-80-columns.txt", &text::verdict(&failure(), &width(80)));
    golden("check-fail.md", &markdown::verdict(&failure(), &Options::default()));
    golden("check-fail.json", &json::verdict(&failure()));
    let mut healthy = package();
    healthy.findings.remove(0);
    let pass = check(&healthy, None, &budget(r#"{"max-zip": "50 MB"}"#)).expect("a verdict");
    golden("check-pass.txt", &text::verdict(&pass, &width(80)));
    let no_baseline = check(&healthy, None, &budget(r#"{"max-zip": "500 kB"}"#)).expect("a verdict");
    golden("check-no-baseline.txt", &text::verdict(&no_baseline, &width(100)));
}

fn manifests() -> Vec<Manifest> {
    let text = "[package]\nname = \"api\"\n\n[dependencies]\nlambda_http = \"1\"\nreqwest = { version = \"0.12\" }\n";
    vec![Manifest { package: "api".to_owned(), path: "api, the: 1%/Cargo.toml".to_owned(), text: text.to_owned() }]
}

#[test]
fn verdicts_for_ci_read_as_the_golden() {
    let verdict = failure();
    let remarks = annotations(&verdict, &manifests());
    golden("check-fail-github.txt", &github::verdict(&verdict, &remarks));
    golden("check-fail.sarif", &sarif::verdict(&verdict, &remarks));
    golden("check-fail-junit.xml", &junit::verdict(&verdict));
}

#[test]
fn a_remark_stands_on_the_line_of_the_dependency_to_blame_and_nowhere_else() {
    let mut verdict = failure();
    let lines = |verdict: &Verdict, manifests: &[Manifest]| -> Vec<Option<Option<usize>>> {
        let place = |remark: &Annotation| remark.place.as_ref().map(|place| place.line);
        annotations(verdict, manifests).iter().filter(|remark| remark.severity == Severity::Error).map(place).collect()
    };
    let violations = verdict.violations.len();
    let all = |place| vec![place; violations];
    // aws-lc-sys comes in through reqwest. The last violation is a finding about the package.
    let blamed = lines(&verdict, &manifests());
    assert_eq!(blamed[..violations - 1], all(Some(Some(6)))[..violations - 1]);
    assert_eq!(blamed[violations - 1], None);
    assert_eq!(lines(&verdict, &[]), all(None));
    let mut of_another = manifests();
    of_another[0].package = "worker".to_owned();
    assert_eq!(lines(&verdict, &of_another), all(None));
    // Where the package's own code grew most, no dependency is to blame.
    for violation in &mut verdict.violations {
        violation.blamed.retain(|blame| blame.crate_name.as_deref() != Some("aws-lc-sys"));
        violation.blamed.iter_mut().for_each(|blame| blame.why.truncate(1));
    }
    assert_eq!(lines(&verdict, &manifests())[0], Some(None));
    // Size alone is no guilt.
    let sized = check(&package(), None, &budget(r#"{"max-zip": "500 kB"}"#)).expect("a verdict");
    assert!(lines(&sized, &manifests()).iter().flatten().all(Option::is_none));
}

#[test]
fn no_name_gets_out_of_its_command_or_its_element() {
    let mut verdict = failure();
    let hostile = "a\r\n::error::x,title=y:%0A##[error]z</failure>]]>&\"'\u{1b}[31m\u{ffff}\u{0}";
    verdict.subject = hostile.to_owned();
    for violation in &mut verdict.violations {
        violation.message = hostile.to_owned();
        violation.blamed.iter_mut().for_each(|blame| blame.crate_name = Some(hostile.to_owned()));
    }
    let mut manifests = manifests();
    manifests[0].path = hostile.to_owned();
    let remarks = annotations(&verdict, &manifests);
    let commands = github::verdict(&verdict, &remarks);
    assert_eq!(commands.lines().count(), 1 + remarks.len(), "{commands}");
    assert!(!commands.contains("##["), "{commands}");
    for line in commands.lines().skip(1) {
        let (properties, _) = line[2..].split_once("::").expect("a command");
        assert!(properties.split_once(' ').expect("properties").1.split(',').all(|one| one.contains('=')), "{line}");
    }
    let xml = junit::verdict(&verdict);
    assert_eq!(xml.matches("</failure>").count(), verdict.violations.len(), "{xml}");
    assert!(!xml.chars().any(|c| c.is_control() && c != '\n' || c == '\u{ffff}'), "{xml}");
    serde_json::from_str::<serde_json::Value>(&sarif::verdict(&verdict, &remarks)).expect("JSON");
}

fn dependency(requirement: &str, features: &[&str], turned_on_by: &[&str]) -> WhyDependency {
    WhyDependency {
        requirements: vec![requirement.to_owned()],
        features: features.iter().map(|name| WhyFeature { name: (*name).to_owned(), through: None }).collect(),
        optional: !turned_on_by.is_empty(),
        turned_on_by: turned_on_by.iter().map(|name| (*name).to_owned()).collect(),
        ..WhyDependency::default()
    }
}

fn activation(package: &str, features: &str, asked_by: &[(&str, WhyAsks, Option<&str>, bool)]) -> WhyActivation {
    let asker = |&(package, how, feature, linked): &(&str, WhyAsks, Option<&str>, bool)| WhyAsker {
        package: (!package.is_empty()).then(|| package.to_owned()),
        how,
        feature: feature.map(str::to_owned),
        linked,
    };
    WhyActivation {
        package: package.to_owned(),
        features: why(features),
        asked_by: asked_by.iter().map(asker).collect(),
    }
}

fn explained(row: &CrateRow, graph: GraphKnowledge) -> WhyCrate {
    WhyCrate {
        binary: "bootstrap".to_owned(),
        name: row.name.clone(),
        version: row.version.clone(),
        package_id: row.package_id.clone(),
        kind: row.kind,
        file_bytes: row.file_bytes,
        compressed_bytes: row.compressed_bytes,
        functions: row.functions,
        graph,
        retained_bytes: None,
        retained_compressed_bytes: None,
        leaves: Vec::new(),
        paths_count: 0,
        paths: Vec::new(),
        kept_by: Vec::new(),
        switches: Vec::new(),
        also_used_by: Vec::new(),
    }
}

/// The report with an answer in every shape: two crates with a graph, one of std.
fn with_why() -> Report {
    let mut report = package();
    let step = |name: &str, version: &str, dependency| WhyStep {
        name: name.to_owned(),
        version: version.to_owned(),
        dependency,
    };
    let leaving = |name: &str, version: &str, file, zip| WhyLeaving {
        name: name.to_owned(),
        version: version.to_owned(),
        package_id: format!("registry+https://github.com/rust-lang/crates.io-index#{name}@{version}"),
        file_bytes: b(file),
        compressed_bytes: Some(b(zip)),
    };
    let rows = &report.binaries[0].crates;
    let row = |name: &str| rows.iter().find(|row| row.name == name).expect("the fixture has it");

    let api = || step("api", "0.1.0", None);
    let reqwest = dependency("^0.12", &["default", "json", "rustls-tls"], &[]);
    let mut rustls = explained(row("rustls"), GraphKnowledge::Known);
    rustls.retained_bytes = Some(b(462_300));
    rustls.retained_compressed_bytes = Some(b(230_281));
    rustls.leaves = vec![
        leaving("rustls", "0.23.31", 239_600, 109_870),
        leaving("aws-lc-sys", "0.30.0", 222_700, 120_411),
        leaving("aws-lc-rs", "1.13.0", 0, 0),
    ];
    rustls.paths_count = u64::MAX;
    let by_rename = WhyDependency {
        renamed: vec!["tls".to_owned()],
        targets: vec!["cfg(unix)".to_owned()],
        ..dependency("^0.23.4", &[], &[])
    };
    rustls.paths = vec![
        WhyPath {
            steps: vec![
                api(),
                step("reqwest", "0.12.23", Some(reqwest.clone())),
                step("rustls", "0.23.31", Some(dependency("^0.23.4", &["std", "tls12"], &["rustls-tls"]))),
            ],
        },
        WhyPath {
            steps: vec![
                api(),
                step("reqwest", "0.12.23", Some(reqwest)),
                step("hyper-rustls", "0.27.7", Some(dependency("^0.27.0", &["http1"], &["rustls-tls"]))),
                step("rustls", "0.23.31", Some(by_rename.clone())),
            ],
        },
    ];
    let asked_by_api = || activation("reqwest", "rustls-tls __rustls", &[("api", WhyAsks::Listed, None, true)]);
    let dependent = |name: &str, version: &str, dependency, activations| WhyDependent {
        name: name.to_owned(),
        version: version.to_owned(),
        package_id: String::new(),
        dependency,
        activations,
    };
    rustls.kept_by = vec![
        dependent("hyper-rustls", "0.27.7", by_rename, Vec::new()),
        dependent(
            "reqwest",
            "0.12.23",
            dependency("^0.23.4", &["std", "tls12"], &["rustls-tls"]),
            vec![
                asked_by_api(),
                activation(
                    "reqwest",
                    "default default-tls",
                    &[
                        ("other", WhyAsks::Default, None, false),
                        ("api", WhyAsks::Feature, Some("https"), true),
                        ("", WhyAsks::Selected, None, true),
                    ],
                ),
            ],
        ),
    ];
    rustls.switches = vec![WhySwitch {
        dependent: "api".to_owned(),
        dependency: "reqwest".to_owned(),
        retained_bytes: b(701_544),
        activations: vec![activation("api", "default http", &[("", WhyAsks::Selected, None, true)])],
    }];
    let other_use = |name: &str, kind, procedural_macro, turned_off, target: Option<&str>| WhyOtherUse {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        kind,
        procedural_macro,
        turned_off,
        target: target.map(str::to_owned),
    };
    rustls.also_used_by = vec![
        other_use("fetch", DependencyKind::Build, false, false, None),
        other_use("derive-tls", DependencyKind::Normal, true, false, None),
        other_use("schannel", DependencyKind::Normal, false, false, Some("cfg(windows)")),
        other_use("quinn", DependencyKind::Normal, false, true, None),
    ];

    let mut only = explained(row("hashbrown"), GraphKnowledge::Known);
    only.retained_bytes = Some(only.file_bytes);
    only.leaves = vec![leaving("hashbrown", "0.15.5", 15_500, 7_200)];
    only.paths_count = 1;
    only.paths =
        vec![WhyPath { steps: vec![api(), step("hashbrown@0.15.5", "0.15.5", Some(dependency("^0.15", &[], &[])))] }];
    only.kept_by = vec![dependent("api", "0.1.0", dependency("^0.15", &[], &[]), Vec::new())];

    let std = explained(row("std"), GraphKnowledge::NoPackage);
    report.why = Some(Why { asked: "anything".to_owned(), crates: vec![rustls, only, std], ..Why::default() });
    report
}

#[test]
fn why_reads_as_the_golden() {
    let report = with_why();
    let told = text::why(&report, &width(110)).expect("it explains crates");
    golden("why.txt", &told);
    golden("why-80-columns.txt", &text::why(&report, &options(|o| (o.width, o.rows) = (Some(80), 1))).expect("crates"));
    golden("why.md", &markdown::why(&report, &Options::default()).expect("it explains crates"));
    golden("why.csv", &csv::why(&report));
    assert_eq!(text::why(&package(), &Options::default()), None, "nothing was asked");
    let back: Report = serde_json::from_str(&json::report(&report)).expect("our own report");
    assert_eq!(back, report);
}

#[test]
fn what_is_not_known_of_a_crate_is_said_and_why() {
    let mut report = with_why();
    for (graph, says) in [
        (GraphKnowledge::NoGraph, "--metadata FILE"),
        (GraphKnowledge::NoPackage, "no dependency brought it in"),
        (GraphKnowledge::Ambiguous, "several versions"),
        (GraphKnowledge::NotLinked, "does not tell what brought it in"),
    ] {
        report.why.as_mut().expect("an answer").crates.iter_mut().for_each(|krate| krate.graph = graph);
        let told = text::why(&report, &Options::default()).expect("crates");
        assert!(told.contains(says) && !told.contains("Brought in by"), "{told}");
    }
}

/// The numbers of each line of the first table whose header starts with `name`, without the unit line.
fn table_numbers(text: &str, name: &str, columns: usize) -> Vec<Vec<f64>> {
    text.lines()
        .skip_while(|line| !line.starts_with(name))
        .skip(2)
        .take_while(|line| !line.is_empty())
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words[words.len() - columns..].iter().map(|word| word.parse().expect("a number")).collect()
        })
        .collect()
}

/// `precision` is the step of the last digit; each printed number is off by at most half of it.
fn assert_adds_up(rows: &[Vec<f64>], precision: f64) {
    let (total, parts) = rows.split_last().expect("a total");
    assert!(!parts.is_empty());
    for (at, total) in total.iter().enumerate() {
        let sum: f64 = parts.iter().map(|row| row[at]).sum();
        let slack = precision / 2.0 * (rows.len() as f64) + 1e-6;
        assert!((sum - total).abs() <= slack, "column {at}: {sum} is not {total}");
    }
}

/// A report whose only binary has these sections: file bytes and zip bytes.
fn report_of_sections(sizes: &[(u64, u64)]) -> Report {
    let mut report = package();
    let binary = &mut report.binaries[0];
    binary.sections = sizes
        .iter()
        .enumerate()
        .map(|(at, &(file, zip))| section(&format!(".s{at}"), SectionKind::Code, file, 0, zip))
        .collect();
    binary.file_bytes = binary.sections.iter().map(|row| row.file_bytes).sum();
    report
}

#[test]
fn single_values_have_their_own_unit_and_columns_one() {
    let mut report = report_of_sections(&[(5_000_000, 2_000), (12, 1)]);
    let text = text::report(&report, &options(|o| o.by = By::Section));
    golden("analyze-units.txt", &text);
    report.binaries[0].sections.truncate(1);
    assert_eq!(
        text.matches("KiB").count(),
        text::report(&report, &options(|o| o.by = By::Section)).matches("KiB").count()
    );
}

#[test]
fn empty_package_renders_everywhere() {
    let mut report = package();
    report.artifact.entries.clear();
    report.binaries.clear();
    report.findings.clear();
    for by in [By::Crate, By::Section, By::Function, By::File] {
        let options = options(|o| o.by = by);
        assert!(!text::report(&report, &options).contains("NaN"));
        assert_eq!(csv::report(&report, &options).lines().count(), 1, "the header stays");
    }
    assert_eq!(folded::report(&report, &Options::default()), "");
}

#[test]
fn view_without_rows_says_so() {
    let text = text::report(&package(), &options(|o| o.view = View::Instantiation));
    assert!(text.contains("This report has no crates by instantiation"), "{text}");
}

#[test]
fn filtered_rows_are_summed_and_not_lost() {
    let filter = options(|o| o.filter = Some(Filter::new(|name| name.starts_with(".e") || name == ".text")));
    let filter = options(|o| (o.by, o.filter) = (By::Section, filter.filter));
    let text = text::report(&package(), &filter);
    golden("analyze-filter.txt", &text);
    let rows = table_numbers(&text, "section", 4);
    assert_adds_up(&rows, 0.1);
    assert_eq!(rows.len(), 4, "two rows, the others, the file");
}

#[test]
fn function_table_ends_in_the_file() {
    let text = text::report(&package(), &options(|o| (o.by, o.rows) = (By::Function, 1)));
    let file: Vec<&str> = text
        .split("\nfunction ")
        .nth(1)
        .expect("a table")
        .split("\n\n")
        .next()
        .expect("its lines")
        .lines()
        .last()
        .expect("a total")
        .split_whitespace()
        .collect();
    assert_eq!(file, ["file", "1177.1", "100.0", "540.5"]);
}

#[test]
fn names_from_files_cannot_touch_the_terminal_or_the_page() {
    let mut report = package();
    let hostile = "evil\u{1b}[31m\n| <img> @org `x` \u{202e}*y* [a](b);z";
    report.artifact.path = hostile.to_owned();
    report.artifact.entries[1].path = hostile.to_owned();
    report.binaries[0].path = hostile.to_owned();
    report.binaries[0].crates[0].name = hostile.to_owned();
    report.findings[0].message = hostile.to_owned();
    for width in [None, Some(60)] {
        let text = text::report(&report, &options(|o| o.width = width));
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
    }
    golden("hostile-names.md", &markdown::report(&report, &Options::default()));
    let crates = csv::report(&report, &Options::default());
    assert!(crates.contains("\"evil"), "a line feed is quoted");
    for line in folded::report(&report, &Options::default()).lines() {
        let (stack, bytes) = line.rsplit_once(' ').expect("a stack and a size");
        assert!(bytes.parse::<u64>().is_ok());
        assert!((3..=4).contains(&stack.split(';').count()), "{line}");
    }
}

#[test]
fn json_reads_back_equal() {
    let mut report = package();
    report.estimate = Some(prediction());
    report.slim = Some(outcome());
    let back: Report = serde_json::from_str(&json::report(&report)).expect("our own report");
    assert_eq!(back, report);
    let back: Verdict = serde_json::from_str(&json::verdict(&failure())).expect("our own verdict");
    assert_eq!(back, failure());
    let value: serde_json::Value = serde_json::from_str(&json::verdict(&failure())).expect("JSON");
    assert_eq!((&value["schema_version"], &value["passed"]), (&1.into(), &false.into()));
}

#[test]
fn folded_lines_sum_to_the_file() {
    for view in [View::Owner, View::Definition] {
        let lines = folded::report(&package(), &options(|o| o.view = view));
        let sum: u64 =
            lines.lines().map(|line| line.rsplit(' ').next().expect("a size").parse::<u64>().expect("bytes")).sum();
        assert_eq!(b(sum), package().binaries[0].file_bytes);
    }
}

#[test]
fn colors_are_only_there_when_asked_for_and_change_no_letter() {
    let everything = |options: &Options| {
        let mut report = package();
        report.estimate = Some(prediction());
        report.slim = Some(outcome());
        text::report(&report, options)
            + &text::verdict(&failure(), options)
            + &text::diff(&diff(&baseline(), &package()), options)
    };
    let plain = everything(&width(90));
    let colored = everything(&options(|o| (o.width, o.color) = (Some(90), true)));
    assert!(!plain.contains('\u{1b}'));
    let mut bare = String::new();
    let mut codes = colored.split('\u{1b}');
    bare.push_str(codes.next().expect("the start"));
    for piece in codes {
        bare.push_str(piece.split_once('m').expect("a code ends in m").1);
    }
    let trimmed = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(trimmed(&bare), trimmed(&plain));
}

proptest! {
    #[test]
    fn sections_add_up_to_the_last_row(sizes in prop::collection::vec((0_u64..200_000, 1_u64..90_000), 1..30), rows in 0_usize..12) {
        let report = report_of_sections(&sizes);
        let text = text::report(&report, &options(|o| (o.by, o.rows) = (By::Section, rows)));
        // Columns: file, % of file, in zip. All zero sizes leave no share to print.
        prop_assume!(sizes.iter().any(|(file, _)| *file > 0));
        let numbers = table_numbers(&text, "section", 3);
        assert_adds_up(&numbers, 0.1);
        let shown = if rows == 0 { sizes.len() } else { rows.min(sizes.len()) };
        prop_assert_eq!(numbers.len(), shown + usize::from(shown < sizes.len()) + 1);
    }

    #[test]
    fn no_line_is_wider_than_asked(width in 40_usize..160, rows in 0_usize..6, by in 0_usize..4) {
        let by = [By::Crate, By::Section, By::Function, By::File][by];
        let options = options(|o| (o.width, o.rows, o.by) = (Some(width), rows, by));
        let mut report = package();
        report.slim = Some(outcome());
        report.estimate = Some(prediction());
        let text = text::report(&report, &options)
            + &text::verdict(&failure(), &options)
            + &text::diff(&diff(&baseline(), &package()), &options)
            + &text::why(&with_why(), &options).expect("the fixture explains crates");
        // An address is never broken: it would no longer be one.
        for line in text.lines().filter(|line| !line.contains("://")) {
            prop_assert!(line.chars().count() <= width, "{} characters: {line}", line.chars().count());
        }
    }
}

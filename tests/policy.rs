//! The gate: what a budget may say, what a difference must add up to, and what fails a check.

use lambda_slim::archive::Method;
use lambda_slim::attribution::{CrateKind, CrateRow, SectionKind, SectionRow};
use lambda_slim::elf::Architecture;
use lambda_slim::package::{Finding, Role, Severity};
use lambda_slim::policy::{
    Amounts, BASELINE_ARCHITECTURE_DIFFERS, BASELINE_BINARIES_DIFFER, BASELINE_TOOL_DIFFERS, Budget, CRATES_UNNAMED,
    Error, GROWTH_OVER_BUDGET, Growth, Measure, NO_BUDGET, Percent, SizeChange, Status, UNZIPPED_OVER_BUDGET, Verdict,
    ZIP_GROWTH_UNKNOWN, ZIPPED_OVER_BUDGET, check, diff, parse_size,
};
use lambda_slim::report::{Artifact, ArtifactKind, Binary, Entry, Report, Tool};
use lambda_slim::units::ByteSize;
use proptest::prelude::*;
use serde_json::json;

const fn b(bytes: u64) -> ByteSize {
    ByteSize::new(bytes)
}

/// A crate of `size` file bytes and half as many in the zip.
fn krate(name: &str, version: Option<&str>, kind: CrateKind, size: u64) -> CrateRow {
    CrateRow {
        name: name.to_owned(),
        version: version.map(str::to_owned),
        package_id: None,
        kind,
        file_bytes: b(size),
        code_bytes: b(size),
        data_bytes: b(0),
        unwind_bytes: b(0),
        relocation_bytes: b(0),
        symbol_bytes: b(0),
        other_bytes: b(0),
        compressed_bytes: Some(b(size / 2)),
        touched_bytes: None,
        retained_bytes: None,
        functions: 1,
        why: vec!["api".to_owned(), name.to_owned()],
        evidence: Vec::new(),
    }
}

fn binary(path: &str, crates: Vec<CrateRow>) -> Binary {
    let file: ByteSize = crates.iter().map(|row| row.file_bytes).sum();
    let zip: Option<ByteSize> = crates.iter().map(|row| row.compressed_bytes).sum();
    // Two sections of one name, as hostile and hand-made files have them.
    let section = |file: ByteSize, zip: Option<ByteSize>| SectionRow {
        name: ".text".to_owned(),
        kind: SectionKind::Code,
        file_bytes: file,
        memory_bytes: file,
        compressed_bytes: zip,
        touched_bytes: None,
        evidence: Vec::new(),
    };
    Binary {
        path: path.to_owned(),
        architecture: Architecture::X86_64,
        build_id: None,
        file_bytes: file,
        loaded_bytes: file,
        stripped: false,
        needs_glibc: None,
        symbols_from: None,
        symbols_matched_by: None,
        toolchain: None,
        sections: vec![section(file, zip), section(b(0), zip.map(|_| b(0)))],
        crates,
        crates_by_definition: Vec::new(),
        crates_by_instantiation: Vec::new(),
        evidence: Vec::new(),
        unattributed_bytes: b(0),
        tree: Vec::new(),
        functions: Vec::new(),
        generics: Vec::new(),
    }
}

/// A zip with 100 bytes of headers, or, where crates do not know their compressed size, a folder.
fn package(binaries: Vec<Binary>, assets: &[(&str, u64)]) -> Report {
    let zip = |binary: &Binary| binary.crates.iter().map(|row| row.compressed_bytes).sum::<Option<ByteSize>>();
    let is_zip = binaries.iter().all(|binary| zip(binary).is_some());
    let entry = |path: &str, role, size: ByteSize, zip: Option<ByteSize>| Entry {
        path: path.to_owned(),
        role,
        method: is_zip.then_some(Method::Deflate),
        uncompressed_bytes: size,
        compressed_bytes: zip,
        unix_mode: Some(0o755),
    };
    let mut entries: Vec<Entry> =
        binaries.iter().map(|binary| entry(&binary.path, Role::Bootstrap, binary.file_bytes, zip(binary))).collect();
    entries.extend(assets.iter().map(|&(path, size)| entry(path, Role::Asset, b(size), is_zip.then(|| b(size)))));
    let data: Option<ByteSize> = entries.iter().map(|entry| entry.compressed_bytes).sum();
    Report {
        schema_version: 1,
        tool: Tool { name: "lambda-slim".to_owned(), version: "0.1.0".to_owned() },
        build: None,
        artifact: Artifact {
            path: "bootstrap.zip".to_owned(),
            kind: if is_zip { ArtifactKind::Zip } else { ArtifactKind::Directory },
            zip_bytes: data.filter(|_| is_zip).map(|data| data + b(100)),
            zip_overhead_bytes: is_zip.then_some(b(100)),
            unzipped_bytes: entries.iter().map(|entry| entry.uncompressed_bytes).sum(),
            sha256: String::new(),
            code_sha256: None,
            entries,
        },
        binaries,
        findings: Vec::new(),
        duplicates: Vec::new(),
        why: None,
        estimate: None,
        measurement: None,
        layout: None,
        slim: None,
    }
}

fn one_binary(crates: Vec<CrateRow>) -> Report {
    package(vec![binary("bootstrap", crates)], &[])
}

fn dependency(name: &str, version: &str, size: u64) -> CrateRow {
    krate(name, Some(version), CrateKind::Dependency, size)
}

fn folder(mut report: Report) -> Report {
    report.artifact.kind = ArtifactKind::Directory;
    report.artifact.zip_bytes = None;
    report.artifact.zip_overhead_bytes = None;
    for entry in &mut report.artifact.entries {
        entry.compressed_bytes = None;
    }
    for binary in &mut report.binaries {
        for row in &mut binary.crates {
            row.compressed_bytes = None;
        }
        for row in &mut binary.sections {
            row.compressed_bytes = None;
        }
    }
    report
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.violations.iter().map(|violation| violation.code.as_str()).collect()
}

fn notes(verdict: &Verdict) -> Vec<&str> {
    verdict.notes.iter().map(|note| note.code.as_str()).collect()
}

fn budget(value: serde_json::Value) -> Budget {
    Budget::from_metadata(&value).expect("a budget")
}

#[test]
fn sizes_are_read_to_the_byte() {
    let table = [
        ("0", 0),
        ("52428800", 52_428_800),
        ("52_428_800", 52_428_800),
        ("12 B", 12),
        ("500 kB", 500_000),
        ("500KB", 500_000),
        ("50MB", 50_000_000),
        ("1 GB", 1_000_000_000),
        ("10KiB", 10_240),
        ("1.2 MiB", 1_258_291),
        (" 0.5 mib ", 524_288),
        ("1GiB", 1 << 30),
        ("1.1 kB", 1_100),
    ];
    for (text, bytes) in table {
        assert_eq!(parse_size(text), Ok(b(bytes)), "{text:?}");
    }
    for text in ["", "kB", "-1 kB", "1.", ".5 kB", "1,5 kB", "1 2 kB", "1e3", "_1", "1..2 kB", "+1", "1 %"] {
        let error = parse_size(text).expect_err(text);
        assert!(matches!(error, Error::SizeSyntax { .. } | Error::SizeUnit { .. }), "{text:?}: {error}");
    }
    for text in ["1 k", "1 M", "1 Mb/s", "1 TiB", "1 байт"] {
        assert!(matches!(parse_size(text), Err(Error::SizeUnit { .. })), "{text:?}");
    }
    for text in ["9223372036854775808", "99999999999 GiB"] {
        assert!(matches!(parse_size(text), Err(Error::SizeTooLarge { .. })), "{text:?}");
    }
}

#[test]
fn growth_is_read_and_written_the_same() {
    let percent = Percent::from_thousandths;
    let table = [
        ("5%", Growth::Percent(percent(5_000)), "5%"),
        ("0.1 %", Growth::Percent(percent(100)), "0.1%"),
        ("2.125%", Growth::Percent(percent(2_125)), "2.125%"),
        ("10KiB", Growth::Bytes(b(10_240)), "10240 B"),
        ("0", Growth::Bytes(b(0)), "0 B"),
        ("5% and 10KiB", Growth::Both(percent(5_000), b(10_240)), "5% and 10240 B"),
        ("10 kB AND 5 %", Growth::Both(percent(5_000), b(10_000)), "5% and 10000 B"),
        ("5% or 10 KiB", Growth::Either(percent(5_000), b(10_240)), "5% or 10240 B"),
    ];
    for (text, growth, written) in table {
        assert_eq!(text.parse::<Growth>(), Ok(growth), "{text:?}");
        assert_eq!(growth.to_string(), written);
        assert_eq!(written.parse::<Growth>(), Ok(growth), "{written:?}");
    }
    assert_eq!("5".parse::<Growth>(), Err(Error::GrowthWithoutUnit { text: "5".to_owned() }));
    for text in [
        "",
        "%",
        "-5%",
        "5%%",
        "1.2345%",
        "5% and",
        "and 5%",
        "5% and 3%",
        "1 kB or 2 kB",
        "5% and 1 kB or 2 kB",
        "5% 10KiB",
        "lots",
    ] {
        assert!(text.parse::<Growth>().is_err(), "{text:?}");
    }
}

#[test]
fn growth_limits_are_whole_bytes() {
    let limit = |text: &str, before| text.parse::<Growth>().expect(text).limit(b(before)).get();
    assert_eq!(limit("5%", 100), 105);
    assert_eq!(limit("1.1%", 1_000), 1_011, "no floating point");
    assert_eq!(limit("5%", 19), 19, "a fraction of a byte is no growth");
    assert_eq!(limit("5% and 10 B", 100), 110);
    assert_eq!(limit("5% and 10 B", 1_000), 1_050);
    assert_eq!(limit("5% or 10 B", 100), 105);
    assert_eq!(limit("5% or 10 B", 1_000), 1_010);
    assert_eq!(limit("5%", 0), 0);
    assert_eq!(limit("5%", u64::MAX), u64::MAX, "the largest size has no overflow");
}

#[test]
fn budget_is_read_from_metadata() {
    let read = budget(json!({
        "max-zip": "500 kB", "max-unzipped": 1_200_000, "max-growth": "5% and 10 KiB",
        "effort": "max", "model": {"max-age": 3},
    }));
    assert_eq!(read.max_zip.max, Some(b(500_000)));
    assert_eq!(read.max_unzipped.max, Some(b(1_200_000)));
    assert_eq!(read.max_growth, "5% and 10 KiB".parse().ok());
    let again: Budget = serde_json::from_value(serde_json::to_value(&read).expect("JSON")).expect("our own budget");
    assert_eq!(again, read);
    assert!(budget(json!({})).is_empty());
}

#[test]
fn misspelt_limit_is_an_error_and_not_no_limit() {
    for key in ["max-zipped", "max_zip", "max-", "Max-Zip", "maxzip", "max-size"] {
        let error = Budget::from_metadata(&json!({ key: "500 kB" }));
        assert_eq!(error, Err(Error::UnknownKey { key: key.to_owned() }));
    }
    for value in [
        json!({"max-zip": true}),
        json!({"max-zip": 1.5}),
        json!({"max-zip": -1}),
        json!({"max-growth": 5}),
        json!({"max-zip": null}),
    ] {
        assert!(matches!(Budget::from_metadata(&value), Err(Error::WrongType { .. })), "{value}");
    }
    let error = Budget::from_metadata(&json!({"max-zip": "5 zettabytes"})).expect_err("an unknown unit");
    assert!(error.to_string().starts_with("key \"max-zip\": size \"5 zettabytes\""), "{error}");
    assert_eq!(Budget::from_metadata(&json!([])), Err(Error::NotATable { found: "a list" }));
}

#[test]
fn first_layer_that_sets_a_limit_wins() {
    let flags = budget(json!({"max-zip": "1 kB"}));
    let package = budget(json!({"max-zip": "2 kB", "max-unzipped": "3 kB"}));
    let workspace = budget(json!({"max-unzipped": "4 kB", "max-growth": "5%"}));
    let merged = flags.or(package).or(workspace);
    assert_eq!(merged, budget(json!({"max-zip": "1 kB", "max-unzipped": "3 kB", "max-growth": "5%"})));
}

#[test]
fn limit_holds_up_to_its_last_byte() {
    let report = one_binary(vec![dependency("hyper", "1.0.0", 1_000)]);
    let zip = report.artifact.zip_bytes.expect("a zip").get();
    for (limit, expected) in [(zip, vec![]), (zip - 1, vec![ZIPPED_OVER_BUDGET])] {
        let verdict = check(&report, None, &budget(json!({ "max-zip": limit }))).expect("a verdict");
        assert_eq!(codes(&verdict), expected);
        assert_eq!(verdict.passed(), expected.is_empty());
    }
    let verdict = check(&report, None, &budget(json!({"max-unzipped": 900}))).expect("a verdict");
    assert_eq!(codes(&verdict), [UNZIPPED_OVER_BUDGET]);
    let gate = verdict.violations[0].gate.as_ref().expect("a limit");
    let amounts = Amounts::Bytes { limit_bytes: b(900), actual_bytes: b(1_000), baseline_bytes: None };
    assert_eq!((gate.amounts, gate.over_by()), (amounts, b(100)));
    let blamed = &verdict.violations[0].blamed[0];
    assert_eq!((blamed.crate_name.as_deref(), blamed.grown_bytes), (Some("hyper"), None), "no baseline, no growth");
}

#[test]
fn growth_names_the_crate_its_version_and_its_path() {
    let old = one_binary(vec![dependency("hyper", "1.7.0", 1_000), dependency("serde", "1.0.0", 4_000)]);
    let new = one_binary(vec![dependency("hyper", "1.8.1", 3_000), dependency("serde", "1.0.0", 3_900)]);
    let verdict = check(&new, Some(&old), &budget(json!({"max-growth": "5%"}))).expect("a verdict");
    assert_eq!(codes(&verdict), [GROWTH_OVER_BUDGET, GROWTH_OVER_BUDGET], "zipped and unzipped");
    for (violation, (measure, grown)) in
        verdict.violations.iter().zip([(Measure::Zipped, 1_000), (Measure::Unzipped, 2_000)])
    {
        assert_eq!(violation.blamed_by, Some(measure));
        let [hyper] = violation.blamed.as_slice() else { panic!("serde shrank: {:?}", violation.blamed) };
        assert_eq!(hyper.old_version.as_deref(), Some("1.7.0"));
        assert_eq!(hyper.version.as_deref(), Some("1.8.1"));
        assert_eq!(hyper.grown_bytes.map(|bytes| bytes.get()), Some(grown));
        assert_eq!(hyper.why, ["api", "hyper"]);
        assert!(violation.message.contains("api > hyper"), "{}", violation.message);
    }
}

#[test]
fn growing_asset_is_blamed_too() {
    let crates = || vec![dependency("hyper", "1.0.0", 1_000)];
    let old = package(vec![binary("bootstrap", crates())], &[("model.bin", 10)]);
    let new = package(vec![binary("bootstrap", crates())], &[("model.bin", 50_000)]);
    let verdict = check(&new, Some(&old), &budget(json!({"max-growth": "1 kB"}))).expect("a verdict");
    let blamed = &verdict.violations[0].blamed;
    assert_eq!((blamed[0].path.as_str(), blamed[0].crate_name.as_deref(), blamed.len()), ("model.bin", None, 1));
}

#[test]
fn limit_that_cannot_be_applied_is_an_error() {
    let zip = one_binary(vec![dependency("hyper", "1.0.0", 1_000)]);
    let growth = budget(json!({"max-growth": "5%"}));
    assert_eq!(
        check(&zip, None, &growth),
        Err(Error::GrowthNeedsBaseline { budget: "max-growth".to_owned(), growth: "5%".to_owned() })
    );
    let folder = folder(zip.clone());
    let error = check(&folder, None, &budget(json!({"max-zip": "5 MB"})));
    assert!(matches!(error, Err(Error::ZipBudgetNeedsZip { .. })), "{error:?}");
    let verdict = check(&folder, Some(&zip), &growth).expect("files can be compared");
    assert_eq!(verdict.gates.len(), 1);
    assert_eq!(notes(&verdict), [ZIP_GROWTH_UNKNOWN]);
}

#[test]
fn package_that_does_not_start_fails_whatever_its_size() {
    let mut report = one_binary(vec![dependency("hyper", "1.0.0", 1_000)]);
    for (code, severity) in
        [("a-note", Severity::Note), ("bootstrap-missing", Severity::Error), ("a-warning", Severity::Warning)]
    {
        report.findings.push(Finding {
            code: code.to_owned(),
            severity,
            message: "something".to_owned(),
            subject: "bootstrap".to_owned(),
            saves_bytes: None,
        });
    }
    let verdict = check(&report, None, &Budget::default()).expect("a verdict");
    assert_eq!(codes(&verdict), ["bootstrap-missing"]);
    assert_eq!(notes(&verdict), ["a-warning", NO_BUDGET]);
}

#[test]
fn stripped_files_name_no_crate_and_say_what_helps() {
    let stripped = |size| {
        let mut report = one_binary(vec![
            krate("[unattributed]", None, CrateKind::Unattributed, size),
            krate("[linker]", None, CrateKind::Linker, 100),
        ]);
        report.binaries[0].stripped = true;
        report
    };
    let limit = budget(json!({"max-growth": "1%"}));
    let verdict = check(&stripped(9_000), Some(&stripped(1_000)), &limit).expect("a verdict");
    assert_eq!(notes(&verdict), [CRATES_UNNAMED]);
    assert!(verdict.notes[0].message.contains("--symbols"));
    let passing = check(&stripped(1_000), Some(&stripped(1_000)), &limit).expect("a verdict");
    assert_eq!(notes(&passing), [""; 0], "nobody needs to be named");
}

#[test]
fn comparison_of_unlike_packages_says_so() {
    let old = one_binary(vec![dependency("hyper", "1.0.0", 1_000)]);
    let mut new = old.clone();
    new.binaries[0].architecture = Architecture::Arm64;
    new.binaries[0].path = "extensions/agent".to_owned();
    new.tool.version = "0.2.0".to_owned();
    let verdict = check(&new, Some(&old), &budget(json!({"max-growth": "5%"}))).expect("a verdict");
    assert_eq!(notes(&verdict), [BASELINE_ARCHITECTURE_DIFFERS, BASELINE_BINARIES_DIFFER, BASELINE_TOOL_DIFFERS]);
    let same = check(&old, Some(&old), &budget(json!({"max-growth": "0"}))).expect("a verdict");
    assert!(same.passed() && same.notes.is_empty());
}

#[test]
fn new_version_of_a_crate_is_a_change_where_each_side_has_one() {
    let old = one_binary(vec![dependency("hyper", "1.7.0", 10), dependency("rand", "0.8.0", 10)]);
    let new = one_binary(vec![
        dependency("hyper", "1.8.1", 10),
        dependency("rand", "0.8.0", 10),
        dependency("rand", "0.9.0", 30),
    ]);
    let changes = diff(&old, &new);
    let rows: Vec<_> = changes.binaries[0]
        .crates
        .iter()
        .map(|row| (row.name.as_str(), row.old_version.as_deref(), row.new_version.as_deref(), row.status))
        .collect();
    assert_eq!(
        rows,
        [
            ("rand", None, Some("0.9.0"), Status::Added),
            ("hyper", Some("1.7.0"), Some("1.8.1"), Status::Changed),
            ("rand", Some("0.8.0"), Some("0.8.0"), Status::Same),
        ]
    );
}

#[test]
fn private_copy_of_std_is_never_the_users_crate() {
    let old = one_binary(vec![krate("hashbrown", None, CrateKind::Std, 10)]);
    let new = one_binary(vec![dependency("hashbrown", "0.15.0", 10)]);
    let statuses: Vec<_> = diff(&old, &new).binaries[0].crates.iter().map(|row| (row.kind, row.status)).collect();
    assert_eq!(statuses, [(CrateKind::Std, Status::Removed), (CrateKind::Dependency, Status::Added)]);
}

fn any_crate() -> impl Strategy<Value = CrateRow> {
    let kinds = [CrateKind::Workspace, CrateKind::Dependency, CrateKind::Std, CrateKind::Native, CrateKind::Linker];
    (0_usize..4, prop::option::of(0_u8..3), prop::sample::select(kinds.to_vec()), 0_u64..100_000).prop_map(
        |(name, version, kind, size)| {
            let version = version.map(|minor| format!("1.{minor}.0"));
            krate(["hyper", "serde", "rand", "std"][name], version.as_deref(), kind, size)
        },
    )
}

fn any_report() -> impl Strategy<Value = Report> {
    let any_binary = prop::collection::vec(any_crate(), 0..8);
    (prop::collection::vec(any_binary, 0..4), prop::collection::vec(0_u64..5_000, 0..3), any::<bool>()).prop_map(
        |(binaries, assets, zipped)| {
            let binaries =
                binaries.into_iter().enumerate().map(|(at, crates)| binary(&format!("bin{at}"), crates)).collect();
            let names = ["a.txt", "b.txt", "c.txt"];
            let assets: Vec<_> = names.into_iter().zip(assets).collect();
            let report = package(binaries, &assets);
            if zipped { report } else { folder(report) }
        },
    )
}

fn total(changes: impl Iterator<Item = SizeChange>) -> (i64, u64, u64) {
    changes.fold((0, 0, 0), |(delta, old, new), change| {
        (delta + change.delta_bytes.get(), old + change.old_bytes.get(), new + change.new_bytes.get())
    })
}

fn single(change: SizeChange) -> (i64, u64, u64) {
    total(std::iter::once(change))
}

proptest! {
    #[test]
    fn changes_sum_to_the_change_of_the_file(old in any_report(), new in any_report()) {
        let changes = diff(&old, &new);
        prop_assert_eq!(total(changes.entries.iter().map(|row| row.unzipped)), single(changes.unzipped));
        if let (Some(zip), Some(overhead)) = (changes.zip, changes.zip_overhead) {
            let parts = changes.entries.iter().filter_map(|row| row.compressed).chain([overhead]);
            prop_assert_eq!(total(parts), single(zip));
        }
        for binary in &changes.binaries {
            prop_assert_eq!(total(binary.crates.iter().map(|row| row.file)), single(binary.file));
            prop_assert_eq!(total(binary.sections.iter().map(|row| row.file)), single(binary.file));
            if let Some(zip) = binary.compressed {
                prop_assert_eq!(total(binary.crates.iter().filter_map(|row| row.compressed)), single(zip));
                prop_assert_eq!(total(binary.sections.iter().filter_map(|row| row.compressed)), single(zip));
            } else {
                prop_assert!(binary.crates.iter().all(|row| row.compressed.is_none()));
            }
        }
        let file: u64 = new.binaries.iter().map(|binary| binary.file_bytes.get()).sum();
        prop_assert_eq!(total(changes.binaries.iter().map(|binary| binary.file)).2, file);
    }

    #[test]
    fn difference_to_itself_is_nothing_and_backwards_is_the_opposite(old in any_report(), new in any_report()) {
        for binary in diff(&new, &new).binaries {
            prop_assert!(binary.crates.iter().all(|row| row.status == Status::Same && row.why.is_empty()));
        }
        let (there, back) = (diff(&old, &new), diff(&new, &old));
        prop_assert_eq!(there.unzipped.delta_bytes.get(), -back.unzipped.delta_bytes.get());
        prop_assert_eq!(there.binaries.len(), back.binaries.len());
    }

    #[test]
    fn order_of_rows_in_a_report_does_not_matter(old in any_report(), new in any_report()) {
        let mut shuffled = new.clone();
        for binary in &mut shuffled.binaries {
            binary.crates.reverse();
            binary.sections.reverse();
        }
        let (ordered, shuffled) = (diff(&old, &new), diff(&old, &shuffled));
        prop_assert_eq!(ordered.binaries.len(), shuffled.binaries.len());
        for (a, b) in ordered.binaries.iter().zip(&shuffled.binaries) {
            let key = |rows: &[lambda_slim::policy::CrateChange]| {
                rows.iter().map(|row| (row.name.clone(), row.new_version.clone(), row.file)).collect::<Vec<_>>()
            };
            prop_assert_eq!(key(&a.crates), key(&b.crates));
        }
    }

    #[test]
    fn looser_budget_never_fails_more(report in any_report(), limit in 0_u64..300_000, slack in 0_u64..300_000) {
        let violations = |limit: u64| check(&report, None, &budget(json!({ "max-unzipped": limit }))).expect("a verdict").violations.len();
        prop_assert!(violations(limit + slack) <= violations(limit));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "[0-9._%kKmMiIbB andor-]{0,24}|\\PC{0,12}") {
        let _ = parse_size(&text);
        if let Ok(growth) = text.parse::<Growth>() {
            prop_assert_eq!(growth.to_string().parse::<Growth>(), Ok(growth));
        }
    }
}

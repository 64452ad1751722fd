//! What people read at a terminal of 60, 80 and 120 columns: real results of every command. No line is wider, no number is cut.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lambda_slim::render::{Options, text};
use lambda_slim::report::Report;
use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use crate::support::golden::golden;
use crate::support::program::{Run, lambda_slim};
use crate::support::skip::skip;

const WIDTHS: [usize; 3] = [60, 80, 120];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Real packages under short names, and a history.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let packages = root().join("testdata/packages");
    for (name, from) in [
        ("hello.zip", "hello-unstripped.zip"),
        ("plain.zip", "hello-cargo-lambda.zip"),
        ("arm64.zip", "arm64.zip"),
        ("hello.metadata.json", "hello-unstripped.metadata.json"),
    ] {
        fs::copy(packages.join(from), folder.path().join(name)).expect("copied");
    }
    let logs = root().join("testdata/calibrate/api.log.gz");
    fs::copy(logs, folder.path().join("api.log.gz")).expect("copied");
    let record = |at: u64, zip: u64| {
        json!({
            "schema_version": 1, "time": format!("2026-11-{:02}T09:00:00Z", at + 1), "commit": format!("{at:07x}").repeat(5),
            "artifact": "target/lambda/a-function-with-a-rather-long-name/bootstrap.zip", "zip_bytes": zip, "unzipped_bytes": zip * 2,
            "bootstrap_bytes": zip * 2, "touched_bytes": zip / 2, "init_ms": 30.0 + zip as f64 / 1e5,
            "crates": [{"name": "hyper", "compressed_bytes": zip / 9, "file_bytes": zip / 4}],
        })
        .to_string()
    };
    let lines: Vec<String> = (0..28).map(|at| record(at, 480_000 + at * at * 731 % 90_000)).collect();
    fs::write(folder.path().join("history.jsonl"), lines.join("\n") + "\n<<<<<<< HEAD\n").expect("written");
    folder
}

/// What a command prints at this width; `None` where it cannot run here.
fn printed(folder: &Path, args: &[&str], width: Option<usize>) -> Option<String> {
    let mut command = lambda_slim();
    command.args(args).current_dir(folder);
    if let Some(width) = width {
        command.env("COLUMNS", width.to_string());
    }
    let Run { code, stdout, stderr } = Run::of(&mut command);
    if args[0] == "measure" && code == Some(2) && stdout.is_empty() {
        skip("a measurement's width", &stderr);
        return None;
    }
    assert!(matches!(code, Some(0 | 1)) && !stdout.is_empty(), "{args:?}: {code:?}\n{stderr}");
    Some(stdout)
}

const COMMANDS: [&[&str]; 19] = [
    &["analyze", "hello.zip", "--metadata", "hello.metadata.json"],
    &["analyze", "hello.zip", "--metadata", "hello.metadata.json", "--by", "section"],
    &["analyze", "hello.zip", "--metadata", "hello.metadata.json", "--by", "function"],
    &["analyze", "hello.zip", "--metadata", "hello.metadata.json", "--by", "generic"],
    &["analyze", "hello.zip", "--by", "file"],
    &["analyze", "hello.zip", "--view", "instantiation", "-n", "0"],
    &["analyze", "hello.zip", "--metadata", "hello.metadata.json", "--why", "serde_core", "-n", "3"],
    &["analyze", "arm64.zip"],
    &["slim", "hello.zip", "--dry-run", "--effort", "fast"],
    &["slim", "hello.zip", "arm64.zip", "--dry-run", "--effort", "fast"],
    &["estimate", "plain.zip", "--memory", "512"],
    &[
        "estimate",
        "plain.zip",
        "--against",
        "arm64.zip",
        "--requests-per-month",
        "100000",
        "--sweep",
        "--client-timeout",
        "3",
    ],
    &["estimate", "--backtest"],
    &["measure", "plain.zip", "--runs", "2"],
    &[
        "check",
        "hello.zip",
        "--baseline",
        "plain.zip",
        "--max-growth",
        "1%",
        "--max-zip",
        "500kB",
        "--max-init-ms",
        "1",
    ],
    &["diff", "plain.zip", "hello.zip"],
    &["diff", "plain.zip", "hello.zip", "--by", "function"],
    &["trend", "history.jsonl"],
    &["calibrate", "api.log.gz", "-o", "model.json"],
];

fn is_number(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit()) && word.chars().all(|c| c.is_ascii_digit() || "+-.,%()".contains(c))
}

/// Numbers, without the signs of the sentence around them.
fn numbers(text: &str) -> BTreeSet<&str> {
    let bare = |word: &'_ str| -> Option<(usize, usize)> {
        let start = word.find(|c: char| !"(".contains(c))?;
        let end = word.trim_end_matches(['.', ',', ')', ':', ';']).len();
        (start < end).then_some((start, end))
    };
    text.split_whitespace()
        .filter_map(|word| bare(word).map(|(start, end)| &word[start..end]))
        .filter(|word| is_number(word))
        .collect()
}

/// What holds of a text at a width, beside the same without one.
fn assert_fits(what: &str, text: &str, whole: &str, width: usize) {
    for line in text.lines() {
        // An address is never broken, for it would be none: it has a line of its own.
        let is_address = line.contains("://") && line.split_whitespace().count() == 1;
        assert!(line.width() <= width || is_address, "{what} at {width}: {} columns: {line}", line.width());
        assert_eq!(line, line.trim_end(), "{what} at {width}: blanks at the end");
        let cut =
            line.split_whitespace().find(|word| word.contains('…') && word.replace('…', "").parse::<f64>().is_ok());
        assert!(cut.is_none(), "{what} at {width}: a number is cut: {line}");
    }
    let (all, shown) = (numbers(whole), numbers(text));
    let made_up: Vec<&&str> = shown.difference(&all).collect();
    assert!(made_up.is_empty(), "{what} at {width}: {made_up:?} is not said without a width");
}

#[test]
fn no_line_of_any_command_is_wider_than_the_terminal_and_no_number_is_cut() {
    let folder = folder();
    let mut shown = [String::new(), String::new(), String::new()];
    for args in COMMANDS {
        let what = args.join(" ");
        let measures = args[0] == "measure";
        let Some(whole) = printed(folder.path(), args, None) else { continue };
        for (width, shown) in WIDTHS.into_iter().zip(&mut shown) {
            let Some(text) = printed(folder.path(), args, Some(width)) else { continue };
            // Each run measures anew.
            assert_fits(&what, &text, if measures { &text } else { &whole }, width);
            *shown += &format!("$ lambda-slim {what}\n{text}\n");
        }
    }
    if let Some(folder) = std::env::var_os("LAMBDA_SLIM_SHOW_WIDTHS") {
        for (width, shown) in WIDTHS.into_iter().zip(&shown) {
            fs::write(PathBuf::from(&folder).join(format!("{width}.txt")), shown).expect("written");
        }
    }
}

#[test]
fn a_layout_fits() {
    let json = fs::read_to_string(root().join("testdata/reports/layout.json")).expect("checked in");
    let report = Report::from_json(&json).expect("a report");
    let layout = report.layout.as_ref().expect("it was laid out");
    let at = |width| {
        let mut options = Options::default();
        options.width = width;
        text::layout(layout, &options)
    };
    for width in WIDTHS {
        assert_fits("layout", &at(Some(width)), &at(None), width);
    }
    golden("layout-60-columns.txt", &at(Some(60)));
}

/// The words of a Markdown table's row, without what keeps GitHub from reading them as more than words.
fn markdown_words(row: &str) -> Vec<String> {
    let bare = row
        .replace("\\|", "\u{1}")
        .replace('|', " ")
        .replace('\u{1}', "|")
        .replace("**", "")
        .replace('\\', "")
        .replace("&lt;", "<");
    bare.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn one_renderer_s_numbers_are_every_other_s() {
    let folder = folder();
    let args = ["analyze", "hello.zip", "--metadata", "hello.metadata.json", "-n", "0"];
    let printed = |format: &str| {
        let mut command = lambda_slim();
        Run::of(command.args(args).args(["--format", format]).current_dir(folder.path())).exits(0).stdout
    };
    let report: serde_json::Value = serde_json::from_str(&printed("json")).expect("JSON");
    let rows = report["binaries"][0]["crates"].as_array().expect("rows");

    // Exact bytes: JSON and CSV, key by key.
    let csv = printed("csv");
    let mut lines = csv.lines();
    let keys: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), rows.len());
    for (line, row) in lines.iter().zip(rows) {
        // Fields with commas are quoted, and stand behind the numbers.
        let fields =
            keys.iter().zip(line.split(',')).filter(|(key, _)| key.ends_with("_bytes") || **key == "functions");
        let mut compared = 0;
        for (key, field) in fields {
            let value = row.get(*key).and_then(serde_json::Value::as_u64).map(|value| value.to_string());
            assert_eq!(field, value.unwrap_or_default(), "{key} of {line}");
            compared += 1;
        }
        assert!(compared >= 10, "{keys:?}");
    }

    // Rounded to the column's unit: text says what Markdown says, and both what the bytes come to.
    let (text, markdown) = (printed("text"), printed("markdown"));
    let text: Vec<&str> =
        text.lines().skip_while(|line| !line.starts_with("crate ")).skip(2).take(rows.len() + 1).collect();
    let table: Vec<&str> =
        markdown.lines().skip_while(|line| !line.starts_with("| crate ")).take(rows.len() + 3).collect();
    let heads: Vec<&str> = table[0].trim_matches(['|', ' ']).split(" | ").collect();
    for (at, (text, row)) in text.iter().zip(&table[2..]).enumerate() {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        assert_eq!(words, markdown_words(row));
        let Some(json) = rows.get(at) else { continue };
        let cells: Vec<&str> = row.trim_start_matches("| ").trim_end_matches(" |").split(" | ").collect();
        for (head, key) in
            [("file (KiB)", "file_bytes"), ("in zip (KiB)", "compressed_bytes"), ("code (KiB)", "code_bytes")]
        {
            let column = heads.iter().position(|shown| *shown == head).unwrap_or_else(|| panic!("{head} in {heads:?}"));
            let kibibytes = json[key].as_u64().expect("bytes") as f64 / 1024.0;
            assert_eq!(cells[column], format!("{kibibytes:.1}"), "{head} of {row}");
        }
    }
    assert!(markdown_words(table[rows.len() + 2]).starts_with(&["file".to_owned()]), "the last row is the file");
}

#[test]
fn sixty_columns_read_as_the_golden() {
    let folder = folder();
    let shown = |args: &[&str]| printed(folder.path(), args, Some(60)).expect("it runs everywhere");
    golden("analyze-60-columns.txt", &shown(COMMANDS[0]));
    golden("trend-60-columns.txt", &shown(&["trend", "history.jsonl"]));
}

#[test]
fn columns_count_letters_that_take_two_and_none() {
    let json = fs::read_to_string(root().join("testdata/reports/analyze-2026-11-23.json")).expect("checked in");
    let mut report = Report::from_json(&json).expect("a report");
    let crates = &mut report.binaries[0].crates;
    crates[0].name = "数据库连接池与请求处理器之间的适配层与更多".to_owned();
    crates[1].name = "e\u{301}te\u{301}".repeat(9);
    report.artifact.path = "目录/".repeat(20) + "bootstrap.zip";
    report.findings[0].message = "很长的一句话没有空格".repeat(12);
    for width in [40, 60, 80] {
        let mut options = Options::default();
        options.width = Some(width);
        let text = text::report(&report, &options);
        for line in text.lines() {
            assert!(line.width() <= width, "{} columns: {line}", line.width());
        }
        // The second column begins at the same place in every row.
        let rows = text.lines().skip_while(|line| !line.starts_with("crate ")).skip(2);
        let kinds = ["std", "dependency", "native", "dependency", "workspace"];
        let start = |(row, kind): (&str, &str)| row.find(&format!("  {kind} ")).map(|at| row[..at].width());
        let starts: BTreeSet<Option<usize>> = rows.zip(kinds).map(start).collect();
        assert_eq!(starts.len(), 1, "{text}");
        assert_eq!(starts.contains(&None), width < 80, "{text}");
    }
}

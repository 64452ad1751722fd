//! What must hold of every page.

use std::collections::BTreeMap;

use lambda_slim::policy::{diff, diff_with_functions};
use lambda_slim::render::{By, Options, View, html};
use lambda_slim::report::Report;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::data::{HELLO, Node, by_name, data, package, report, tree};
use crate::support::program::{arg, run};

fn page(value: &Value) -> String {
    html::report(&report(value), &Options::default())
}

fn assert_parts_sum(root: &Node) {
    for node in root.all().into_iter().filter(|node| !node.parts.is_empty()) {
        for (at, value) in node.values.iter().enumerate() {
            let parts: Option<i64> = node.parts.iter().map(|part| part.values[at]).sum();
            if let (Some(value), Some(parts)) = (value, parts) {
                assert_eq!(*value, parts, "column {at} of {}", node.name);
            }
            // A level knows a column or it does not, but for what is touched: files that are no programs do not know that.
            let known = node.parts.iter().filter(|part| part.values[at].is_some()).count();
            let is_touched = node.values.len() == 3 && at == 2;
            assert!([0, node.parts.len()].contains(&known) || is_touched, "column {at} below {}", node.name);
        }
    }
}

#[test]
fn the_parts_of_every_node_sum_to_the_node() {
    let data = data(&page(&HELLO));
    for key in ["by_crate", "by_section"] {
        assert_parts_sum(&tree(&data, key));
    }
}

#[test]
fn every_number_is_the_reports() {
    let data = data(&page(&HELLO));
    let (artifact, binary) = (&HELLO["artifact"], &HELLO["binaries"][0]);
    let root = tree(&data, "by_crate");
    assert_eq!(root.values[0], artifact["unzipped_bytes"].as_i64());
    assert_eq!(root.values[1], artifact["zip_bytes"].as_i64());
    assert_eq!(root.part("[zip headers]").values[1], artifact["zip_overhead_bytes"].as_i64());
    let program = root.part("bootstrap");
    assert_eq!(program.values[0], binary["file_bytes"].as_i64());
    assert_eq!(program.values[1], artifact["entries"][0]["compressed_bytes"].as_i64());
    for (at, key) in [(0, "file_bytes"), (1, "compressed_bytes")] {
        let of_page = |nodes: &[Node]| -> BTreeMap<_, _> {
            let version = |node: &Node| node.facts["v"].as_str().map(str::to_owned);
            nodes.iter().map(|node| ((node.name.clone(), version(node)), node.values[at])).collect()
        };
        assert_eq!(of_page(&program.parts), by_name(&binary["crates"], key), "{key} of crates");
        let sections = tree(&data, "by_section");
        assert_eq!(of_page(&sections.part("bootstrap").parts), by_name(&binary["sections"], key), "{key} of sections");
    }
    for row in binary["crates"].as_array().expect("rows") {
        let node = program.parts.iter().find(|node| node.name == row["name"] && node.facts["v"] == row["version"]);
        assert_eq!(node.expect("a crate").facts["r"].as_i64(), row["retained_bytes"].as_i64(), "{row}");
    }
}

#[test]
fn every_function_is_there_with_its_bytes() {
    let data = data(&page(&HELLO));
    assert_eq!(data["folded_below"], 0, "hello fits as it is");
    let root = tree(&data, "by_crate");
    let mut shown: Vec<(String, Option<i64>, Option<i64>)> = Vec::new();
    for leaf in root.leaves() {
        if leaf.facts["s"].is_number() {
            shown.push((leaf.name.clone(), leaf.values[0], leaf.values[1]));
        }
    }
    let function = |row: &Value| {
        let (name, section) = (row["name"].as_str().expect("a name"), row["section"].as_str().expect("a section"));
        let name = if name.starts_with('[') { format!("{name} {section}") } else { name.to_owned() };
        (name, row["file_bytes"].as_i64(), row["compressed_bytes"].as_i64())
    };
    let mut listed: Vec<_> = HELLO["binaries"][0]["functions"].as_array().expect("rows").iter().map(function).collect();
    let short = |name: &str| name.chars().count() <= 400;
    shown.retain(|row| !row.0.contains('…'));
    listed.retain(|row| short(&row.0));
    shown.sort();
    listed.sort();
    assert_eq!(shown, listed);
}

#[test]
fn the_largest_package_stays_below_a_megabyte() {
    assert!(page(&HELLO).len() < html::MOST_BYTES, "{}", page(&HELLO).len());
}

/// Thirty copies of hello's functions under other names, as one program of 136 MB would have them.
fn many_functions() -> Value {
    let mut value = HELLO.clone();
    let functions = value["binaries"][0]["functions"].as_array().expect("rows").clone();
    let mut all = Vec::new();
    for copy in 0..30 {
        for row in &functions {
            let mut row = row.clone();
            row["name"] = json!(format!("{}::copy_{copy}", row["name"].as_str().expect("a name")));
            all.push(row);
        }
    }
    value["binaries"][0]["functions"] = json!(all);
    for krate in value["binaries"][0]["crates"].as_array_mut().expect("rows") {
        for key in ["file_bytes", "compressed_bytes"] {
            krate[key] = json!(krate[key].as_u64().expect("a size") * 30);
        }
    }
    value
}

#[test]
fn small_functions_are_summed_until_the_page_is_small_and_sums_stay_exact() {
    let page = page(&many_functions());
    assert!(page.len() < html::MOST_BYTES, "{}", page.len());
    let data = data(&page);
    assert!(data["folded_below"].as_u64().expect("a size") > 0);
    let root = tree(&data, "by_crate");
    assert_parts_sum(&root);
    let folded: Vec<&Node> = root.leaves().into_iter().filter(|leaf| leaf.facts["n"].is_number()).collect();
    let counted: u64 = folded.iter().map(|leaf| leaf.facts["n"].as_u64().expect("a number")).sum();
    let named = root.leaves().iter().filter(|leaf| leaf.facts["s"].is_number()).count() as u64;
    let functions = HELLO["binaries"][0]["functions"].as_array().expect("rows").len() as u64 * 30;
    let rest = root.leaves().iter().filter(|leaf| leaf.name.starts_with("[rounding]")).count() as u64;
    // What rounding left over can be among the small ones.
    assert!((functions..=functions + 200).contains(&(counted + named + rest)), "{counted} {named} {functions}");
}

/// More small crates than a page has room for, beside hello's own.
fn many_crates() -> Value {
    const MORE: u64 = 12_000;
    let mut value = HELLO.clone();
    let binary = &mut value["binaries"][0];
    let rows = binary["crates"].as_array_mut().expect("rows");
    let like = rows.iter().find(|row| row["kind"] == "dependency").expect("a dependency").clone();
    for number in 0..MORE {
        let mut row = like.clone();
        row["name"] = json!(format!("dependency_number_{number}"));
        row["why"] = json!(["hello", "a_crate_between", format!("dependency_number_{number}")]);
        row["package_id"] = Value::Null;
        row["file_bytes"] = json!(40 + number % 900);
        row["compressed_bytes"] = json!(20 + number % 450);
        rows.push(row);
    }
    let sum = |key: &str| -> u64 { rows.iter().map(|row| row[key].as_u64().expect("a size")).sum() };
    let (file, zip) = (sum("file_bytes"), sum("compressed_bytes"));
    binary["file_bytes"] = json!(file);
    let artifact = &mut value["artifact"];
    artifact["unzipped_bytes"] = json!(file);
    artifact["zip_bytes"] = json!(zip + artifact["zip_overhead_bytes"].as_u64().expect("a size"));
    artifact["entries"][0]["uncompressed_bytes"] = json!(file);
    artifact["entries"][0]["compressed_bytes"] = json!(zip);
    value
}

#[test]
fn small_crates_are_summed_where_summing_functions_is_not_enough() {
    let value = many_crates();
    let crates = value["binaries"][0]["crates"].as_array().expect("rows");
    let page = page(&value);
    assert!(page.len() < html::MOST_BYTES, "{}", page.len());
    let data = data(&page);
    let limit = data["folded_crates_below"].as_i64().expect("a size");
    assert!(limit > 0);
    let root = tree(&data, "by_crate");
    assert_parts_sum(&root);
    let program = root.part("bootstrap");
    let summed: Vec<&Node> = program.parts.iter().filter(|part| part.name.ends_with(" smaller crates]")).collect();
    let [summed] = summed.as_slice() else { panic!("one row stands for the others, not {summed:?}") };
    let named = program.parts.iter().filter(|part| part.facts["t"] == "crate").count();
    let stands_for = usize::try_from(summed.facts["n"].as_u64().expect("a number")).expect("a few");
    assert_eq!(stands_for + named, crates.len(), "every crate is named or counted");
    assert!(summed.name.starts_with(&format!("[{stands_for} ")), "{}", summed.name);
    // None is summed that has the limit, and the user's own never is.
    let small = |row: &&Value| {
        row["kind"] == "dependency"
            && row["file_bytes"].as_i64() < Some(limit)
            && row["compressed_bytes"].as_i64() < Some(limit)
    };
    assert_eq!(crates.iter().filter(small).count(), stands_for);
    assert!(program.parts.iter().any(|part| part.facts["k"] == "workspace"));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert!(page(&HELLO) == page(&HELLO));
    let zip = package("hello-unstripped.zip");
    let twice = [(); 2].map(|()| run(["analyze", arg(&zip), "--format", "html"]).exits(0).stdout);
    assert!(twice[0] == twice[1]);
}

#[test]
fn analyze_asks_for_functions_by_itself() {
    let zip = package("hello-unstripped.zip");
    let page = run(["analyze", arg(&zip), "--format", "html"]).exits(0).stdout;
    assert!(
        tree(&data(&page), "by_crate").leaves().iter().any(|leaf| leaf.name == "lambda_runtime::types::Context::new")
    );
}

#[test]
fn what_a_page_cannot_do_is_refused() {
    let zip = package("hello-unstripped.zip");
    let error = run(["analyze", arg(&zip), "--format", "html", "--filter", "x"]).error();
    assert!(error.contains("--filter"), "{error}");
    let error = run(["analyze", arg(&zip), "--format", "html", "--why", "hyper"]).error();
    assert!(error.contains("--why"), "{error}");
}

#[test]
fn other_views_and_starts_keep_their_sums() {
    for view in [View::Definition, View::Instantiation] {
        for by in [By::Section, By::File] {
            let mut options = Options::default();
            (options.view, options.by) = (view, by);
            let data = data(&html::report(&report(&HELLO), &options));
            assert_parts_sum(&tree(&data, "by_crate"));
            assert_parts_sum(&tree(&data, "by_section"));
            assert_eq!(data["start"], if by == By::File { "file" } else { "section" });
        }
    }
}

#[test]
fn a_measured_report_shows_what_was_touched() {
    let mut value = HELLO.clone();
    let binary = &mut value["binaries"][0];
    for key in ["crates", "sections", "functions"] {
        for row in binary[key].as_array_mut().expect("rows") {
            row["touched_bytes"] = json!(row["file_bytes"].as_u64().expect("a size") / 3);
        }
    }
    let touched: i64 =
        binary["crates"].as_array().expect("rows").iter().filter_map(|row| row["touched_bytes"].as_i64()).sum();
    let root = tree(&data(&page(&value)), "by_crate");
    assert_parts_sum(&root);
    assert_eq!(root.part("bootstrap").values[2], Some(touched));
}

fn diff_page(old: &Report, new: &Report) -> String {
    html::diff(&diff_with_functions(old, new), &Options::default())
}

/// hello with one crate grown, one gone, and one function new.
pub(crate) fn changed() -> Value {
    let mut value = HELLO.clone();
    let binary = &mut value["binaries"][0];
    let functions = binary["functions"].as_array_mut().expect("rows");
    let mut grown = 0;
    for row in functions.iter_mut().filter(|row| row["crate"] == "hyper").take(40) {
        row["file_bytes"] = json!(row["file_bytes"].as_u64().expect("a size") + 1000);
        grown += 1000;
    }
    let gone: u64 = functions
        .iter()
        .filter(|row| row["crate"] == "regex_automata")
        .map(|row| row["file_bytes"].as_u64().expect("a size"))
        .sum();
    functions.retain(|row| row["crate"] != "regex_automata");
    let crates = binary["crates"].as_array_mut().expect("rows");
    crates.retain(|row| row["name"] != "regex_automata");
    for row in crates.iter_mut().filter(|row| row["name"] == "hyper") {
        row["file_bytes"] = json!(row["file_bytes"].as_u64().expect("a size") + grown);
    }
    binary["file_bytes"] = json!(binary["file_bytes"].as_u64().expect("a size") + grown - gone);
    let file = binary["file_bytes"].clone();
    value["artifact"]["entries"][0]["uncompressed_bytes"] = file.clone();
    value["artifact"]["unzipped_bytes"] = file;
    value
}

#[test]
fn a_comparison_sums_and_is_the_differences() {
    let (old, new) = (report(&HELLO), report(&changed()));
    let changes = diff_with_functions(&old, &new);
    let data = data(&diff_page(&old, &new));
    let root = tree(&data, "by_crate");
    assert_parts_sum(&root);
    assert_parts_sum(&tree(&data, "by_section"));
    let program = root.part("bootstrap");
    for row in &changes.binaries[0].crates {
        let versions =
            |node: &&Node| node.facts["v"].as_str() == row.new_version.as_deref().or(row.old_version.as_deref());
        let node =
            program.parts.iter().filter(|node| node.name == row.name).find(versions).expect("each crate is there");
        let sides = [row.file.old_bytes, row.file.new_bytes].map(|size| i64::try_from(size.get()).ok());
        assert_eq!(node.values[..2], sides, "{}", row.name);
    }
    assert_eq!(program.part("regex_automata").facts["d"], "removed");
    assert!(root.leaves().iter().any(|leaf| leaf.name.ends_with(" unchanged]")));
}

#[test]
fn two_packages_are_compared_down_to_functions() {
    let (old, new) = (package("hello-cargo-lambda.zip"), package("hello-unstripped.zip"));
    let page = run(["diff", arg(&old), arg(&new), "--format", "html"]).exits(0).stdout;
    let data = data(&page);
    let root = tree(&data, "by_crate");
    assert_parts_sum(&root);
    assert_parts_sum(&tree(&data, "by_section"));
    assert!(root.leaves().iter().any(|leaf| leaf.facts["s"].is_number()), "there are functions");
    let json = run(["diff", arg(&old), arg(&new), "--by", "function", "--format", "json"]).exits(0).json();
    let sides = |change: &Value| [change["old_bytes"].as_i64(), change["new_bytes"].as_i64()];
    assert_eq!(root.values[..2], sides(&json["unzipped"]));
    assert_eq!(root.values[2..], sides(&json["zip"]));
    assert_eq!(root.part("bootstrap").values[2..], sides(&json["binaries"][0]["compressed"]));
}

#[test]
fn a_comparison_of_reports_without_functions_says_so_and_shows_crates() {
    let mut value = HELLO.clone();
    value["binaries"][0]["functions"] = json!([]);
    let page = diff_page(&report(&value), &report(&changed()));
    assert!(page.contains("Functions cannot be compared"), "it says so");
    assert_parts_sum(&tree(&data(&page), "by_crate"));
    let plain = html::diff(&diff(&report(&HELLO), &report(&changed())), &Options::default());
    assert_parts_sum(&tree(&data(&plain), "by_crate"));
}

/// hello with this name wherever a name from outside can stand.
pub(crate) fn named(name: &str) -> Value {
    let mut value = HELLO.clone();
    for key in ["path", "sha256", "code_sha256"] {
        value["artifact"][key] = json!(format!("{name}{key}"));
    }
    value["artifact"]["entries"][0]["path"] = json!(name);
    value["findings"] =
        json!([{"code": name, "severity": "error", "message": name, "subject": name, "saves_bytes": null}]);
    let binary = &mut value["binaries"][0];
    for key in ["path", "build_id", "needs_glibc", "symbols_from"] {
        binary[key] = json!(name);
    }
    for row in binary["functions"].as_array_mut().expect("rows").iter_mut().take(500) {
        row["name"] = json!(format!("{}{name}", row["name"].as_str().expect("a name")));
        row["section"] = json!(name);
    }
    for key in ["crates", "sections"] {
        let row = &mut binary[key][3];
        (row["name"], row["version"], row["why"]) = (json!(name), json!(name), json!([name, name]));
    }
    value
}

fn assert_nothing_breaks_out(page: &str) {
    let plain = page_without_names();
    for sign in ["<script", "</script", "<img", "<svg", "<!--", "<style", "</style", "<iframe", "<meta", "<a "] {
        let count = |text: &str| text.to_lowercase().matches(sign).count();
        assert_eq!(count(page), count(&plain), "{sign}");
    }
    let hostile = |c: char| {
        (c.is_control() && c != '\n')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    assert_eq!(page.find(hostile), None);
    assert!(!page.contains(['\u{2028}', '\u{2029}']));
    data(page);
}

fn page_without_names() -> String {
    page(&HELLO)
}

/// Ends of scripts and comments, quotes, markup, keys of our template, control characters, and turns of the direction of writing.
pub(crate) const HOSTILE: &str = "</script><script>window.broken=1</script><img src=x onerror=\"window.broken=1\">'\"<!--{{data}}~0.~~`${window.broken=1}\u{0}\u{7}\u{1b}[31m\u{202e}\u{2066}\u{2028}&lt;";

#[test]
fn hostile_names_stay_text() {
    assert_nothing_breaks_out(&page(&named(HOSTILE)));
    let comparison = diff_page(&report(&HELLO), &report(&named(HOSTILE)));
    assert!(!comparison.contains("<img") && !comparison.contains("<script>window"));
    data(&comparison);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn no_name_breaks_out(name in "[<>&\"'/~{}!\\-a-z:. \u{0}-\u{1f}\u{202a}-\u{202e}]{1,40}") {
        let page = page(&named(&name));
        assert_nothing_breaks_out(&page);
        assert_parts_sum(&tree(&data(&page), "by_crate"));
    }
}

#[test]
fn only_the_pages_own_script_and_style_may_run() {
    let page = page(&HELLO);
    let (_, policy) = page.split_once("http-equiv=\"Content-Security-Policy\" content=\"").expect("a policy");
    let (policy, _) = policy.split_once('"').expect("it ends");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert!(!page.contains(" style=\"") && !page.contains(" onclick=\""), "nothing inline");
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing from elsewhere");
}

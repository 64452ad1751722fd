//! The page of a history: its numbers are the records', hostile names stay names, and a browser walks through it.

use lambda_slim::policy::{CRATES_MOVED, History, Trend, trend};
use lambda_slim::render::html;
use serde_json::{Value, json};

use super::browser::drive;
use super::data::data;
use super::laws::HOSTILE;

/// Forty records of a function that grows by jumps and shrinks; touched memory is known from the tenth on, once it is not.
fn history(artifact: &str, krate: &str) -> String {
    let record = |at: u64| {
        let zip = 430_000 + at * 1_300 + if at >= 14 { 121_000 } else { 0 } - if at >= 29 { 52_000 } else { 0 };
        json!({
            "schema_version": 1, "time": format!("2026-{:02}-{:02}T09:30:00Z", 9 + at / 20, 1 + at % 20),
            "commit": format!("{:08x}", 0x9e37_79b9_u32.wrapping_mul(u32::try_from(at).expect("small") + 3)).repeat(5),
            "artifact": artifact, "zip_bytes": zip, "unzipped_bytes": zip * 2 + 412, "bootstrap_bytes": zip * 2,
            "touched_bytes": (at >= 10 && at != 20).then_some(zip * 3 / 2), "init_ms": 40.0 + zip as f64 / 50_000.0,
            "crates": [
                {"name": "std", "compressed_bytes": 131_002, "file_bytes": 302_800},
                {"name": krate, "compressed_bytes": 40_000 + 900 * at, "file_bytes": 100_000 + 700 * at},
                {"name": "rustls", "compressed_bytes": 30_000 + if at >= 14 { 109_870 } else { 0 }, "file_bytes": 70_000},
            ],
        })
    };
    (0..40).map(|at| record(at).to_string() + "\n").collect()
}

fn read(text: &str) -> Trend {
    trend(&History::parse(text), 0)
}

#[test]
fn the_charts_numbers_and_the_tables_are_the_records() {
    let trend = read(&history("target/lambda/api/bootstrap.zip", "hyper"));
    let page = html::trend(&trend);
    let data = data(&page);
    let (shown, artifact) = (&data["artifacts"][0], &trend.artifacts[0]);
    let series = shown["series"].as_array().expect("series");
    assert_eq!(series.len(), artifact.sizes.len() + 1);
    for (shown, size) in series.iter().zip(&artifact.sizes) {
        let values: Vec<Option<u64>> =
            size.values_bytes.iter().map(|bytes| bytes.map(lambda_slim::units::ByteSize::get)).collect();
        assert_eq!(shown["values"], json!(values), "{}", size.name);
        // The same in the table, which is there without the script.
        assert!(values.iter().flatten().all(|bytes| page.contains(&format!("<td class=\"number\">{bytes}</td>"))));
    }
    let points = shown["points"].as_array().expect("points");
    assert_eq!(points[0]["moved"], json!([]));
    assert_eq!(points[14]["moved"], json!([["rustls", 109_870], ["hyper", 900]]));
    assert!(points.iter().all(|point| point["moved"].as_array().is_some_and(|moved| moved.len() <= CRATES_MOVED)));
    assert_eq!(page.matches("<tr data-at=").count(), 40);
    assert!(page.len() < 120_000, "{} bytes", page.len());
    assert_eq!(page, html::trend(&trend), "the same history gives the same page");
}

#[test]
fn a_long_history_is_cut_to_its_end_and_says_so() {
    let line = |at: u64| {
        json!({"schema_version": 1, "time": "2026-11-29T00:00:00Z", "commit": null, "artifact": "a.zip", "zip_bytes": at, "unzipped_bytes": at,
               "bootstrap_bytes": null, "touched_bytes": null, "init_ms": null, "crates": []})
        .to_string()
            + "\n"
    };
    let page = html::trend(&read(&(1..=1500).map(line).collect::<String>()));
    let values = data(&page)["artifacts"][0]["series"][0]["values"].as_array().expect("values").clone();
    assert_eq!((values.len(), values.first(), values.last()), (1000, Some(&json!(501)), Some(&json!(1500))));
    assert!(page.contains("the last 1000 of 1500 records are shown"));
}

#[test]
fn hostile_names_of_a_history_cannot_break_out() {
    let page = html::trend(&read(&history(HOSTILE, HOSTILE)));
    let data: Value = data(&page);
    assert!(data["artifacts"][0]["name"].as_str().is_some_and(|name| name.contains("</script>")));
    assert_eq!(page.matches("<script").count(), 2, "data and our own");
    if let Some(result) = drive("trend", &[("hostile-trend.html", page)]) {
        assert!(result["ready_ms"].is_number());
    }
}

#[test]
fn a_browser_walks_through_a_history_without_an_error() {
    let page =
        html::trend(&read(&(history("target/lambda/api/bootstrap.zip", "hyper") + &history("worker.zip", "tokio"))));
    if let Some(result) = drive("trend", &[("trend.html", page)]) {
        assert!(result["ready_ms"].as_u64().expect("a time") < 10_000, "{result}");
    }
}

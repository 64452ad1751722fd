//! What is learnt is what was put in.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::fleet::{Function, Message, Random, filtered, tail};
use crate::support::functions::package;
use crate::support::program::{arg, run};

fn model_of(text: &str, folder: &Path, args: &[&str]) -> Value {
    let log = folder.join("log");
    fs::write(&log, text).expect("a log");
    run([&["calibrate", arg(&log), "--format", "json"], args].concat()).exits(0).json()
}

fn estimate(model: &Value, folder: &Path, args: &[&str]) -> Value {
    let (file, zip) = (folder.join("model.json"), package("hello-cargo-lambda.zip"));
    fs::write(&file, model.to_string()).expect("a model");
    let printed = run([&["estimate", arg(&zip), "--model", arg(&file), "--format", "json"], args].concat());
    printed.exits(0).json()["estimate"].clone()
}

fn near(value: &Value, expected: f64, share: f64) {
    let value = value.as_f64().expect("a number");
    assert!((value / expected - 1.0).abs() <= share, "{value}, not {expected}");
}

#[test]
fn init_first_call_keep_alive_and_rate_are_those_of_the_function() {
    let folder = tempfile::tempdir().expect("a folder");
    let api = Function::api();
    let invocations = api.invocations(&mut Random(1));
    let model = model_of(&tail(&invocations), folder.path(), &["--function", "api"]);
    let learnt = &model["functions"]["api"];
    near(&learnt["init"]["value"]["p50"], api.init_ms, 0.02);
    near(&learnt["keep_alive_minutes"]["value"]["p50"], api.keep_alive_minutes, 0.03);
    near(&learnt["warm_ms"], api.warm_ms * (0.15_f64 * 0.15 / 2.0).exp(), 0.02);
    near(&learnt["requests_per_month"], api.requests_per_minute * 43_830.0, 0.05);
    assert_eq!(model["calibration"]["billed"]["checked"], invocations.len());
    assert_eq!(model["calibration"]["billed"]["otherwise"], 0);

    let estimate = estimate(&model, folder.path(), &["--memory", "512"]);
    assert_eq!(estimate["function"], "api");
    near(&estimate["init_ms"]["p50"], api.init_ms, 0.02);
    let init = &estimate["init_ms"];
    assert!(
        init["p90"].as_f64() < Some(api.init_ms * 1.12) && init["p10"].as_f64() > Some(api.init_ms * 0.88),
        "{init}"
    );
    // At the memory of the logs the first call takes what the logs say; at half of it, about 2.1 times as long.
    near(&estimate["first_call_ms"]["p50"], api.first_call_ms, 0.03);
    let traffic = &estimate["traffic"];
    let cold = invocations.iter().filter(|one| one.init_ms.is_some()).count() as f64;
    near(&traffic["cold_share"]["p50"], cold / invocations.len() as f64, 0.15);
}

#[test]
fn days_that_were_held_out_are_predicted_better_than_by_the_prior() {
    let folder = tempfile::tempdir().expect("a folder");
    // Half of what the prior expects of a function with so much memory.
    let api = Function { used_mb: 40, init_ms: 95.0, ..Function::api() };
    let model = model_of(&tail(&api.invocations(&mut Random(2))), folder.path(), &["--function", "api"]);
    let accuracy = &model["calibration"]["accuracy"][0];
    let off = |key: &str| accuracy[key].as_f64().expect("a percentage");
    assert!(off("calibrated_error_percent") < 5.0, "{accuracy}");
    assert!(off("prior_error_percent") > 40.0, "{accuracy}");
    assert_eq!(accuracy["calibrated_covers"], 1.0);
}

// Eight functions between 16 and 50 MB start in 30 ms and 4 ms for each MB more: the prior has 16 and 7.2.
#[test]
fn several_functions_move_floor_and_slope() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let rows: String = names
        .into_iter()
        .enumerate()
        .map(|(at, name)| {
            let used_mb = 16 + 5 * at as u32;
            let init_ms = 30.0 + 4.0 * (f64::from(used_mb) - 15.1);
            let function = Function { name, used_mb, init_ms, days: 8, ..Function::api() };
            let invocations = function.invocations(&mut Random(at as u64));
            let events: Vec<Value> = invocations
                .iter()
                .map(|one| serde_json::json!({"id": "1", "timestamp": one.end_ms, "message": one.report()}))
                .collect();
            let stream = &invocations[0].stream;
            serde_json::json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": format!("/aws/lambda/{name}"), "logStream": stream, "logEvents": events}).to_string() + "\n"
        })
        .collect();
    let model = model_of(&rows, folder.path(), &[]);
    assert_eq!(model["functions"].as_object().expect("functions").len(), 8);
    let platform = &model["zip_x86_64"];
    // More than half of the way: how alike eight programs are is learnt from them, too, and the prior does not think so.
    let slope = platform["init_per_touched_mb"]["value"]["p50"].as_f64();
    assert!(slope > Some(3.8) && slope < Some(5.6), "{slope:?}");
    assert!(platform["init_floor"]["value"]["p50"].as_f64() > Some(16.8), "{}", platform["init_floor"]);
    let source = platform["init_floor"]["source"].as_str().expect("a source");
    assert!(source.contains("8 versions of 8 programs") && source.contains("lambda-perf"), "{source}");
}

#[test]
fn a_model_is_asked_for_one_of_its_functions_and_for_its_own_platform() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = filtered(&Function::api().invocations(&mut Random(3)), Message::Json);
    let model = model_of(&text, folder.path(), &["--function", "api", "--arch", "arm64"]);
    let other = estimate(&model, folder.path(), &[]);
    assert_eq!(other["function"], Value::Null);
    let why = other["extrapolated_why"].to_string();
    assert!(why.contains("the logs of api are of a zip on arm64"), "{why}");
    let own = estimate(&model, folder.path(), &["--arch", "arm64"]);
    assert_eq!(own["function"], "api");
    let (file, zip) = (folder.path().join("model.json"), package("hello-cargo-lambda.zip"));
    let error = run(["estimate", arg(&zip), "--model", arg(&file), "--function", "web"]).error();
    assert!(error.contains("does not know function \"web\": it knows api"), "{error}");
}

#[test]
fn text_json_and_a_copy_that_is_written_and_read_again_give_the_same_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let invocations = Function::api().invocations(&mut Random(4));
    let text = model_of(&filtered(&invocations, Message::Text), folder.path(), &["--function", "api"]);
    let json = model_of(&filtered(&invocations, Message::Json), folder.path(), &["--function", "api"]);
    assert_eq!(text, json);
    let by_tail = model_of(&tail(&invocations), folder.path(), &["--function", "api"]);
    assert_eq!(text, by_tail);
}

/// 25 cold traces of one function, as `aws xray batch-get-traces` prints them.
fn traces(function: &str, gap_ms: f64) -> String {
    let trace = |number: u32| {
        let begin = 1_789_257_600.0 + f64::from(number) * 10.0;
        let init = begin + gap_ms / 1000.0;
        let service = serde_json::json!({"id": "a", "trace_id": "t", "name": function, "origin": "AWS::Lambda", "start_time": begin, "end_time": init + 0.1});
        let own = serde_json::json!({"id": "b", "parent_id": "a", "trace_id": "t", "name": function, "origin": "AWS::Lambda::Function", "start_time": init + 0.001, "end_time": init + 0.1,
            "subsegments": [{"id": "c", "name": "Initialization", "start_time": init, "end_time": init + 0.03}, {"id": "d", "name": "Invocation", "start_time": init + 0.031, "end_time": init + 0.09}]});
        serde_json::json!({"Id": format!("1-{number}"), "Duration": 0.3, "Segments": [{"Id": "a", "Document": service.to_string()}, {"Id": "b", "Document": own.to_string()}]})
    };
    serde_json::json!({"Traces": (0..25).map(trace).collect::<Vec<_>>(), "UnprocessedTraceIds": []}).to_string()
}

// What `estimate --experiment` would bring home where a zipped MB costs 12 ms and an unzipped one nothing.
#[test]
fn the_padding_experiment_settles_what_bytes_cost() {
    let folder = tempfile::tempdir().expect("a folder");
    let zip = package("hello-cargo-lambda.zip");
    let report = run(["analyze", arg(&zip), "--format", "json"]).exits(0).json();
    let own_mb = report["artifact"]["zip_bytes"].as_f64().expect("bytes") / 1e6;
    let mut args = vec!["calibrate".to_owned()];
    for (kind, mb) in [("random", 0), ("random", 5), ("random", 20), ("random", 45), ("zero", 20), ("zero", 45)] {
        let (name, bytes) = (format!("{kind}-{mb}"), mb * 1_000_000_u64);
        let zipped = if kind == "random" { bytes } else { bytes / 1000 };
        let mut padded = report.clone();
        for (key, more) in [("zip_bytes", zipped), ("unzipped_bytes", bytes)] {
            padded["artifact"][key] = (padded["artifact"][key].as_u64().expect("bytes") + more).into();
        }
        let (report_file, log) =
            (folder.path().join(format!("{name}.json")), folder.path().join(format!("{name}.traces")));
        fs::write(&report_file, padded.to_string()).expect("a report");
        fs::write(&log, traces(&name, 140.0 + 12.0 * (own_mb + zipped as f64 / 1e6))).expect("traces");
        args.extend([arg(&log).to_owned(), "--report".to_owned(), format!("{name}={}", report_file.display())]);
    }
    args.extend(["--format".to_owned(), "json".to_owned()]);
    let model = run(args).exits(0).json();
    let platform = &model["zip_x86_64"];
    near(&platform["download_per_zipped_mb"]["value"]["p50"], 12.0, 0.15);
    assert!(platform["unpack_per_unzipped_mb"]["value"]["p90"].as_f64() < Some(3.0), "{platform}");
    let spread = &platform["download_per_zipped_mb"]["value"];
    assert!(spread["p90"].as_f64() < Some(18.0), "the prior has 40: {spread}");
    let said = model["calibration"]["regression"].as_str().expect("it is said");
    assert!(said.contains("X-Ray of 6 functions with known packages"), "{said}");
}

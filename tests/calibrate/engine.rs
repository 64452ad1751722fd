//! The queries that have an engine count: their rows teach the same as the lines. Judge: `DuckDB`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::fleet::{Function, Invocation, Message, Random, rows};
use crate::support::program::{arg, run};
use crate::support::python::python_with;

fn invocations() -> Vec<Invocation> {
    let api = Function::api();
    let web = Function {
        name: "web",
        version: 12,
        memory_mb: 128,
        used_mb: 64,
        init_ms: 400.0,
        warm_ms: 80.0,
        days: 9,
        ..api.clone()
    };
    let mut all = [api.invocations(&mut Random(5)), web.invocations(&mut Random(6))].concat();
    all.sort_by_key(|one| one.end_ms);
    all
}

#[test]
fn rows_of_the_athena_query_give_the_model_of_the_lines() {
    let Some(python) = python_with("duckdb", &["duckdb==2.0.1"]) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let all = invocations();
    fs::write(at("query.sql"), run(["calibrate", "--query", "athena"]).exits(0).stdout).expect("a query");
    for message in [Message::Text, Message::Json] {
        fs::write(at("events.jsonl"), rows(&all, message)).expect("events");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calibrate/engine.py");
        let ran =
            Command::new(&python).arg(script).args([at("query.sql"), at("events.jsonl"), at("rows.csv")]).output();
        let ran = ran.expect("python starts");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let counted = run(["calibrate", arg(&at("rows.csv")), "--format", "json"]).exits(0).json();
        let raw: String =
            all.chunk_by(|one, other| one.function == other.function).map(|run| subscription(run, message)).collect();
        fs::write(at("raw.jsonl"), raw).expect("a log");
        let read = run(["calibrate", arg(&at("raw.jsonl")), "--format", "json"]).exits(0).json();
        assert_eq!(counted, read, "{message:?}");
    }
}

/// As a subscription delivers them: a document for each stretch of one function.
fn subscription(stretch: &[Invocation], message: Message) -> String {
    let lines = rows(stretch, message);
    let of = |line: &str| -> serde_json::Value { serde_json::from_str(line).expect("our own row") };
    lines
        .lines()
        .map(|line| {
            let row = of(line);
            let event = serde_json::json!({"id": "1", "timestamp": row["at_ms"], "message": row["message"]});
            serde_json::json!({"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": row["log_group"], "logStream": row["log_stream"], "subscriptionFilters": [], "logEvents": [event]}).to_string() + "\n"
        })
        .collect()
}

#[test]
fn rows_as_the_insights_query_returns_them_give_the_same_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = Function::api().invocations(&mut Random(7));
    // What its stats do: one row for each bucket of init and duration.
    let bucket = |ms: f64| ((ms.ln() * 50.0).floor() as i64).to_string();
    let results: Vec<serde_json::Value> = all
        .iter()
        .map(|one| {
            let field = |name: &str, value: String| serde_json::json!({"field": name, "value": value});
            let mut row = vec![
                field("function", format!("123456789012:/aws/lambda/{}", one.function)),
                field("memory_mb", "512".to_owned()),
                field("day", "2026-09-13 00:00:00.000".to_owned()),
                field("duration_bucket", bucket(one.duration_ms)),
                field("n", "1".to_owned()),
                field("cold_max_memory_used_mb", one.used_mb.to_string()),
            ];
            row.extend(one.init_ms.map(|init| field("init_bucket", bucket(init))));
            row.into()
        })
        .collect();
    let file = folder.path().join("results.json");
    fs::write(&file, serde_json::json!({"results": results, "statistics": {}, "status": "Complete"}).to_string())
        .expect("results");
    let model = run(["calibrate", arg(&file), "--format", "json"]).exits(0).json();
    let cold = all.iter().filter(|one| one.init_ms.is_some()).count();
    assert_eq!(model["calibration"]["cold_starts"], cold);
    assert_eq!(model["calibration"]["invocations"], all.len());
    let learnt = &model["functions"]["api"];
    assert_eq!(learnt["max_memory_used_mb"], 29.0);
    let init = learnt["init"]["value"]["p50"].as_f64().expect("a number");
    assert!((init / 110.0 - 1.0).abs() < 0.03, "{init}");
    let text = run(["calibrate", "--query", "insights"]).exits(0).stdout;
    for part in ["init_bucket", "duration_bucket", "@maxMemoryUsed / 1000000", "* 50"] {
        assert!(text.contains(part), "{part}");
    }
}

//! Live AWS, by pipe: what the AWS CLI prints goes into `calibrate`. Judge: moto, which plays AWS, and the CLI itself.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::program::lambda_slim;
use crate::support::python::python_with;

#[test]
fn logs_traces_and_metrics_come_through_the_pipes_of_the_readme() {
    let packages = ["moto[logs,cloudwatch,xray]==5.2.5", "flask", "flask-cors", "awscli==1.46.3"];
    let Some(python) = python_with("moto", &packages) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calibrate/pipes.py");
    let ran = Command::new(python).arg(script).arg(lambda_slim().get_program()).arg(folder.path()).output();
    let ran = ran.expect("python starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let told: Value = serde_json::from_slice(&ran.stdout).expect("the script tells what it put in");
    let model = |name: &str| -> Value {
        let text = std::fs::read_to_string(folder.path().join(name)).expect("a model");
        serde_json::from_str(&text).expect("JSON")
    };
    let near = |value: &Value, expected: &Value, share: f64| {
        let (value, expected) = (value.as_f64().expect("a number"), expected.as_f64().expect("a number"));
        assert!((value / expected - 1.0).abs() <= share, "{value}, not {expected}");
    };
    let logs = model("logs.json");
    assert_eq!(logs["calibration"]["cold_starts"], told["cold_starts"]);
    assert_eq!(logs["calibration"]["functions"][0]["version"], "7");
    near(&logs["functions"]["api"]["init"]["value"]["p50"], &told["init_ms"], 0.02);
    let traces = model("traces.json");
    assert_eq!(traces["calibration"]["functions"][0]["cold_traces"], told["traces"]);
    near(&traces["functions"]["api"]["before_init"]["value"]["p50"], &told["gap_ms"], 0.02);
    assert_eq!(model("metrics.json")["calibration"]["functions"][0]["throttles"], 1);
    assert_eq!(model("metrics.json")["calibration"]["functions"][0]["invocations"], 3600);
    near(&model("metrics.json")["functions"]["api"]["requests_per_month"], &told["requests_per_month"], 0.001);
}

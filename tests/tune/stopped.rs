//! A run that is killed, and one whose budget is over, go on where they were.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::function::{experiment, function, tune, tuned};

const NAMES: &str = "opt-level-z,opt-level-s,opt-level-2";

#[test]
fn a_run_that_was_killed_goes_on_where_it_was() {
    let project = function("");
    let args = ["--only", NAMES, "--runs", "2", "--format", "json"];
    let mut killed = tune(&project, &args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let results = project.path().join("target/lambda-slim/tune/app-app.json");
    let until = Instant::now() + Duration::from_secs(120);
    let known = || -> usize {
        let json = fs::read(&results).ok().and_then(|json| serde_json::from_slice::<Value>(&json).ok());
        json.and_then(|json| Some(json.as_object()?.len())).unwrap_or_default()
    };
    // The baseline and one experiment; the next is under way.
    while known() < 2 {
        assert!(Instant::now() < until && killed.try_wait().expect("its state").is_none(), "it ended, or does nothing");
        sleep(Duration::from_millis(5));
    }
    killed.kill().expect("it runs");
    killed.wait().expect("it ends");
    let before = known();

    let outcome = tuned(&project, &["--only", NAMES]);
    let earlier = |name: &str| experiment(&outcome, name)["from_earlier_run"] == true;
    assert!(earlier("baseline") && earlier("opt-level-z"), "{outcome:#}");
    let rows = outcome["experiments"].as_array().unwrap();
    assert_eq!(rows.iter().filter(|row| row["from_earlier_run"] == true).count(), before);
    assert!(rows.iter().all(|row| row["status"] == "measured"), "{outcome:#}");

    // Another source is another program: nothing of it is known.
    let main = fs::read_to_string(project.path().join("src/main.rs")).unwrap();
    project.write("src/main.rs", &format!("{main}// changed\n"));
    let outcome = tuned(&project, &["--only", "opt-level-z"]);
    assert!(experiment(&outcome, "opt-level-z")["from_earlier_run"] == false, "{outcome:#}");
}

#[test]
fn a_budget_that_is_over_stops_behind_the_projects_own_build() {
    let project = function("");
    let outcome = tuned(&project, &["--only", NAMES, "--budget", "0"]);
    assert_eq!(outcome["budget_ran_out"], true);
    assert_eq!(outcome["experiments"].as_array().unwrap().len(), 1);
    assert!(experiment(&outcome, "baseline")["figures"]["start"].is_object());
}

//! Other dependencies: tried in a copy, promised, and kept when they are done by hand.

use std::fs;

use serde_json::Value;

use crate::function::{experiment, function, number, slimmed, tuned, workspace};

fn proposal<'v>(outcome: &'v Value, code: &str) -> Option<&'v Value> {
    outcome["proposals"].as_array().expect("proposals").iter().find(|one| one["code"] == code)
}

#[test]
fn a_default_feature_that_is_not_needed_is_found_and_saves_what_was_promised() {
    let project = function("");
    let before = fs::read_to_string(project.path().join("Cargo.toml")).unwrap();
    let outcome =
        tuned(&project, &["--only", "dependencies", "--event", "event.json", "--test-command", "test -f src/main.rs"]);
    assert_eq!(fs::read_to_string(project.path().join("Cargo.toml")).unwrap(), before);
    let found = proposal(&outcome, "default-features").unwrap_or_else(|| panic!("{outcome:#}"));
    assert_eq!((&found["subject"], &found["sure"]), (&Value::from("greeter"), &Value::from("measured")));
    let promised = number(&found["saves_zip_bytes"]);
    assert!(promised > 60_000, "64 KiB that do not compress: {found:#}");
    assert!(found["message"].as_str().unwrap().contains("`test -f src/main.rs` passes"), "{found:#}");

    // By hand, as the line says.
    let plain = slimmed(&project, &[]);
    assert_eq!(number(&experiment(&outcome, "baseline")["figures"]["zip_bytes"]), plain);
    let line = found["lines"][1].as_str().unwrap();
    assert_eq!(line, "greeter = { path = \"greeter\", default-features = false }");
    project.write("Cargo.toml", &before.replace("greeter = { path = \"greeter\" }", line));
    assert_eq!(plain - slimmed(&project, &[]), promised);
}

#[test]
fn what_fails_the_tests_or_the_compiler_is_not_proposed() {
    let project = function("");
    let outcome = tuned(&project, &["--only", "dependencies", "--test-command", "echo no; false"]);
    assert_eq!(proposal(&outcome, "default-features"), None);
    let main = fs::read_to_string(project.path().join("src/main.rs")).unwrap();
    project.write(
        "src/main.rs",
        &main.replace("fn main() {", "fn main() {\n    std::hint::black_box(&greeter::NUMBERS);"),
    );
    let outcome = tuned(&project, &["--only", "dependencies"]);
    assert_eq!(proposal(&outcome, "default-features"), None);
}

#[test]
fn features_that_only_the_workspace_asks_for_are_found_with_their_bytes() {
    let project = workspace();
    let outcome = tuned(&project, &["--bin", "app", "--only", "with-workspace", "--event", "event.json"]);
    let zip = |name: &str| number(&experiment(&outcome, name)["figures"]["zip_bytes"]);
    let found = proposal(&outcome, "feature-unification").unwrap_or_else(|| panic!("{outcome:#}"));
    assert_eq!(number(&found["saves_zip_bytes"]), zip("with-workspace") - zip("baseline"));
    assert!(number(&found["saves_zip_bytes"]) > 60_000, "{found:#}");
    let message = found["message"].as_str().unwrap();
    assert!(message.contains("greeter v0.2.0 (default, tables)"), "{message}");
    assert!(found["lines"].as_array().unwrap().contains(&Value::from("cargo build --release -p app")), "{found:#}");
    assert_eq!(zip("baseline"), slimmed(&project, &["-p", "app"]));
}

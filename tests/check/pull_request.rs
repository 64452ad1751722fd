//! A pull request played through in a git repository: what the gate says of each kind of change, against the branch that it is for.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::program::{Run, arg, command, lambda_slim};
use crate::support::project::TinyProject;
use crate::support::skip::skip;

const MAIN: &str = r#"//! Greets.

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    println!("{}", greeting::greet(&name));
}
"#;
const GREETING: &str = r#"//! The greeting.

/// Greets.
pub fn greet(name: &str) -> String {
    if cfg!(feature = "emphatic") { format!("{name}! {}", include_str!("verse.txt")) } else { format!("Hello, {name}") }
}
"#;

/// A repository on `main` with one commit: a program and a crate of its own with a feature.
struct Repository {
    project: TinyProject,
}

impl Repository {
    fn new() -> Option<Self> {
        let manifest = "\nmembers = [\"greeting\"]\n\n[dependencies]\ngreeting = { path = \"greeting\" }\n\n\
            [package.metadata.lambda-slim]\nmax-growth = \"512 B\"\nmessage = \"Ask in #size first\"\n";
        let project = TinyProject::new(manifest);
        let this = Self { project };
        this.write("src/main.rs", MAIN);
        this.write("greeting/Cargo.toml", GREETING_MANIFEST);
        this.write("greeting/src/lib.rs", GREETING);
        let verse: String =
            (0..400).map(|line| format!("{line} bottles of {}\n", line * line * 7919 % 10_007)).collect();
        this.write("greeting/src/verse.txt", &verse);
        this.write(".gitignore", "/target\n");
        if Command::new("git").arg("--version").output().is_err() {
            skip("a pull request", "git is not here");
            return None;
        }
        for args in [
            vec!["init", "-q", "-b", "main"],
            vec!["config", "user.name", "t"],
            vec!["config", "user.email", "t@example.com"],
        ] {
            this.git(&args);
        }
        this.cargo(&["generate-lockfile", "--offline"]);
        this.commit("Start");
        this.git(&["checkout", "-q", "-b", "change"]);
        Some(this)
    }

    fn path(&self) -> &Path {
        self.project.path()
    }

    fn write(&self, path: &str, text: &str) {
        self.project.write(path, text);
    }

    fn replace(&self, path: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path().join(path)).expect("a file");
        assert!(text.contains(old), "{path} has no {old}");
        self.write(path, &text.replacen(old, new, 1));
    }

    fn git(&self, args: &[&str]) -> String {
        let mut git = command(Path::new("git"));
        Run::of(git.args(args).current_dir(self.path())).exits(0).stdout
    }

    fn cargo(&self, args: &[&str]) {
        let mut cargo = crate::support::program::cargo();
        Run::of(cargo.args(args).current_dir(self.path())).exits(0);
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    /// `check` on what the working tree builds.
    fn check(&self, args: &[&str]) -> Run {
        let mut slim = lambda_slim();
        slim.arg("check").args(args).arg("--offline").current_dir(self.path());
        Run::of(&mut slim)
    }

    /// The same against `main`, as JSON.
    fn against_main(&self, args: &[&str], code: i32) -> Value {
        self.check(&[&["--baseline-ref", "main", "--format", "json"], args].concat()).exits(code).json()
    }
}

const GREETING_MANIFEST: &str =
    "[package]\nname = \"greeting\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[features]\nemphatic = []\n";

fn codes(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|one| one["code"].as_str().expect("a code")).collect()
}

#[test]
fn each_kind_of_change_is_told_and_blamed() {
    let Some(repository) = Repository::new() else { return };

    // Nothing changed: the same program, built elsewhere.
    let same = repository.against_main(&[], 0);
    assert_eq!(same["passed"], true);
    let zip = |verdict: &Value| verdict["diff"]["zip"]["delta_bytes"].as_i64().expect("two zips");
    assert_eq!(zip(&same), 0, "a checkout elsewhere makes the same program");

    // A dependency is added, and used.
    repository.replace("Cargo.toml", "[dependencies]\n", "[dependencies]\nryu = \"0.2\"\n");
    repository.replace(
        "src/main.rs",
        "greeting::greet(&name)",
        "greeting::greet(ryu::Buffer::new().format(name.len() as f64))",
    );
    let added = repository.against_main(&[], 1);
    assert_eq!(codes(&added["violations"]), ["growth-over-budget", "growth-over-budget"]);
    assert_eq!(codes(&added["warnings"]), ["new-dependency"]);
    assert_eq!(added["violations"][0]["blamed"][0]["crate"], "ryu");
    assert_eq!(added["violations"][0]["blamed"][0]["why"], serde_json::json!(["app", "ryu"]));
    assert_eq!(added["violations"][0]["blamed"][0]["locked_by"]["commit"], Value::Null, "not committed yet");
    assert_eq!(added["message"], "Ask in #size first");
    repository.commit("Say it with ryu");
    let github = repository.check(&["--baseline-ref", "main", "--format", "github"]).exits(1).stdout;
    assert!(github.contains("::error file=Cargo.toml,line=11,"), "{github}");
    assert!(
        github.contains("::warning file=Cargo.toml,line=11,title=lambda-slim%3A new-dependency::ryu 0.2.8 is new"),
        "{github}"
    );
    let markdown = repository.check(&["--baseline-ref", "main", "--format", "markdown"]).exits(1).stdout;
    assert!(markdown.contains("Say it with ryu") && markdown.contains("Ask in #size first"), "{markdown}");
    // What is wanted is let through by name.
    repository.check(&["--baseline-ref", "main", "--max-growth", "100KiB", "--deny", "new-dependency"]).exits(1);
    repository.check(&["--baseline-ref", "main", "--max-growth", "100KiB", "--allow", "new-dependency"]).exits(0);

    // From elsewhere, too: the repository is the project's.
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let manifest = repository.path().join("Cargo.toml");
    let mut slim = lambda_slim();
    slim.args(["check", "--baseline-ref", "main", "--offline", "--manifest-path", arg(&manifest)]);
    let told = Run::of(slim.current_dir(elsewhere.path())).exits(1).stdout;
    assert!(told.contains("ryu 0.2.8 is new"), "{told}");

    // A crate is updated: one row, two versions, and the commit that locked it.
    repository.replace("Cargo.toml", "ryu = \"0.2\"", "ryu = \"1\"");
    repository.cargo(&["update", "--offline", "-p", "ryu"]);
    repository.commit("Update ryu");
    let updated = repository.check(&["--baseline-ref", "HEAD~1", "--max-growth", "0", "--format", "json"]).json();
    let crates = updated["diff"]["binaries"][0]["crates"].as_array().expect("crates");
    let ryu: Vec<&Value> = crates.iter().filter(|row| row["name"] == "ryu").collect();
    assert_eq!(ryu.len(), 1, "an update is a change: {ryu:?}");
    assert_eq!(ryu[0]["old_version"], "0.2.8");
    assert!(ryu[0]["new_version"].as_str().expect("a version").starts_with("1."));
    assert_eq!(codes(&updated["warnings"]), [""; 0], "an update is no new dependency");

    // A feature is switched on, far away in the manifest.
    repository.commit_base();
    repository.replace("Cargo.toml", "{ path = \"greeting\" }", "{ path = \"greeting\", features = [\"emphatic\"] }");
    let featured = repository.against_main(&[], 1);
    assert_eq!(featured["violations"][0]["blamed"][0]["crate"], "greeting");
    assert_eq!(featured["violations"][0]["blamed"][0]["why"], serde_json::json!(["app", "greeting"]));

    // A function grows: its name is told, for the other commit was built here and its functions are known.
    repository.commit_base();
    let arms: String = (0..300)
        .map(|arm| format!("        {arm} => println!(\"{{}}\", name.repeat({})),\n", arm * 7919 % 100))
        .collect();
    repository.replace("src/main.rs", "fn main() {\n", &format!(
        "#[inline(never)]\nfn many_ways(way: usize, name: &str) {{\n    match way {{\n{arms}        _ => {{}}\n    }}\n}}\n\nfn main() {{\n"
    ));
    repository.replace(
        "src/main.rs",
        "    println!(\"{}\", greeting",
        "    many_ways(name.len(), &name);\n    println!(\"{}\", greeting",
    );
    let grown = repository.against_main(&[], 1);
    let functions = &grown["violations"][0]["blamed"][0]["functions"];
    assert_eq!(grown["violations"][0]["blamed"][0]["crate"], "app");
    assert!(functions[0]["name"].as_str().expect("a name").contains("many_ways"), "{functions}");
    assert_eq!(functions[0]["is_new"], true);

    // What was built of main is never taken for today's, nor the other way round: cargo compares times of sources.
    let again = repository.against_main(&[], 1);
    assert_eq!(again["violations"], grown["violations"]);
    repository.commit_base();
    let greeting = fs::read_to_string(repository.path().join("greeting/src/lib.rs")).expect("a file");
    repository
        .write("greeting/src/lib.rs", &greeting.replace("format!(\"{name}! {}\"", "format!(\"{name}, {name}! {}\""));
    let changed = repository.against_main(&["--max-growth", "1MB"], 0);
    let crates = |verdict: &Value| verdict["diff"]["binaries"][0]["crates"].clone();
    assert_eq!(crates(&repository.against_main(&["--max-growth", "1MB"], 0)), crates(&changed));

    // The repository is as it was, and what lies in the target folder is today's program.
    assert_eq!(repository.git(&["worktree", "list"]).lines().count(), 1);
    let program = repository.path().join("target/release/app");
    let said = Run::of(command(&program).arg("xy")).exits(0).stdout;
    assert!(said.contains("bottles of"), "{said}");
}

impl Repository {
    /// Moves `main` to what there is now: the base of the next change.
    fn commit_base(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "Base"]);
        self.git(&["branch", "-f", "main", "HEAD"]);
    }
}

#[test]
fn another_profile_features_or_compiler_is_told_from_a_change_of_source() {
    let Some(repository) = Repository::new() else { return };
    let baseline = repository.path().join("sizes.json");
    repository.check(&["--baseline", arg(&baseline), "--update-baseline"]).exits(0);
    let notes = |args: &[&str]| {
        let args = [&["--baseline", arg(&baseline), "--max-growth", "1 MB", "--format", "json"], args].concat();
        let verdict = repository.check(&args).exits(0).json();
        codes(&verdict["notes"]).iter().map(|code| (*code).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(notes(&[]), [""; 0]);
    assert_eq!(notes(&["--profile", "dev", "--allow", "debug-information-shipped"]), ["baseline-profile-differs"]);
    repository.replace("Cargo.toml", "\n[dependencies]", "\n[features]\nextra = []\n\n[dependencies]");
    assert_eq!(notes(&["--features", "extra"]), ["baseline-features-differ"]);
    let denied =
        ["--baseline", arg(&baseline), "--features", "extra", "--deny", "baseline-features-differ", "--format", "json"];
    let verdict = repository.check(&denied).exits(1).json();
    assert_eq!(codes(&verdict["violations"]), ["baseline-features-differ"]);
    assert_eq!(verdict["violations"][0]["message"], "features of the package switched on: extra");

    let others =
        Command::new("rustup").args(["toolchain", "list"]).output().map(|output| output.stdout).unwrap_or_default();
    let others = String::from_utf8_lossy(&others).into_owned();
    let Some(nightly) =
        others.lines().filter_map(|line| line.split_whitespace().next()).find(|name| name.starts_with("nightly"))
    else {
        skip("a baseline of another compiler", "rustup has no nightly");
        return;
    };
    let mut slim = lambda_slim();
    slim.args(["check", "--baseline", arg(&baseline), "--max-growth", "1 MB", "--offline", "--format", "json"]);
    slim.env("RUSTUP_TOOLCHAIN", nightly).env_remove("CARGO").current_dir(repository.path());
    let run = Run::of(slim.env("CARGO_TARGET_DIR", repository.path().join("target/nightly")));
    let verdict = run.exits(0).json();
    let told: Vec<&Value> = verdict["notes"]
        .as_array()
        .expect("notes")
        .iter()
        .filter(|note| note["code"] == "baseline-toolchain-differs")
        .collect();
    let compiler = told.iter().find(|note| note["message"].as_str().expect("text").starts_with("compiler: rustc "));
    let message = compiler.expect("the compiler is told")["message"].as_str().expect("text");
    assert!(message.contains("are in std and in dependencies whose version is the same"), "{message}");
}

#[test]
fn a_commit_that_cannot_be_compared_with_is_one_clear_error() {
    let Some(repository) = Repository::new() else { return };
    let error = repository.check(&["--baseline-ref", "no-such-branch"]).error();
    assert!(
        error.starts_with("no commit \"no-such-branch\" in the repository here:") && error.contains("fetch-depth: 0"),
        "{error}"
    );
    let zip = crate::support::functions::package("arm64.zip");
    let error = repository.check(&[arg(&zip), "--baseline-ref", "main"]).exits(2).stderr;
    assert!(error.contains("--baseline-ref"), "{error}");

    // A program that the commit does not have is in no baseline; a rule lets it pass, and says so.
    repository.write("src/bin/fresh.rs", "fn main() {}\n");
    let fresh = ["--bin", "fresh", "--baseline-ref", "main", "--max-growth", "1 KiB"];
    let error = repository.check(&fresh).error();
    assert!(error.starts_with("fresh: not in the baseline main"), "{error}");
    let verdict =
        repository.check(&[&fresh[..], &["--warn", "baseline-missing", "--format", "json"]].concat()).exits(0).json();
    assert_eq!(codes(&verdict["warnings"]), ["baseline-missing"]);

    // A project that does not build at that commit: cargo's own words, and the worktree is gone.
    fs::remove_file(repository.path().join("src/bin/fresh.rs")).expect("it was there");
    repository.replace("src/main.rs", "fn main() {", "fn main() {\n    no_such_function();");
    repository.commit("Break it");
    repository.replace("src/main.rs", "    no_such_function();\n", "");
    let error = repository.check(&["--baseline-ref", "HEAD", "--max-growth", "1 KiB"]).exits(2).stderr;
    assert!(error.contains("error: the build failed: `cargo rustc"), "{error}");
    assert_eq!(repository.git(&["worktree", "list"]).lines().count(), 1);

    // Where HEAD left main.
    repository.git(&["checkout", "-q", "-f", "main"]);
    repository.write("src/more.rs", "");
    repository.commit("Main goes on");
    repository.git(&["checkout", "-q", "-f", "change"]);
    repository.replace("src/main.rs", "    no_such_function();\n", "");
    let verdict =
        repository.check(&["--baseline-ref", "main...", "--max-growth", "1 KiB", "--format", "json"]).exits(0).json();
    let start = repository.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let compared = verdict["diff"]["old_path"].as_str().expect("a path");
    assert!(compared.ends_with(&format!(" at main... ({})", &start[..9])), "{compared}");
}

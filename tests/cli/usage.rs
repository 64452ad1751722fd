//! Help, version, wrong usage, colours, quiet, broken pipes, completions.

use std::fs;
use std::process::{Command, Stdio};

use crate::support::functions::package;
use crate::support::program::{Run, arg, cargo_lambda_slim, command, lambda_slim, run};

const COMMANDS: [&str; 5] = ["analyze", "slim", "estimate", "check", "diff"];

/// What `--help` lists.
fn all_commands() -> Vec<String> {
    let help = run(["--help"]).exits(0).stdout;
    let list = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let names =
        list.take_while(|line| !line.is_empty()).filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<String> = names.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect();
    assert!(names.len() >= 12 && COMMANDS.iter().all(|name| names.iter().any(|listed| listed == name)), "{names:?}");
    names
}

#[test]
fn help_of_every_command_names_its_flags_and_goes_to_stdout() {
    let own: [(&str, &[&str]); 5] = [
        (
            "analyze",
            &["--by", "--view", "--filter", "--why", "--symbols", "--metadata", "--link-map", "--format", "--output"],
        ),
        (
            "slim",
            &[
                "--level",
                "--with",
                "--without",
                "--effort",
                "--in-place",
                "--dry-run",
                "--output",
                "--symbols",
                "--boot-check",
                "--event",
                "--boot-limit",
            ],
        ),
        ("estimate", &["--memory", "--arch", "--format", "--output"]),
        ("check", &["--max-zip", "--max-growth", "--baseline", "--update-baseline", "--warn-only", "--output"]),
        ("diff", &["--by", "--symbols-old", "--symbols-new", "--format", "--output", "-n"]),
    ];
    let cargos =
        ["--manifest-path", "--package", "--bin", "--release", "--profile", "--features", "--target", "--locked"];
    let all = run(["--help"]).exits(0);
    assert!(all.stdout.contains("Exit codes: 0 done"), "{}", all.stdout);
    for (name, flags) in own {
        assert!(all.stdout.lines().any(|line| line.trim_start().starts_with(&format!("{name} "))), "{name} is listed");
        let long = run([name, "--help"]).exits(0);
        assert_eq!(run(["help", name]).exits(0).stdout, long.stdout);
        let builds: &[&str] = if name == "diff" { &[] } else { &cargos };
        for flag in flags.iter().chain(builds).chain(&["--quiet", "--verbose", "--color", "--help"]) {
            assert!(long.stdout.contains(flag), "{name} --help does not tell {flag}");
        }
        let short = run([name, "-h"]).exits(0);
        assert!(short.stdout.lines().all(|line| line.chars().count() <= 100), "{}", short.stdout);
        // A command's own flags come before those of cargo.
        let at = |text: &str| short.stdout.find(text);
        assert!(name == "diff" || at(flags[0]) < at("Building the project:"), "{}", short.stdout);
        assert_eq!(short.stderr, "");
    }
}

#[test]
fn version_is_the_packages() {
    let expected = format!("lambda-slim {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(["--version"]).exits(0).stdout, expected);
    assert_eq!(run(["-V"]).exits(0).stdout, expected);
}

#[test]
fn wrong_usage_is_exit_code_2_with_nothing_on_stdout() {
    let zip = package("arm64.zip");
    let zip = arg(&zip);
    for args in [
        &["analyse"][..],
        &["analyze", zip, "--bogus"],
        &["analyze", "--link-map", "of-no-artifact.map"],
        &["diff", zip, zip, "extra.zip"],
        &["analyze", zip, "--by", "colour"],
        &["analyze", zip, "--format", "xml"],
        &["analyze", zip, "-n", "many"],
        &["slim", zip, "-o", "x.zip", "--effort", "heroic"],
        &["slim", zip, "-o", "x.zip", "--without", "magic"],
        &["check", zip, "--max-zip", "heavy"],
        &["diff", zip],
        &["analyze", "--release", "--profile", "x", zip],
        &["completions", "basic"],
    ] {
        let run = run(args).exits(2);
        assert_eq!(run.stdout, "", "{args:?}");
        assert!(run.stderr.starts_with("error: "), "{args:?}: {}", run.stderr);
    }
    let nothing = run([""; 0]).exits(2);
    assert!(nothing.stdout.is_empty() && nothing.stderr.contains("Usage: lambda-slim"), "{}", nothing.stderr);
}

#[test]
fn unreadable_input_is_one_clear_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes, told) in [
        ("empty.zip", &b""[..], "is empty"),
        ("text.zip", b"hello", "neither a zip nor an ELF file nor a folder"),
        ("cut.zip", &fs::read(package("arm64.zip")).expect("a package")[..5000], "cut.zip: "),
        ("report.json", b"{\"a\": 1}", "report.json: "),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a file");
        for name in COMMANDS {
            let more: &[&str] = match name {
                "slim" => &["--dry-run"],
                "diff" => &[arg(&path)],
                _ => &[],
            };
            let error = run([&[name, arg(&path)], more].concat()).error();
            let is_no_report = matches!(name, "analyze" | "slim") && told == "report.json: ";
            assert!(error.contains(told) || is_no_report, "{name}: {error}");
        }
    }
    let error = run(["analyze", "no/such.zip"]).error();
    assert_eq!(error, "no/such.zip: no such file or folder");
    let error = Run::of(lambda_slim().arg("analyze").current_dir(folder.path())).error();
    assert!(error.starts_with("no Cargo.toml in this folder or above it: name an artifact"), "{error}");
}

#[test]
fn cargos_name_for_it_changes_nothing() {
    let zip = package("arm64.zip");
    let direct = run(["analyze", arg(&zip)]).exits(0).stdout;
    let by_cargo = Run::of(command(&cargo_lambda_slim()).args(["lambda-slim", "analyze", arg(&zip)])).exits(0).stdout;
    assert_eq!(by_cargo, direct);
    assert_eq!(Run::of(command(&cargo_lambda_slim()).args(["analyze", arg(&zip)])).exits(0).stdout, direct);
    let wrong = Run::of(lambda_slim().args(["lambda-slim", "analyze", arg(&zip)]));
    assert!(wrong.error().contains("lambda-slim"));
}

#[test]
fn colours_come_only_where_they_are_asked_for() {
    let zip = package("arm64.zip");
    let colored = |args: &[&str], environment: &[(&str, &str)]| {
        let mut command = lambda_slim();
        command.args(["analyze", arg(&zip)]).args(args).envs(environment.iter().copied());
        Run::of(&mut command).exits(0).stdout.contains('\x1b')
    };
    assert!(!colored(&[], &[]), "a pipe gets none");
    assert!(colored(&["--color", "always"], &[]));
    assert!(colored(&["--color", "always"], &[("NO_COLOR", "1")]), "the flag is the last word");
    assert!(colored(&[], &[("CARGO_TERM_COLOR", "always")]));
    assert!(!colored(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!colored(&["--color", "always", "--format", "json"], &[]));
}

#[test]
fn quiet_keeps_the_result_and_drops_the_notes() {
    let zip = package("arm64.zip");
    let loud = run(["slim", arg(&zip), "--dry-run"]).exits(0);
    let quiet = run(["slim", arg(&zip), "--dry-run", "-q"]).exits(0);
    assert_eq!(quiet.stdout, loud.stdout);
    assert!(quiet.stderr.is_empty() && !loud.stderr.is_empty());
    assert!(run(["-q", "analyze", "no/such.zip"]).error().contains("no/such.zip"));
}

/// The names of the stages that `-v` tells, in their order.
fn stages(stderr: &str) -> Vec<String> {
    let stage = |line: &str| {
        let (name, time) = line.strip_prefix("  ")?.strip_suffix(" s")?.rsplit_once(' ')?;
        let (whole, thousandths) = time.split_once('.')?;
        let is_time = thousandths.len() == 3 && (whole.to_owned() + thousandths).chars().all(|c| c.is_ascii_digit());
        is_time.then(|| name.trim_end().to_owned())
    };
    stderr.lines().filter_map(stage).collect()
}

#[test]
fn verbose_tells_each_stage_and_leaves_the_result_alone() {
    let (hello, plain) = (package("hello-unstripped.zip"), package("arm64.zip"));
    let (hello, plain) = (arg(&hello), arg(&plain));
    let slim = ["read the artifact", "rewrite", "deflate and prove", "zip and read back"];
    for (args, expected) in [
        (&["analyze", plain][..], &["read the artifact", "attribute", "render", "total"][..]),
        (&["diff", plain, hello], &["read OLD", "read NEW", "compare", "render", "total"]),
        (
            &["check", plain, "--baseline", hello],
            &["read the artifact", "read the baseline", "attribute", "judge", "render", "total"],
        ),
        (&["slim", plain, "--dry-run"], &[&slim[..], &["attribute", "write", "render", "total"]].concat()),
        (&["estimate", plain], &[&slim[..], &["attribute", "predict", "render", "total"]].concat()),
    ] {
        let quiet = run([args, &["--format", "json"]].concat()).exits(0);
        let loud = run([args, &["--format", "json", "-v"]].concat()).exits(0);
        let told = stages(&loud.stderr);
        // What is as small as it gets came in compressed like that, and is told as often as it is done.
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        assert_eq!(told, expected, "{args:?}\n{}", loud.stderr);
        assert_eq!(loud.stdout, quiet.stdout, "{args:?}: the result is the same");
        assert!(serde_json::from_str::<serde_json::Value>(&loud.stdout).is_ok(), "{args:?}");
        assert_eq!(stages(&quiet.stderr), [""; 0], "{args:?}: nobody asked");
        let both = run([args, &["-v", "-q"]].concat()).error();
        assert!(both.contains("cannot be used with"), "{both}");
    }
}

#[test]
fn quiet_is_quiet_everywhere() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (zip, out) = (package("arm64.zip"), folder.path().join("out.zip"));
    let (history, baseline) = (folder.path().join("history.jsonl"), folder.path().join("baseline.json"));
    let (zip, out, history, baseline) = (arg(&zip), arg(&out), arg(&history), arg(&baseline));
    for args in [
        &["analyze", zip][..],
        &["slim", zip, "-o", out],
        &["slim", zip, out, "--dry-run"],
        &["estimate", zip],
        &["check", zip, "--baseline", baseline, "--update-baseline", "--record", history],
        &["diff", zip, out],
        &["trend", history],
        &["schema"],
        &["man"],
        &["completions", "fish"],
    ] {
        let run = run([args, &["-q"]].concat()).exits(0);
        assert_eq!(run.stderr, "", "{args:?}");
        assert!(!run.stdout.is_empty(), "{args:?}: the result is no note");
    }
}

#[test]
fn help_of_every_command_has_examples() {
    for name in all_commands().iter().filter(|name| *name != "help") {
        let help = run([name, "--help"]).exits(0).stdout;
        let (_, examples) = help.split_once("Examples:").unwrap_or_else(|| panic!("{name} has none"));
        assert!(examples.contains(&format!("lambda-slim {name}")), "{name}: {examples}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let zip = package("hello-unstripped.zip");
    for args in [&["analyze", arg(&zip), "--format", "json", "--by", "function"][..], &["man"], &["analyze", "--help"]]
    {
        let mut child =
            lambda_slim().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn completions_and_manual_are_whole() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(["completions", shell]).exits(0).stdout;
        for name in all_commands() {
            assert!(script.contains(&name), "{name} in the completions of {shell}");
        }
    }
    let bash = run(["completions", "bash"]).exits(0).stdout;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("completion.bash");
    fs::write(&path, bash).expect("a file");
    if let Ok(status) = Command::new("bash").arg("-n").arg(&path).status() {
        assert!(status.success(), "bash cannot read its completions");
    }
    let page = run(["man"]).exits(0).stdout;
    assert!(page.contains(".TH lambda-slim 1"), "{page}");
    for name in all_commands() {
        // roff writes a hyphen as `\-`.
        assert!(page.contains(&format!("lambda\\-slim\\-{name}(1)")), "{name} in the manual:\n{page}");
    }
}

#[test]
fn the_environment_sets_what_flags_can() {
    let zip = package("arm64.zip");
    let with = |args: &[&str], name: &str, value: &str| Run::of(lambda_slim().args(args).env(name, value));
    assert_eq!(with(&["analyze", arg(&zip)], "LAMBDA_SLIM_FORMAT", "json").exits(0).json()["schema_version"], 1);
    let text = with(&["analyze", arg(&zip), "--format", "text"], "LAMBDA_SLIM_FORMAT", "json").exits(0).stdout;
    assert_eq!(text, run(["analyze", arg(&zip)]).exits(0).stdout);
    let slim = ["slim", arg(&zip), "--dry-run", "--format", "json"];
    assert_eq!(with(&slim, "LAMBDA_SLIM_EFFORT", "fast").exits(0).json()["slim"]["effort"], "fast");
    let estimate = ["estimate", arg(&zip), "--format", "json"];
    assert_eq!(with(&estimate, "LAMBDA_SLIM_MEMORY", "512").exits(0).json()["estimate"]["memory_mb"], 512);
    assert!(with(&estimate, "LAMBDA_SLIM_MEMORY", "lots").error().contains("lots"));
    with(&["check", arg(&zip)], "LAMBDA_SLIM_MAX_ZIP", "1kB").exits(1);
    // What nobody set, CI passes on as empty text.
    for name in ["LAMBDA_SLIM_MAX_ZIP", "LAMBDA_SLIM_MAX_GROWTH", "LAMBDA_SLIM_FORMAT"] {
        with(&["check", arg(&zip)], name, "").exits(0);
    }
}

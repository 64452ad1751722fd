//! The README shows what the program prints: its `console` blocks are run, each in a folder with the checked-in packages, and
//! compared. `UPDATE_GOLDEN=1` rewrites them.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Stands for lines left out.
const LEFT_OUT: &str = "[…]";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder in which the README's relative paths lead to copies: commands may write.
fn playground() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for shown in ["testdata/packages", "testdata/calibrate"] {
        let copies = folder.path().join(shown);
        fs::create_dir_all(&copies).expect("a folder");
        for entry in fs::read_dir(root().join(shown)).expect("checked in") {
            let path = entry.expect("readable").path();
            fs::copy(&path, copies.join(path.file_name().expect("a file"))).expect("copied");
        }
    }
    folder
}

/// What the shell prints on stdout for `command`. `cargo run` and an installed program are this build.
fn run(command: &str, folder: &Path) -> String {
    let programs = Path::new(env!("CARGO_BIN_EXE_lambda-slim")).parent().expect("in a folder");
    let old_path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&old_path)).collect();
    let mut shell = Command::new("sh");
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("LAMBDA_SLIM_")
            || ["CARGO_TERM_COLOR", "COLUMNS", "SOURCE_DATE_EPOCH"].contains(&name.as_ref())
        {
            shell.env_remove(&variable);
        }
    }
    shell.env("PATH", std::env::join_paths(path).expect("paths of PATH")).current_dir(folder);
    let output = shell.arg("-c").arg(command.replace("cargo run --release --", "lambda-slim")).output();
    let output = output.expect("there is a shell");
    assert!(output.status.success(), "{command}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The lines of `printed` that `shown` shows: groups of lines between marks. A group begins at the line that begins with the
/// same word as its first line does, the first group with the output, and is as long as it was; the last goes on to the end.
fn excerpt(shown: &[&str], printed: &str) -> Vec<String> {
    let printed: Vec<&str> = printed.lines().collect();
    let word = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    let groups: Vec<&[&str]> = shown.split(|line| *line == LEFT_OUT).collect();
    let mut lines = Vec::new();
    let mut at = 0;
    for (number, group) in groups.iter().enumerate() {
        if number > 0 {
            lines.push(LEFT_OUT.to_owned());
        }
        let last = number + 1 == groups.len();
        let Some(first) = group.first() else {
            // Nothing after the last mark, or nothing shown yet.
            if groups.len() == 1 {
                lines.extend(printed.iter().map(|line| (*line).to_owned()));
            }
            continue;
        };
        let start = if number == 0 { 0 } else { at + find(&printed[at..], &word(first)) };
        let end = if last { printed.len() } else { (start + group.len()).min(printed.len()) };
        lines.extend(printed[start..end].iter().map(|line| (*line).to_owned()));
        at = end;
    }
    lines
}

fn find(lines: &[&str], word: &str) -> usize {
    let found = lines.iter().position(|line| line.split_whitespace().next() == Some(word));
    found.unwrap_or_else(|| panic!("no line begins with {word:?} in\n{}", lines.join("\n")))
}

#[test]
fn console_blocks_show_what_the_program_prints() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("there is a README");
    let folder = playground();
    let mut renewed = String::new();
    let mut rest = readme.as_str();
    let mut blocks = 0;
    while let Some((before, after)) = rest.split_once("```console\n$ ") {
        let (block, after) = after.split_once("```\n").expect("a block ends");
        let (command, shown) = block.split_once('\n').expect("a command is a line");
        let shown: Vec<&str> = shown.lines().collect();
        let lines = excerpt(&shown, &run(command, folder.path()));
        renewed += &format!("{before}```console\n$ {command}\n");
        renewed.extend(lines.iter().map(|line| format!("{line}\n")));
        renewed += "```\n";
        rest = after;
        blocks += 1;
    }
    renewed += rest;
    assert!(blocks >= 3, "the README has {blocks} console blocks");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, renewed).expect("written");
        return;
    }
    let differ = readme.lines().zip(renewed.lines()).find(|(old, new)| old != new);
    if let Some((old, new)) = differ {
        panic!("README.md shows\n{old}\nand the program prints\n{new}\nUPDATE_GOLDEN=1 rewrites it");
    }
    assert!(readme == renewed, "the program prints more or fewer lines than README.md shows");
}

#[test]
fn ci_runs_the_readme_s_test_command() {
    let readme = fs::read_to_string(root().join("README.md")).expect("there is a README");
    let blocks = readme.split("```sh\n").skip(1).filter_map(|after| after.split_once("\n```"));
    let commands: Vec<&str> =
        blocks.map(|(command, _)| command).filter(|line| line.starts_with("cargo test")).collect();
    let [command] = commands.as_slice() else { panic!("one test command, not {commands:?}") };
    let script = fs::read_to_string(root().join(".ci/run")).expect("there is a script");
    assert!(script.lines().any(|line| line.trim() == format!("step {command}")), "{command} is not in .ci/run");
}

#[test]
fn every_file_that_the_readme_links_to_exists() {
    let readme = fs::read_to_string(root().join("README.md")).expect("there is a README");
    let links = readme.split("](").skip(1).filter_map(|after| after.split_once(')'));
    for (link, _) in links.filter(|(link, _)| !link.starts_with("http")) {
        assert!(root().join(link).is_file(), "README.md links to {link}");
    }
}

#[test]
fn an_excerpt_keeps_the_shape_of_what_was_shown() {
    let printed = "head 1\na\nb 2\nc 3\nd\ne";
    let lines = |shown: &[&str]| excerpt(shown, printed).join("/");
    assert_eq!(lines(&[]), "head 1/a/b 2/c 3/d/e");
    assert_eq!(lines(&["head 0", LEFT_OUT, "b 0", "x", LEFT_OUT]), "head 1/[…]/b 2/c 3/[…]");
    assert_eq!(lines(&["head 0", LEFT_OUT, "d"]), "head 1/[…]/d/e");
}

//! The real Lambda functions in `testdata/functions`, built on demand and kept in the outer target directory.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::skip::skip;

/// Variables named `CARGO_*` that say where crates come from, not how to build: the only ones a nested cargo may see.
const KEPT: [&str; 5] = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_REGISTRY_"];

/// Other variables by which the outer build would change the inner one.
const REMOVED: [&str; 8] = [
    "LLVM_PROFILE_FILE",
    "MAKEFLAGS",
    "OUT_DIR",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
];

/// The release build of function `name`: an unstripped ELF for this machine, as `cargo build --release` leaves it.
///
/// Many tests and test processes may call this at once: cargo's lock on the target directory lets one build and the
/// others find it fresh. Panics with what cargo said if the build fails.
pub(crate) fn build(name: &str) -> PathBuf {
    let target_dir = target_dir("functions");
    run(cargo("build", name, &target_dir));
    binary(&target_dir, name)
}

/// Function `name` built with `rustflags` for every crate of the graph (std apart, which comes built).
///
/// `variant` names the target directory, so each variant is built from nothing once, and must always come with the same
/// flags.
pub(crate) fn build_with_rustflags(name: &str, variant: &str, rustflags: &[&str]) -> PathBuf {
    let target_dir = target_dir(&format!("functions-{variant}"));
    let mut cargo = cargo("build", name, &target_dir);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", rustflags.join("\u{1f}"));
    run(cargo);
    binary(&target_dir, name)
}

/// Function `name` and the linker's map of the very link that made it.
pub(crate) fn build_with_link_map(name: &str) -> (PathBuf, PathBuf) {
    let target_dir = target_dir("functions-map");
    let map = target_dir.join(format!("{name}.map"));
    let mut cargo = cargo("rustc", name, &target_dir);
    cargo.arg("--").arg(format!("-Clink-arg=-Wl,-Map={}", map.display()));
    run(cargo);
    (binary(&target_dir, name), map)
}

/// The manifest of the functions' workspace.
pub(crate) fn manifest_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/functions/Cargo.toml")
}

/// A file of `testdata/packages`.
pub(crate) fn package(file_name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/packages").join(file_name)
}

/// The cases with known truth that lie beside the project, where there are any. Says so when there are not.
pub(crate) fn cases_dir() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("shared/cases");
    if beside.is_dir() {
        return Some(beside);
    }
    skip("cases with known truth", "no ../shared/cases beside the project");
    None
}

/// Takes from `command`'s environment what the build of these tests put there.
pub(crate) fn forget_the_outer_build(command: &mut Command) {
    for (variable, _) in env::vars_os() {
        let Some(variable) = variable.to_str() else { continue };
        let kept = KEPT.iter().any(|kept| variable.starts_with(kept));
        if (variable.starts_with("CARGO") && !kept) || REMOVED.contains(&variable) {
            command.env_remove(variable);
        }
    }
}

/// A folder in the outer target directory, which stays from run to run.
pub(crate) fn target_dir(name: &str) -> PathBuf {
    // `CARGO_TARGET_TMPDIR` is `tmp` in the outer target directory, wherever the user put that.
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(name)
}

fn binary(target_dir: &Path, name: &str) -> PathBuf {
    let path = target_dir.join("release").join(name);
    assert!(path.is_file(), "cargo succeeded but left no {}", path.display());
    path
}

fn cargo(command: &str, name: &str, target_dir: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    forget_the_outer_build(&mut cargo);
    cargo.arg(command).args(["--release", "--locked", "--quiet", "--package", name, "--bin", name]);
    cargo.arg("--manifest-path").arg(manifest_path()).arg("--target-dir").arg(target_dir);
    cargo
}

fn run(mut command: Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed with {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

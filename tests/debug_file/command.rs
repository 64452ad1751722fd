//! The flag: where files go, what is refused before anything is written, and what is said.

use std::fs;
use std::path::Path;

use crate::subjects::{build_id, folder, link, said, slim};
use crate::support::functions::package;
use crate::support::program::{Run, arg, cargo, run};
use crate::support::project::TinyProject;
use crate::support::symbols::strip;
use crate::support::zipfile;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

#[test]
fn one_program_goes_to_a_file_and_several_to_a_folder() {
    let folder = folder();
    let (Some(program), Some(library)) = (link("pie", folder.path()), link("liblibrary.so", folder.path())) else {
        return;
    };
    let package = folder.path().join("package.zip");
    let files = [
        ("bootstrap", program.as_path(), 0o755),
        ("lib/liblibrary.so", &library, 0o755),
        ("notes.txt", &folder.path().join("p.c"), 0o644),
    ];
    if zipfile::write(&package, &files).is_none() {
        return;
    }
    let out = folder.path().join("out.zip");
    let one = folder.path().join("one.debug");
    let error = run(["slim", arg(&package), "-o", arg(&out), "--debug-file", arg(&one)]).error();
    assert!(error.contains("several programs have symbols (bootstrap, lib/liblibrary.so): name a folder"), "{error}");
    assert!(!one.exists() && !out.exists());

    let many = format!("{}/", arg(&folder.path().join("symbols")));
    let done = run(["slim", arg(&package), "-o", arg(&out), "--debug-file", &many]).exits(0);
    let (of_program, of_library) =
        (folder.path().join("symbols/bootstrap.debug"), folder.path().join("symbols/lib/liblibrary.so.debug"));
    let place = |path: &Path| format!("note: wrote {}", path.display());
    assert_eq!(done.stderr.lines().collect::<Vec<_>>(), [place(&of_program), place(&of_library), place(&out)]);
    assert_eq!(build_id(&of_program), build_id(&program));
    assert_eq!(build_id(&of_library), build_id(&library));

    // The same through a folder that exists, and by build id.
    let there = folder.path().join("there");
    fs::create_dir(&there).expect("a folder");
    run(["slim", arg(&package), "--in-place", "--debug-file", arg(&there), "-q"]).exits(0);
    assert_eq!(fs::read(there.join("bootstrap.debug")).expect("it wrote"), fs::read(&of_program).expect("it wrote"));
    assert_eq!(names(&there), ["bootstrap.debug", "lib"]);
}

#[test]
fn a_program_that_is_there_twice_has_one_file_by_its_build_id() {
    let folder = folder();
    let Some(program) = link("pie", folder.path()) else { return };
    let Some(id) = build_id(&program) else { return };
    let package = folder.path().join("package.zip");
    let twice = [("bootstrap", program.as_path(), 0o755), ("extensions/agent", &program, 0o755)];
    if zipfile::write(&package, &twice).is_none() {
        return;
    }
    let by_id = folder.path().join(".build-id");
    let done = run(["slim", arg(&package), "--in-place", "--debug-file", arg(&by_id), "--format", "json"]).exits(0);
    assert_eq!(names(&by_id), [&id[..2]]);
    assert_eq!(names(&by_id.join(&id[..2])), [format!("{}.debug", &id[2..])]);
    assert!(!done.stderr.contains("build-id-missing"), "{}", done.stderr);
}

#[test]
fn nothing_to_keep_is_an_error_that_says_what_keeps_symbols() {
    let folder = folder();
    let (out, debug) = (folder.path().join("out.zip"), folder.path().join("x.debug"));
    let error =
        run(["slim", arg(&package("hello-cargo-lambda.zip")), "-o", arg(&out), "--debug-file", arg(&debug)]).error();
    for words in ["no program has symbols", "strip = \"none\" in [profile.release]", "cargo-lambda", "--symbols"] {
        assert!(error.contains(words), "{words} in {error}");
    }
    assert!(!out.exists() && !debug.exists());
}

#[test]
fn the_symbols_of_a_stripped_program_come_from_its_twin() {
    let folder = folder();
    let Some(program) = link("pie", folder.path()) else { return };
    let Some((_, of_program)) = slim(&program, folder.path()) else { return };
    let of_program = fs::read(of_program).expect("it wrote");
    let stripped = folder.path().join("stripped");
    if strip(&program, &stripped).is_none() {
        return;
    }
    let debug = folder.path().join("twin.debug");
    let flags = ["--dry-run", "--symbols", arg(&program), "--debug-file", arg(&debug)];
    run([&["slim", arg(&stripped)], &flags[..]].concat()).exits(0);
    assert!(!debug.exists(), "a dry run writes nothing");
    run([&["slim", arg(&stripped), "-o", arg(&folder.path().join("out.zip"))], &flags[1..]].concat()).exits(0);
    assert!(fs::read(&debug).expect("it wrote") == of_program);
}

#[test]
fn what_is_read_or_written_is_not_replaced() {
    let folder = folder();
    let Some(program) = link("pie", folder.path()) else { return };
    let original = fs::read(&program).expect("readable");
    let out = folder.path().join("out.zip");
    let winding = folder.path().join("sub/../pie");
    fs::create_dir(folder.path().join("sub")).expect("a folder");
    for place in [&program, &winding, &out] {
        let error = run(["slim", arg(&program), "-o", arg(&out), "--debug-file", arg(place)]).error();
        assert!(error.contains("it would replace the package, its program"), "{error}");
        assert!(!out.exists() && fs::read(&program).expect("still there") == original);
    }
    let inside = folder.path().join("sub/package");
    fs::create_dir(&inside).expect("a folder");
    fs::copy(&program, inside.join("bootstrap")).expect("a copy");
    let error = run(["slim", arg(&inside), "--in-place", "--debug-file", arg(&inside.join("x.debug"))]).error();
    assert!(error.contains("be shipped with it"), "{error}");
    assert_eq!(names(&inside), ["bootstrap"]);
}

#[test]
fn symbols_that_cannot_be_written_stay_in_the_package() {
    let folder = folder();
    let Some(program) = link("pie", folder.path()) else { return };
    let original = fs::read(&program).expect("readable");
    let blocked = folder.path().join("p.c/x.debug");
    let error = run(["slim", arg(&program), "--in-place", "--debug-file", arg(&blocked)]).error();
    assert!(error.contains("cannot write"), "{error}");
    assert!(fs::read(&program).expect("still there") == original);
}

#[test]
fn a_program_without_a_build_id_is_a_finding_with_the_flag_that_adds_one() {
    let folder = folder();
    let Some(program) = link("no-build-id", folder.path()) else { return };
    let (out, debug) = (folder.path().join("out.zip"), folder.path().join("x.debug"));
    let done = run(["slim", arg(&program), "-o", arg(&out), "--debug-file", arg(&debug), "--format", "json"]).exits(0);
    let report = done.json();
    let findings = report["findings"].as_array().expect("findings");
    let finding = findings.iter().find(|finding| finding["code"] == "build-id-missing").expect("it is told");
    assert!(finding["message"].as_str().expect("text").contains("-C link-arg=-Wl,--build-id"), "{finding}");
    assert!(done.stderr.contains("warning: build-id-missing no-build-id: "), "{}", done.stderr);
    assert!(debug.is_file());
    let by_id = folder.path().join(".build-id");
    let error = run(["slim", arg(&program), "-o", arg(&out), "--debug-file", arg(&by_id)]).error();
    assert!(error.contains("no-build-id has no build id") && error.contains("-C link-arg=-Wl,--build-id"), "{error}");
    // Without the flag nobody asked.
    let plain = run(["slim", arg(&program), "-o", arg(&out), "--format", "json"]).exits(0);
    assert!(!plain.stdout.contains("build-id-missing"), "{}", plain.stdout);
}

#[test]
fn in_a_project_symbols_are_kept_whatever_its_profile_strips() {
    let project = TinyProject::new("[profile.release]\nstrip = \"symbols\"\n");
    let (zip, debug) = (project.path().join("out.zip"), project.path().join("app.debug"));
    let mut cargo = cargo();
    cargo.args(["lambda-slim", "slim", "--offline", "-o", arg(&zip), "--debug-file", arg(&debug)]);
    Run::of(cargo.current_dir(project.path()).env_remove("CARGO_TARGET_DIR")).exits(0);
    let Some((names, _)) = said("nm", &["--demangle"], &debug) else { return };
    assert!(names.contains(" app::main"), "{names}");
    assert_eq!(build_id(&project.path().join("target/release/app")), build_id(&debug));
}
